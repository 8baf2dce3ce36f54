"""``/admin/jobs/``: what the worker does for whoever asked, and the files that come of it.

Source: security checklist 38, 41. What is shown, ended and given is decided in ``administration.operation.jobs``. The page loads
itself anew while something waits or runs, without a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from flask_babel import gettext, ngettext

from ....administration.operation.jobs import MOST_OPEN, OPEN, Job, State
from ....administration.pages import USUAL
from ....errors import RefusedError
from ....roles import Right, Role
from ....services import Services
from ...onward import see_other
from ..desk import name_of
from ..door import Door, Entered
from ..rollout.words import number
from ..turning import turning
from ..words import moment

PAGE: Final = "/admin/jobs/"
_SECONDS: Final = 5
_TAGS: Final = {State.WAITING: "idle", State.RUNNING: "wait", State.DONE: "ok", State.FAILED: "bad", State.CANCELLED: "idle"}


def add(views: Blueprint, services: Services, door: Door) -> None:
    """Make the views."""
    room, clock = services.administration.jobs, services.clock

    @views.get("/jobs/")
    def jobs() -> Response:
        entered = door.enter(request.full_path, Right.ADMINISTER, Right.ASK_CERTIFICATES)
        return entered if isinstance(entered, Response) else _page(entered)

    @views.post("/jobs/<job_id>/cancel")
    def cancel_job(job_id: str) -> Response:
        entered = door.enter(PAGE, Right.ADMINISTER, Right.ASK_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        try:
            room.cancel(entered.who, job_id, entered.caller)
        except RefusedError as err:
            if err.code != "job_over":
                raise
            return _page(entered, error=gettext("Việc này vừa xong, nên không dừng được nữa."), status=409)
        return see_other(PAGE)

    @views.post("/jobs/<job_id>/file")
    def job_file(job_id: str) -> Response:
        entered = door.enter(PAGE, Right.ADMINISTER, Right.ASK_CERTIFICATES)
        if isinstance(entered, Response):
            return entered
        try:
            job, chunks = room.file(entered.who, job_id, entered.caller)
        except RefusedError as err:
            if err.code not in ("file_gone", "no_file"):
                raise
            return _page(entered, error=gettext("Tệp chỉ giữ một ngày. Vui lòng xuất lại."), status=err.status)
        return Response(chunks, content_type=job.media_type, headers={
            "Content-Disposition": f'attachment; filename="{job.name}"', "Content-Length": str(job.size)})

    def _page(entered: Entered, *, error: str = "", status: int = 200) -> Response:
        province = entered.who.role is Role.PROVINCE
        everybody = province and request.args.get("everybody") == "1"
        found, following = room.listed(entered.who, everybody=everybody, cursor=request.args.get("cursor", ""), limit=USUAL)
        rows = [_row(one, by=name_of(services, one.sub) if everybody else "", mine=one.sub == entered.who.sub, now=clock.now())
                for one in found]
        answer = door.page("console/operation/jobs.html", entered, here="jobs", status=status, error=error, rows=rows,
                           province=province, everybody=everybody,
                           turn=turning(PAGE, {"everybody": "1"} if everybody else {}, following=following, prev=""))
        if any(one.state in OPEN for one in found):
            answer.headers["Refresh"] = str(_SECONDS)
        return answer


def _row(job: Job, *, by: str, mine: bool, now: int) -> dict[str, Any]:
    there = mine and job.state is State.DONE and job.name and job.file_until is not None and job.file_until > now
    return {"id": job.job_id, "what": kinds().get(job.kind, job.kind), "purpose": job.purpose, "at": moment(job.created_at),
            "by": by, "word": states()[job.state], "tag": _TAGS[job.state], "said": _said(job), "done": job.done,
            "total": job.total, "running": job.state is State.RUNNING, "open": job.state in OPEN,
            "file": job.name if there else "", "until": moment(job.file_until) if there and job.file_until else ""}


def kinds() -> Mapping[str, str]:
    """Give what kinds of jobs are called."""
    return {"officers": gettext("Xuất danh sách cán bộ"), "audit": gettext("Xuất nhật ký"),
            "accounts": gettext("Xuất danh sách cần rà soát"), "missing": gettext("Xuất danh sách còn thiếu"),
            "members": gettext("Xuất danh sách chiến dịch"), "movements": gettext("Xuất biến động danh sách"),
            "reminders": gettext("Xuất danh sách đã nhắc"),
            "list": gettext("Nhập danh sách")}


def too_many() -> str:
    """Say that somebody asked for too much at once."""
    return str(gettext("Bạn đang có %(most)s việc chưa xong. Vui lòng chờ một việc xong, hoặc dừng bớt.", most=MOST_OPEN))


def states() -> Mapping[State, str]:
    """Give what the states of jobs are called."""
    return {State.WAITING: gettext("Đang chờ"), State.RUNNING: gettext("Đang làm"), State.DONE: gettext("Đã xong"),
            State.FAILED: gettext("Chưa xong được"), State.CANCELLED: gettext("Đã dừng")}


def _said(job: Job) -> str:
    """Say in a sentence how far a job is, or what became of it."""
    if job.state is State.RUNNING:
        return _rows(job.done) if not job.total else str(
            gettext("%(done)s trên %(total)s dòng", done=number(job.done), total=number(job.total)))
    if job.state is State.FAILED:
        reasons = {"role_lost": gettext("Bạn không còn quyền làm việc này."),
                   "too_large": gettext("Tệp quá lớn. Vui lòng chọn ít ngày hoặc ít đơn vị hơn."),
                   "refused": gettext("Nội dung không đúng. Vui lòng kiểm tra và gửi lại.")}
        return str(reasons.get(job.reason, gettext("Hệ thống gặp lỗi. Vui lòng thử lại, hoặc báo bộ phận hỗ trợ.")))
    told = job.told or {}
    if job.state is State.DONE and "good" in told:
        return str(gettext(
            "%(good)s dòng nhận được, %(bad)s dòng cần sửa", good=number(told["good"]), bad=number(told["bad"])))
    return _rows(job.done) if job.state is State.DONE else ""


def _rows(count: int) -> str:
    return str(ngettext("%(many)s dòng", "%(many)s dòng", count, many=number(count)))
