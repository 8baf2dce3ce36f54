"""What SIMs, signatures and what came of them are called on pages; every outcome says what to do next.

Source: ETSI TS 102 204 as ``signing.outcome`` reads its codes; trust-services E.3 (states), E.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext

from ..signing.outcome import Outcome
from ..signing.ports import IN_DOUBT, TEST
from ..signing.sims.sim import ANOTHER_KEY, AWAITED, Act, Sim, State
from ..signing.sims.standing import ANOTHER_CARD, ANOTHER_CERTIFICATE
from ..signing.transaction import DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN, Transaction
from ..signing.transaction import State as SignatureState
from .presentation import clock_words, day_words

_HIDDEN: Final = "•••• ••• "
FINAL: Final = frozenset({"pin_blocked", "card_blocked", "no_credential", "revoked", "sim_blocked", IN_DOUBT})
"""Ends of a sign-in after which it makes no sense to ask the phone again."""


def on_the_phone() -> Mapping[str, str]:
    """Say to whoever waits for their phone to confirm a sign-in why it has not."""
    return {
        "cancelled": gettext("Bạn đã từ chối trên điện thoại."),
        "postponed": gettext("Bạn đã chọn để sau trên điện thoại."),
        "wrong_pin": gettext("Mã PIN của SIM chưa đúng. Vui lòng thử lại cẩn thận: nhập sai nhiều lần SIM sẽ bị khóa."),
        "timed_out": gettext("Hết thời gian chờ mà điện thoại chưa trả lời."),
        "unreachable": gettext("Không liên lạc được với điện thoại. Vui lòng kiểm tra điện thoại đã bật và có sóng."),
        "pin_blocked": gettext("Mã PIN của SIM đã bị khóa. Vui lòng liên hệ quản trị đơn vị của bạn để mở khóa."),
        "card_blocked": gettext("SIM đã bị khóa. Vui lòng liên hệ quản trị đơn vị của bạn."),
        "busy": gettext("SIM của bạn đang được hỏi một việc khác, hoặc bạn vừa từ chối nhiều lần. Vui lòng chờ ít phút."),
        "no_credential": gettext("Bạn chưa có SIM ký số dùng được cho việc này. Vui lòng liên hệ quản trị đơn vị của bạn."),
        IN_DOUBT: doubted(),
        "away": gettext("Dịch vụ ký số tạm thời chưa trả lời. Vui lòng thử lại sau ít phút.")}


def doubted() -> str:
    """Say that a SIM is in doubt, and what follows for who has it."""
    return str(gettext("Nhà mạng báo nhiều SIM cùng lúc đã đổi, trong đó có SIM này. Tỉnh đang kiểm tra với nhà mạng. Trong khi "
                       "chờ, SIM không ký và không đăng nhập được. Bạn không phải làm gì."))


def outcomes() -> Mapping[str, str]:
    """Say what came of a signature: every outcome, and every end of our own."""
    again = " " + gettext("Vui lòng yêu cầu ký lại khi bạn sẵn sàng.")
    desk = " " + gettext("Vui lòng liên hệ quản trị đơn vị.")
    carrier = " " + gettext("Vui lòng liên hệ nhà mạng.")
    later = " " + gettext("Vui lòng thử lại sau ít phút.")
    said: Mapping[Outcome, str] = {
        Outcome.ACCEPTED: gettext("Điện thoại của bạn đang được hỏi."),
        Outcome.PENDING: gettext("Đang chờ bạn trả lời trên điện thoại."),
        Outcome.SIGNED: gettext("Đã ký, hệ thống đang kiểm tra chữ ký."),
        Outcome.VALID: gettext("Đã ký, chữ ký đúng."),
        Outcome.INVALID: gettext("Chữ ký không đúng với chứng thư số của SIM.") + desk,
        Outcome.REVOKED: gettext("Chứng thư số của SIM đã bị thu hồi hoặc hết hạn.") + desk,
        Outcome.CONSTRAINT: gettext("Nhà mạng giữ chứng thư số loại khác cho SIM này.") + desk,
        Outcome.CANCELLED: gettext("Bạn đã từ chối trên điện thoại.") + again,
        Outcome.POSTPONED: gettext("Bạn đã để lại sau trên điện thoại.") + again,
        Outcome.WRONG_PIN: gettext("Mã PIN chưa đúng. Nhập sai nhiều lần SIM sẽ bị khóa.") + again,
        Outcome.TIMED_OUT: gettext("Đã hết thời gian chờ trả lời trên điện thoại.") + again,
        Outcome.UNREACHABLE: gettext("Điện thoại đang tắt hoặc ngoài vùng phủ sóng.") + again,
        Outcome.PIN_BLOCKED: gettext("Mã PIN của SIM đã bị khóa.") + carrier,
        Outcome.CARD_BLOCKED: gettext("SIM đã bị khóa.") + carrier,
        Outcome.UNKNOWN_NUMBER: gettext("Nhà mạng không biết số điện thoại này.") + desk,
        Outcome.NOT_REGISTERED: gettext("Số điện thoại này chưa đăng ký ký số ở nhà mạng.") + desk,
        Outcome.UNSUITABLE_SIM: gettext("SIM trong điện thoại không ký số được, có thể đã thay SIM.") + desk,
        Outcome.DISABLED: gettext("Dịch vụ ký số của số này đang tắt.") + carrier,
        Outcome.NO_KEY: gettext("SIM không có khóa để ký.") + desk,
        Outcome.NO_CERTIFICATE: gettext("SIM không có chứng thư số.") + desk,
        Outcome.REGISTRATION_FAILED: gettext("Nhà mạng chưa đăng ký được SIM.") + desk,
        Outcome.TEXT_REFUSED: gettext("Điện thoại không hiện được dòng chữ đối chiếu.") + desk,
        Outcome.DATA_REFUSED: gettext("SIM không ký được loại dữ liệu này.") + desk,
        Outcome.NOT_AUTHORIZED: gettext("Nhà mạng từ chối hệ thống của tỉnh. Quản trị tỉnh đã có thông tin để xử lý.") + later,
        Outcome.MISUNDERSTOOD: gettext("Nhà mạng không hiểu yêu cầu. Quản trị tỉnh đã có thông tin để xử lý.") + later,
        Outcome.SIM_ERROR: gettext("SIM gặp lỗi khi ký.") + again,
        Outcome.SERVICE_DOWN: gettext("Dịch vụ ký của nhà mạng chưa trả lời.") + later}
    return {**{outcome.value: sentence for outcome, sentence in said.items()},
            DENIED: gettext("Bạn cho biết không yêu cầu chữ ký này.") + desk,
            NOT_FETCHED: gettext("Ứng dụng không lấy chữ ký kịp thời gian. Chữ ký không được giao cho ai.") + again,
            SIM_BLOCKED: gettext("SIM bị báo mất hoặc bị khóa trong lúc ký. Chữ ký không được giao cho ai.") + desk,
            STANDING_UNKNOWN: gettext(
                "Chưa biết được chứng thư số còn hiệu lực hay không. Chữ ký không được giao cho ai.") + later}


def signature_words(one: Transaction, application: str, now: int) -> dict[str, Any]:
    """Give a signature as lists show it.

    Args:
        one: Which.
        application: What the application is called.
        now: Seconds since the epoch.
    """
    tag, icon, word = _tags()[one.state]
    denied = one.denied_at is not None
    return {"id": one.transaction_id, "document": one.document, "subject": one.subject, "application": application,
            "when": clock_words(one.created_at, now), "code": one.code, "number": _HIDDEN + one.msisdn[-3:],
            "tag": "bad" if denied else tag, "icon": "warn" if denied else icon,
            "word": gettext("Bạn không yêu cầu") if denied else word, "denied": denied,
            "open": one.state in (SignatureState.CREATED, SignatureState.SENT),
            "outcome": outcomes().get(one.outcome, outcomes()[Outcome.PENDING.value])}


def _tags() -> Mapping[SignatureState, tuple[str, str, str]]:
    asking, signed = ("wait", "clock", gettext("Đang hỏi")), ("ok", "check", gettext("Đã ký"))
    return {SignatureState.CREATED: asking, SignatureState.SENT: asking, SignatureState.READY: signed,
            SignatureState.RELEASED: signed, SignatureState.FAILED: ("bad", "cross", gettext("Không ký")),
            SignatureState.TIMED_OUT: ("idle", "clock", gettext("Hết giờ")),
            SignatureState.LATE: ("warn", "warn", gettext("Ký muộn, không dùng"))}


def kept(state: SignatureState, *, denied: bool) -> tuple[str, str, str]:
    """Give tag, icon and word of a signature, for those who look at somebody else's."""
    return ("bad", "warn", gettext("Cán bộ báo không yêu cầu")) if denied else _tags()[state]


