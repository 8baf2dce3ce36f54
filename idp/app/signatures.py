"""Signatures by SIM are wired: the carriers' services, SIMs and transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography import x509

from ..adapters.mssp import carriers
from ..adapters.outbound import Outbound
from ..adapters.sheets import SheetFiles
from ..adapters.sql.database import Database
from ..adapters.sql.directory.administrators import SqlAgencyAdministrators
from ..adapters.sql.signing.history import SqlSignatureHistory
from ..adapters.sql.signing.sim_doubts import SqlSimDoubts
from ..adapters.sql.signing.sims import SqlSims
from ..adapters.sql.signing.transactions import SqlTransactions
from ..administration.signing.history import Signatures
from ..administration.signing.lists import SimLists
from ..audit import AuditTrail, Caller
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..errors import RefusedError
from ..pki.authority.card_certificates import CardCertificates
from ..pki.authority.issuance import Issuance
from ..pki.government.chain import PublishedChain
from ..pki.status.ocsp import OcspResponder
from ..pki.timestamp.service import TimeStamps
from ..roles import RoleGroups
from ..services import MobileSignatures
from ..settings import Settings
from ..signing.denial import Denials
from ..signing.evidence import package
from ..signing.login import Logins
from ..signing.mobile_signature import KeyUse
from ..signing.ports import Sims, Standings
from ..signing.signing import Signing
from ..signing.sims.brake import DoubtRule, SimBrake
from ..signing.sims.enrollment import SimEnrollment
from ..signing.sims.government import CardAuthorities
from ..signing.sims.ports import Certified, Prepared
from ..signing.sims.sim import Sim
from ..signing.sims.standing import NightlyCheck, SigningSims
from ..signing.standing import OwnStandings, PublishedStandings
from ..signing.transaction import SIGNATURE, Transaction


class OwnCards:
    """Certifies keys of cards by the province's own authority (port ``Certifier``)."""

    def __init__(self, certificates: CardCertificates) -> None:
        self._certificates = certificates

    def prepare(self, sim: Sim, public_key: bytes, *, use: KeyUse = "signing") -> Prepared:
        """Make the certificate of a key; see the port."""
        login = use == "authentication"
        held = (sim.login_serial, sim.login_authority) if login else (sim.serial, sim.authority)
        der, serial, authority, issue = self._certificates.prepared(sim, public_key, held, login=login)
        return Prepared(Certified(der, serial, authority), issue)

    def awaited(self, sim: Sim) -> bool:
        """Nobody else is waited for."""
        return False

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller, *, certificate: bytes = b"") -> None:
        """Revoke a certificate; see the port."""
        self._certificates.revoke(serial, authority, reason, caller)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRooms:
    """What is built; ``services`` is what doors may call."""

    signing: Signing
    sims: Sims
    standings: Standings
    logins: Logins
    services: MobileSignatures


def signs_in(settings: Settings) -> bool:
    """Tell whether any carrier asks cards with a key that is for signing in.

    Raises:
        ConfigurationError: the file of carriers is not right.
    """
    return settings.mssp_file is not None and any(
        carrier.account.authentication_profile for carrier in carriers.read(settings.mssp_file)[0])


def signature_rooms(settings: Settings, database: Database, mirror: OfficerMirror, issuance: Issuance, ocsp: OcspResponder,
                    published: PublishedChain, above: Callable[[x509.Certificate], Sequence[x509.Certificate]],
                    stamps: TimeStamps, derive: Callable[[str], bytes], groups: RoleGroups, trail: AuditTrail,
                    clock: Clock) -> SignatureRooms | None:
    """Build the rooms; None where no carrier's service is configured.

    ``above`` gives the certificates above one, its issuer first; ``published`` is the chain of the Government's authority.

    Raises:
        ConfigurationError: the file of carriers is not right.
    """
    if settings.mssp_file is None:
        return None
    found, rules = carriers.read(settings.mssp_file)
    lines = {carrier.name: Outbound(development=settings.development, allow=settings.outbound_allow, ca_file=carrier.authority,
                                    client_certificate=carrier.client_certificate) for carrier in found}
    services = {carrier.name: carriers.client(carrier, lines[carrier.name], clock) for carrier in found}
    plain = Outbound(development=settings.development, allow=settings.outbound_allow)
    messages = carriers.ShortMessages({carrier.name: (carrier.short_messages, plain) for carrier in found})
    store, transactions = SqlSims(database), SqlTransactions(database)
    sims = SigningSims(store, mirror)
    standings = PublishedStandings(
        published, OwnStandings(lambda asked: ocsp.answer(asked).der, lambda: list(issuance.authorities())), clock)
    certifier = CardAuthorities(OwnCards(CardCertificates(issuance, mirror, organization=settings.province_name)), published,
                                clock, by_list=settings.sim_certificates == "government")
    administrators = SqlAgencyAdministrators(database, groups, clock)
    signing = Signing(transactions, sims, standings, services, clock, rules, Denials(administrators, mirror))
    enrollment = SimEnrollment(
        store, mirror, services, messages, certifier, signing, clock, key=derive("sim codes"))
    brake = SimBrake(SqlSimDoubts(database), enrollment, administrators,
                     DoubtRule(settings.sim_brake_percent, settings.sim_brake_least), clock)
    sims.enrollment, sims.brake = enrollment, brake

    def proven(transaction: Transaction, caller: Caller) -> bytes:
        if transaction.purpose != SIGNATURE:
            raise RefusedError("There is no such signature.", code="not_found", status=404)
        der = transactions.blob(transaction.certificate.hex())
        chain = above(x509.load_der_x509_certificate(der)) if der is not None else ()
        return package(transaction, transactions.events(transaction.transaction_id), transactions.blob, chain,
                       (lambda asked: stamps.answer(asked, caller)) if stamps.offered() else None)

    return SignatureRooms(signing=signing, sims=sims, standings=standings, logins=Logins(signing, sims, services),
                          services=MobileSignatures(
        signing=signing, transactions=transactions, sims=enrollment,
        nightly=NightlyCheck(store, enrollment, brake, services, mirror, clock), brake=brake, carriers=services, evidence=proven,
        signatures=Signatures(SqlSignatureHistory(database), transactions, mirror, proven, trail, clock),
        sim_lists=SimLists(enrollment, mirror, SheetFiles(), trail, clock,
                           by_list=settings.sim_certificates == "government")))
