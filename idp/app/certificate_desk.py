"""The certificate desk is wired: rooms, their store, and what administrators call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ..adapters import chain_files, holiday_file
from ..adapters.ca_pkcs11 import Token, TokenKeys
from ..adapters.ca_software import FOLDER, SoftwareKeys
from ..adapters.crl_files import CrlFiles, ListFolder
from ..adapters.outbound import Outbound
from ..adapters.sheets import SheetFiles
from ..adapters.sql.database import Database
from ..adapters.sql.directory.administrators import SqlAgencyAdministrators
from ..adapters.sql.directory.tasks import SqlTasks
from ..adapters.sql.directory.units import SqlUnits
from ..adapters.sql.pki.certificates import SqlCertificateStore
from ..adapters.sql.pki.devices import SqlDevices
from ..adapters.sql.pki.enrollments import SqlEnrollments
from ..adapters.sql.pki.expiry import SqlReminders
from ..adapters.sql.pki.forecast import SqlForecast
from ..adapters.sql.pki.government import SqlBatches, SqlSeenCertificates
from ..adapters.sql.pki.leaves import SqlLeaves
from ..adapters.sql.pki.overdue import SqlOverdue
from ..adapters.sql.pki.status import SqlStatusStore
from ..adapters.sql.pki.waiting import SqlWaiting
from ..adapters.weak_key_files import WeakKeyFiles
from ..administration.access import Access
from ..administration.audit.actors import Actors
from ..administration.console.admission import Console, ConsoleLimits
from ..administration.enrollment.asking import Asking
from ..administration.enrollment.devices import DeviceAdministration
from ..administration.enrollment.expiry import ExpiryForecast
from ..administration.enrollment.issuers import Issuers
from ..administration.enrollment.lists import EnrollmentLists
from ..administration.enrollment.paper import EnrollmentPaper
from ..administration.enrollment.passwords import PasswordAdministration
from ..administration.enrollment.personal import PersonalData
from ..administration.enrollment.renewals import Renewals
from ..administration.enrollment.requests import CertificateDesk, EnrollmentAdministration
from ..administration.enrollment.uploads import Uploads
from ..administration.signing.lists import SimRows
from ..administration.signing.results import CardResults
from ..audit import AuditTrail
from ..authn.lockout import FACTOR_LIMITS, GuessCounter, Lockout
from ..clock import Clock
from ..directory.mirror import OfficerMirror, OfficerSearch
from ..endpoints.enrollment import EST_LIMITS
from ..endpoints.time_stamps import STAMP_LIMITS
from ..jose.keyset import KeyRing, Sealer
from ..pki.authority.assembly import Addresses
from ..pki.authority.internal import InternalAuthority
from ..pki.authority.issuance import Issuance
from ..pki.authority.keys import KeysByPlace
from ..pki.authority.portable import PortableCertificates
from ..pki.custody.overdue import Overdue
from ..pki.custody.register import Register
from ..pki.enrollment.custody import Custody
from ..pki.enrollment.desk import Desk
from ..pki.enrollment.ending import Ending
from ..pki.enrollment.following import Following
from ..pki.enrollment.key_files import KeyFiles
from ..pki.enrollment.moves import Moves
from ..pki.enrollment.self_service import OwnCertificates
from ..pki.enrollment.waiting import Waiting
from ..pki.est.enrolling import Est
from ..pki.est.passwords import EnrollmentPasswords
from ..pki.expiry.reminders import Reminders
from ..pki.government.authority import GovernmentAuthority
from ..pki.government.chain import PublishedChain
from ..pki.government.fetching import MOST_BYTES, ListFetcher
from ..pki.government.standing import NotWithdrawn
from ..pki.status.crl import RevocationListMaker
from ..pki.status.ocsp import OcspResponder
from ..pki.timestamp.service import TimeStamps
from ..roles import RoleGroups
from ..services import CertificateProtocols
from ..settings import Settings
from ..signing.sims.enrollment import SimEnrollment


def published_chain(settings: Settings, database: Database) -> tuple[PublishedChain, ListFetcher | None]:
    """Read the chain of the Government's authority, and build what fetches its lists, unless an operator does not ask for it.

    Raises:
        ConfigurationError: the folder holds no chain, or one that nobody vouched for.
    """
    chain = PublishedChain(chain_files.read(settings.government_chain_dir, "IDP_GOVERNMENT_CHAIN_DIR"),
                           CrlFiles(settings.government_crl_dir))
    if not settings.government_crl_fetch or settings.government_crl_dir is None:
        return chain, None
    outbound = Outbound(development=settings.development, plain=True, allow=settings.outbound_allow, timeout_seconds=10,
                        max_bytes=MOST_BYTES)
    return chain, ListFetcher(chain, SqlSeenCertificates(database), partial(outbound.document, accept="application/pkix-crl"),
                              ListFolder(settings.government_crl_dir))


def certificate_desk(settings: Settings, database: Database, mirror: OfficerMirror, sealer: Sealer, digest_key: bytes,
                     chain: PublishedChain, groups: RoleGroups, clock: Clock) -> CertificateDesk:
    """Build the rooms of the registration desk.

    Raises:
        ConfigurationError: the table of holidays is none.
    """
    devices = SqlDevices(database)
    moves = Moves(SqlEnrollments(database), clock, holiday_file.read(settings.holidays_file), devices)
    desk = Desk(moves, mirror, sealer, digest_key)
    ending, people = Ending(moves, mirror), SqlAgencyAdministrators(database, groups, clock)
    return CertificateDesk(desk=desk, custody=Custody(moves, desk, NotWithdrawn(chain, clock)), ending=ending,
                           register=Register(devices, moves, ending, mirror), moves=moves,
                           following=Following(moves, mirror, SqlTasks(database, clock)),
                           reminders=Reminders(SqlReminders(database), mirror, people, clock),
                           overdue=Overdue(SqlOverdue(database), people, moves.calendar, clock),
                           waiting=Waiting(SqlWaiting(database), people, clock))


def holders(rooms: CertificateDesk, mirror: OfficerMirror, published: PublishedChain, issuance: Issuance,
            clock: Clock) -> OwnCertificates:
    """Build the side of the desk that holders see."""
    return OwnCertificates(rooms.desk, rooms.custody, rooms.ending, mirror, issuers_of(published, issuance, clock))


def issuers_of(published: PublishedChain, issuance: Issuance,
               clock: Clock) -> Callable[[x509.Certificate], tuple[x509.Certificate, ...]]:
    """Build what gives the certificates above one, its issuer first: the Government's, or our own; none for any other."""

    def above(certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
        if path := published.path(certificate, clock.moment()):
            return path[1:]
        for authority in issuance.authorities():
            chain = issuance.chain(authority)
            try:
                certificate.verify_directly_issued_by(chain[0])
            except (ValueError, TypeError, InvalidSignature):
                continue
            return chain
        return ()

    return above


def certification(settings: Settings, database: Database, sealer: Sealer, write: Callable[[Path, bytes], bool],
                  token: Token | None, clock: Clock) -> tuple[Issuance, RevocationListMaker, OcspResponder]:
    """Build the province's own certification authority, and what tells of its certificates."""
    keys = KeysByPlace(SoftwareKeys(settings.keys_dir / FOLDER, write), TokenKeys(token) if token is not None else None,
                       new_in_token=settings.ca_keys == "pkcs11")
    addresses = Addresses(origin=settings.pki_origin or settings.issuer, policy_arc=settings.ca_policy_arc)
    certificates, status = SqlCertificateStore(database), SqlStatusStore(database)
    lists = RevocationListMaker(certificates, status, keys, addresses, clock)
    issuance = Issuance(certificates, keys, addresses, clock, keys=keys, organization=settings.province_name,
                        listed=WeakKeyFiles(settings.ca_weak_keys_dir), lists=lists)
    return issuance, lists, OcspResponder(certificates, status, issuance, sealer, clock, organization=settings.province_name)


def protocols(settings: Settings, database: Database, sealer: Sealer, issuance: Issuance, audit: AuditTrail,
              mirror: OfficerMirror, groups: RoleGroups, guesses: GuessCounter, clock: Clock,
              rooms: CertificateDesk) -> CertificateProtocols:
    """Build the time-stamp authority, enrolment over HTTP, and what makes files with a key."""
    certificates, organization = SqlCertificateStore(database), settings.province_name
    est = Est(issuance, certificates, EnrollmentPasswords(SqlLeaves(database), clock), mirror, clock, organization=organization,
              switched_on=settings.est)
    portable = PortableCertificates(issuance, mirror, audit, clock, organization=organization)
    return CertificateProtocols(
        time_stamps=TimeStamps(certificates, SqlStatusStore(database), issuance, sealer, audit, clock, organization=organization,
                               policy=settings.tsa_policy or f"{settings.ca_policy_arc}.100",
                               accuracy_seconds=settings.tsa_accuracy_seconds, offered=settings.tsa_access != "off"),
        stamp_requests=Lockout(guesses, clock, STAMP_LIMITS, kind="time stamps"),
        est=est, est_passwords=PasswordAdministration(est, mirror, groups),
        est_guesses=Lockout(guesses, clock, FACTOR_LIMITS, kind="enrolment"),
        est_requests=Lockout(guesses, clock, EST_LIMITS, kind="enrolments"),
        portable=portable, key_files=KeyFiles(rooms.desk, portable, issuance, organization=organization))


def console(settings: Settings, access: Access, groups: RoleGroups, clock: Clock) -> Console:
    """Build the way into the administrators' console."""
    return Console(access, groups, clock, ConsoleLimits(idle=settings.console_idle_limit_seconds,
                                                        absolute=settings.console_absolute_limit_seconds))


def for_administrators(settings: Settings, database: Database, rooms: CertificateDesk, mirror: OfficerMirror,
                       search: OfficerSearch, actors: Actors, audit: AuditTrail, chain: PublishedChain, keys: KeyRing,
                       sealer: Sealer, issuance: Issuance, sims: SimEnrollment | None, clock: Clock) -> tuple[
                           EnrollmentAdministration, EnrollmentLists, DeviceAdministration, EnrollmentPaper, ExpiryForecast,
                           Renewals]:
    """Build what the administration API calls, with the Government's authority behind it."""
    sheets = SheetFiles()
    government = GovernmentAuthority(SqlBatches(database), SqlSeenCertificates(database), chain, keys, sealer, sheets, clock,
                                     listed=issuance.listed, own=issuance.knows_key)
    units, forecast = SqlUnits(database), SqlForecast(database)
    asking, expiry = Asking(rooms.desk, mirror, search, units), ExpiryForecast(forecast, units, sheets, actors, clock)
    cards = (CardResults(sims, government, mirror, organization=settings.province_name)
             if sims is not None and settings.sim_certificates == "government" else None)
    devices = DeviceAdministration(rooms.register, mirror, sheets)
    lists = EnrollmentLists(rooms.desk, mirror, search, sheets, audit, government, InternalAuthority(issuance),
                            rooms.custody, asking, Issuers(issuance), devices, organization=settings.province_name,
                            sims=None if sims is None else SimRows(sims, clock), cards=cards)
    return EnrollmentAdministration(rooms, actors), lists, devices, EnrollmentPaper(
        PersonalData(rooms.desk, audit), Uploads(sealer, clock), sheets, asking), expiry, Renewals(
            rooms, forecast, expiry, actors)
