"""Requests made of checked values: of a row of a list, and of a form for one request, which is read as a row is.

Source: Decree 68/2024 (Mẫu 01 for officers, 02 for agencies' seals, 03 for devices and services); security checklist 38 and 51:
whether the request is theirs to make is decided by ``Desk.ask``, for a list and for a form alike. Whoever looks for an officer
finds those of the own agency and below.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...audit import Caller
from ...directory.ledger import UnitMirror
from ...directory.mirror import MirroredOfficer, OfficerMirror, OfficerSearch, search_words
from ...directory.unit import Unit, is_within
from ...errors import RefusedError
from ...pki.enrollment.desk import PERSONAL, Desk, Wish
from ...pki.enrollment.following import agrees
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.record import DeviceKind, Enrollment, Kind, Purpose
from ...pki.enrollment.states import IN_USE, WITH_A_CERTIFICATE
from ...pki.enrollment.working_days import day_of
from ...pki.forms import Flaw, Row, reading
from ...pki.forms.catalogue import FORMS, Column, Form
from ...pki.forms.cells import text
from ...roles import Administrator, ForbiddenError, Right
from .requests import LONGEST_REQUEST, shown

DEVICES: Final[Mapping[Kind, tuple[DeviceKind, ...]]] = {
    Kind.PERSON: (DeviceKind.TOKEN, DeviceKind.SIM, DeviceKind.SOFTWARE), Kind.SEAL: (DeviceKind.TOKEN, DeviceKind.HSM),
    Kind.DEVICE: (DeviceKind.HSM, DeviceKind.SOFTWARE, DeviceKind.TOKEN),
    Kind.SERVICE: (DeviceKind.HSM, DeviceKind.SOFTWARE, DeviceKind.TOKEN)}
"""What the key of each kind is asked for in; the first is the usual one."""
MOST_FOUND: Final = 20
_ABOUT_PERSONS: Final = ("identity_number", "identity_issued_on", "identity_issued_by", "birth_date", "phone", "old_serial")
_PERSONS, _AGENCIES = FORMS["mau01_ca_nhan"], FORMS["mau02_co_quan"]


def _some(form: Form, names: Sequence[str], **changed: Column) -> Form:
    columns = [changed.get(name) or form.column(name) for name in names]
    return Form(form.name, form.title, tuple(columns), same=(), orders=form.orders)


_KEEPER: Final = tuple(dataclasses.replace(_PERSONS.column(name), required=name == "identity_number")
                       for name in _ABOUT_PERSONS)
_OFFICER: Final = _some(_PERSONS, _ABOUT_PERSONS)
_OTHERS: Final = Form(_AGENCIES.name, _AGENCIES.title, (
    Column("name", "Tên", text(200), required=True), dataclasses.replace(_AGENCIES.column("unit_code"), required=True),
    _AGENCIES.column("mail"), *_KEEPER), same=(), orders=_PERSONS.orders)
FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    kind: ("device_kind", *(column.key for column in form.columns), "purpose", "request")
    for kind in Kind for form in [_OFFICER if kind is Kind.PERSON else _OTHERS]}
"""What the form of each kind asks for."""
AGAIN: Final = (Purpose.RENEW, Purpose.CHANGE)
"""What may be asked for of a certificate that stands; the first is the usual one."""
_PLACES: Final = {
    "already_asked": "device_kind", "already_there": "device_kind", "nothing_to_replace": "old_serial", "too_early": "old_serial",
    "nothing_to_change": "purpose",
    "not_yours": "unit_code", "bad_request": "request", "bad_signature": "request", "weak_digest": "request",
    "key_kind": "request", "weak_key": "request"}
"""At which field a refusal of the desk stands; all others at the holder."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field.

    Attributes:
        field: One of ``FIELDS``, or ``holder``.
        code: A ``Flaw``, or the code of the desk's refusal.
    """

    field: str
    code: str


class FormError(RefusedError):
    """A form that cannot be taken as it is; ``wrong`` says where, in the order of the fields.

    Args:
        wrong: What is wrong.
        status: Of the answer.
        request: Number of the request that is on its way, where that is why and it is theirs to read.
    """

    def __init__(self, wrong: Sequence[Wrong], status: int = 422, request: str = "") -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in wrong), code="invalid_body", status=status)
        self.wrong = tuple(wrong)
        self.request = request


class Asking:
    """Makes requests.

    Args:
        desk: Where they are made.
        mirror: Who the officers are.
        search: Finds them.
        units: Agencies.
    """

    def __init__(self, desk: Desk, mirror: OfficerMirror, search: OfficerSearch, units: UnitMirror) -> None:
        self._desk, self._mirror, self._search, self._units = desk, mirror, search, units

    def row(self, actor: Actor, officer: MirroredOfficer, values: Mapping[str, str], *, dry: bool, submit: bool,
            caller: Caller) -> str:
        """Ask for what a row of officers says, or try it; gives ``taken``, or ``already`` where that is on its way.

        Args:
            actor: Who asks.
            officer: Whom the row is about.
            values: Checked, by key of ``mau01_ca_nhan``.
            dry: Nothing is written.
            submit: It is handed in at once.
            caller: For the record.

        Raises:
            RefusedError: as ``Desk.ask``; ``nothing_to_replace`` where the old number is none of the officer's.
        """
        wish = self._wish(actor, Wish(
            kind=Kind.PERSON, holder=officer.sub,
            device_kind=DeviceKind.SIM if values.get("sim_pki") == "yes" else DeviceKind.TOKEN), values)
        try:
            if dry:
                self._desk.would_ask(actor, wish)
            else:
                self._desk.ask(actor, wish, caller, submit=submit)
        except RefusedError as err:
            if err.code == "already_asked":
                return "already"
            raise
        return "taken"

    def found(self, who: Administrator, words: str) -> tuple[Sequence[MirroredOfficer], bool]:
        """Look for officers of the own agency and below, by name or mailbox; tells too whether there are more than shown."""
        asked = search_words(words)
        found = self._search.search(asked, unit=who.unit, after=None, limit=MOST_FOUND + 1) if asked else []
        return [one.officer for one in found[:MOST_FOUND]], len(found) > MOST_FOUND

    def officer(self, who: Administrator, sub: str) -> MirroredOfficer:
        """Give an officer for whom this administrator may ask. Raises RefusedError (404), another agency's included."""
        found = self._mirror.by_sub(sub)
        if found is None or found.status == "gone" or not who.oversees(found.officer.main_post.unit_code):
            raise RefusedError("There is no such officer.", code="unknown_officer", status=404)
        return found

    def agencies(self, who: Administrator) -> Sequence[Unit]:
        """Give the agencies for which this administrator may ask."""
        return [entry.unit for entry in self._units.units()
                if "." in entry.unit.code and (who.of_the_province or is_within(entry.unit.code, who.unit))]

    def one(self, who: Administrator, kind: Kind, holder: str, typed: Mapping[str, str], *, submit: bool,
            caller: Caller) -> dict[str, Any]:
        """Ask for one certificate by a form.

        Args:
            who: An administrator of the agency or of the province.
            kind: For whom or what.
            holder: Subject of the officer; of a seal, device or service, of who keeps it.
            typed: Of ``FIELDS[kind]``, as people type it.
            submit: It is handed in at once, not left as a draft.
            caller: Who asks.

        Returns:
            The request, as ``requests.shown`` gives it.

        Raises:
            FormError: every field that is wrong in itself; then the one because of which ``Desk.ask`` refuses, with its status.
            ForbiddenError: auditors, and programs.
            RefusedError: 404: no such officer.
        """
        if not who.may(Right.ASK_CERTIFICATES) or not who.sub:
            raise ForbiddenError("Requests are made by administrators.")
        officer = self.officer(who, holder)
        row = reading.one(_OFFICER if kind is Kind.PERSON else _OTHERS, typed, day_of(self._desk.now()))
        wrong = [Wrong(problem.column, problem.flaw.value) for problem in row.problems]
        device, request = typed.get("device_kind", ""), typed.get("request", "").strip()
        if device not in DEVICES[kind]:
            wrong.append(Wrong("device_kind", Flaw.UNKNOWN_CHOICE.value))
        elif device == DeviceKind.SOFTWARE and kind is not Kind.PERSON and not request:
            wrong.append(Wrong("request", Flaw.MISSING.value))
        if (purpose := typed.get("purpose") or AGAIN[0].value) not in AGAIN:
            wrong.append(Wrong("purpose", Flaw.UNKNOWN_CHOICE.value))
        elif purpose == Purpose.CHANGE and not typed.get("old_serial", "").strip():
            wrong.append(Wrong("old_serial", Flaw.MISSING.value))
        if len(request) > LONGEST_REQUEST or not request.isascii():
            wrong.append(Wrong("request", "bad_request"))
        if wrong:
            raise FormError(sorted(wrong, key=lambda one: FIELDS[kind].index(one.field)))
        actor, wish = Actor(who.sub, who), None
        try:
            wish = self._wished(actor, officer, kind, DeviceKind(device), row, request, Purpose(purpose))
            return shown(self._desk.ask(actor, wish, caller, submit=submit), self._desk.now(), str)
        except RefusedError as err:
            place = _PLACES.get(err.code, "holder")
            there = self._desk.waiting(actor, wish) if wish is not None and err.code == "already_asked" else None
            raise FormError([Wrong(place if place in FIELDS[kind] else "holder", err.code)], err.status,
                            there.enrollment_id if there else "") from err

    def changed(self, who: Administrator, sub: str, number: str) -> Enrollment | None:
        """Give an officer's certificate for which this administrator may ask for one with what the directory says now.

        Of somebody who came from another agency it is that agency's to read, and this one's to have changed: what it says
        besides its number and where its key is kept is not shown by that.

        Args:
            who: An administrator.
            sub: The officer.
            number: Of the request.

        Returns:
            None where nothing can be asked for: another agency's officer, an auditor, a certificate that is not in use.
        """
        try:
            officer = self.officer(who, sub)
        except RefusedError:
            return None
        return next((one for one in self._desk.standing(officer.sub) if one.enrollment_id == number and one.state in IN_USE),
                    None) if who.may(Right.ASK_CERTIFICATES) and who.sub else None

    def _wished(self, actor: Actor, officer: MirroredOfficer, kind: Kind, device: DeviceKind, row: Row, request: str,
                purpose: Purpose) -> Wish:
        wish = Wish(kind=kind, holder=officer.sub, device_kind=device, request=request.encode())
        if kind is not Kind.PERSON:
            code = row.values["unit_code"]
            names = {unit.code: unit.name for unit in self.agencies(actor.administrator)} if actor.administrator else {}
            if code not in names:
                raise RefusedError("No agency of yours.", code="not_yours", status=403)
            wish = dataclasses.replace(wish, name=row.values["name"], unit_code=code, unit_name=names[code],
                                       mail=row.values.get("mail", ""))
        return self._wish(actor, wish, row.values, purpose)

    def _wish(self, actor: Actor, wish: Wish, values: Mapping[str, str], purpose: Purpose = Purpose.RENEW) -> Wish:
        wish = dataclasses.replace(wish, personal={key: values[key] for key in PERSONAL if key in values})
        if "old_serial" not in values:
            return wish
        # A person's certificate is renewed by the agency of now, whichever asked for it: the desk decides by the officer. What
        # is no person's belongs to an agency, is found by who may read it, and stays that agency's when its keeper moves.
        found = self._desk.standing(wish.holder) if wish.kind is Kind.PERSON else [
            one for one in self._desk.by_serial(values["old_serial"]) if one.state in WITH_A_CERTIFICATE and actor.sees(one)]
        old = [one for one in found if one.serial == values["old_serial"] and one.kind is wish.kind]
        if not old:
            raise RefusedError("No such certificate.", code="nothing_to_replace", status=422)
        if purpose is Purpose.CHANGE and self._says_the_same(old[0], wish):
            raise RefusedError("The certificate says that already.", code="nothing_to_change", status=422)
        return dataclasses.replace(wish, purpose=purpose, replaces=old[0].enrollment_id)

    def _says_the_same(self, old: Enrollment, wish: Wish) -> bool:
        officer = self._mirror.by_sub(wish.holder)
        if wish.kind is Kind.PERSON:
            return officer is not None and agrees(old, officer)
        return (old.name, old.unit_code, old.mail, old.holder) == (
            wish.name, wish.unit_code, (wish.mail or (officer.officer.mail if officer else "")).lower(), wish.holder)
