"""The wired rooms: everything that endpoints/, web/, cli/ and worker/ may call. ``app`` alone fills it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .administration.access import Access
from .administration.applications.access import ApplicationAccess
from .administration.applications.onboarding import Onboarding
from .administration.audit.actors import Actors
from .administration.audit.archived import ArchivedMonths
from .administration.audit.exports import AuditExports
from .administration.audit.readings import OwnReadings
from .administration.audit.records import AuditRecords
from .administration.clients import ClientAdministration
from .administration.console.admission import Console
from .administration.enrollment.devices import DeviceAdministration
from .administration.enrollment.expiry import ExpiryForecast
from .administration.enrollment.lists import EnrollmentLists
from .administration.enrollment.paper import EnrollmentPaper
from .administration.enrollment.passwords import PasswordAdministration
from .administration.enrollment.renewals import Renewals
from .administration.enrollment.requests import CertificateDesk, EnrollmentAdministration
from .administration.factors import FactorAdministration
from .administration.grants import GrantAdministration
from .administration.initial_access import InitialAccessAdministration
from .administration.keys import KeyAdministration
from .administration.mirror import MirrorAdministration
from .administration.officers import OfficerAdministration
from .administration.operation.announcements import AnnouncementAdministration
from .administration.operation.deliveries import Deliveries
from .administration.operation.jobs import Jobs
from .administration.operation.repeats import Repeats
from .administration.operation.work import JobWork
from .administration.own.data import OwnData
from .administration.password_reset import PasswordResets
from .administration.people.rooms import OfficerRooms
from .administration.rollout.accounts import ForgottenAccounts
from .administration.rollout.campaigns import RolloutAdministration
from .administration.rollout.files import CampaignFiles
from .administration.rollout.reminding import CampaignReminding
from .administration.rollout.reports import RolloutReports
from .administration.signing.history import Signatures
from .administration.signing.lists import SimLists
from .administration.tasks import TaskAdministration
from .audit import AuditTrail, Caller
from .audit.chain import AuditChain, AuditReader, SealStore
from .audit.days import DailyHeads
from .authn.assurance import AssurancePolicy
from .authn.break_glass import BreakGlass
from .authn.client_certificate import ClientCertificates
from .authn.enrolment.first_factor import FirstFactors
from .authn.freshness import Freshness
from .authn.lockout import Lockout
from .authn.mobile_id import MobileId
from .authn.passkeys import Passkeys
from .authn.password_notice import PasswordNotices
from .authn.recovery_codes import RecoveryCodes
from .authn.second_factor import SecondFactors
from .authn.sign_in import SignIn
from .authn.sign_in.certificate import CertificateSignIn
from .authn.sign_in.forgotten import ForgottenPasswords
from .authn.sign_in.passkey import PasskeySignIn
from .authn.sign_in.temporary_pass import TemporaryPasses
from .authn.totp import Totp
from .clock import Clock
from .directory.aftermath import Aftermath
from .directory.brake import Brake
from .directory.deprovisioning import Deprovisioning
from .directory.feed import Feed
from .directory.ledger import Ledger, UnitMirror
from .directory.mirror import OfficerMirror
from .directory.officer import Directory
from .directory.sponsors import Sponsors
from .directory.term import EndedTerms
from .jose.encryption_keys import EncryptionKeys
from .jose.keyset import KeyRing, Sealer
from .notices import Notices
from .notices.announcements import Announcements
from .notices.mail import MailDelivery, MailQueue
from .notices.personal_data import PersonalDataNotice
from .oauth.backchannel.authentication import BackchannelAuthentication
from .oauth.backchannel.ping import PingDelivery, PingQueue
from .oauth.client import ClientRegistry
from .oauth.clients.configuration import ClientConfiguration
from .oauth.clients.dynamic import DynamicRegistration
from .oauth.clients.examination import Examiner
from .oauth.clients.initial_access import InitialAccess
from .oauth.clients.registrar import ClientFile, Registrar
from .oauth.deferred.approvals import Approvals
from .oauth.deferred.device_authorization import DeviceAuthorization
from .oauth.server import Provider
from .oauth.tokens.introspection import Introspection
from .oauth.tokens.introspection_response import SignedIntrospection
from .oauth.tokens.resource_access import ResourceAccess
from .oidc.acting_post import ActingPosts
from .oidc.backchannel_logout import LogoutDelivery, NoticeQueue
from .oidc.consent import Consents
from .oidc.phone_approval import PhoneApprovals
from .oidc.rp_initiated_logout import EndSession
from .oidc.subject import Subjects
from .oidc.userinfo import UserInfoAnswers
from .pki.authority.issuance import Issuance
from .pki.authority.portable import PortableCertificates
from .pki.enrollment.key_files import KeyFiles
from .pki.enrollment.self_service import OwnCertificates
from .pki.est.enrolling import Est
from .pki.government.chain import PublishedChain
from .pki.government.fetching import ListFetcher
from .pki.status.crl import RevocationListMaker
from .pki.status.ocsp import OcspResponder
from .pki.timestamp.service import TimeStamps
from .rollout.campaigns import Campaigns
from .rollout.courses import CampaignCourses
from .rollout.reminders import Reminders as CampaignReminders
from .sessions.devices import Devices
from .sessions.interaction import Interactions
from .sessions.remembered import RememberedDevices
from .sessions.single_sign_on import Sessions
from .settings import Settings
from .signing.csc.hash_signing import HashSigning
from .signing.mobile_signature import MobileSignatureService
from .signing.ports import TransactionStore
from .signing.signing import Signing
from .signing.sims.brake import SimBrake
from .signing.sims.enrollment import SimEnrollment
from .signing.sims.standing import NightlyCheck
from .signing.transaction import Transaction

Door = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""The door for programs: a WSGI application (PEP 3333)."""
Rehearse = Callable[[Mapping[str, bytes]], AbstractContextManager[tuple["Services", Door]]]
"""Gives the rooms and the door of a private copy of this deployment; it is told what stands at other people's addresses."""


