"""One device: where it is, who answers for it, and which step leads where.

Source: Decree 68/2024 (Mẫu 07, 08, 09). Every step of a device goes through ``handled``, and is written by the number of changes
that it was decided on (``revision``): of two who hand the same device over one has lost. What was is never changed: each step
adds a line to the device's history that says who gave it, who received it, and by which record.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...errors import RefusedError


class DeviceState(StrEnum):
    """Where a device is."""

    IN_STOCK = "in_stock"
    HANDED_OVER = "handed_over"
    RETURN_DUE = "return_due"
    """With its holder, who is to bring it back by ``due_at``."""
    RETURNED = "returned"
    """Back at the desk, and not yet wiped for the next holder."""
    LOST = "lost"


class Handling(StrEnum):
    """What happens to a device."""

    REGISTER = "register"
    RESERVE = "reserve"
    """It has come for a certificate request."""
    RELEASE = "release"
    """The request that it had come for has ended."""
    HAND_OVER = "hand_over"
    DEMAND = "demand_return"
    TAKE_BACK = "take_back"
    RESTOCK = "restock"
    """Wiped, and free for the next holder."""
    REPORT_LOSS = "report_loss"
    RECORD_LOSS = "record_loss"


HELD: Final = (DeviceState.HANDED_OVER, DeviceState.RETURN_DUE)
_S: Final = DeviceState
STEPS: Final[Mapping[tuple[DeviceState, Handling], DeviceState]] = {
    (_S.IN_STOCK, Handling.RESERVE): _S.IN_STOCK, (_S.RETURNED, Handling.RESERVE): _S.IN_STOCK,
    (_S.IN_STOCK, Handling.RELEASE): _S.IN_STOCK,
    (_S.IN_STOCK, Handling.HAND_OVER): _S.HANDED_OVER,
    (_S.HANDED_OVER, Handling.HAND_OVER): _S.HANDED_OVER, (_S.RETURN_DUE, Handling.HAND_OVER): _S.HANDED_OVER,
    (_S.HANDED_OVER, Handling.DEMAND): _S.RETURN_DUE,
    (_S.HANDED_OVER, Handling.TAKE_BACK): _S.RETURNED, (_S.RETURN_DUE, Handling.TAKE_BACK): _S.RETURNED,
    (_S.LOST, Handling.TAKE_BACK): _S.RETURNED,
    (_S.RETURNED, Handling.RESTOCK): _S.IN_STOCK,
    **{(state, Handling.REPORT_LOSS): _S.LOST for state in DeviceState if state is not _S.LOST},
    **{(state, Handling.RECORD_LOSS): _S.LOST for state in (_S.HANDED_OVER, _S.RETURN_DUE, _S.LOST)},
}
"""Every step there is; what is not here is refused. A device that is with its holder is handed over again to nobody else."""
FORMS: Final[Mapping[Handling, str]] = {Handling.HAND_OVER: "07", Handling.TAKE_BACK: "08", Handling.RECORD_LOSS: "09"}
"""Number of the form (Mẫu) whose record a step needs."""
RETURN_WORKING_DAYS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device.

    Attributes:
        kind: ``token``, ``sim`` or ``hsm``; kind and ``serial`` together name one device.
        serial: What is printed on it; of a SIM the ICCID. Capitals.
        holder: Subject of the officer who has it, or had it when it was lost; empty where an agency has it, or nobody.
        unit_code: The agency that answers for it; empty for the province's desk.
        enrollment_id: The certificate request whose key it holds or is to hold; empty for none.
        due_at: When it is to be back; None where nobody waits for it.
        record: Number of the last record that was signed.
        reminded_at: When the holder was told that it is overdue; None before.
        revision: Counts changes; whoever decided on an older one has lost.
    """

    device_id: str
    kind: str
    serial: str
    state: DeviceState = DeviceState.IN_STOCK
    holder: str = ""
    unit_code: str = ""
    enrollment_id: str = ""
    since: int
    due_at: int | None = None
    record: str = ""
    reminded_at: int | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """One line of a device's history; lines are added and never changed.

    Attributes:
        actor: Subject of who noted it; empty for the system and for programs.
        giver: Subject of who gave the device; empty where nobody did.
        receiver: Subject of who received it.
        unit_code: The agency that answered for it from then on, or until then.
        form: ``07``, ``08``, ``09``; empty for a step without a record.
    """

    device_id: str
    at: int
    handling: str
    before: str
    after: str
    actor: str
    giver: str = ""
    receiver: str = ""
    unit_code: str = ""
    enrollment_id: str = ""
    form: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A step that is decided, and not yet written."""

    before: Device
    after: Device
    entry: DeviceEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSearch:
    """Which devices are meant.

    Attributes:
        state: A value of ``DeviceState``; empty for any.
        kind: Empty for any.
        unit: Of this agency or below; empty for all.
        holder: Of this officer; empty for anybody.
        words: Part of the number, or of what its holder is called (``directory.mirror.search_key``); empty for any.
        overdue_at: Only those that should have been back before this moment; None for all.
    """

    state: str = ""
    kind: str = ""
    unit: str = ""
    holder: str = ""
    words: str = ""
    overdue_at: int | None = None


class DeviceStore(Protocol):
    """Where devices rest. Every verb may raise UnavailableError(dependency="database"); every write is one transaction."""

    def add(self, device: Device, entry: DeviceEntry, record: AuditRecord) -> bool:
        """Keep a new one; False when there is one of this kind and serial."""
        ...

    def find(self, device_id: str) -> Device | None:
        """Find one."""
        ...

    def by_serial(self, kind: str, serial: str) -> Device | None:
        """Find the one that has this number."""
        ...

    def page(self, search: DeviceSearch, *, after: str, limit: int, before: str = "") -> Sequence[Device]:
        """Give those that are meant, by identifier: the first after ``after``; with ``before`` the last before that one."""
        ...

    def history(self, device_id: str) -> Sequence[DeviceEntry]:
        """Give the history, oldest first."""
        ...

    def change(self, change: DeviceChange, record: AuditRecord) -> bool:
        """Write a step; of several who decided on the same revision exactly one gets True."""
        ...


class HandlingError(RefusedError):
    """The device does not allow this now; ``code`` says why."""

    status = 409


def handled(before: Device, handling: Handling, *, at: int, actor: str, giver: str = "", receiver: str = "",
            holder: str | None = None, unit_code: str | None = None, enrollment_id: str | None = None, record: str = "",
            due_at: int | None = None) -> DeviceChange:
    """Decide a step.

    Args:
        before: The device.
        handling: What happens to it.
        at: When.
        actor: Who notes it.
        giver: Who gives it.
        receiver: Who receives it.
        holder: Who has it from then on, of a hand-over: the receiver, or empty for the agency.
        unit_code: The agency that answers for it from now on; None leaves it.
        enrollment_id: The request that it belongs to from now on; None leaves it.
        record: Number of the record.
        due_at: When it is to be back, of a demand.

    Raises:
        HandlingError: ``wrong_state``; ``held_by_another``: another officer or agency has it.
    """
    to = STEPS.get((before.state, handling))
    if to is None:
        raise HandlingError(f"A device that is {before.state} does not take {handling}.", code="wrong_state")
    unit = before.unit_code if unit_code is None else unit_code
    to_whom = receiver if holder is None else holder
    if handling is Handling.HAND_OVER and before.state in HELD and (to_whom or unit) != (before.holder or before.unit_code):
        raise HandlingError("Another holder has this device; it comes back first.", code="held_by_another")
    holder = to_whom if handling is Handling.HAND_OVER else before.holder
    if handling in (Handling.TAKE_BACK, Handling.RESTOCK, Handling.RESERVE, Handling.RELEASE):
        holder, unit, enrollment_id = "", "" if handling is Handling.TAKE_BACK else unit, enrollment_id or ""
    belongs = before.enrollment_id if enrollment_id is None else enrollment_id
    after = dataclasses.replace(before, state=to, holder=holder, unit_code=unit, enrollment_id=belongs, since=at,
                                due_at=due_at if to is _S.RETURN_DUE else None, record=record or before.record,
                                reminded_at=None, revision=before.revision + 1)
    entry = DeviceEntry(device_id=before.device_id, at=at, handling=handling.value, before=before.state.value, after=to.value,
                        actor=actor, giver=giver, receiver=receiver, unit_code=unit or before.unit_code,
                        enrollment_id=belongs or before.enrollment_id, form=FORMS.get(handling, ""), record=record)
    return DeviceChange(before, after, entry)


def record_of(change: DeviceChange, caller: Caller) -> AuditRecord:
    """Make the audit record of a step."""
    entry = change.entry
    told = {"device": change.after.device_id, "handling": entry.handling, "from": entry.before, "to": entry.after,
            "by": entry.actor, "form": entry.form, "record": entry.record, "unit": entry.unit_code}
    return AuditRecord(AuditEvent.DEVICE_HANDLED, entry.at, sub=change.after.holder or change.before.holder, source=caller.source,
                       request_id=caller.request_id,
                       detail={**{name: value for name, value in told.items() if value}, **caller.by})
