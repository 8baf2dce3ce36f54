"""Words of campaigns in the page's language, and figures as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import format_decimal, gettext

from ....administration.rollout.lists import Shown
from ....pki.enrollment.working_days import day_of
from ....roles import Administrator
from ....rollout.campaign import Campaign, Goal, MemberAct, Reason
from ....rollout.chart import LARGE, SMALL, draw
from ....rollout.coverage import Coverage
from ....rollout.report import agency_rows, steps_of
from ....rollout.steps import OWNERS, Owner, Step
from ..words import moment

BAR: Final = 160
"""How long a bar is, in the units of its picture."""
_WEEK: Final = 7


def goals() -> Mapping[str, str]:
    """Name the goals."""
    return {Goal.CERTIFICATE: gettext("Chứng thư số đã kích hoạt"), Goal.SIM: gettext("SIM ký số đã kích hoạt"),
            Goal.MAILBOX: gettext("Có thư điện tử công vụ"), Goal.SECOND_FACTOR: gettext("Đã bật xác thực hai lớp"),
            Goal.SIGNED_IN: gettext("Đã đăng nhập lần đầu"), Goal.CONNECTED: gettext("Ứng dụng đã kết nối"),
            Goal.LOGOUT: gettext("Ứng dụng đã nhận tin đăng xuất")}


def steps() -> Mapping[str, str]:
    """Say what somebody waits for."""
    return {
        Step.ASK: gettext("Chưa đề nghị"), Step.SUBMIT: gettext("Chưa gửi đề nghị"), Step.CORRECT: gettext("Đề nghị bị trả lại"),
        Step.APPROVE: gettext("Chờ đơn vị duyệt"), Step.APPROVE_FOR_PROVINCE: gettext("Chờ tỉnh duyệt"),
        Step.SEND: gettext("Chờ gửi đơn vị cấp chứng thư"), Step.ISSUE: gettext("Chờ cấp chứng thư số"),
        Step.RECEIVE: gettext("Chờ nhận thiết bị về"), Step.HAND_OVER: gettext("Chờ bàn giao"),
        Step.ACTIVATE: gettext("Chờ ký thử và kích hoạt"), Step.RESUME: gettext("Đang tạm khóa"),
        Step.UNLOCK: gettext("Chờ mở khóa thiết bị"), Step.OPEN_MAILBOX: gettext("Chưa có hộp thư"),
        Step.ENROL_FACTOR: gettext("Chưa bật xác thực hai lớp"), Step.SIGN_IN: gettext("Chưa đăng nhập lần nào"),
        Step.CONNECT: gettext("Chưa kết nối"), Step.PROVE_LOGOUT: gettext("Chưa nhận tin đăng xuất")}


def owners() -> Mapping[str, str]:
    """Name who has to act."""
    return {Owner.OFFICER: gettext("Cán bộ tự làm"), Owner.AGENCY: gettext("Quản trị đơn vị"),
            Owner.DESK: gettext("Quản trị tỉnh"), Owner.AUTHORITY: gettext("Đơn vị cấp chứng thư"),
            Owner.CLERK: gettext("Văn thư đơn vị")}


def reasons() -> Mapping[str, str]:
    """Say why somebody does not count."""
    return {
        Reason.DISABLED: gettext("Tài khoản đã khóa"), Reason.GUEST: gettext("Tài khoản khách"),
        Reason.GONE: gettext("Không còn trong danh bạ"), Reason.ELSEWHERE: gettext("Đã chuyển nơi khác"),
        Reason.LONG_LEAVE: gettext("Nghỉ dài ngày"), Reason.SECONDED: gettext("Biệt phái"),
        Reason.RETIRING: gettext("Sắp nghỉ hưu"), Reason.SHARED_ACCOUNT: gettext("Tài khoản dùng chung"),
        Reason.NOT_NEEDED: gettext("Không cần theo công việc"), Reason.OTHER: gettext("Lý do khác")}


TAGS: Final[Mapping[str, str]] = {Shown.DONE: "ok", Shown.MISSING: "warn", Shown.EXCLUDED: "idle", Shown.LEFT: "idle"}
"""How states look (macro ``badge``)."""


def shown() -> Mapping[str, str]:
    """Name the parts of a list."""
    return {Shown.DONE: gettext("Đã hoàn thành"), Shown.MISSING: gettext("Còn thiếu"), Shown.EXCLUDED: gettext("Không tính"),
            Shown.LEFT: gettext("Đã rời danh sách"), Shown.JOINED: gettext("Vào danh sách sau ngày chốt")}


def movements() -> Mapping[str, str]:
    """Name what changes a list."""
    return {MemberAct.JOINED: gettext("Thêm vào"), MemberAct.LEFT: gettext("Rời đi"), MemberAct.MOVED: gettext("Chuyển đơn vị"),
            MemberAct.EXCLUDED: gettext("Không tính"), MemberAct.RESTORED: gettext("Tính lại")}


def refusal(code: str) -> str:
    """Say why something was not done."""
    known = {
        "empty_population": gettext("Chưa tìm thấy ai theo các điều kiện này. Vui lòng mở rộng đơn vị, nhóm hoặc chức vụ."),
        "name_taken": gettext("Đã có chiến dịch đang chạy mang tên này. Vui lòng đặt tên khác."),
        "closed": gettext("Chiến dịch này đã đóng."),
        "changed_meanwhile": gettext("Có người vừa thay đổi chiến dịch này. Vui lòng xem lại rồi làm tiếp."),
        "already_done": gettext("Việc này đã được làm trước đó."),
        "reminder_already_done": gettext("Mọi người ở đây đã được nhắc hôm nay."),
        "reminder_nobody_to_remind": gettext("Không có ai ở đây làm được bước tiếp theo."),
        "invalid_body": gettext("Vui lòng xem lại: tên và lý do dài nhất 120 và 300 ký tự, thời hạn là một ngày sau hôm nay, "
                                "trong vòng ba năm.")}
    return str(known.get(code, known["invalid_body"]))


def date_text(day: date) -> str:
    """Write a day: ``23/11/2026``."""
    return day.strftime("%d/%m/%Y")


def rate(done: int, counted: int) -> str:
    """Write a share with one digit, rounded down so that only all is 100."""
    return f"{format_decimal(done * 1000 // counted / 10, '0.0')}%" if counted else "–"


def number(many: int) -> str:
    """Write a number."""
    return str(format_decimal(many))


def campaign_words(campaign: Campaign) -> dict[str, Any]:
    """Give what stands about a campaign wherever it stands."""
    return {"id": campaign.campaign_id, "name": campaign.name, "goal": goals()[campaign.goal],
            "applications": campaign.goal.of_applications, "deadline": date_text(campaign.deadline),
            "begun": date_text(day_of(campaign.created_at)), "url": f"/admin/rollout/{campaign.campaign_id}",
            "closed": date_text(day_of(campaign.closed_at)) if campaign.closed_at is not None else ""}


def figures(coverage: Coverage, working_days: int) -> dict[str, Any]:
    """Give the four figures on top."""
    day, campaign = coverage.last, coverage.campaign
    more, span = coverage.pace
    reached = coverage.forecast
    return {
        "rate": rate(day.done, day.counted), "done": number(day.done), "counted": number(day.counted),
        "needed": number(day.needed), "behind": number(max(day.needed - day.done, 0)), "is_behind": day.done < day.needed,
        "ahead": number(max(day.done - day.needed, 0)), "left": (campaign.deadline - day.day).days, "working_days": working_days,
        "over": (day.day - campaign.deadline).days, "pace": number(more), "pace_days": span,
        "finished": day.done == day.counted, "forecast": date_text(reached) if reached else "",
        "late": reached is None or reached > campaign.deadline, "bar": bar(day.done, day.counted, low=day.done < day.needed),
        "need_at": _at(day.needed, day.counted), "day": date_text(day.day),
        "as_of": as_of(coverage)}


def bar(done: int, counted: int, *, low: bool) -> dict[str, Any]:
    """Give the length of a bar, and whether it is hatched."""
    length = _at(done, counted)
    return {"length": length, "low": low, "hatches": range(-4, int(length) + 8, 9) if low else ()}


def agencies(coverage: Coverage) -> list[dict[str, Any]]:
    """Give the agencies with their bars, those first that have come least far."""
    return [{"code": row.code, "name": row.name, "done": number(row.tally.done), "counted": number(row.tally.counted),
             "missing": number(row.tally.missing), "rate": rate(row.tally.done, row.tally.counted), "low": row.low,
             "bar": bar(row.tally.done, row.tally.counted, low=row.low)} for row in agency_rows(coverage)]


def as_of(coverage: Coverage) -> str:
    """Say as of when figures and lists are: the moment at which they were counted, or the day, where it is over."""
    last = coverage.last.day
    return moment(coverage.at) if day_of(coverage.at) == last else date_text(last)


def units(who: Administrator, coverage: Coverage) -> list[dict[str, str]]:
    """Give the agencies of a campaign that somebody looks after, by code; the whole list's, however it is narrowed now."""
    return [{"code": code, "name": name} for code, name in sorted(coverage.names.items()) if who.oversees(code)]


