"""Devices that hold private keys, for administrators: looked through, handed over, taken back, reported lost.

Source: Decree 68/2024 (Mẫu 07, 08, 09); security checklist 38 and 51: every act is decided in ``pki.custody.register`` by who
asks and what the record says. A list of devices is tried before it is taken, answered row by row, and may be sent twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...pki.custody.device import Device, DeviceEntry, DeviceSearch
from ...pki.custody.register import Register
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.working_days import day_of
from ...pki.forms import MOST_ROWS, ListError, Row, Sheets, reading, writing
from ...pki.forms.catalogue import FORMS
from ...pki.forms.report import of_list
from ...roles import Administrator, ForbiddenError, Role
from ..pages import Page, Place, turned

FORM: Final = FORMS["thiet_bi"]
KINDS: Final = tuple(FORM.column("kind").choices)
ACTS: Final = ("hand_over", "demand_return", "take_back", "restock", "report_loss", "record_loss")
"""Names of what ``act`` does."""
FILES: Final = ("csv", "xlsx")
_PAGE: Final = 500
_TEXTS: Final = ("receiver", "record")


class DeviceAdministration:
    """Shows devices, and does what is done with them.

    Args:
        register: The account of devices.
        mirror: What holders are called.
        sheets: Files.
    """

    def __init__(self, register: Register, mirror: OfficerMirror, sheets: Sheets) -> None:
        self._register, self._mirror, self._sheets = register, mirror, sheets

    def listed(self, who: Administrator, *, state: str = "", kind: str = "", unit: str = "", holder: str = "", q: str = "",
               overdue: str = "", cursor: str = "", back: str = "", limit: int) -> Page:
        """Give devices; ``back`` is ``prev`` of a page. Raises InvalidParameterError for a cursor that is none."""
        search = DeviceSearch(state=state, kind=kind, unit=unit, holder=holder, words=q,
                              overdue_at=self._register.now() if overdue == "true" else None)

        def given(after: Place | None, before: Place | None, most: int) -> Sequence[Device]:
            return self._register.listed(_actor(who), search, after=after[0] if after else "", limit=most,
                                         before=before[0] if before else "")

        found, following, prev = turned(given, lambda one: (one.device_id,), (str,), cursor=cursor, back=back, limit=limit)
        return Page([self._shown(one) for one in found], following, prev)

    def one(self, who: Administrator, device_id: str) -> dict[str, Any]:
        """Give a device with its history; of lines of agencies that are not theirs only the step, not who or by which record.

        Raises RefusedError (404) for one that is unknown, or another agency's.
        """
        found, history = self._register.one(_actor(who), device_id)
        return {**self._shown(found), "history": [_line(entry, who.oversees(entry.unit_code)) for entry in history]}

    def named(self, who: Administrator, text: str) -> str:
        """Give the identifier of the device that somebody names, by identifier or by the number printed on it.

        Raises:
            RefusedError: 404 for one that is unknown or not theirs to see; 409 ``several`` where devices of two kinds have the
                number.
        """
        found = self._register.numbered(_actor(who), KINDS, text.strip().upper())
        if len(found) > 1:
            raise RefusedError(f"Several devices have this number; name one: {', '.join(one.device_id for one in found)}.",
                               code="several", status=409)
        return found[0].device_id if found else self.one(who, text)["id"]

    def workable_one(self, who: Administrator, device_id: str) -> dict[str, Any]:
        """Give a device as ``one`` does, with ``acts``: what this administrator may do with it now (``ACTS``)."""
        return {**self.one(who, device_id), "acts": [act.value for act in self._register.possible(_actor(who), device_id)]}

    def enter(self, who: Administrator, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Enter a device into the stock.

        Args:
            who: An administrator of the province.
            body: ``kind`` (one of ``KINDS``) and ``serial``, as printed.
            caller: Who asks.

        Raises:
            RefusedError: 403; 409 ``already_there``; 422 ``invalid_body``.
        """
        values = {"kind": body.get("kind"), "serial": body.get("serial")}
        if body.keys() != values.keys() or not all(isinstance(value, str) and value.isprintable() for value in values.values()):
            raise _invalid("The body holds kind and serial.")
        row = reading.read(FORM, [[FORM.column("kind").heading, FORM.column("device_serial").heading],
                                  [str(values["kind"]), str(values["serial"])]], day_of(self._register.now())) \
            if all(str(value).strip() for value in values.values()) else None
        if row is None or not row.good:
            raise _invalid(f"kind: one of {', '.join(KINDS)}; serial: 4 to 40 letters, digits and - . / _, as printed.")
        good = row.good[0].values
        found, new = self._register.enter(_actor(who), good["kind"], good["device_serial"], caller)
        if not new:
            raise RefusedError(f"This device is known, as {found.device_id}.", code="already_there", status=409)
        return self._shown(found)

    def act(self, who: Administrator, device_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Do something with a device.

        Args:
            who: The administrator.
            device_id: The device.
            body: ``act`` (one of ``ACTS``); ``record`` for ``hand_over``, ``take_back`` and ``record_loss``; to hand over also
                ``receiver`` (subject), and ``for_agency`` (true: the receiver's agency has it from then on).
            caller: Who asks.

        Raises:
            RefusedError: 404, 403, 409 (``wrong_state``, ``use_the_request``, ``still_in_use``, ``changed``), 422.
        """
        act, for_agency = body.get("act"), body.get("for_agency", False)
        texts = {name: value for name, value in body.items() if name not in ("act", "for_agency")}
        if act not in ACTS or not isinstance(for_agency, bool) or not texts.keys() <= set(_TEXTS) or not all(
                isinstance(value, str) and len(value) <= 1000 and value.isprintable() for value in texts.values()):
            raise _invalid(f"act: one of {', '.join(ACTS)}; beside it may stand {', '.join(_TEXTS)} (texts), for_agency.")
        actor, record = _actor(who), texts.get("record", "")
        ways: Mapping[str, Any] = {
            "hand_over": lambda: self._register.hand_over(actor, device_id, receiver=texts.get("receiver", ""),
                                                          for_agency=for_agency, record=record, caller=caller),
            "demand_return": lambda: self._register.demand(actor, device_id, caller),
            "take_back": lambda: self._register.take_back(actor, device_id, record, caller),
            "restock": lambda: self._register.restock(actor, device_id, caller),
            "report_loss": lambda: self._register.report_loss(actor, device_id, caller),
            "record_loss": lambda: self._register.record_loss(actor, device_id, record, caller)}
        return self._shown(ways[act]())

    def take(self, who: Administrator, content: bytes, *, dry: bool, caller: Caller) -> dict[str, Any]:
        """Take a list of devices into the stock, or try it.

        Args:
            who: An administrator of the province.
            content: The file.
            dry: Nothing is written.
            caller: Who asks.

        Raises:
            RefusedError: 422 ``unreadable_list``.
            ForbiddenError: not the province's desk.
        """
        self.check(who)
        try:
            read = reading.read(FORM, self._sheets.read(content), day_of(self._register.now()))
        except ListError as err:
            raise RefusedError(of_list(err), code="unreadable_list", status=422) from err
        already = sum(self.row(who, row, dry=dry, caller=caller) == "already" for row in read.good)
        problems = [dict(zip(("line", "name", "column", "given", "reason"), row, strict=True))
                    for row in writing.report(FORM, read.bad)[1:]]
        return {"form": FORM.name, "dry_run": dry, "good": len(read.good), "already": already, "bad": len(read.bad),
                "headers": dict(read.headers), "problems": [{**one, "line": int(one["line"])} for one in problems]}

    def check(self, who: Administrator) -> None:
        """Refuse whoever takes no list of devices. Raises ForbiddenError."""
        if who.role is not Role.PROVINCE or not who.may_change:
            raise ForbiddenError("The province's desk keeps the account of devices.")

    def row(self, who: Administrator, row: Row, *, dry: bool, caller: Caller) -> str:
        """Take a row of a list, or try it: ``already`` for a device that is known, else ``taken``."""
        kind, serial = row.values["kind"], row.values["device_serial"]
        known = self._register.known(kind, serial) if dry else not self._register.enter(_actor(who), kind, serial, caller)[1]
        return "already" if known else "taken"

    def written(self, who: Administrator, kind: str) -> bytes:
        """Give the devices that an administrator sees as a list; it is read again as the same devices.

        Raises RefusedError (404) for a kind of file that is none.
        """
        if kind not in FILES:
            raise RefusedError(f"A list is one of {', '.join(FILES)}.", code="unknown_list", status=404)
        records, after = [], ""
        while found := self._register.listed(_actor(who), DeviceSearch(), after=after, limit=_PAGE):
            records += [self._record(one) for one in found]
            after = found[-1].device_id
            if len(found) < _PAGE or len(records) >= MOST_ROWS:
                break
        rows = writing.rows(FORM, records[:MOST_ROWS], hidden=True)
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, FORM.title)

    def _record(self, device: Device) -> dict[str, str]:
        due = f"{day_of(device.due_at)}" if device.due_at is not None else ""
        told = {"kind": device.kind, "device_serial": device.serial, "state": device.state.value,
                "holder_name": self._name(device), "unit_code": device.unit_code, "due_on": due, "record": device.record}
        return {name: value for name, value in told.items() if value}

    def _name(self, device: Device) -> str:
        officer = self._mirror.by_sub(device.holder) if device.holder else None
        return officer.officer.name if officer is not None else ""

    def _shown(self, device: Device) -> dict[str, Any]:
        return {"id": device.device_id, "kind": device.kind, "serial": device.serial, "state": device.state.value,
                "holder": device.holder or None, "unit_code": device.unit_code or None,
                "enrollment": device.enrollment_id or None, "since": device.since, "due_at": device.due_at,
                "overdue": device.due_at is not None and device.due_at < self._register.now(), "record": device.record or None}


def _line(entry: DeviceEntry, theirs: bool) -> dict[str, Any]:
    if not theirs:
        entry = dataclasses.replace(entry, actor="", giver="", receiver="", unit_code="", enrollment_id="", record="")
    return {"at": entry.at, "handling": entry.handling, "before": entry.before or None, "after": entry.after,
            "actor": entry.actor or None, "giver": entry.giver or None, "receiver": entry.receiver or None,
            "unit_code": entry.unit_code or None, "enrollment": entry.enrollment_id or None, "form": entry.form or None,
            "record": entry.record or None}


def _actor(who: Administrator) -> Actor:
    return Actor(who.sub, who)


def _invalid(message: str) -> RefusedError:
    return RefusedError(message, code="invalid_body", status=422)
