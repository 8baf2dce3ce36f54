"""A list of people leaves the console as a file: why is typed first (``administration.rollout.files``)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request
from flask_babel import gettext

from ....administration.rollout.files import FILES, ListFile
from ....rollout.campaigns import LONGEST_NOTE
from ..door import Door, Entered


def told() -> dict[str, str]:
    """Read what was typed: the purpose, and the kind of file."""
    kind = request.form.get("form", "")
    return {"purpose": request.form.get("purpose", "").strip(), "file": kind if kind in FILES else ""}


def sent(file: ListFile) -> Response:
    """Send a file while it is written."""
    return Response(file.chunks, content_type=file.media_type,
                    headers={"Content-Disposition": f'attachment; filename="{file.name}"'})


def purpose_page(door: Door, entered: Entered, *, here: str, title: str, about: str, address: str, kept: Mapping[str, str],
                 back: str, back_word: str, status: int = 200) -> Response:
    """Ask why a list is taken.

    Args:
        door: Makes the page.
        entered: Who asks.
        here: The place in the frame.
        title: What is taken.
        about: Of what.
        address: Where the form goes.
        kept: How the list is narrowed.
        back: Where the list stands; ``back_word`` is what that is called.
        back_word: See ``back``.
        status: 422 where the purpose was not written.
    """
    error = gettext("Vui lòng ghi mục đích, trong một dòng, dài nhất %(most)s ký tự.", most=LONGEST_NOTE) if status == 422 else ""
    return door.page("console/rollout/export.html", entered, here=here, status=status, error=error, title=title, about=about,
                     address=address, kept={name: value for name, value in kept.items() if value}, back=back,
                     back_word=back_word, purpose=request.form.get("purpose", "")[:LONGEST_NOTE], longest=LONGEST_NOTE,
                     forms=[(kind, gettext("Bảng tính (%(kind)s)", kind=kind.upper())) for kind in FILES])
