"""Jobs, as the administration API tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ....administration.operation.files import FILES
from ....administration.operation.jobs import State
from ....administration.people.file import COLUMNS
from ....administration.people.ports import FACTORS, SORTS, STATES
from ....administration.rollout.lists import MOVEMENTS, Shown
from ....pki.forms import LONGEST_FILE
from ....rollout.accounts import AccountList
from ....rollout.steps import Step
from .enrollments import BATCHES


def schemas(made: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the shapes."""
    text: dict[str, Any] = {"type": "string"}
    number = {"type": "integer"}
    maybe: dict[str, Any] = {"type": ["string", "null"]}
    at: dict[str, Any] = {"type": ["integer", "null"], "description": "Seconds since the epoch."}
    file = {"name": text, "media_type": text, "size": number, "sha256": text, "until": at}
    job = {"id": text, "kind": text, "state": {"type": "string", "enum": [state.value for state in State]}, "purpose": text,
           "by": text | {"description": "Whose it is, by subject."}, "asked": {"type": "object"},
           "created_at": number, "started_at": at, "finished_at": at, "done": number | {"description": "Rows so far."},
           "total": {"type": ["integer", "null"], "description": "Of so many, where that is known."},
           "reason": maybe | {"description": "Why it failed: `role_lost`, `refused` with `message`, `too_large`, `gave_up`, "
                                             "`broken`."},
           "message": maybe, "told": {"type": ["object", "null"], "additionalProperties": number},
           "file": {"oneOf": [made(file, file), {"type": "null"}]}}
    purpose, form, unit = text | {"minLength": 1}, {"type": "string", "enum": list(FILES)}, text
    moment = {"type": "integer", "minimum": 0}
    of_campaign = {"file": form, "campaign": text, "on": text, "unit": unit}

    def choice(known: Iterable[str]) -> dict[str, Any]:
        return {"type": "string", "enum": ["", *map(str, known)]}

    def wish(kind: str, members: dict[str, Any], needed: tuple[str, ...] = ()) -> dict[str, Any]:
        return made({"kind": {"const": kind}, "purpose": purpose, **members}, ("kind", "purpose", *needed))

    return {
        "Job": made(job, job),
        "JobPage": made({"items": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, "next": maybe},
                        ("items", "next")),
        "NewJob": {"oneOf": [
            wish("officers", {"file": form, "columns": {"type": "array", "items": {"type": "string", "enum": list(COLUMNS)}},
                              "q": text, "unit": unit, "state": {"type": "string", "enum": ["", *STATES]},
                              "factor": {"type": "string", "enum": ["", *FACTORS]},
                              "sort": {"type": "string", "enum": list(SORTS)}}),
            wish("audit", {"legal_basis": purpose, "since": moment, "before": moment, "form": text, "keep_days": number,
                           "sub": text, "client_id": text, "source": text, "event": text, "unit": unit},
                 ("legal_basis", "since", "before")),
            wish("accounts", {"file": form, "unit": unit,
                              "list": {"type": "string", "enum": [one.value for one in AccountList]}}),
            wish("missing", of_campaign, ("campaign",)),
            wish("members", {**of_campaign, "member_state": choice(Shown), "step": choice(Step), "q": text}, ("campaign",)),
            wish("movements", {**of_campaign, "movement": choice(MOVEMENTS), "q": text}, ("campaign",)),
            wish("reminders", of_campaign, ("campaign",))]}}


def paths(operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Give the operations."""
    def located(name: str, summary: str, **more: Any) -> dict[str, Any]:
        made = operation(name, summary, answer="Job", status=202, **more)
        made["responses"]["202"]["headers"] = {"Location": {"schema": {"type": "string"}, "required": True}}
        return made

    take = located("takeListLater", "Take a list of the certificate desk; what is to be corrected is the file of the job.",
                   query=("form", "submit"), change=True, errors=(404, 409, 415, 422))
    take["requestBody"] = {"required": True, "content": {
        kind: {"schema": {"type": "string", "format": "binary", "maxLength": LONGEST_FILE}} for kind in BATCHES.values()}}
    file = operation("readJobFile", "The file of a job, for whoever asked for it, for a day; recorded.", path="job_id",
                     errors=(409, 410, 422))
    file["responses"]["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in BATCHES.values()}
    return {
        "/jobs": {
            "get": operation("listJobs", "Your jobs, the newest first; to the province everybody's.", answer="JobPage",
                             query=("everybody", "cursor", "limit")),
            "post": located("askForJob", "Have a file written; who asked and why is recorded. Its state is at `Location`.",
                            body="NewJob", errors=(404, 409))},
        "/jobs/lists": {"post": take},
        "/jobs/{job_id}": {"get": operation("readJob", "One job.", answer="Job", path="job_id")},
        "/jobs/{job_id}/cancel": {
            "post": operation("cancelJob", "End one that waits or runs; rows that were taken stay.", answer="Job", path="job_id",
                              errors=(409,))},
        "/jobs/{job_id}/file": {"get": file}}
