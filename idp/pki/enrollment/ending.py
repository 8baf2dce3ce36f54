"""A certificate that must not sign any more: blocked at once, revoked by the issuer, and its device brought back.

Sources: Decree 68/2024 (revocation, Mẫu 05; return of the device within 5 working days, Mẫu 08; record of a lost one, Mẫu 09).
A loss is reported at any hour by the holder or whoever administers the agency, and blocks before any paper: what asks whether a
certificate may sign (``Ending.may_sign``) is told no from that moment. It blocks everything of the holder in that device: a
renewal in the device that its holder keeps leaves two certificates there. Suspension is ours: the Government's authority knows
none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from ...audit import Caller
from ...directory.changes import ChangeKind, OfficerChange
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ..custody.device import Device, HandlingError
from . import guards
from .moves import SYSTEM, Actor, ConflictError, Moves, line
from .record import DeviceKind, Enrollment, Search
from .states import BEFORE_REVOCATION, SIGNS, STEPS, Act, Part, State

LONGEST_REASON: Final = 300
DIRECTORY: Final = Caller(source="directory", request_id="directory")
_TRIES: Final = 3
LOST: Final = "device_lost"
"""Reason of a revocation after a report of loss (``forms.catalogue.REASONS``)."""


class Ending:
    """The end of certificates.

    Args:
        moves: Changes states.
        mirror: Who may sign in at all; nobody else signs.
    """

    def __init__(self, moves: Moves, mirror: OfficerMirror) -> None:
        self._moves, self._mirror = moves, mirror

    def suspend(self, actor: Actor, enrollment_id: str, reason: str, caller: Caller) -> Enrollment:
        """Stop a certificate from signing for a while."""
        return self._with_reason(actor, enrollment_id, Act.SUSPEND, reason, caller)

    def resume(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Let a suspended certificate sign again.

        Raises:
            ConflictError: ``wrong_state``, ``changed``.
            HandlingError: 409 ``device_lost``: nothing signs again in a device that is lost.
            RefusedError: 403 ``same_person``: it is their own; 403, 404 as always.
        """
        return self._by_another(actor, enrollment_id, Act.RESUME, caller, reason="")

    def lock(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Note that the device is locked (wrong PINs) and is to be unlocked."""
        return self._moves.move(actor, self._moves.seen(actor, enrollment_id), Act.LOCK, caller)

    def unlock(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Note that the desk has unlocked the device. Raises as ``resume``."""
        return self._by_another(actor, enrollment_id, Act.UNLOCK, caller)

    def ask_revocation(self, actor: Actor, enrollment_id: str, reason: str, caller: Caller) -> Enrollment:
        """Ask for a revocation; from now on the certificate signs nothing here."""
        return self._with_reason(actor, enrollment_id, Act.ASK_REVOCATION, reason, caller)

    def report_loss(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Report the device lost; from now on no certificate of its holder in it signs here, whichever was named.

        Raises:
            ConflictError: ``wrong_state``: nothing in the device is left to block; ``changed``.
            RefusedError: 403, 404.
        """
        found = self._moves.seen(actor, enrollment_id)
        inside = self._inside(found)
        part = self._moves.part(actor, found if found.state in BEFORE_REVOCATION or not inside else inside[0], Act.REPORT_LOSS)
        blocked = self._blocked(actor, inside, part, caller, lambda: self._inside(inside[0]) if inside else ())
        if found.state in BEFORE_REVOCATION and found.enrollment_id not in blocked:
            raise ConflictError("Somebody else has changed this request meanwhile.", code="changed")
        return blocked.get(found.enrollment_id, found)

    def lose(self, actor: Actor, device: Device, part: Part, caller: Caller) -> bool:
        """Block every certificate in a device that was reported lost, whoever holds it; False where there is none to block.

        Args:
            actor: Who reports it; who asks has seen that they may.
            device: Which.
            part: As what they report it.
            caller: For the records.

        Raises:
            ConflictError: ``changed``: others change the certificates all the time; to be reported again.
        """
        def inside() -> Sequence[Enrollment]:
            known = self._moves.store.find(device.enrollment_id) if device.enrollment_id else None
            holder = device.holder or (known.holder if known is not None else "")
            found = [one for one in self._moves.store.in_device(device.kind, device.serial)
                     if one.state is not State.ISSUED or one.holder == holder]  # another's is not received in it
            return [one for one in {one.enrollment_id: one for one in (*found, *([known] if known is not None else ()))}.values()
                    if one.state in BEFORE_REVOCATION]

        return bool(self._blocked(actor, inside(), part, caller, inside))

    def revoked(self, actor: Actor, enrollment_id: str, document: str, caller: Caller) -> Enrollment:
        """Note that the issuer has revoked it, with the number of the letter or of the issuer's answer."""
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.REVOKE)
        return self._moves.move(actor, found, Act.REVOKE, caller, as_part=part, told={"document": line(document, 60, "document")})

    def device_returned(self, actor: Actor, enrollment_id: str, record: str, caller: Caller) -> Enrollment:
        """Note that the device is back, with the number of the record (Mẫu 08)."""
        return self._recorded(actor, enrollment_id, Act.RETURN_DEVICE, record, caller)

    def device_lost(self, actor: Actor, enrollment_id: str, record: str, caller: Caller) -> Enrollment:
        """Note that the device will not come back, with the number of the record (Mẫu 09)."""
        return self._recorded(actor, enrollment_id, Act.RECORD_LOSS, record, caller)

    def expire(self, caller: Caller, *, most: int) -> int:
        """End what time has ended; gives how many. For the worker, again and again until 0."""
        found = self._moves.store.due_to_expire(self._moves.clock.now(), limit=most)
        return sum(self._ended(enrollment, Act.EXPIRE, "", caller) for enrollment in found)

    def leave(self, holder: str, caller: Caller) -> int:
        """Do what follows a holder's departure: requests are cancelled, certificates are blocked and their revocation asked for.

        Gives how many were touched; nothing is touched twice, however often a departure is told.
        """
        touched = 0
        for enrollment in self._all(holder):
            for act in (Act.CANCEL, Act.ASK_REVOCATION):
                if (enrollment.state, act) in STEPS:
                    touched += self._ended(enrollment, act, "cessation", caller)
        return touched

    def may_sign(self, serial: str, issuer: str, holder: str) -> bool:
        """Tell whether an officer's certificate may sign at this moment."""
        now = self._moves.clock.now()
        return self._active(holder) and any(found.issuer == issuer and found.holder == holder and found.state in SIGNS
                   and (found.not_before or 0) <= now < (found.not_after or 0) for found in self._moves.store.by_serial(serial))

    def signing(self, holder: str) -> Sequence[Enrollment]:
        """Give the certificates with which an officer may sign at this moment, those that end last first."""
        now = self._moves.clock.now()
        if not self._active(holder):
            return ()
        found = [one for one in self._moves.store.page(Search(states=SIGNS, holder=holder), after="", limit=100)
                 if (one.not_before or 0) <= now < (one.not_after or 0)]
        return sorted(found, key=lambda one: -(one.not_after or 0))

    def _blocked(self, actor: Actor, inside: Sequence[Enrollment], part: Part, caller: Caller,
                 again: Callable[[], Sequence[Enrollment]]) -> dict[str, Enrollment]:
        """Block certificates, what signs first; gives those that were blocked, by number.

        What changes meanwhile is looked at again, so that nothing in the device is left to sign, and so is what came into it.
        Raises ConflictError (``changed``) where something is left even so.
        """
        blocked: dict[str, Enrollment] = {}
        for _ in range(_TRIES):
            for one in sorted(inside, key=lambda each: each.state not in SIGNS):
                with contextlib.suppress(ConflictError):
                    blocked[one.enrollment_id] = self._moves.move(actor, one, Act.REPORT_LOSS, caller, as_part=part,
                                                                  told={"reason": LOST}, reason=LOST)
            if not (inside := again()):
                return blocked
        raise ConflictError("Others are changing what is in this device; report it again.", code="changed")

    def _inside(self, named: Enrollment) -> Sequence[Enrollment]:
        """Give what is to be blocked when a certificate's device is lost: that one, and the holder's others in the device."""
        others = self._of_device(named.holder, named.device_kind, named.device_serial)
        now = self._moves.store.find(named.enrollment_id)
        mine = [] if now is None or now.state not in BEFORE_REVOCATION else [now]
        return [*mine, *(one for one in others if one.enrollment_id != named.enrollment_id)]

    def _of_device(self, holder: str, kind: str, serial: str) -> Sequence[Enrollment]:
        if not holder or not serial or kind == DeviceKind.SOFTWARE:
            return []
        return [one for one in self._moves.store.page(Search(states=BEFORE_REVOCATION, holder=holder), after="", limit=1000)
                if one.device_kind == kind and one.device_serial.upper() == serial.upper()]

    def _by_another(self, actor: Actor, enrollment_id: str, act: Act, caller: Caller, **changes: Any) -> Enrollment:
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, act)
        guards.check(act, actor, found)
        if self._moves.hand_overs.lost(found):
            raise HandlingError("The device was reported lost; nothing in it signs again.", code="device_lost")
        return self._moves.move(actor, found, act, caller, as_part=part, **changes)

    def _active(self, holder: str) -> bool:
        officer = self._mirror.by_sub(holder)
        return officer is not None and officer.status == "active"

    def _all(self, holder: str) -> Sequence[Enrollment]:
        return self._moves.store.page(Search(holder=holder), after="", limit=1000)

    def _ended(self, enrollment: Enrollment, act: Act, reason: str, caller: Caller) -> bool:
        try:
            self._moves.move(SYSTEM, enrollment, act, caller, told={"reason": reason} if reason else {}, reason=reason)
        except RefusedError:
            return False  # somebody else was first; whatever is left is found again
        return True

    def _with_reason(self, actor: Actor, enrollment_id: str, act: Act, reason: str, caller: Caller) -> Enrollment:
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, act)
        text = line(reason, LONGEST_REASON, "reason")
        return self._moves.move(actor, found, act, caller, as_part=part, told={"reason": text}, reason=text)

    def _recorded(self, actor: Actor, enrollment_id: str, act: Act, record: str, caller: Caller) -> Enrollment:
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, act)
        guards.check(act, actor, found)
        number = line(record, 60, "record")
        return self._moves.move(actor, found, act, caller, as_part=part, told={"record": number}, record=number)


class Departures:
    """Satisfies ``directory.changes.Consequences``: who is removed from the directory loses requests and certificates.

    Who is only disabled may come back: nobody signs meanwhile, and the certificates stay.
    """

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    def of(self, change: OfficerChange) -> None:
        """Do what a removal means; done again it does nothing."""
        if change.kind is ChangeKind.REMOVED:
            self._ending.leave(change.sub, DIRECTORY)
