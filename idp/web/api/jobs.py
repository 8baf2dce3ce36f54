"""``/api/v1/jobs``: views over ``administration.operation.jobs``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from ...administration.operation.jobs import Job
from ...administration.operation.kinds import LISTS
from ...pki.forms import LONGEST_FILE
from ...roles import Right
from .door import Door, MediaTypeError, identifier
from .schemas.enrollments import BATCHES

_SHOWN = ("kind", "purpose", "created_at", "started_at", "finished_at", "done", "total")


def blueprint(door: Door) -> Blueprint:
    """Make the views."""
    views = Blueprint("jobs", __name__)
    room = door.services.administration.jobs

    @views.get("/jobs")
    def listed() -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_CERTIFICATES)
        asked = door.query("everybody", "cursor", "limit")
        found, following = room.listed(who, everybody=asked.pop("everybody", "false") == "true", **asked)
        return door.json({"items": [shown(one) for one in found], "next": following or None})

    @views.post("/jobs")
    def ask() -> Response:
        who, caller = door.admit()
        door.query()
        body = door.body()
        return made(room.ask(who, str(body.pop("kind", "")), body, caller))

    @views.post("/jobs/lists")
    def take() -> Response:
        who, caller = door.admit(Right.CHANGE, Right.ASK_CERTIFICATES, change=True, longest=LONGEST_FILE)
        asked = door.query("form", "submit")
        if request.mimetype not in BATCHES.values():
            raise MediaTypeError(" or ".join(BATCHES.values()))
        told = {"form": asked.get("form", "mau01_ca_nhan"), "submit": asked.get("submit", "false") == "true"}
        return made(room.ask(who, LISTS, told, caller, request.get_data()))

    @views.get("/jobs/<job_id>")
    def one(job_id: str) -> Response:
        who, _ = door.admit(Right.ADMINISTER, Right.ASK_CERTIFICATES)
        door.query()
        return door.json(shown(room.one(who, identifier(job_id))))

    @views.post("/jobs/<job_id>/cancel")
    def cancel(job_id: str) -> Response:
        who, caller = door.admit(Right.ADMINISTER, Right.ASK_CERTIFICATES)
        door.query()
        return door.json(shown(room.cancel(who, identifier(job_id), caller)))

    @views.get("/jobs/<job_id>/file")
    def file(job_id: str) -> Response:
        who, caller = door.admit(Right.ADMINISTER, Right.ASK_CERTIFICATES)
        door.query()
        job, chunks = room.file(who, identifier(job_id), caller)
        return Response(chunks, content_type=job.media_type, headers={
            "Content-Disposition": f'attachment; filename="{job.name}"', "Content-Length": str(job.size)})

    def made(job: Job) -> Response:
        return door.json(shown(job), status=202, location=f"jobs/{job.job_id}")

    return views


def shown(job: Job) -> dict[str, Any]:
    """Give what is told of a job."""
    return {"id": job.job_id, "state": job.state.value, **{name: getattr(job, name) for name in _SHOWN}, "by": job.sub,
            "asked": dict(job.asked), "reason": job.reason or None, "message": job.message or None,
            "told": None if job.told is None else dict(job.told),
            "file": {"name": job.name, "media_type": job.media_type, "size": job.size, "sha256": job.sha256,
                     "until": job.file_until} if job.name else None}
