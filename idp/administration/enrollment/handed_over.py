"""A list of devices that were handed over (``ban_giao``): each row receives the device, if it had not come, and hands it over.

Source: Decree 68/2024 (Mẫu 07), trust-services E.5: many devices are handed over in one meeting, and the list of who signed comes
back from it. The rules of a single hand-over hold for each row: the receiver's identity number, the device that the issuer named,
another giver than the holder. The day stands on the paper; what is kept is when it was entered.
"""

from __future__ import annotations

from ...audit import Caller
from ...directory.mirror import MirroredOfficer
from ...errors import RefusedError
from ...pki.enrollment.custody import Custody
from ...pki.enrollment.desk import Desk
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.record import Enrollment, Kind, Search
from ...pki.enrollment.states import State
from ...pki.forms import Row

_BEFORE = (State.ISSUED, State.READY)
_AFTER = (State.HANDED_OVER, State.ACTIVE)


class HandOverList:
    """Takes rows.

    Args:
        desk: Finds requests.
        custody: Hands over.
    """

    def __init__(self, desk: Desk, custody: Custody) -> None:
        self._desk, self._custody = desk, custody

    def take(self, actor: Actor, row: Row, officer: MirroredOfficer, *, dry: bool, caller: Caller) -> str:
        """Do a row; gives ``taken``, or ``already`` where it was done before.

        Raises:
            RefusedError: ``no_request``, ``another_device``, ``another_person``, ``identity_unknown``, ``same_person`` and what
                ``Custody`` raises.
        """
        values = row.values
        found = self._meant(actor, officer.sub, values["device_serial"].upper())
        if found.state in _AFTER:
            if found.record == values["record"]:
                return "already"
            raise RefusedError("It was handed over with another record.", code="already_there")
        self._custody.check_receiver(actor, found, values["identity_number"])
        if not dry:
            if found.state is State.ISSUED:
                found = self._custody.receive(actor, found.enrollment_id, values["device_serial"], caller)
            self._custody.hand_over(actor, found.enrollment_id, identity_number=values["identity_number"],
                                    record=values["record"], caller=caller)
        return "taken"

    def _meant(self, actor: Actor, holder: str, device: str) -> Enrollment:
        found = [one for one in self._desk.listed(actor, Search(states=(*_BEFORE, *_AFTER), holder=holder), limit=100)
                 if one.kind is Kind.PERSON]
        same = [one for one in found if one.device_serial.upper() == device]
        open_ones = [one for one in found if one.state in _BEFORE]
        if same:
            return same[0]
        if not open_ones:
            raise RefusedError("No device waits for this officer.", code="nothing_to_hand_over")
        if len(open_ones) > 1 or open_ones[0].device_serial:
            raise RefusedError("The issuer named another device.", code="another_device")
        return open_ones[0]