def kept_states() -> Mapping[str, str]:
    """Name what a signature may be, to choose from; ``denied`` is what officers say they never asked for."""
    said = {SignatureState.CREATED: gettext("Vừa nhận yêu cầu"), SignatureState.SENT: gettext("Đang hỏi"),
            SignatureState.READY: gettext("Đã ký, chờ ứng dụng lấy"), SignatureState.RELEASED: gettext("Đã ký và giao")}
    return {**{state.value: str(said.get(state, _tags()[state][2])) for state in SignatureState},
            DENIED: str(kept(SignatureState.FAILED, denied=True)[2])}


def states() -> Mapping[State, tuple[str, str, str]]:
    """Give each state's words, tag and icon, in the order of the course."""
    return {
        State.REQUESTED: (gettext("Chờ nhập mã"), "wait", "clock"),
        State.NUMBER_VERIFIED: (gettext("Chờ đơn vị duyệt"), "wait", "clock"),
        State.AGENCY_APPROVED: (gettext("Chờ tỉnh duyệt"), "wait", "clock"),
        State.APPROVED: (gettext("Chờ cấp SIM"), "wait", "clock"),
        State.CARD_GIVEN: (gettext("Đang đăng ký với nhà mạng"), "wait", "clock"),
        State.BOUND: (gettext("Chờ ký thử"), "wait", "clock"), State.ACTIVE: (gettext("Đang dùng"), "ok", "check"),
        State.PIN_BLOCKED: (gettext("Khóa PIN"), "warn", "lock"), State.LOST: (gettext("Đã báo mất"), "bad", "cross"),
        State.SWAPPED: (gettext("Đã đổi SIM khác"), "bad", "cross"), State.REPLACED: (gettext("Đã thay SIM mới"), "idle", "ring"),
        State.DEACTIVATED: (gettext("Đã ngừng"), "idle", "cross"), State.REFUSED: (gettext("Không duyệt"), "bad", "cross")}


