"""A list of people leaves the console as a file: why is typed first (``administration.operation.files``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Response, request
from flask_babel import gettext

from ....administration.operation.files import FILES, ListFile
from ....rollout.campaigns import LONGEST_NOTE
from ....services import Services
from ...onward import see_other
from ..door import Door, Entered
from ..operation.jobs import PAGE as JOBS

AT_ONCE = 2000
"""Rows of a list; a longer one is written by the worker."""


def told() -> dict[str, str]:
    """Read what was typed: the purpose, and the kind of file."""
    kind = request.form.get("form", "")
    return {"purpose": request.form.get("purpose", "").strip()} | ({"file": kind} if kind in FILES else {})


def taken(services: Services, entered: Entered, kind: str, body: Mapping[str, str], *, rows: int,
          write: Callable[[], ListFile]) -> Response:
    """Send a list as a file while it is written; a long one becomes a job.

    Args:
        services: Take the job.
        entered: Whose it is.
        kind: What is asked for as a job, with ``body``.
        body: See ``kind``.
        rows: How long the list is.
        write: Writes a short one.

    Raises:
        RefusedError: as ``Jobs.ask``, and what ``write`` raises.
    """
    if rows > AT_ONCE:
        services.administration.jobs.ask(entered.who, kind, body, entered.caller)
        return see_other(JOBS)
    return sent(write())


def sent(file: ListFile) -> Response:
    """Send a file while it is written."""
    return Response(file.chunks, content_type=file.media_type,
                    headers={"Content-Disposition": f'attachment; filename="{file.name}"'})


def purpose_page(door: Door, entered: Entered, *, here: str, title: str, about: str, address: str,
                 kept: Mapping[str, str] | Sequence[tuple[str, str]], back: str, back_word: str, error: str = "",
                 status: int = 200) -> Response:
    """Ask why a list is taken.

    Args:
        door: Makes the page.
        entered: Who asks.
        here: The place in the frame.
        title: What is taken.
        about: Of what.
        address: Where the form goes.
        kept: How the list is narrowed.
        error: What is wrong, where it is not the purpose.
        back: Where the list stands; ``back_word`` is what that is called.
        back_word: See ``back``.
        status: 422 where the purpose was not written.
    """
    if status == 422:
        error = gettext("Vui lòng ghi mục đích, trong một dòng, dài nhất %(most)s ký tự.", most=LONGEST_NOTE)
    narrowed = [(name, value) for name, value in (kept.items() if isinstance(kept, Mapping) else kept) if value]
    return door.page("console/rollout/export.html", entered, here=here, status=status, error=error, title=title, about=about,
                     address=address, kept=narrowed, back=back, back_word=back_word,
                     purpose=request.form.get("purpose", "")[:LONGEST_NOTE], longest=LONGEST_NOTE,
                     forms=[(kind, gettext("Bảng tính (%(kind)s)", kind=kind.upper())) for kind in FILES])
