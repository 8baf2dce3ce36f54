"""What a step of a certificate means for the device that holds its key: there is one account of devices, and this keeps to it.

Source: Decree 68/2024 (Mẫu 07, 08, 09; return within 5 working days). Who receives, hands over, ends or loses a certificate moves
its device in the same transaction (``EnrollmentStore.move``), by the rules of ``custody.device``: a device that somebody else has
is received for nobody. A renewal in the device that its holder keeps leaves two certificates in one device: it is lost whichever
of them was named, and comes back when none of them stands. Certificates in software have no device.
"""

from __future__ import annotations

import secrets
from typing import Final

from ...audit import AuditEvent, AuditRecord, Caller
from ..custody.device import HELD, Device, DeviceChange, DeviceEntry, DeviceState, DeviceStore, Handling, HandlingError, handled
from .record import DeviceKind, Enrollment, EnrollmentStore
from .states import ENDED, Act, State

_OWN: Final = {
    Act.REVOKE: (Handling.DEMAND, Handling.RELEASE), Act.EXPIRE: (Handling.DEMAND, Handling.RELEASE),
    Act.SUPERSEDE: (Handling.DEMAND, Handling.RELEASE), Act.REPORT_LOSS: (Handling.REPORT_LOSS,),
    Act.RETURN_DEVICE: (Handling.TAKE_BACK,), Act.RECORD_LOSS: (Handling.RECORD_LOSS,)}
"""By the act on a certificate: what happens to a device that is its own, the first that its state takes; else nothing."""
_TOUCH: Final = frozenset({Act.RECEIVE, Act.HAND_OVER, *_OWN})


class HandOvers:
    """Keeps devices in step with certificates.

    Args:
        devices: The account of devices.
        store: The certificates whose keys are in them.
    """

    def __init__(self, devices: DeviceStore, store: EnrollmentStore) -> None:
        self._devices, self._store = devices, store

    def following(self, act: Act, after: Enrollment, actor: str, caller: Caller) -> DeviceChange | None:
        """Give what an act means for the certificate's device; None where it means nothing.

        A device that is not known yet is entered first: that it has come to the desk is true whatever follows.

        Args:
            act: What is done.
            after: The enrollment as it will be.
            actor: Subject of who does it; empty for the system.
            caller: For the record of a new device.

        Raises:
            HandlingError: ``another_holder``: somebody else has the device, or it came for another request; ``device_lost``;
                ``still_in_use``: another certificate in it stands.
        """
        if act not in _TOUCH or not after.device_serial or after.device_kind is DeviceKind.SOFTWARE:
            return None
        kind, serial = after.device_kind.value, after.device_serial
        device = self._devices.by_serial(kind, serial)
        if device is None:
            self.enter(kind, serial, after.since, actor, caller)
            device = self._devices.by_serial(kind, serial)
            assert device is not None
        if act is Act.RECEIVE:
            return _received(device, after, actor)
        if act is Act.HAND_OVER:
            _free_for(device, after)
            return handled(device, Handling.HAND_OVER, at=after.since, actor=actor, giver=actor, receiver=after.holder,
                           unit_code=after.unit_code, enrollment_id=after.enrollment_id, record=after.record)
        if act is Act.REPORT_LOSS:
            if device.enrollment_id != after.enrollment_id and not _with(device, after.holder):
                return None
        elif not self._last(act, device, after):
            return None
        for handling in _OWN[act]:
            try:
                return _own(device, handling, after, actor)
            except HandlingError:
                continue
        return None

    def standing(self, device: Device, *, but: str = "") -> Enrollment | None:
        """Give a certificate in a device that nobody has ended, whoever holds it; the one whose number is ``but`` counts not.

        What is only issued has not been received in this device yet, and may be told to come in the one that is to come back.
        """
        return next((one for one in self._store.in_device(device.kind, device.serial)
                     if one.enrollment_id != but and one.state is not State.ISSUED), None)

    def still_in_use(self, device: Device, *, but: str = "") -> None:
        """Raise HandlingError (``still_in_use``) where a certificate in a device stands."""
        if (other := self.standing(device, but=but)) is not None:
            raise HandlingError(f"The certificate of request {other.enrollment_id} stands; see that it is revoked first.",
                                code="still_in_use")

    def _last(self, act: Act, device: Device, after: Enrollment) -> bool:
        """Tell whether the end of a certificate is the device's.

        Raises HandlingError (``still_in_use``) for a record of the device's return or loss while another certificate stands.
        """
        own = device.enrollment_id == after.enrollment_id
        if act in (Act.RETURN_DEVICE, Act.RECORD_LOSS):
            if own:
                self.still_in_use(device, but=after.enrollment_id)
            return own
        if device.state not in HELD:
            return own
        if self.standing(device, but=after.enrollment_id) is not None:
            return False
        named = None if own else self._store.find(device.enrollment_id)
        return own or (named is not None and named.state in ENDED)

    def lost(self, enrollment: Enrollment) -> bool:
        """Tell whether the device that holds a certificate's key was reported lost."""
        device = self._devices.by_serial(enrollment.device_kind.value, enrollment.device_serial)
        return device is not None and device.state is DeviceState.LOST

    def enter(self, kind: str, serial: str, at: int, actor: str, caller: Caller) -> bool:
        """Enter a new device, in stock; False where it is known."""
        device = Device(device_id=secrets.token_hex(10), kind=kind, serial=serial, since=at)
        entry = DeviceEntry(device_id=device.device_id, at=at, handling=Handling.REGISTER.value, before="",
                            after=device.state.value, actor=actor)
        return self._devices.add(device, entry, AuditRecord(
            AuditEvent.DEVICE_REGISTERED, at, sub=actor, source=caller.source, request_id=caller.request_id,
            detail={"device": device.device_id, "kind": kind, "serial": serial, **caller.by}))


def _with(device: Device, holder: str) -> bool:
    """Tell whether a device is this holder's to lose, whichever of the certificates in it was named; else nobody's yet."""
    return device.holder == holder if device.state in HELD else not device.enrollment_id


def _received(device: Device, after: Enrollment, actor: str) -> DeviceChange | None:
    _free_for(device, after)
    if device.state in HELD:
        return None  # renewed in the device that its holder keeps
    return handled(device, Handling.RESERVE, at=after.since, actor=actor, enrollment_id=after.enrollment_id)


def _free_for(device: Device, after: Enrollment) -> None:
    """Raise HandlingError unless a device may be this holder's."""
    if device.state is DeviceState.LOST:
        raise HandlingError("This device was reported lost; take it back first.", code="device_lost")
    if device.state in HELD:
        if device.holder != after.holder:
            raise HandlingError("Another holder has this device; it comes back first.", code="another_holder")
    elif device.enrollment_id not in ("", after.enrollment_id):
        raise HandlingError(f"This device has come for request {device.enrollment_id}.", code="another_holder")


def _own(device: Device, handling: Handling, after: Enrollment, actor: str) -> DeviceChange:
    back = handling is Handling.TAKE_BACK
    return handled(device, handling, at=after.since, actor=actor, giver=device.holder if back else "",
                   receiver=actor if back else "", record=after.record if back or handling is Handling.RECORD_LOSS else "",
                   due_at=after.due_at)