def in_doubt() -> tuple[str, str, str]:
    """Give words, tag and icon of a SIM that is in doubt, whatever its state."""
    return gettext("Đang kiểm tra với nhà mạng"), "warn", "warn"


def acts() -> Mapping[Act, str]:
    """Give what each act is called, on a button and in a history."""
    return {
        Act.ASK: gettext("Đề nghị cấp SIM"), Act.SEND_CODE: gettext("Gửi mã mới"), Act.WRONG_CODE: gettext("Nhập mã chưa đúng"),
        Act.NOTE_OWNER: gettext("Ghi trả lời của nhà mạng về chủ thuê bao"),
        Act.VERIFY: gettext("Xác nhận số điện thoại"), Act.APPROVE: gettext("Duyệt"),
        Act.APPROVE_FOR_PROVINCE: gettext("Duyệt cho tỉnh"), Act.REFUSE: gettext("Không duyệt"),
        Act.GIVE_CARD: gettext("Cấp SIM"), Act.CERTIFY: gettext("Cấp chứng thư số cho SIM"),
        Act.TAKE_CERTIFICATE: gettext("Nhận chứng thư số từ cơ quan chứng thực của Chính phủ"),
        Act.BIND: gettext("Gắn chứng thư số"), Act.TEST: gettext("Ký thử"),
        Act.ACTIVATE: gettext("Kích hoạt"), Act.BLOCK_PIN: gettext("Khóa PIN"), Act.UNLOCK: gettext("Cho dùng lại"),
        Act.REPORT_LOSS: gettext("Báo mất SIM"), Act.NOTE_SWAP: gettext("Phát hiện đổi SIM"),
        Act.DOUBT: gettext("Chờ kiểm tra với nhà mạng"), Act.DISMISS_DOUBT: gettext("Nhà mạng báo nhầm, SIM dùng lại"),
        Act.END_LOGIN: gettext("Không còn dùng để đăng nhập"),
        Act.REPLACE: gettext("Thay SIM mới"), Act.DEACTIVATE: gettext("Ngừng dùng SIM")}


