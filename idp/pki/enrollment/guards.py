"""Who may not act although the state and their part would let them: four eyes at each step, and what somebody may do at all.

Source: Decree 68/2024 as provinces apply it; security checklist 38. Who asks, who approves for the agency and who approves for
the province are three people, none of them the holder; nobody hands a device over to themselves, and whoever handed it over does
not waive its test signature; nobody lets the own certificate sign again, or takes back or writes off the own device. A deputy is
no other person than who they stand in for and who named them. Acts and what is offered on pages ask the same rules here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...errors import RefusedError
from ...roles import Role
from .moves import Actor, Moves
from .record import Enrollment
from .states import Act, Part

Guard = Callable[[Actor, Enrollment], None]


def check(act: Act, actor: Actor, enrollment: Enrollment) -> None:
    """Raise RefusedError 403 (``not_a_person``, ``not_yours``, ``same_person``) where somebody else has to do this."""
    if act in _GUARDS:
        _GUARDS[act](actor, enrollment)


def possible(moves: Moves, actor: Actor, enrollment: Enrollment) -> frozenset[Act]:
    """Give what somebody may do with an enrollment as it is now, whatever else the act needs being given.

    ``Act.ACTIVATE`` stands for the desk's waiver here.
    """
    return frozenset(act for act in Act if _may(moves, actor, enrollment, act))


def _may(moves: Moves, actor: Actor, enrollment: Enrollment, act: Act) -> bool:
    try:
        part = moves.part(actor, enrollment, act)
        check(act, actor, enrollment)
    except RefusedError:
        return False
    return part is Part.DESK or act is not Act.ACTIVATE


def _approver(actor: Actor, enrollment: Enrollment) -> None:
    if not actor.sub:
        raise RefusedError("People approve, programs do not.", code="not_a_person", status=403)
    # Who asks for the own certificate does so as its holder, whatever role they have besides.
    asked = enrollment.requester if enrollment.requester != enrollment.holder else ""
    if enrollment.holder in actor.persons or actor.is_behind(asked, enrollment.agency_approver):
        raise RefusedError("Who asks, who approves for the agency and who approves for the province are three people.",
                           code="same_person", status=403)


def _giver(actor: Actor, enrollment: Enrollment) -> None:
    if enrollment.holder in actor.persons or not actor.sub:
        raise RefusedError("Nobody hands a device over to themselves.", code="same_person", status=403)


def _waiver(actor: Actor, enrollment: Enrollment) -> None:
    if actor.administrator is None or actor.administrator.role is not Role.PROVINCE or not actor.sub:
        raise RefusedError("The province's desk alone waives the test signature.", code="not_yours", status=403)
    if enrollment.holder in actor.persons or actor.is_behind(enrollment.handed_over_by):
        raise RefusedError("Another person than who handed it over waives the test signature.", code="same_person", status=403)


def _another(actor: Actor, enrollment: Enrollment) -> None:
    if enrollment.holder in actor.persons:
        raise RefusedError("Nobody does this for the own certificate; another person at the desk does.", code="same_person",
                           status=403)


_GUARDS: Final[Mapping[Act, Guard]] = {
    Act.APPROVE: _approver, Act.APPROVE_FOR_PROVINCE: _approver, Act.HAND_OVER: _giver, Act.ACTIVATE: _waiver,
    Act.RESUME: _another, Act.UNLOCK: _another, Act.RETURN_DEVICE: _another, Act.RECORD_LOSS: _another}
