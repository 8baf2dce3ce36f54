"""Tasks about officers: what is due first, one task with why it is not done yet, and the proof with which it is closed.

Source: security checklist 38. Who may close which is decided in ``administration.tasks``; a task about a certificate that stands
closes itself when that has ended (docs/operations/departures.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext, ngettext

from ...administration.pages import USUAL
from ...administration.tasks import SORTS
from ...directory.tasks import LONGEST_PROOF, TaskKind
from ...errors import RefusedError
from ...roles import Administrator
from ...services import Services
from ..onward import see_other
from .asking import change_url
from .desk import name_of, unit_names
from .door import Door, Entered
from .turning import sorting, turning
from .words import moment, request_words, turns

LIST: Final = "/admin/tasks/"
_STATES: Final = ("open", "done")
_MOST_REQUESTS: Final = 50


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room = services.administration.tasks

    @views.get("/tasks/")
    def tasks() -> Response:
        entered = door.enter(request.full_path)
        if isinstance(entered, Response):
            return entered
        asked = request.args.get("state", "")
        state = asked if asked in _STATES else _STATES[0]
        sort = request.args.get("sort", "")
        sort = sort if sort in SORTS else SORTS[0]
        page = room.listed(entered.who, state=state, sort=sort, cursor=request.args.get("cursor", ""), limit=USUAL)
        names = unit_names(services)
        return door.page(
            "console/tasks.html", entered, here="tasks", state=state, rows=[task_words(one, names) for one in page.items],
            sort=sort, sorts=sorting(LIST, [("state", state)], sort, SORTS),
            turn=turning(LIST, {"state": state, "sort": sort}, following=page.next, prev=""))

    @views.get("/tasks/<task_id>")
    def task(task_id: str) -> Response:
        entered = door.enter(request.path)
        return entered if isinstance(entered, Response) else _one(entered, task_id)

    @views.post("/tasks/<task_id>")
    def complete_task(task_id: str) -> Response:
        entered = door.enter(f"{LIST}{task_id}", change=True)
        if isinstance(entered, Response):
            return entered
        proof = request.form.get("proof", "").replace("\r\n", "\n")  # HTML §4.10.21.4: a form sends line ends so
        try:
            room.complete(entered.who, task_id, {"proof": proof}, entered.caller)
        except RefusedError as err:
            if err.status == 404:
                raise
            return _one(entered, task_id, status=err.status, error=_refusal(err.code), proof=proof)
        return see_other(f"{LIST}{task_id}")

    def _one(entered: Entered, task_id: str, *, status: int = 200, error: str = "", proof: str = "") -> Response:
        found = room.workable_one(entered.who, task_id)
        change = found["enrollment"] and found["standing"] and services.administration.enrollment_paper.asking.changed(
            entered.who, found["sub"], found["enrollment"])
        about = services.administration.enrollments.listed(entered.who, holder=found["sub"], limit=_MOST_REQUESTS).items
        return door.page(
            "console/task.html", entered, here="tasks", status=status, error=error, proof=proof[:LONGEST_PROOF],
            longest=LONGEST_PROOF, found=task_words(found, unit_names(services)), may_complete=found["may_complete"],
            until=_until(TaskKind(found["kind"]), len(found["standing"])), why=_why()[TaskKind(found["kind"])],
            change_url=change_url(change) if change else "", opened=moment(found["opened_at"]),
            done_at=moment(found["done_at"]) if found["done_at"] is not None else "",
            done_by=name_of(services, found["done_by"]), said=found["proof"],
            requests=[{**request_words(one), "serial": one["serial"] or "", "standing": one["id"] in found["standing"]}
                      for one in about])


def waiting_rows(services: Services, who: Administrator) -> list[dict[str, Any]]:
    """Give the tasks that are somebody's to see done as the first page shows what waits; nothing where none is."""
    count, late = services.administration.tasks.waiting(who)
    return [{"step": gettext("Việc cần làm"), "word": gettext("Khi cán bộ chuyển hoặc nghỉ việc"), "count": count,
             "overdue": late, "url": LIST}] if count else []


def task_words(found: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """Give a task (``administration.tasks``) as pages show it."""
    return {"id": found["id"], "kind": _kinds()[TaskKind(found["kind"])], "uid": found["uid"],
            "name": found["name"] or found["uid"], "unit_name": units.get(found["unit_code"], found["unit_code"]),
            "due": moment(found["due_at"]), "overdue": found["overdue"], "done": found["state"] == "done",
            "owner": turns()["desk" if found["owner"] == "province" else "agency"]}


def _kinds() -> Mapping[TaskKind, str]:
    return {TaskKind.REVOKE_CERTIFICATES: gettext("Thu hồi chứng thư số"), TaskKind.REVOKE_SIMS: gettext("Thu hồi SIM"),
            TaskKind.CHANGE_CERTIFICATE: gettext("Đổi nội dung chứng thư số"),
            TaskKind.NAME_SPONSOR: gettext("Ghi người phụ trách tài khoản khách")}


def _why() -> Mapping[TaskKind, str]:
    return {
        TaskKind.REVOKE_CERTIFICATES: gettext("Cán bộ không còn làm việc. Mọi chứng thư số của cán bộ này phải được thu hồi."),
        TaskKind.REVOKE_SIMS: gettext("Cán bộ không còn làm việc. Mọi SIM của cán bộ này phải được thu hồi."),
        TaskKind.CHANGE_CERTIFICATE: gettext(
            "Chức vụ, đơn vị, họ tên hoặc thư của cán bộ đã khác với chứng thư số. Cán bộ cần chứng thư số mới ghi đúng."),
        TaskKind.NAME_SPONSOR: gettext(
            "Không còn ai phụ trách tài khoản khách này. Vui lòng ghi người khác vào danh bạ, hoặc cho tài khoản kết thúc.")}


def _until(kind: TaskKind, standing: int) -> str:
    """Say what a task waits for that closes itself; "" for none."""
    if not standing:
        return ""
    if kind is TaskKind.NAME_SPONSOR:
        return str(gettext("Danh bạ chưa ghi người phụ trách khác. Việc này tự xong trong một giờ sau khi danh bạ đã ghi."))
    return str(ngettext("Còn %(num)d chứng thư số chưa kết thúc. Việc này tự xong khi không còn chứng thư số nào như vậy.",
                        "Còn %(num)d chứng thư số chưa kết thúc. Việc này tự xong khi không còn chứng thư số nào như vậy.",
                        standing))


def _refusal(code: str) -> str:
    known = {
        "not_done_yet": gettext("Chưa ghi nhận được: điều việc này chờ vẫn chưa có. Việc này tự xong khi đó."),
        "already_done": gettext("Việc này đã xong trước đó."),
        "forbidden": gettext("Việc này do quản trị tỉnh làm."),
        "invalid_body": gettext("Vui lòng ghi ai đã làm gì, khi nào, theo văn bản số nào. Nhiều nhất 2000 ký tự.")}
    return str(known.get(code, known["already_done"]))
