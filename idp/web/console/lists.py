"""Lists of the certificate desk: tried, taken, reported; sent to the issuer and fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Blueprint, Response, abort, request
from flask_babel import gettext

from ...administration.enrollment.devices import FORM as DEVICES
from ...administration.enrollment.issuers import GOVERNMENT
from ...administration.enrollment.lists import HANDED_OVER, KINDS, PERSONS, RESULTS
from ...administration.operation.kinds import LISTS
from ...administration.pages import USUAL
from ...administration.signing.lists import SIMS
from ...errors import RefusedError
from ...pki.forms.catalogue import FORMS
from ...roles import Right, Role
from ...services import Services
from ..onward import see_other
from .desk import name_of
from .door import Door, Entered
from .operation.jobs import PAGE as JOBS
from .operation.jobs import too_many
from .turning import asked, turning
from .words import issuer_words, moment, refusal

PAGE: Final = "/admin/certificates/import"
AT_ONCE: Final = 64 * 1024
"""Bytes of a list, some hundred rows; a longer one is taken by the worker."""
BATCHES: Final = "/admin/certificates/batches"
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "zip": "application/zip",
                 "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    rooms, signs = services.administration, services.mobile_signatures is not None

    @views.get("/certificates/import")
    def ask_list() -> Response:
        entered = door.enter(request.full_path, Right.ASK_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may(Right.ASK_CERTIFICATES):
            abort(403)
        return _page(entered, _meant(entered, request.args.get("form", ""), signs=signs))

    @views.post("/certificates/import")
    def take_list() -> Response:
        entered = door.enter(PAGE, Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        if isinstance(entered, Response):
            return entered
        form = _meant(entered, request.form.get("form", ""), signs=signs)
        take = request.form.get("step") == "take"
        try:
            content = _content(entered, form)
            if take and len(content) > AT_ONCE:
                rooms.jobs.ask(entered.who, LISTS, {"form": form, "submit": True}, entered.caller, content)
                return see_other(JOBS)
            answer = rooms.enrollment_lists.take(entered.who, content, form=form, dry=not take, submit=True,
                                                 caller=entered.caller)
        except RefusedError as err:
            if err.status == 403:
                raise
            if err.code == "too_many_jobs":
                return _page(entered, form, status=409, error=too_many())
            return _page(entered, form, status=err.status, error=f"{refusal(err.code)} "
                         f"{err.message if err.code == 'unreadable_list' else ''}".strip())
        return _page(entered, form, answer=answer, kept=rooms.enrollment_paper.uploads.kept(entered.who, form, content))

    @views.post("/certificates/import/report")
    def report_of_list() -> Response:
        entered = door.enter(PAGE, Right.CHANGE, Right.ASK_CERTIFICATES, change=True)
        if isinstance(entered, Response):
            return entered
        form = _meant(entered, request.form.get("form", ""), signs=signs)
        answer = rooms.enrollment_lists.take(entered.who, _content(entered, form), form=form, dry=True, submit=True,
                                             caller=entered.caller)
        return file_of(rooms.enrollment_paper.problems(answer["problems"]), "csv", f"can-sua-{form}")

    @views.get("/certificates/import/<form>.xlsx")
    def blank_list(form: str) -> Response:
        entered = door.enter(request.path, Right.SEE_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        if form not in _offered(entered, signs=signs):
            abort(404)
        return file_of(rooms.enrollment_paper.blank(form), "xlsx", form)

    @views.get("/certificates/batches")
    def batches() -> Response:
        entered = door.enter(request.path)
        return entered if isinstance(entered, Response) else _batches(entered)

    @views.post("/certificates/batches")
    def send_batch() -> Response:
        entered = door.enter(BATCHES, fresh=True, change=True)
        if isinstance(entered, Response):
            return entered
        authority, _, issuer = request.form.get("authority", GOVERNMENT).partition(":")
        body = {"document": request.form.get("document", "").strip(), "authority": authority, "issuer": issuer}
        try:
            sent = rooms.enrollment_lists.send(entered.who, body, caller=entered.caller)
        except RefusedError as err:
            if err.status == 403:
                raise
            return _batches(entered, status=err.status, error=refusal(err.code))
        return _batches(entered, sent=sent)

    @views.get("/certificates/batches/<batch>/<kind>")
    def batch_file(batch: str, kind: str) -> Response:
        entered = door.enter(request.path, fresh=True)
        if isinstance(entered, Response):
            return entered
        if kind not in KINDS:
            abort(404)
        return file_of(rooms.enrollment_lists.written(entered.who, batch=batch, kind=kind, caller=entered.caller), kind,
                     f"mau01-{batch}")

    def _content(entered: Entered, form: str) -> bytes:
        sent = request.files.get("file")
        content = sent.read() if sent is not None and sent.filename else b""
        if not content and "kept" not in request.form:
            raise RefusedError("No list was chosen, or an empty one.", code="no_list", status=422)
        return content or rooms.enrollment_paper.uploads.opened(entered.who, form, request.form.get("kept", ""))

    def _page(entered: Entered, form: str, *, status: int = 200, error: str = "", answer: dict[str, Any] | None = None,
              kept: str = "") -> Response:
        if answer is not None:
            answer = answer | {"headers": {heading: FORMS[form].column(taken).heading if taken else gettext("không dùng cột này")
                                           for heading, taken in answer["headers"].items()}}
        return door.page("console/import.html", entered, here="import", status=status, form=form,
                         forms=_words(entered, signs=signs), error=error, answer=answer, kept=kept)

    def _batches(entered: Entered, *, status: int = 200, error: str = "", sent: dict[str, Any] | None = None) -> Response:
        found, following, prev = rooms.enrollment_lists.batches(entered.who, limit=USUAL, **asked())
        counts = rooms.enrollments.counted(entered.who)["states"]
        return door.page("console/batches.html", entered, here="batches", status=status, error=error, sent=sent,
                         waiting=counts["province_approved"],
                         issuers=[{**issuer_words(one), "count": count}
                                  for one, count in rooms.enrollment_lists.issuers(entered.who)],
                         out=counts["sent_to_ca"],
                         turn=turning(BATCHES, {}, following=following, prev=prev),
                         batches=[{"number": one.number, "document": one.document, "at": moment(one.made_at),
                                   "by": name_of(services, one.made_by), "rows": one.rows} for one in found])


def _words(entered: Entered, *, signs: bool) -> list[dict[str, str]]:
    titles = {PERSONS.name: gettext("Mẫu 01, cán bộ đề nghị cấp chứng thư số"), RESULTS.name: gettext("Kết quả cấp chứng thư số"),
              SIMS.name: gettext("Đăng ký SIM ký số"), HANDED_OVER.name: gettext("Bàn giao thiết bị"),
              DEVICES.name: gettext("Thiết bị nhập kho")}
    return [{"name": name, "title": titles[name]} for name in _offered(entered, signs=signs)]


def _offered(entered: Entered, *, signs: bool) -> tuple[str, ...]:
    desk = (RESULTS.name, HANDED_OVER.name, DEVICES.name) if entered.who.role is Role.PROVINCE else ()
    return (PERSONS.name, *desk, *((SIMS.name,) if signs else ()))


def _meant(entered: Entered, form: str, *, signs: bool) -> str:
    return form if form in _offered(entered, signs=signs) else PERSONS.name


def file_of(content: bytes | Iterator[bytes], kind: str, name: str) -> Response:
    """Send a list as a file."""
    return Response(content, content_type=_TYPES[kind], headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'})
