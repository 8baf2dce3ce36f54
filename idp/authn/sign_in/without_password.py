"""Who an officer is at a sign-in without a password, where no bind tells whether they may sign in.

Security checklist 18, 29. The directory is asked what a bind would have told, and the mirror learns what it says. While the
directory does not answer, the mirror decides, as it does for sessions and tokens. Factors that are frozen open nothing here
either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...audit import Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...directory.officer import Directory
from ...errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Present:
    """What was found.

    Attributes:
        refused: ``gone``, ``disabled`` or ``frozen``; "" when the officer may sign in.
        officer: As mirrored now; None where nobody is known.
        by_mirror: The directory did not answer.
    """

    refused: str
    officer: MirroredOfficer | None
    by_mirror: bool


def look(entry_uuid: str, caller: Caller, *, directory: Directory, mirror: OfficerMirror, clock: Clock,
         frozen: Callable[[str], bool]) -> Present:
    """Tell whether an officer may sign in now. Raises UnavailableError(dependency="database")."""
    by_mirror = False
    try:
        seen = directory.find(entry_uuid)
    except UnavailableError as err:
        if err.dependency != "directory":
            raise
        by_mirror, officer = True, mirror.by_entry_uuid(entry_uuid)
    else:
        if seen is None:
            return Present("gone", mirror.by_entry_uuid(entry_uuid), by_mirror)
        officer = mirror.learn(seen, now=clock.now(), look=lambda: directory.find(entry_uuid), source=caller.source,
                               request_id=caller.request_id)
    if officer is None or officer.status != "active" or officer.officer.disabled:
        return Present("disabled", officer, by_mirror)
    return Present("frozen" if frozen(entry_uuid) else "", officer, by_mirror)
