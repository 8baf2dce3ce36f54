"""Lists of the certificate desk: persons in, requests out to the issuer, and the issuer's results in (``results``).

Source: Decree 68/2024 (Mẫu 01 and the working sheets). A list is tried before it is taken (``dry_run``) and answered row by
row. A row that was taken before is found again by its officer, or by its certificate, and done once: a list may be sent twice.
Whoever takes identity numbers out is recorded, for every request on the list; whoever has them compared, once for each list.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...audit import AuditTrail, Caller
from ...directory.mirror import MirroredOfficer, OfficerMirror, OfficerSearch, search_words
from ...directory.unit import is_unit_code
from ...errors import RefusedError
from ...pki.authority.ports import CertificateAuthority, Letter
from ...pki.enrollment.custody import Custody
from ...pki.enrollment.desk import Desk
from ...pki.enrollment.moves import Actor, ConflictError
from ...pki.enrollment.record import OUR_BATCH, DeviceKind, Enrollment, Search
from ...pki.enrollment.states import State
from ...pki.enrollment.wanted import wanted
from ...pki.enrollment.working_days import day_of
from ...pki.forms import ListError, Row, Sheets, reading, writing
from ...pki.forms.catalogue import FORMS, Form
from ...pki.forms.cells import folded
from ...pki.forms.report import of_list
from ...pki.government import batch as batches
from ...pki.government import received, words
from ...pki.government.authority import GovernmentAuthority
from ...pki.government.ports import Batch, Moment
from ...roles import Administrator, ForbiddenError, Right, Role
from ..pages import Place, turned
from ..signing.lists import SIMS, SimRows
from ..signing.results import CardResults
from .asking import Asking
from .devices import FORM as DEVICES
from .devices import DeviceAdministration
from .handed_over import HandOverList
from .issuers import AUTHORITIES, INTERNAL, Issuer, Issuers, unfit
from .results import Results, Take

PERSONS: Final = FORMS["mau01_ca_nhan"]
RESULTS: Final = FORMS["ket_qua_cap"]
HANDED_OVER: Final = FORMS["ban_giao"]
Follow = Callable[[int, int], None]
TAKEN: Final = (PERSONS.name, RESULTS.name, HANDED_OVER.name, SIMS.name, DEVICES.name)
"""Lists that are taken in."""
_COMPARED: Final = (RESULTS.name, HANDED_OVER.name)
"""Lists whose answer tells whether an identity number is somebody's."""
LONGEST_BATCH: Final = 2000
KINDS: Final = ("csv", "xlsx", "zip")
"""Of files of a batch."""
_REASONS: Final = {
    "not_in_directory": "Không có cán bộ nào dùng địa chỉ thư này trong danh bạ. Vui lòng kiểm tra thư công vụ.",
    "another_name": "Danh bạ ghi họ tên khác với địa chỉ thư này. Vui lòng kiểm tra họ tên và thư công vụ.",
    "not_yours": "Cán bộ này không thuộc đơn vị của bạn.",
    "not_active": "Tài khoản của cán bộ này không còn hoạt động.",
    "guest": "Người làm việc tạm thời không được cấp chứng thư số của tỉnh.",
    "no_agency": "Cán bộ này chưa có đơn vị trong danh bạ.",
    "no_mailbox": "Chưa có thư công vụ. Vui lòng đề nghị lập hộp thư trước.",
    "nothing_to_replace": "Số hiệu chứng thư cũ không phải của cán bộ này, hoặc chứng thư đó không còn dùng.",
    "too_early": "Chưa đến kỳ gia hạn: chứng thư số được gia hạn trong 60 ngày cuối.",
    "already_there": "Cán bộ này đang có chứng thư số. Nếu cần gia hạn, vui lòng ghi số hiệu chứng thư cũ.",
    "no_request": "Không có đề nghị nào đã gửi đi khớp với thư công vụ và số định danh này.",
    "several_requests": "Có nhiều đề nghị khớp với dòng này. Vui lòng ghi cả thư công vụ và số định danh.",
    **words.REASONS,
    "serial_known": "Số hiệu chứng thư này đã thuộc về một đề nghị khác.",
    "nothing_to_hand_over": "Không có thiết bị nào đang chờ bàn giao cho cán bộ này.",
    "another_device": "Đơn vị cấp chứng thư ghi thiết bị khác cho cán bộ này. Vui lòng kiểm tra số hiệu thiết bị.",
    "another_person": "Số định danh không phải của người được cấp. Vui lòng kiểm tra giấy tờ của người nhận.",
    "identity_unknown": "Đề nghị chưa có số định danh của người được cấp. Vui lòng trả lại để bổ sung.",
    "device_lost": "Thiết bị này đã được báo mất. Vui lòng ghi nhận trả thiết bị trước, nếu đã tìm thấy.",
    "same_person": "Không ai tự bàn giao cho chính mình. Vui lòng nhờ người khác ghi nhận dòng này.",
    "number_taken": "Số điện thoại này đã có người đăng ký.",
    "bad_carrier": "Nhà mạng này không có ở đây. Vui lòng ghi đúng tên như trên trang SIM ký số.",
    "another_carrier": "Đề nghị SIM của số này ghi nhà mạng khác. Vui lòng kiểm tra nhà mạng.",
    "no_officer": "Cán bộ này hiện không làm việc.",
    "no_sim_request": "Chưa có đề nghị SIM nào của số này. Vui lòng bỏ trống số SIM và chính chủ để lập đề nghị.",
    "desk_only": "Trả lời của nhà mạng do tỉnh ghi. Vui lòng bỏ trống số SIM và chính chủ.",
    "not_approved": "SIM này chưa được tỉnh duyệt. Vui lòng duyệt trước rồi nhập lại dòng này.",
    "not_the_owner": "Nhà mạng báo số này là của người khác, nên không cấp SIM.",
    "card_taken": "Số SIM này đã cấp cho người khác.",
    "bad_card": "Số SIM không đúng. Vui lòng chép số in trên SIM, bắt đầu bằng 89.",
    "bad_number": "Số điện thoại không đúng. Số di động có 10 chữ số và bắt đầu bằng 0.",
    "wrong_state": "SIM này không còn ở bước đó. Vui lòng mở SIM để xem.",
    "another_officer": "SIM này của cán bộ khác. Vui lòng kiểm tra thư công vụ và số ICCID.",
    "another_number": "SIM này đi với số điện thoại khác. Vui lòng kiểm tra số điện thoại và số ICCID.",
    "certificate_missing": "Dòng này chưa kèm chứng thư số. Vui lòng gửi cả tệp chứng thư số của SIM.",
    "has_certificate": "SIM này đã gắn chứng thư số khác, hoặc không còn dùng. Vui lòng mở SIM để xem.",
    "waits_for_revocation": "Chứng thư số của SIM trước chưa có trong danh sách thu hồi. Vui lòng nhập lại dòng này sau.",
    "changed": "Có người vừa thay đổi đề nghị này. Vui lòng thử lại.",
}
"""What is said of a row that the desk refuses, by code; whatever else there is, by ``changed``."""