def reason_words(reason: str) -> str:
    """Say why a SIM is where it is: why a card is not registered yet, or what its first signature ended with."""
    said = {AWAITED: gettext("Đang chờ chứng thư số của cơ quan chứng thực Chính phủ."),
            ANOTHER_KEY: gettext("Chứng thư số nhận về không đúng với khóa trong SIM. Cần chứng thư số khác cho SIM này."),
            ANOTHER_CARD: gettext("Nhà mạng báo số này dùng SIM khác."),
            ANOTHER_CERTIFICATE: gettext("Nhà mạng báo SIM của số này có chứng thư số khác.")}
    return str({**outcomes(), **said}.get(reason, reason))


def next_step(sim: Sim) -> str:
    """Say what comes next, and who does it; empty where nothing does."""
    if sim.doubt:
        return doubted()
    if sim.state is State.CARD_GIVEN and sim.reason in (AWAITED, ANOTHER_KEY):
        return str(gettext("Tỉnh nhận chứng thư số của SIM từ cơ quan chứng thực Chính phủ. Bạn không phải làm gì."))
    if sim.state is State.REQUESTED and not sim.code_digest:
        return str(gettext("Bạn bấm “Gửi mã mới” để nhận mã 6 số qua tin nhắn, rồi nhập mã đó."))
    known = {
        State.REQUESTED: gettext("Bạn nhập mã 6 số đã gửi tới số điện thoại này."),
        State.NUMBER_VERIFIED: gettext("Quản trị đơn vị duyệt."), State.AGENCY_APPROVED: gettext("Quản trị tỉnh duyệt."),
        State.APPROVED: gettext("Bộ phận chứng thư số của tỉnh cấp SIM."),
        State.CARD_GIVEN: gettext("Hệ thống đăng ký SIM với nhà mạng. Bạn không phải làm gì."),
        State.BOUND: gettext("Bạn ký thử một lần trên điện thoại."),
        State.PIN_BLOCKED: gettext("Nhà mạng mở PIN cho bạn. Vui lòng gọi tổng đài nhà mạng."),
        State.LOST: gettext("SIM này không ký được nữa. Bạn đề nghị SIM mới."),
        State.SWAPPED: gettext("Nhà mạng báo số này dùng SIM khác. Bạn đề nghị đăng ký SIM mới.")}
    return str(known.get(sim.state, ""))


def sim_words(sim: Sim) -> dict[str, Any]:
    """Give a SIM as pages show it; numbers of telephones are masked."""
    word, tag, icon = in_doubt() if sim.doubt else states()[sim.state]
    return {"id": sim.sim_id, "number": _HIDDEN + sim.msisdn[-3:], "carrier": sim.carrier, "iccid": sim.iccid, "word": word,
            "tag": tag, "icon": icon, "state": sim.state.value, "seal": sim.seal, "name": sim.name, "unit_name": sim.unit_name,
            "since": day_words(sim.since), "next": next_step(sim), "reason": reason_words(sim.reason),
            "serial": sim.serial, "in_doubt": bool(sim.doubt), "testing": bool(sim.test_transaction) and sim.state is State.BOUND}


