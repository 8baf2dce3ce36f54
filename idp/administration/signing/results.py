"""Certificates of the Government's authority for keys in SIMs, as they come in a list of results (``ket_qua_cap``).

Source: Decree 68/2024 as provinces apply it; trust-services E.2, E.3, E.5. A row with the number of a card that was given here
is for that SIM: officer and telephone number have to be the SIM's as far as the row names them, the certificate has to name the
officer, and its issuer has to be below the published chain. Whether it is for the key of the card the first signature shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography import x509

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError
from ...pki.authority.ports import CertificateAuthority, Received, Told, Wanted
from ...pki.authority.subject import Subject
from ...pki.enrollment.moves import Actor
from ...pki.government.received import UnfitError
from ...signing.sims.enrollment import SimEnrollment
from ...signing.sims.ports import Certified
from ...signing.sims.sim import GOVERNMENT, Sim, State, number_of


class CardResults:
    """Takes certificates of cards.

    Args:
        enrollment: Where SIMs are.
        authority: The Government's.
        mirror: Who the officers are.
        organization: The province.
    """

    def __init__(self, enrollment: SimEnrollment, authority: CertificateAuthority, mirror: OfficerMirror, *,
                 organization: str) -> None:
        self._enrollment, self._authority, self._mirror, self._organization = enrollment, authority, mirror, organization

    def meant(self, values: Mapping[str, str]) -> Sim | None:
        """Give the SIM that a row is for; None where its card is not known here."""
        return self._enrollment.store.of_card(values["iccid"]) if "iccid" in values else None

    def take(self, actor: Actor, sim: Sim, values: Mapping[str, str], der: bytes, agrees: Callable[[Received], None], *,
             dry: bool, caller: Caller) -> str:
        """Take the certificate of a row, or try it; gives ``taken``, or ``already`` where the SIM has it.

        Args:
            actor: Who takes it.
            sim: Which SIM (``meant``).
            values: The row.
            der: The certificate that came with it.
            agrees: Holds it against the row; raises UnfitError.
            dry: Nothing is written.
            caller: For the records.

        Raises:
            RefusedError: ``another_officer``, ``another_number``: the SIM is not theirs; ``certificate_missing``;
                ``has_certificate``: it signs with another one; ``waits_for_revocation``: of the card that the SIM had before;
                ``no_officer``; what the authority says of the certificate
                (``pki.government.words``); as ``Registration.take``.
        """
        known = self._mirror.by_sub(sim.sub)
        if known is None or known.status != "active":
            raise RefusedError("The officer is not at work.", code="no_officer")
        officer = known.officer
        if values.get("mail", officer.mail.lower()) != officer.mail.lower():
            raise RefusedError("This SIM is another officer's.", code="another_officer")
        if "phone" in values and number_of(values["phone"]) != sim.msisdn:
            raise RefusedError("This SIM has another number.", code="another_number")
        if not der:
            raise RefusedError("The certificate did not come with its row.", code="certificate_missing")
        if sim.certificate == der:
            return "already"
        if sim.state not in (State.CARD_GIVEN, State.BOUND):
            raise RefusedError("This SIM signs with another certificate.", code="has_certificate")
        if sim.to_revoke:
            raise RefusedError("The certificate of the card before is not revoked yet.", code="waits_for_revocation")
        subject = (Subject(name=sim.unit_name, organization=self._organization, units=(sim.unit_name,), mail=officer.mail)
                   if sim.seal else Subject.of_officer(officer, self._organization))
        wanted = Wanted(number=sim.sim_id, person=not sim.seal, profile="agency_seal" if sim.seal else "officer_signing",
                        subject=subject, holder=sim.sub, unit_code=sim.unit_code)
        answer = self._authority.receive(wanted, der, dry=dry, told=_for_documents(der, agrees))
        if dry:
            return "taken"
        self._enrollment.cards.take(sim, actor, Certified(answer.der, answer.serial, GOVERNMENT), caller)
        return "taken"


def _for_documents(der: bytes, agrees: Callable[[Received], None]) -> Told:
    """Give what sees that a certificate is what its row says, and that documents are signed with it (RFC 5280 §4.2.1.3)."""

    def told(answer: Received) -> None:
        agrees(answer)
        usage = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.content_commitment:
            raise UnfitError("It is not for signing documents.", code="certificate_not_for_documents")
    return told
