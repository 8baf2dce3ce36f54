"""The account of devices: what is in stock, who has what, what is overdue, and what people note by hand.

Source: Decree 68/2024 (Mẫu 07, 08, 09). A device that belongs to a certificate request is handed over and taken back by the
request's own steps (``enrollment``), so that nothing is checked in one place and not in the other; here stand the others: stock,
security modules, devices for an agency. A loss acts at once and before any paper, at any hour, whoever of those who answer for
the device reports it: every certificate in it is blocked in the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...roles import Right, Role
from ..enrollment.ending import Ending
from ..enrollment.moves import Actor, Moves, line
from ..enrollment.states import ENDED, Part
from .device import (
    HELD,
    RETURN_WORKING_DAYS,
    STEPS,
    Device,
    DeviceChange,
    DeviceEntry,
    DeviceSearch,
    DeviceState,
    DeviceStore,
    Handling,
    HandlingError,
    handled,
    record_of,
)

_LONGEST_RECORD: Final = 60
_OFFERED: Final = (Handling.HAND_OVER, Handling.DEMAND, Handling.TAKE_BACK, Handling.RESTOCK, Handling.REPORT_LOSS,
                   Handling.RECORD_LOSS)
"""What people do by hand, in the order of a device's course."""


class Register:
    """Devices, for whoever answers for them.

    Args:
        devices: Where they rest.
        moves: Certificates, and the working days.
        ending: Blocks certificates.
        mirror: Who the officers are.
    """

    def __init__(self, devices: DeviceStore, moves: Moves, ending: Ending, mirror: OfficerMirror) -> None:
        self._devices, self._moves, self._ending, self._mirror = devices, moves, ending, mirror

    def now(self) -> int:
        """Give the moment, seconds since the epoch."""
        return self._moves.clock.now()

    def listed(self, actor: Actor, search: DeviceSearch, *, after: str = "", limit: int, before: str = "") -> Sequence[Device]:
        """Give devices by identifier: an agency its own and those below it, an officer what is theirs."""
        who = actor.administrator
        if who is not None:
            who.demand(Right.SEE_DEVICES)
        if who is None:
            search = DeviceSearch(state=search.state, kind=search.kind, words=search.words, holder=actor.sub or "-",
                                  overdue_at=search.overdue_at)
        elif not who.of_the_province:
            if search.unit and not who.oversees(search.unit):
                return ()
            search = DeviceSearch(state=search.state, kind=search.kind, words=search.words, holder=search.holder,
                                  overdue_at=search.overdue_at, unit=search.unit or who.unit)
        return self._devices.page(search, after=after, limit=limit, before=before)

    def one(self, actor: Actor, device_id: str) -> tuple[Device, Sequence[DeviceEntry]]:
        """Give a device with its history. Raises RefusedError (404) for one that is unknown, or not theirs to see."""
        found = self._seen(actor, device_id)
        return found, self._devices.history(device_id)

    def possible(self, actor: Actor, device_id: str) -> tuple[Handling, ...]:
        """Give what somebody may do by hand with a device as it is now, whatever else the act needs being given.

        For pages; each verb decides for itself. A device that its holder has is not offered to be handed over once more.
        Raises RefusedError (404).
        """
        found = self._seen(actor, device_id)
        return tuple(handling for handling in _OFFERED if (found.state, handling) in STEPS and self._may(actor, found, handling))

    def enter(self, actor: Actor, kind: str, serial: str, caller: Caller) -> tuple[Device, bool]:
        """Enter a device into the stock.

        Returns:
            The device, and whether it is new.

        Raises:
            RefusedError: 403: not the province's desk.
        """
        self._is_desk(actor)
        new = self._moves.hand_overs.enter(kind, serial, self.now(), actor.sub, caller)
        found = self._devices.by_serial(kind, serial)
        assert found is not None
        return found, new

    def numbered(self, actor: Actor, kinds: Sequence[str], serial: str) -> Sequence[Device]:
        """Give the devices of these kinds that have this number, as far as they are somebody's to see."""
        found = (self._devices.by_serial(kind, serial) for kind in kinds)
        return [one for one in found if one is not None and _sees(actor, one)]

    def known(self, kind: str, serial: str) -> bool:
        """Tell whether a device is entered."""
        return self._devices.by_serial(kind, serial) is not None

    def hand_over(self, actor: Actor, device_id: str, *, receiver: str, for_agency: bool, record: str, caller: Caller) -> Device:
        """Hand a device over that follows no request (Mẫu 07).

        Args:
            actor: Who gives it; not the receiver.
            device_id: Which.
            receiver: Subject of the officer who signed for it.
            for_agency: The officer's agency has it from now on, not the officer.
            record: Number of the record that both signed.
            caller: Who asks.

        Raises:
            HandlingError: ``use_the_request``: it has come for a request; ``held_by_another``, ``wrong_state``, ``changed``.
            RefusedError: 403 ``not_yours``, ``same_person``; 404; 422 ``unknown_officer``, ``invalid_body``.
        """
        found = self._for_desk(actor, device_id)
        number = line(record, _LONGEST_RECORD, "record")
        if found.enrollment_id:
            raise HandlingError(f"This device belongs to request {found.enrollment_id}; hand it over there.",
                                code="use_the_request")
        if receiver in actor.persons:
            raise RefusedError("Nobody hands a device over to themselves.", code="same_person", status=403)
        officer = self._mirror.by_sub(receiver)
        if officer is None or officer.status != "active":
            raise RefusedError("There is no such officer at work.", code="unknown_officer", status=422)
        change = handled(
            found, Handling.HAND_OVER, at=self.now(), actor=actor.sub, giver=actor.sub, receiver=receiver,
            holder="" if for_agency else receiver, unit_code=officer.officer.main_post.unit_code, record=number)
        if found.state in HELD:
            raise HandlingError("The device is with its holder already.", code="wrong_state")
        return self._done(change, caller)

    def demand(self, actor: Actor, device_id: str, caller: Caller) -> Device:
        """Demand a device back, within five working days.

        Raises:
            HandlingError: ``still_in_use``: a certificate in it stands, anybody's; end that first. Others as ``hand_over``.
        """
        found = self._for_desk(actor, device_id)
        self._has_ended(found)
        due_at = self._moves.calendar.deadline(self.now(), RETURN_WORKING_DAYS)
        return self._done(handled(found, Handling.DEMAND, at=self.now(), actor=actor.sub, due_at=due_at), caller)

    def take_back(self, actor: Actor, device_id: str, record: str, caller: Caller) -> Device:
        """Note that a device is back (Mẫu 08). Raises as ``demand``; 403 ``same_person`` for whoever has it."""
        found = self._of_another(actor, device_id)
        number = line(record, _LONGEST_RECORD, "record")
        if self._has_ended(found):
            self._ending.device_returned(actor, found.enrollment_id, number, caller)
            return self._seen(actor, device_id)
        return self._done(handled(found, Handling.TAKE_BACK, at=self.now(), actor=actor.sub, giver=found.holder,
                                  receiver=actor.sub, record=number), caller)

    def restock(self, actor: Actor, device_id: str, caller: Caller) -> Device:
        """Note that a device that came back is wiped, and free for the next holder. Raises as ``demand``."""
        found = self._for_desk(actor, device_id)
        self._moves.hand_overs.still_in_use(found)
        return self._done(handled(found, Handling.RESTOCK, at=self.now(), actor=actor.sub), caller)

    def report_loss(self, actor: Actor, device_id: str, caller: Caller) -> Device:
        """Report a device lost; no certificate in it signs any more from this moment.

        Raises:
            HandlingError: ``wrong_state``: it was reported before; ``changed``.
            RefusedError: 403: neither the holder, nor an administrator of the agency or of the province; 404.
        """
        found = self._seen(actor, device_id)
        if self._ending.lose(actor, found, _answers_for(actor, found), caller):
            found = self._seen(actor, device_id)
            if found.state is DeviceState.LOST:
                return found
        return self._done(handled(found, Handling.REPORT_LOSS, at=self.now(), actor=actor.sub), caller)

    def record_loss(self, actor: Actor, device_id: str, record: str, caller: Caller) -> Device:
        """Note the record of a loss (Mẫu 09). Raises as ``take_back``."""
        found = self._of_another(actor, device_id)
        number = line(record, _LONGEST_RECORD, "record")
        if self._loss_is_recorded(found):
            raise HandlingError("The record of this loss is noted already.", code="wrong_state")
        if self._has_ended(found):
            self._ending.device_lost(actor, found.enrollment_id, number, caller)
            return self._seen(actor, device_id)
        return self._done(handled(found, Handling.RECORD_LOSS, at=self.now(), actor=actor.sub, record=number), caller)

    def _loss_is_recorded(self, device: Device) -> bool:
        """Tell whether the record of the last loss is noted: a loss has one."""
        for entry in reversed(self._devices.history(device.device_id)):
            if entry.handling in (Handling.REPORT_LOSS.value, Handling.RECORD_LOSS.value):
                return entry.handling == Handling.RECORD_LOSS.value
        return False

    def _may(self, actor: Actor, device: Device, handling: Handling) -> bool:
        try:
            if handling is Handling.REPORT_LOSS:
                _answers_for(actor, device)
                return True
            self._is_desk(actor)
            if handling in (Handling.TAKE_BACK, Handling.RECORD_LOSS):
                _is_another(actor, device)
            if handling is Handling.RECORD_LOSS and self._loss_is_recorded(device):
                return False
            if handling in (Handling.DEMAND, Handling.TAKE_BACK, Handling.RESTOCK, Handling.RECORD_LOSS):
                self._has_ended(device)
        except RefusedError:
            return False
        return handling is not Handling.HAND_OVER or not (device.enrollment_id or device.state in HELD)

    def _has_ended(self, device: Device) -> bool:
        """Tell whether the device's certificate has ended, and the device is what is left of it.

        Raises HandlingError (``still_in_use``) where a certificate in it stands, its own or another.
        """
        self._moves.hand_overs.still_in_use(device)
        held = self._moves.store.find(device.enrollment_id) if device.enrollment_id else None
        return held is not None and held.state in ENDED and (device.state in HELD or device.state is DeviceState.LOST)

    def _done(self, change: DeviceChange, caller: Caller) -> Device:
        if not self._devices.change(change, record_of(change, caller)):
            raise HandlingError("Somebody else has changed this device meanwhile.", code="changed")
        return change.after

    def _for_desk(self, actor: Actor, device_id: str) -> Device:
        found = self._seen(actor, device_id)
        self._is_desk(actor)
        return found

    def _of_another(self, actor: Actor, device_id: str) -> Device:
        found = self._for_desk(actor, device_id)
        _is_another(actor, found)
        return found

    def _is_desk(self, actor: Actor) -> None:
        who = actor.administrator
        if who is None or who.role is not Role.PROVINCE or not who.may_change or not actor.sub:
            raise RefusedError("The province's desk keeps the account of devices.", code="not_yours", status=403)

    def _seen(self, actor: Actor, device_id: str) -> Device:
        found = self._devices.find(device_id)
        if found is None or not _sees(actor, found):
            raise RefusedError("There is no such device.", code="unknown_device", status=404)
        return found


def _sees(actor: Actor, device: Device) -> bool:
    who = actor.administrator
    oversees = who is not None and who.may(Right.SEE_DEVICES) and who.oversees(device.unit_code)
    return oversees or bool(actor.sub and actor.sub == device.holder)


def _answers_for(actor: Actor, device: Device) -> Part:
    """Tell as what somebody reports a loss.

    Raises RefusedError (403) for who is neither the holder, nor an administrator of the agency or of the province.
    """
    who = actor.administrator
    if actor.sub and actor.sub == device.holder:
        return Part.HOLDER
    if who is None or not who.may(Right.REPORT_LOSS):
        raise RefusedError("This is for others to do.", code="not_yours", status=403)
    return Part.DESK if who.role is Role.PROVINCE else Part.AGENCY


def _is_another(actor: Actor, device: Device) -> None:
    """Refuse (403) whoever has the device, or stands in for them."""
    if device.holder in actor.persons:
        raise RefusedError("Another person than who has the device notes this.", code="same_person", status=403)