def refusal(code: str) -> str:
    """Say why something was not done."""
    known = {
        "bad_number": gettext("Số điện thoại chưa đúng. Vui lòng nhập số di động, ví dụ 0912 345 678."),
        "number_unknown": gettext("Nhà mạng không có số này. Vui lòng xem lại số điện thoại và nhà mạng."),
        "bad_carrier": gettext("Vui lòng chọn nhà mạng."), "number_taken": gettext("Số này đã có người đăng ký."),
        "no_officer": gettext("Không có cán bộ này đang làm việc."),
        "too_many_codes": gettext("Đã gửi nhiều mã. Vui lòng đợi một giờ."),
        "wrong_code": gettext("Mã chưa đúng. Vui lòng xem lại tin nhắn."),
        "code_over": gettext("Mã đã hết hạn. Vui lòng lấy mã mới."),
        "nothing_to_send": gettext("Không có đề nghị SIM nào đang chờ nhà mạng."),
        "too_many_rows": gettext("Danh sách quá dài. Vui lòng chọn một nhà mạng."),
        "short_messages": gettext("Chưa gửi được tin nhắn. Vui lòng thử lại sau ít phút."),
        "another_person": gettext("Việc này do người khác làm. Người đề nghị, người duyệt và người giữ SIM là ba người."),
        "not_the_owner": gettext("Nhà mạng báo số này là của người khác."),
        "bad_card": gettext("Số SIM chưa đúng. Vui lòng chép số in trên SIM, bắt đầu bằng 89."),
        "card_taken": gettext("SIM này đã cấp cho người khác."),
        "reason_needed": gettext("Vui lòng ghi lý do, nhiều nhất 300 ký tự."),
        "no_doubt": gettext("Không còn SIM nào của nhà mạng này chờ quyết định. Có thể người khác đã quyết định."),
        **dict.fromkeys(("in_doubt", IN_DOUBT), gettext("SIM này đang được kiểm tra với nhà mạng, chưa làm được việc này.")),
        "sim_busy": gettext("SIM đang được hỏi một chữ ký khác. Vui lòng đợi."),
        "refused_too_often": gettext("Bạn vừa từ chối nhiều lần. Vui lòng đợi ít phút."),
        "mobile_signature": gettext("Nhà mạng chưa trả lời. Vui lòng thử lại sau ít phút."),
        "authority": gettext("Chưa biết được chứng thư số còn hiệu lực hay không. Vui lòng thử lại sau ít phút.")}
    return str(known.get(code, gettext("Chưa làm được. Vui lòng xem lại rồi thử lại.")))


def course() -> Mapping[SignatureState, str]:
    """Say what each step of a signature was."""
    return {
        SignatureState.CREATED: gettext("Nhận yêu cầu ký"), SignatureState.SENT: gettext("Hỏi điện thoại"),
        SignatureState.READY: gettext("Chữ ký được kiểm tra, đúng"),
        SignatureState.RELEASED: gettext("Giao chữ ký cho ứng dụng"),
        SignatureState.FAILED: gettext("Kết thúc, không có chữ ký"), SignatureState.TIMED_OUT: gettext("Hết thời gian"),
        SignatureState.LATE: gettext("Chữ ký đến muộn, chỉ lưu làm bằng chứng")}


def is_open(one: Transaction) -> bool:
    """Tell whether a phone may still be asked for it."""
    return one.state in (SignatureState.CREATED, SignatureState.SENT)


def our_own(client_id: str) -> str:
    """Name what asks where it is no application any more, or one of our own pages."""
    return str(gettext("Ký thử SIM")) if client_id == TEST else client_id