class EnrollmentLists:
    """Takes lists and gives them.

    Args:
        desk: Where requests are made and results noted.
        mirror: Who the officers are.
        search: Finds them by mailbox.
        sheets: Files.
        audit: Where readings of what is personal are recorded.
        government: The issuer of officers' certificates.
        internal: The province's own authority.
        custody: Where devices are handed over.
        asking: Makes requests of rows.
        issuers: Who issues.
        devices: The account of devices.
        organization: The province.
        sims: Takes rows of SIMs; None where no carrier is named.
        cards: Takes certificates for keys in SIMs; None where the Government's authority makes none of them.
    """

    def __init__(self, desk: Desk, mirror: OfficerMirror, search: OfficerSearch, sheets: Sheets, audit: AuditTrail,
                 government: GovernmentAuthority, internal: CertificateAuthority, custody: Custody,
                 asking: Asking, issuers: Issuers, devices: DeviceAdministration, *, organization: str,
                 sims: SimRows | None = None, cards: CardResults | None = None) -> None:
        self._sims = sims
        self._asking, self._issuers, self._devices = asking, issuers, devices
        self._hand_overs = HandOverList(desk, custody)
        self._desk, self._mirror, self._search, self._sheets, self._audit = desk, mirror, search, sheets, audit
        self._government, self._internal, self._organization = government, internal, organization
        self._results = Results(desk, government, organization=organization, cards=cards)

    def take(self, who: Administrator, content: bytes, *, form: str, dry: bool, submit: bool, caller: Caller,
             certificates: Sequence[bytes] = (), follow: Follow | None = None) -> dict[str, Any]:
        """Take a list, or try it.

        Args:
            who: The administrator.
            content: The file: a list, or for results a ZIP file with one list and certificates.
            form: One of ``TAKEN``.
            dry: Nothing is written.
            submit: Requests are handed in at once, not left as drafts.
            caller: Who asks.
            certificates: Files beside a list of results, PEM or DER; told apart by their serial numbers.
            follow: Is told before each row how many were taken, and of how many; what it raises ends the taking there. A list
                that is taken again goes on where it was: what was taken is found and done once.

        Returns:
            ``good`` and ``bad`` rows, ``already`` of the good ones, what each heading was taken for, and what is to be
            corrected.

        Raises:
            RefusedError: 422 ``unreadable_list``: the file is none, or not this list.
            ForbiddenError: results are taken by the province and its programs alone, and tried by no program.
        """
        self.check(who, form)
        if dry and form == RESULTS.name and who.role is Role.MACHINE:
            raise ForbiddenError("A trial tells whose identity number fits; the province's desk tries lists.")
        sent = received.unpacked(content, certificates) if form == RESULTS.name else received.Sent(content, {})
        try:
            rows = self._sheets.read(sent.sheet)
            read = reading.read(FORMS[form], rows, day_of(self._desk.now()))
        except ListError as err:
            raise RefusedError(of_list(err), code="unreadable_list", status=422) from err
        if form in _COMPARED and (rows_compared := sum("identity_number" in row.values for row in read.good)):
            self._audit.record(self._desk.compared(Actor(who.sub, who), form=form, rows=rows_compared,
                                                   why="dry_run" if dry else "list", caller=caller))
        take = self._taking(form, who, sent, dry=dry, submit=submit, caller=caller)
        already, refused = 0, []
        for number, row in enumerate(read.good):
            if follow is not None:
                follow(number, len(read.good))
            try:
                already += take(row) == "already"
            except RefusedError as err:
                refused.append((row, _REASONS.get(err.code, _REASONS["changed"])))
        return _answer(FORMS[form], read, already=already, refused=refused, dry=dry)

    def check(self, who: Administrator, form: str) -> None:
        """Refuse whoever takes no list of this form. Raises RefusedError, ForbiddenError."""
        if form == HANDED_OVER.name and who.role is not Role.PROVINCE:
            raise ForbiddenError("The province's desk hands over.")
        if form == RESULTS.name and who.role not in (Role.PROVINCE, Role.MACHINE):
            raise ForbiddenError("The province's desk takes results.")
        if form == DEVICES.name:
            self._devices.check(who)
        if form == SIMS.name and self._sims is None:
            raise RefusedError("Signatures by SIM are not offered here.", code="not_offered", status=404)
        if form in (PERSONS.name, SIMS.name) and not who.may(Right.ASK_CERTIFICATES):
            raise ForbiddenError("A list of officers is handed in by somebody who answers for it.")

    def send(self, who: Administrator, body: Mapping[str, Any], *, caller: Caller) -> dict[str, Any]:
        """Send everything that the province has approved, as one batch: each request for itself.

        Args:
            who: An administrator of the province.
            body: ``document``: number of the letter; ``unit``: only this agency's and those below it; ``authority``:
                ``government``, or ``internal`` for what brings a key and is issued here at once; ``issuer``: name of one of the
                province's own authorities, the newest where it is left out.
            caller: Who asks.

        Returns:
            The batch's number, how many stand on it, and how many were issued; the file: ``written``.

        Raises:
            RefusedError: 409 ``nothing_to_send``, ``no_authority``, or why nothing of what waits is for this authority
                (``issuers.unfit``); 422 ``invalid_body``, ``unknown_authority``.
            ForbiddenError: not the province's desk.
        """
        document, unit, authority = body.get("document"), body.get("unit", ""), body.get("authority", "government")
        name = body.get("issuer", "")
        if not body.keys() <= {"document", "unit", "authority", "issuer"} or not isinstance(document, str) or not (
                unit == "" or (isinstance(unit, str) and is_unit_code(unit))) or authority not in AUTHORITIES or not isinstance(
                    name, str):
            raise RefusedError("The body holds document, and may hold unit, the code of an agency, authority: "
                               f"{' or '.join(AUTHORITIES)}, and issuer.", code="invalid_body", status=422)
        actor = Actor(who.sub, who)
        if who.role is not Role.PROVINCE:
            raise ForbiddenError("The province's desk sends.")
        internal = authority == INTERNAL
        issuer = self._issuers.chosen(authority, name)

        def listed(state: State) -> Sequence[Enrollment]:
            return self._desk.listed(actor, Search(states=(state,), unit=unit), limit=LONGEST_BATCH)

        waiting = listed(State.PROVINCE_APPROVED)
        found = [one for one in waiting if not unfit(one, authority)]
        left = [one for one in listed(State.SENT) if one.batch.startswith(OUR_BATCH) and one.request] if internal else []
        if not found and not left:
            why = sorted({unfit(one, authority) for one in waiting}) or ["nothing_to_send"]
            raise RefusedError("Nothing that this authority issues waits to be sent.", code=why[0], status=409)
        batch, sent = f"{OUR_BATCH if internal else ''}{day_of(self._desk.now()):%Y%m%d}-{secrets.token_hex(4)}", 0
        for enrollment in found:
            try:
                left.append(self._desk.send(actor, enrollment.enrollment_id, document, batch, caller))
            except RefusedError as err:
                if err.status == 422:
                    raise
                continue  # somebody else was first with it
            sent += 1
        if internal:
            return {"batch": batch, "sent": sent, "issued": self._issued(
                actor, Letter(batch=batch, document=document, by=actor.sub, issuer=issuer.name), left, caller)}
        if sent:
            self._file(actor, batch, caller)
        return {"batch": batch, "sent": sent, "issued": 0}

    def issuers(self, who: Administrator) -> Sequence[tuple[Issuer, int]]:
        """Give the authorities, each with how many of the requests that wait it issues. Raises ForbiddenError."""
        if who.role is not Role.PROVINCE:
            raise ForbiddenError("The province's desk sends.")
        waiting = self._desk.listed(Actor(who.sub, who), Search(states=(State.PROVINCE_APPROVED,)), limit=LONGEST_BATCH)
        return [(one, sum(not unfit(each, one.authority) for each in waiting)) for one in self._issuers.all()]

    def _issued(self, actor: Actor, letter: Letter, sent: Sequence[Enrollment], caller: Caller) -> int:
        """Have requests issued here, also those that a process left when it died; who is refused gets the request back."""
        by_number, issued = {one.enrollment_id: one for one in sent}, 0
        # The key of the others is made when their holders fetch it (``key_files``).
        asked = [wanted(one, self._organization) for one in sent if one.request]
        answers = self._internal.request(letter, asked, caller)
        for number, answer in answers.items():
            try:
                if isinstance(answer, RefusedError):
                    self._desk.send_back(actor, number, answer.message, caller)
                else:
                    self._desk.issued(actor, by_number[number], serial=answer.serial, issuer=answer.issuer,
                                      not_before=answer.not_before, not_after=answer.not_after, certificate=answer.der,
                                      device_serial="", caller=caller)
                    issued += 1
            except ConflictError:
                continue  # somebody else was first with it
        return issued

    def batches(self, who: Administrator, *, limit: int, cursor: str = "", back: str = "") -> tuple[Sequence[Batch], str, str]:
        """Give the lists that went out, newest first, without their files, and the cursors of the pages after and before.

        Raises:
            ForbiddenError: not the province's desk.
            InvalidParameterError: a cursor that is none.
        """
        if who.role is not Role.PROVINCE:
            raise ForbiddenError("The province's desk sends.")
        return turned(lambda after, before, most: self._government.newest(most, after=_moment(after), before=_moment(before)),
                      lambda one: (one.made_at, one.number), (int, str), cursor=cursor, back=back, limit=limit)

    def written(self, who: Administrator, *, batch: str, kind: str, caller: Caller) -> bytes:
        """Give the list of a batch for the issuer, with what is personal, as it went out; every reading is recorded before.

        Args:
            who: An administrator of the province.
            batch: Its number.
            kind: ``csv`` or ``xlsx``; ``zip`` for both with their signature.
            caller: Who asks.

        Raises:
            RefusedError: 404: no such batch.
            ForbiddenError: not the province's desk.
        """
        if who.role is not Role.PROVINCE:
            raise ForbiddenError("The province's desk sends.")
        if kind not in KINDS:
            raise RefusedError(f"A list is one of {', '.join(KINDS)}.", code="unknown_batch", status=404)
        content = self._file(Actor(who.sub, who), batch, caller)
        return content if kind == "zip" else batches.lists(content)[kind]

    def _file(self, actor: Actor, batch: str, caller: Caller) -> bytes:
        """Give the file of a batch; one that was not made, because a process died after sending, is made now."""
        # What is issued here goes to nobody in a list.
        goes_out = bool(batch) and not batch.startswith(OUR_BATCH)
        found = list(self._desk.listed(actor, Search(batch=batch), limit=LONGEST_BATCH)) if goes_out else []
        # Who has left the batch since (rejected, sent again) stands on the list that went out all the same.
        there = {one.enrollment_id for one in found}
        found += [self._desk.one(actor, number)[0] for number in (self._government.numbers(batch) if goes_out else ())
                  if number not in there]
        if not found:
            raise RefusedError("There is no such batch.", code="unknown_batch", status=404)
        asked = []
        for enrollment in found:
            personal, record = self._desk.personal(actor, enrollment, why=f"batch {batch}", caller=caller)
            self._audit.record(record)
            facts = {**personal, **_facts(enrollment), "old_serial": self._old_serial(actor, enrollment)}
            asked.append(wanted(enrollment, self._organization, facts))
        self._government.request(Letter(batch=batch, document=found[0].document, by=actor.sub), asked, caller)
        content = self._government.file(batch)
        assert content is not None
        return content

    def _old_serial(self, actor: Actor, enrollment: Enrollment) -> str:
        return self._desk.one(actor, enrollment.replaces)[0].serial if enrollment.replaces else ""

    def _taking(self, form: str, who: Administrator, sent: received.Sent, *, dry: bool, submit: bool, caller: Caller) -> Take:
        actor = Actor(who.sub, who)
        if form == DEVICES.name:
            return lambda row: self._devices.row(who, row, dry=dry, caller=caller)
        if form == PERSONS.name:
            return lambda row: self._asking.row(actor, self._officer(who, row.values), row.values, dry=dry, submit=submit,
                                                caller=caller)
        if form == RESULTS.name:
            return self._results.taking(actor, sent.certificates, dry=dry, caller=caller)
        if form == SIMS.name and (sims := self._sims) is not None:
            return lambda row: sims.take(actor, self._officer(who, row.values), row.values, dry=dry, caller=caller)
        return lambda row: self._hand_overs.take(actor, row, self._officer(who, row.values), dry=dry, caller=caller)

    def _officer(self, who: Administrator, values: Mapping[str, str]) -> MirroredOfficer:
        """Give the officer of a row; of another agency's only whoever knows mailbox and name hears that there is one."""
        if "entry_uuid" in values:
            known = self._mirror.by_entry_uuid(values["entry_uuid"])
            found = [known] if known is not None else []
        else:
            local = values["mail"].split("@")[0]
            by_name = self._mirror.by_uid(local)
            found = [by_name] if by_name is not None and by_name.officer.mail.lower() == values["mail"] else [
                one.officer for one in self._search.search(search_words(values["mail"]), unit="", after=None, limit=20)
                if one.officer.officer.mail.lower() == values["mail"]]
        if len(found) != 1 or found[0].officer.mail.lower() != values["mail"]:
            raise RefusedError("No such officer.", code="not_in_directory")
        theirs = who.oversees(found[0].officer.main_post.unit_code)
        if folded(found[0].officer.name) != folded(values["name"]):
            raise RefusedError("Another officer's mailbox.", code="another_name" if theirs else "not_in_directory")
        if not theirs:
            raise RefusedError("Another agency's officer.", code="not_yours")
        return found[0]


def _moment(place: Place | None) -> Moment | None:
    return None if place is None else (place[0], place[1])


def _answer(form: Form, read: Any, *, already: int, refused: Sequence[tuple[Row, str]], dry: bool) -> dict[str, Any]:
    problems = [dict(zip(("line", "name", "column", "given", "reason"), row, strict=True))
                for row in writing.report(form, read.bad)[1:]]
    problems += [{"line": str(row.line), "name": row.values.get("name", ""), "column": "Cả dòng", "given": "", "reason": reason}
                 for row, reason in refused]
    return {"form": form.name, "dry_run": dry, "good": len(read.good) - len(refused), "already": already,
            "bad": len(read.bad) + len(refused), "headers": dict(read.headers),
            "problems": [{**problem, "line": int(problem["line"])} for problem in sorted(problems,
                                                                                         key=lambda one: int(one["line"]))]}


def _facts(enrollment: Enrollment) -> dict[str, str]:
    return {"name": enrollment.name, "mail": enrollment.mail, "unit_name": enrollment.unit_name, "title": enrollment.title,
            "unit_code": enrollment.unit_code, "sim_pki": "yes" if enrollment.device_kind is DeviceKind.SIM else "no"}