class Housekeeping(Protocol):
    """Deletes what time made worthless."""

    def sweep(self, now: int) -> dict[str, int]:
        """Delete it and give how many rows went, by table."""
        ...


class AuditRepeats(Protocol):
    """Refusals that were counted (``AuditTrail.repeated``)."""

    def settle(self, now: int) -> int:
        """Make records of the counts of minutes that are over; gives how many rows were settled."""
        ...


class ClientUse(Protocol):
    """Remembers which applications are used: ``look_at_use`` notes who was for the first or last time, and gives how many."""

    def look_at_use(self) -> int: ...  # noqa: D102


class Pulse(Protocol):
    """The worker's heartbeat."""

    def beat(self, now: int) -> None:
        """Say that a worker is at work."""
        ...

    def last(self) -> int | None:
        """Give when one last was, seconds since the epoch; None for never."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The rooms behind the administration API."""

    access: Access
    actors: Actors
    announcements: AnnouncementAdministration
    audit: AuditRecords
    audit_exports: AuditExports
    console: Console
    clients: ClientAdministration
    onboarding: Onboarding
    deliveries: Deliveries
    enrollments: EnrollmentAdministration
    enrollment_lists: EnrollmentLists
    devices: DeviceAdministration
    enrollment_paper: EnrollmentPaper
    expiry: ExpiryForecast
    renewals: Renewals
    initial_access: InitialAccessAdministration
    grants: GrantAdministration
    application_access: ApplicationAccess
    keys: KeyAdministration
    rollout: RolloutAdministration
    campaign_reminding: CampaignReminding
    rollout_reports: RolloutReports
    campaign_files: CampaignFiles
    accounts: ForgottenAccounts
    officers: OfficerAdministration
    tasks: TaskAdministration
    password_resets: PasswordResets
    repeats: Repeats
    jobs: Jobs
    factors: FactorAdministration
    mirror: MirrorAdministration
    people: OfficerRooms


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProtocols:
    """The rooms by which programs and officers come to certificates and time-stamps.

    Attributes:
        stamp_requests: Counts requests for time-stamps.
        est_passwords: Makes enrolment passwords, for administrators.
        est_guesses: Counts guesses of enrolment passwords.
        est_requests: Counts enrolments.
    """

    time_stamps: TimeStamps
    stamp_requests: Lockout
    est: Est
    est_passwords: PasswordAdministration
    est_guesses: Lockout
    est_requests: Lockout
    portable: PortableCertificates
    key_files: KeyFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSigning:
    """The rooms by which programs have officers' SIMs sign.

    Attributes:
        authorizations: Counts questions to officers.
    """

    signing: HashSigning
    authorizations: Lockout


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileSignatures:
    """The rooms of signatures by SIM.

    Attributes:
        signing: Asks phones.
        transactions: What was asked and signed, for those who may look.
        sims: Brings SIMs to officers.
        nightly: Looks at all cards.
        brake: Asks an administrator where a carrier says of many SIMs at once that they were exchanged.
        carriers: The services, by name.
        evidence: Makes the file that proves a signature (``signing.evidence``), time-stamped where the province gives
            time-stamps.
        signatures: Tells administrators of them.
        sim_lists: Gives lists of what waits for a carrier.
    """

    signing: Signing
    transactions: TransactionStore
    sims: SimEnrollment
    nightly: NightlyCheck
    brake: SimBrake
    carriers: Mapping[str, MobileSignatureService]
    evidence: Callable[[Transaction, Caller], bytes]
    signatures: Signatures
    sim_lists: SimLists


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirroring:
    """The rooms that keep the mirror of the directory.

    Attributes:
        ledger: Officers, for those who write.
        ended_terms: Makes changes of posts and guests whose time is over.
        aftermath: Draws the consequences of changes.
        sponsors: Has people named who answer for guests.
    """

    feed: Feed
    brake: Brake
    ledger: Ledger
    units: UnitMirror
    ended_terms: EndedTerms
    aftermath: Aftermath
    sponsors: Sponsors


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One deployment's rooms.

    Attributes:
        ping_database: Raises UnavailableError when the database does not answer.
        schema_state: Tells where the database stands: ``empty``, ``behind``, ``current``, or ``newer`` than this release knows.
        has_trigrams: Tells whether any part of an officer's name is found by an index of the database.
        prepare_database: Connects and compiles every statement.
        read_client_files: Reads the registration files of a folder such as ``clients/``.
        rehearse: Makes a copy of this deployment in which nothing is real, and takes it away afterwards.
    """

    settings: Settings
    clock: Clock
    sealer: Sealer
    audit: AuditTrail
    audit_repeats: AuditRepeats
    audit_chain: AuditChain
    audit_store: SealStore
    audit_reader: AuditReader
    daily_heads: DailyHeads
    archived_months: ArchivedMonths
    own_readings: OwnReadings
    own_data: OwnData
    directory: Directory
    deprovisioning: Deprovisioning
    mirror: OfficerMirror
    mirroring: Mirroring
    keys: KeyRing
    encryption_keys: EncryptionKeys
    clients: ClientRegistry
    registrar: Registrar
    initial_access: InitialAccess
    dynamic_registration: DynamicRegistration
    client_configuration: ClientConfiguration
    examiner: Examiner
    client_steps: ClientUse
    totp: Totp
    certificates: ClientCertificates
    certificate_desk: CertificateDesk
    own_certificates: OwnCertificates
    campaigns: Campaigns
    campaign_reminders: CampaignReminders
    campaign_courses: CampaignCourses
    published_chain: PublishedChain
    list_fetcher: ListFetcher | None
    certification: Issuance
    revocation_lists: RevocationListMaker
    ocsp: OcspResponder
    certificate_protocols: CertificateProtocols
    remote_signing: RemoteSigning | None
    mobile_signatures: MobileSignatures | None
    resource_access: ResourceAccess
    certificate_sign_in: CertificateSignIn
    recovery_codes: RecoveryCodes
    second_factors: SecondFactors
    first_factors: FirstFactors
    temporary_passes: TemporaryPasses
    freshness: Freshness
    passkeys: Passkeys
    mobile_id: MobileId
    phone_approvals: PhoneApprovals | None
    passkey_sign_in: PasskeySignIn
    sign_in: SignIn
    forgotten_passwords: ForgottenPasswords
    break_glass: BreakGlass
    password_notices: PasswordNotices
    assurance: AssurancePolicy
    sessions: Sessions
    known_devices: Devices
    remembered_devices: RememberedDevices
    interactions: Interactions
    consents: Consents
    acting_posts: ActingPosts
    provider: Provider
    approvals: Approvals
    backchannel: BackchannelAuthentication
    devices: DeviceAuthorization
    introspection: Introspection
    signed_introspection: SignedIntrospection
    userinfo: UserInfoAnswers
    administration: Administration
    subjects: Subjects
    end_session: EndSession
    outbox: NoticeQueue
    logout_delivery: LogoutDelivery
    pings: PingQueue
    ping_delivery: PingDelivery
    notices: Notices
    announcements: Announcements
    personal_data: PersonalDataNotice
    mail: MailQueue
    mail_delivery: MailDelivery
    housekeeping: Housekeeping
    job_work: JobWork
    pulse: Pulse
    ping_database: Callable[[], None]
    prepare_database: Callable[[], None]
    schema_state: Callable[[], str]
    has_trigrams: Callable[[], bool]
    read_client_files: Callable[[Path], tuple[ClientFile, ...]]
    rehearse: Rehearse