def slowest(coverage: Coverage, codes: Sequence[str], keepers: Callable[[], Mapping[str, Sequence[str]]],
            waited: Callable[[int], int]) -> dict[str, dict[str, Any]]:
    """Give of agencies where their missing have stopped, who has to act, and how long who waits longest has waited.

    Args:
        coverage: The course.
        codes: Of the agencies.
        keepers: Gives the names of the administrators of agencies, by code; asked where something is theirs.
        waited: Counts the working days since a moment.
    """
    missing = {code: coverage.missing.of_agency(code) for code in codes}
    named = keepers() if any(OWNERS[step] is Owner.AGENCY for roll in missing.values() for step in roll.steps()) else {}
    found = {}
    for code, roll in missing.items():
        counts = roll.steps()
        at = [step for step in Step if counts[step]]
        who = [owners()[owner] + (f": {', '.join(named[code])}" if owner is Owner.AGENCY and named.get(code) else "")
               for owner in dict.fromkeys(OWNERS[step] for step in at)]
        found[code] = {"stops": [f"{number(counts[step])} {_lowered(steps()[step])}" for step in at], "who": who,
                       "waited": waited(roll.oldest)}
    return found


def _lowered(word: str) -> str:
    return word[:1].lower() + word[1:]


def stops(coverage: Coverage) -> list[dict[str, Any]]:
    """Give where the missing have stopped, with who has to act."""
    return [{"step": step.value, "word": steps()[step], "owner": owners()[OWNERS[step]], "count": number(count)}
            for step, count in steps_of(coverage)]


def course(coverage: Coverage) -> dict[str, Any]:
    """Give the two pictures, and their numbers week by week up to the last day."""
    weeks = coverage.days[::-1][::_WEEK][::-1]
    return {"large": draw(coverage, LARGE), "small": draw(coverage, SMALL),
            "rows": [{"day": date_text(day.day), "done": number(day.done), "needed": number(day.needed),
                      "gap": f"−{number(day.needed - day.done)}" if day.needed > day.done else number(day.done - day.needed)}
                     for day in weeks]}


def _at(many: int, of: int) -> float:
    return round(BAR * min(many, of) / of, 1) if of else 0.0
