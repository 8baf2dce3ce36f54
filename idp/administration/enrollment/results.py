"""What the issuer sends back, row by row: matched with a request, and its certificate held against request and chain.

Sources: Decree 68/2024 as provinces apply it; trust-services E.2, E.5. A row is matched by official mailbox and identity number;
one that was taken before is found again by its certificate, and done once. A certificate that comes after its number was noted
completes the request; another certificate under a number that is known is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time

from ...audit import Caller
from ...errors import RefusedError
from ...pki.authority.ports import CertificateAuthority, Received
from ...pki.enrollment.desk import Desk
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.record import DeviceKind, Enrollment
from ...pki.enrollment.wanted import wanted
from ...pki.enrollment.working_days import ZONE, day_of
from ...pki.forms import Row
from ...pki.government.received import UnfitError, of_cell
from ..signing.results import CardResults

Take = Callable[[Row], str]
"""Does a row, or only looks whether it could be; gives ``taken`` or ``already``. Raises RefusedError."""


class Results:
    """Takes results.

    Args:
        desk: Where they are noted.
        authority: Who issued.
        organization: The province.
        cards: Takes certificates for keys in SIMs; None where the Government's authority makes none of them.
    """

    def __init__(self, desk: Desk, authority: CertificateAuthority, *, organization: str,
                 cards: CardResults | None = None) -> None:
        self._desk, self._authority, self._organization, self._cards = desk, authority, organization, cards

    def taking(self, actor: Actor, certificates: Mapping[str, Sequence[bytes]], *, dry: bool, caller: Caller) -> Take:
        """Give what takes the rows of one list.

        Args:
            actor: Who takes them.
            certificates: Those that came with the list, by serial number.
            dry: Nothing is written.
            caller: Who asks.
        """
        taken: set[str] = set()

        def take(row: Row) -> str:
            values = row.values
            der = _certificate(values, certificates)
            sim = self._cards.meant(values) if self._cards is not None else None
            if self._cards is None or sim is None:
                return requested(values, der)
            agrees = _agreeing(values)
            # Tried before the desk's own request is answered, if there is one beside the SIM: a row is done whole or not at all.
            done = {self._cards.take(actor, sim, values, der, agrees, dry=True, caller=caller)}
            try:
                done.add(requested(values, der))
            except RefusedError as err:
                if err.code != "no_request":
                    raise
            if not dry:
                done.add(self._cards.take(actor, sim, values, der, agrees, dry=False, caller=caller))
            return "taken" if "taken" in done else "already"

        def requested(values: Mapping[str, str], der: bytes) -> str:
            known = [one for one in self._desk.by_serial(values["serial"]) if self._matches(one, values)]
            if known:
                return self._again(actor, known[0], der, values, dry=dry, caller=caller)
            fits = [one for one in self._waiting(actor, values) if one.enrollment_id not in taken]
            if not fits:
                raise RefusedError("No request fits.", code="no_request")
            if "iccid" in values or "device_serial" in values:
                kind = DeviceKind.SIM if "iccid" in values else DeviceKind.TOKEN
                fits = [one for one in fits if one.device_kind is kind] or fits
            if len(fits) > 1:
                raise RefusedError("Several requests fit.", code="several_requests")
            answer = self._received(fits[0], der, values, dry=dry)
            taken.add(fits[0].enrollment_id)
            if not dry:
                self._desk.issued(
                    actor, fits[0], serial=values["serial"], issuer=answer.issuer, not_before=answer.not_before,
                    not_after=answer.not_after, certificate=answer.der,
                    device_serial=values.get("device_serial", values.get("iccid", "")), caller=caller)
            return "taken"
        return take

    def _again(self, actor: Actor, known: Enrollment, der: bytes, values: Mapping[str, str], *, dry: bool, caller: Caller) -> str:
        if not der or der == known.certificate:
            return "already"
        answer = self._received(known, der, values, dry=dry)
        if known.certificate:
            raise UnfitError("Another certificate has this number.", code="certificate_serial_twice")
        if not dry:
            self._desk.completed(actor, known, answer, caller)
        return "taken"

    def _received(self, enrollment: Enrollment, der: bytes, values: Mapping[str, str], *, dry: bool) -> Received:
        """Give what is known of a certificate: by itself, or by the row where it did not come with it."""
        begins, ends = _beginning(values["not_before"]), _beginning(values["not_after"])
        if not der:
            return Received(der=b"", issuer="", serial=values["serial"], not_before=begins, not_after=ends + 86400 - 1)

        return self._authority.receive(wanted(enrollment, self._organization), der, dry=dry, told=_agreeing(values))

    def _waiting(self, actor: Actor, values: Mapping[str, str]) -> Sequence[Enrollment]:
        sent = self._desk.sent_to(actor, mail=values.get("mail", ""), identity_number=values.get("identity_number", ""))
        return [one for one in sent if self._matches(one, values)]

    def _matches(self, enrollment: Enrollment, values: Mapping[str, str]) -> bool:
        """Tell whether mailbox and identity number, as far as both sides know them, are the same."""
        if "mail" in values and values["mail"] != enrollment.mail:
            return False
        if "identity_number" in values and enrollment.identity_digest:
            return self._desk.digest(values["identity_number"]) == enrollment.identity_digest
        return "mail" in values


def _certificate(values: Mapping[str, str], certificates: Mapping[str, Sequence[bytes]]) -> bytes:
    if "certificate" in values:
        return of_cell(values["certificate"])
    found = certificates.get(values["serial"], ())
    if len(found) > 1:
        raise UnfitError("Several certificates have this number.", code="certificates_of_one_number")
    return found[0] if found else b""


def _agreeing(values: Mapping[str, str]) -> Callable[[Received], None]:
    """Give what holds a certificate against its row."""

    def agrees(answer: Received) -> None:
        if answer.serial != values["serial"]:
            raise UnfitError("The row names another number.", code="certificate_another_serial")
        if any(abs((day_of(moment) - date.fromisoformat(values[name])).days) > 1
               for name, moment in (("not_before", answer.not_before), ("not_after", answer.not_after))):
            raise UnfitError("The row names other days.", code="certificate_other_dates")
    return agrees


def _beginning(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), time(0), ZONE).timestamp())
