"""All tables, declared once; migrations/ creates them.

Secrets and tokens stand here only as SHA-256 digests; keys and factor secrets only sealed under the key-encryption key. Stores,
not foreign keys, keep hot rows consistent. What columns are made of: ``column_types.py``; what officers gave applications:
``oauth.py``; their factors: ``factors.py``, ``first_factors.py`` and ``passkeys.py``; what they are told: ``notices.py``; what
everybody is: ``announcements.py``; what follows departures: ``departures.py``; certificates on their way: ``enrollments.py`` and
``government.py``; what holds their keys: ``custody.py``; signatures by SIM: ``signing.py``; deputies and what waits for two:
``two_persons.py``; campaigns: ``rollout.py``; the audit trail: ``trail.py``; what else is mirrored of the directory:
``directory.py``; under the same names here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .announcements import AnnouncementRow, NoticeReadingRow
from .applications import ClientStepRow
from .authorities import EnrollmentLeaveRow, PkiAuthorityRow, PkiCertificateRow
from .column_types import Base, ClientId, Digest, Epoch, RowId, Subject, TransactionId, Words, db
from .custody import CustodyDeviceRow, CustodyEntryRow
from .departures import A_GUEST, NOT_ACTIVE, DepartureRow, TaskRow
from .directory import DirectoryFeedRow, OfficerChangeRow, UnitRow
from .enrollments import DeskDigestRow, EnrollmentEntryRow, EnrollmentRow, ExpiryDigestRow, ExpiryNoticeRow, KeeperDigestRow
from .factors import OfficerCertificateRow, OneTimePasswordRow, RecoveryCodesRow, SimLoginRow, TotpEnrolmentRow, TotpRow
from .first_factors import EnrolmentCodeRow, FactorDemandRow
from .government import CertificateBatchRow, IssuerSerialRow, SeenCertificateRow
from .notices import AuditRepeatRow, DeviceRow, NoticeRow, RememberedDeviceRow
from .oauth import (
    AccessTokenRow,
    AuthorizationCodeRow,
    ConsentRow,
    DeferredAuthorizationRow,
    GrantRow,
    PostChoiceRow,
    PushedRequestRow,
    RefreshTokenRow,
)
from .operation import AnsweredRequestRow, JobPartRow, JobRow
from .passkeys import PasskeyChallengeRow, PasskeyRow, PasskeyUserRow
from .recoveries import PasswordRecoveryRow
from .revocation_lists import PkiListRow, PkiSignerRow
from .rollout import (
    CampaignCourseRow,
    CampaignDigestRow,
    CampaignEntryRow,
    CampaignMemberRow,
    CampaignReminderRow,
    CampaignRemindingRow,
    CampaignRow,
    RolloutFactRow,
)
from .signing import CscAuthorizationRow, EvidenceBlobRow, SignEventRow, SignTransactionRow
from .sims import SimBrakeRow, SimDoubtRow, SimEntryRow, SimRow
from .trail import AuditArchiveRow, AuditDayRow, AuditRow, AuditSealRow
from .two_persons import AccessStopRow, DeputyRow, FactorResetRow, TemporaryPassRow

__all__ = (
    "AccessStopRow",
    "AccessTokenRow",
    "AnnouncementRow",
    "AnsweredRequestRow",
    "AuditArchiveRow",
    "AuditDayRow",
    "AuditRepeatRow",
    "AuditRow",
    "AuditSealRow",
    "AuthorizationCodeRow",
    "Base",
    "CampaignCourseRow",
    "CampaignDigestRow",
    "CampaignEntryRow",
    "CampaignMemberRow",
    "CampaignReminderRow",
    "CampaignRemindingRow",
    "CampaignRow",
    "CertificateBatchRow",
    "ClientRow",
    "ClientStepRow",
    "ConsentRow",
    "CscAuthorizationRow",
    "CustodyDeviceRow",
    "CustodyEntryRow",
    "DeferredAuthorizationRow",
    "DepartureRow",
    "DeputyRow",
    "DeskDigestRow",
    "DeviceRow",
    "DirectoryFeedRow",
    "EnrollmentEntryRow",
    "EnrollmentLeaveRow",
    "EnrollmentRow",
    "EnrolmentCodeRow",
    "EvidenceBlobRow",
    "ExpiryDigestRow",
    "ExpiryNoticeRow",
    "FactorDemandRow",
    "FactorResetRow",
    "GrantRow",
    "InitialAccessRow",
    "InteractionRow",
    "IssuerSerialRow",
    "JobPartRow",
    "JobRow",
    "KeeperDigestRow",
    "NoticeReadingRow",
    "NoticeRow",
    "OfficerCertificateRow",
    "OfficerChangeRow",
    "OfficerRow",
    "OneTimePasswordRow",
    "OutboxRow",
    "PasskeyChallengeRow",
    "PasskeyRow",
    "PasskeyUserRow",
    "PasswordRecoveryRow",
    "PkiAuthorityRow",
    "PkiCertificateRow",
    "PkiListRow",
    "PkiSignerRow",
    "PostChoiceRow",
    "PushedRequestRow",
    "RecoveryCodesRow",
    "RefreshTokenRow",
    "RememberedDeviceRow",
    "RolloutFactRow",
    "SeenCertificateRow",
    "SeenOnceRow",
    "SessionClientRow",
    "SessionRow",
    "SignEventRow",
    "SignTransactionRow",
    "SigningKeyRow",
    "SimBrakeRow",
    "SimDoubtRow",
    "SimEntryRow",
    "SimLoginRow",
    "SimRow",
    "TaskRow",
    "TemporaryPassRow",
    "ThrottleRow",
    "TotpEnrolmentRow",
    "TotpRow",
    "TransactionId",
    "UnitRow",
    "VersionRow",
    "db",
)


_GROUPED = text("groups <> '[]'")


class OfficerRow(Base):
    """Local mirror of one officer, keyed by entryUUID; ``sub`` is given once and never changes."""

    __tablename__ = "officer"
    entry_uuid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sub: Mapped[Subject] = mapped_column(unique=True)
    uid: Mapped[str] = mapped_column(String(255), index=True)
    dn: Mapped[Words]
    mail: Mapped[Words]
    name: Mapped[Words]
    given_name: Mapped[Words]
    family_name: Mapped[Words]
    phone: Mapped[Words]
    unit_code: Mapped[str] = mapped_column(String(64), index=True)
    unit_code_2016: Mapped[str] = mapped_column(String(64))
    unit_name: Mapped[Words]
    title: Mapped[Words]
    posts: Mapped[Words]
    """JSON array of objects: unit_code, unit_code_2016, unit_name, title."""
    groups: Mapped[Words]
    """JSON array of group names (cn)."""
    roles_since: Mapped[Epoch | None]
    """When the mirror saw the groups that make administrators as they are now; None where they are none, or it was not kept."""
    attributes: Mapped[Words]
    """JSON object: directory attributes that clients may take as login name (uid, mail, employeeNumber)."""
    address: Mapped[Words] = mapped_column(Text, server_default="")
    """JSON object: parts of the office address; empty where nothing is known."""
    guest: Mapped[str] = mapped_column(String(64), server_default="")
    """What kind of guest; empty for the province's own people."""
    sponsor: Mapped[str] = mapped_column(Text, server_default="")
    """DN of who answers for a guest."""
    ends_at: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """When the account ends; 0 where it goes on."""
    next_end_at: Mapped[Epoch | None] = mapped_column(index=True)
    """When something of the officer ends next: an acting post, or the account."""
    search_key: Mapped[Words]
    """Unaccented lower-case text that searches match against, cut, with a blank before its first word."""
    status: Mapped[str] = mapped_column(String(16))
    """active | disabled | gone."""
    first_sign_in_at: Mapped[Epoch | None] = mapped_column(index=True)
    last_sign_in_at: Mapped[Epoch | None]
    updated_at: Mapped[Epoch]
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Counts changes of the facts; a writer that decided on an older one has lost."""
    stopped_at: Mapped[Epoch | None]
    """When an administrator stopped the account here; disabled since then, whatever the directory says (``AccessStopRow``)."""
    left_at: Mapped[Epoch | None] = mapped_column(index=True)
    """When an officer who could sign in was disabled or removed; None for others."""
    __table_args__ = (Index("ix_officer_within", "unit_code", "search_key", "entry_uuid", "status",
                            postgresql_ops={"unit_code": "varchar_pattern_ops"}),
                      Index("ix_officer_by_name", "search_key", "entry_uuid", "unit_code", "status"),
                      Index("ix_officer_last_sign_in", text("coalesce(last_sign_in_at, 0)"), "entry_uuid"),
                      Index("ix_officer_not_active", "sub", postgresql_where=NOT_ACTIVE, sqlite_where=NOT_ACTIVE),
                      Index("ix_officer_grouped", "entry_uuid", postgresql_where=_GROUPED, sqlite_where=_GROUPED),
                      Index("ix_officer_guest", "sub", postgresql_where=A_GUEST, sqlite_where=A_GUEST))


class SessionRow(Base):
    """Single sign-on session of one browser. The cookie's value stands here only as a digest."""

    __tablename__ = "sso_session"
    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    cookie_digest: Mapped[Digest] = mapped_column(unique=True)
    sub: Mapped[Subject] = mapped_column(index=True)
    auth_time: Mapped[Epoch]
    acr: Mapped[int] = mapped_column(Integer)
    """Assurance level reached: 1 password, 2 two factors, 3 certificate or SIM."""
    amr: Mapped[str] = mapped_column(String(128))
    """Space-separated RFC 8176 values."""
    created_at: Mapped[Epoch]
    last_seen_at: Mapped[Epoch]
    expires_at: Mapped[Epoch]
    """Absolute limit; the idle limit is last_seen_at plus the setting."""
    ended_at: Mapped[Epoch | None]
    end_reason: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(255))
    __table_args__ = (Index("ix_sso_session_alive", "last_seen_at", postgresql_where=text("ended_at IS NULL"),
                            sqlite_where=text("ended_at IS NULL")),
                      Index("ix_sso_session_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL"),
                            sqlite_where=text("ended_at IS NOT NULL")))


class SessionClientRow(Base):
    """An application that took part in a session, and so is told when the session ends."""

    __tablename__ = "session_client"
    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[ClientId] = mapped_column(primary_key=True)
    sub: Mapped[Subject]
    first_used_at: Mapped[Epoch] = mapped_column(index=True)
    last_used_at: Mapped[Epoch]
    __table_args__ = (Index("ix_session_client_sub_client_id", "sub", "client_id"),)


class InteractionRow(Base):
    """What a browser is in the middle of: a stored authorization request, or a sign-in to our own pages."""

    __tablename__ = "interaction"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """authorize | page."""
    client_id: Mapped[ClientId]
    request: Mapped[Words]
    """JSON of the validated authorization request; "{}" for our own pages."""
    return_to: Mapped[Words]
    """Path on our own host, for kind page."""
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """SHA-256 of the browser id that took it up first; others are led away."""
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch] = mapped_column(index=True)
    entry_uuid: Mapped[str] = mapped_column(String(64))
    """Officer whose password was right; empty before."""
    amr: Mapped[str] = mapped_column(String(128))
    proven_at: Mapped[Epoch | None]
    """When the first factor was proven in this interaction."""
    must_change_password: Mapped[bool]
    password_expires_at: Mapped[Epoch | None]
    """When the password that was right here ends, where that is soon."""
    grace_left: Mapped[int | None] = mapped_column(Integer)
    """Sign-ins left with the expired password that was right here."""
    authenticated_at: Mapped[Epoch | None]
    """When all factors were proven in this interaction; satisfies prompt=login and max_age."""
    authenticated_sid: Mapped[str] = mapped_column(String(64))
    done_at: Mapped[Epoch | None]
    __table_args__ = (Index("ix_interaction_proven", "entry_uuid", postgresql_where=text("proven_at IS NOT NULL"),
                            sqlite_where=text("proven_at IS NOT NULL")),)


class ClientRow(Base):
    """A registered application: from clients/ (source ``file``) or made at run time (``registered``)."""

    __tablename__ = "client"
    client_id: Mapped[ClientId] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    metadata_: Mapped[str] = mapped_column("metadata", Text)
    """JSON: RFC 7591 members and the table ``province``."""
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Only where the application signs with it (client_secret_jwt)."""
    created_at: Mapped[Epoch]
    updated_at: Mapped[Epoch]
    disabled_at: Mapped[Epoch | None]
    registration_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the registration access token (RFC 7592), where the application registered itself; so the next two."""
    registration_terms: Mapped[str | None] = mapped_column(Text)
    """JSON: what held for its initial access token, and holds for every change."""
    initial_access_id: Mapped[str | None] = mapped_column(String(32))


class InitialAccessRow(Base):
    """An initial access token: leave to register some applications."""

    __tablename__ = "initial_access"
    token_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[Digest] = mapped_column(unique=True)
    terms: Mapped[Words]
    """JSON: owner, consent, scope, grant_types, require_pkce, required_acr, allowed_groups, software_issuer."""
    quota: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Epoch]
    expires_at: Mapped[Epoch | None]
    revoked_at: Mapped[Epoch | None]


class SigningKeyRow(Base):
    """A token signing key; the private part is sealed under the key-encryption key, or lies in a PKCS #11 token."""

    __tablename__ = "signing_key"
    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    alg: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    """next | active | retired | removed."""
    public_jwk: Mapped[Words]
    sealed_private: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Epoch]
    activated_at: Mapped[Epoch | None]
    retired_at: Mapped[Epoch | None]
    token_uri: Mapped[Words] = mapped_column(server_default="")
    """RFC 7512; empty for a sealed key, and once the private part was destroyed."""


class VersionRow(Base):
    """Counters that tell every process when its objects in memory are stale: ``clients``, ``keys``, ``announcements``."""

    __tablename__ = "version"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class ThrottleRow(Base):
    """Guess counters of accounts, sources and pairs of both, and sources an officer signed in from (authn/lockout.py).

    Also which refusals of applications were recorded just now (``oauth.ports.GrantStore.note``).
    """

    __tablename__ = "throttle"
    key: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of kind and value, so that the table is no list of who tried to sign in."""
    until: Mapped[Epoch] = mapped_column(index=True)
    """When the counter is empty again (each guess moves it later); of a known source: when it is forgotten; of a refusal: when
    the next one is recorded. Past: worthless."""


class SeenOnceRow(Base):
    """An identifier that may come once: jti of a client assertion."""

    __tablename__ = "seen_once"
    key: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of kind and value."""
    until: Mapped[Epoch] = mapped_column(index=True)
    """When what it was part of is worthless by its own time."""


class OutboxRow(Base):
    """A message that must leave after its transaction: logout tokens, pings, mail to officers."""

    __tablename__ = "outbox"
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(32))
    """backchannel_logout | ciba_ping | mail."""
    receiver: Mapped[ClientId]
    """client_id, or ``mail`` for the mail server; one dead receiver never delays another."""
    payload: Mapped[Words]
    """JSON: what the sender needs to make the message (never a signed token)."""
    state: Mapped[str] = mapped_column(String(16))
    """waiting | sent | dead."""
    attempts: Mapped[int] = mapped_column(Integer)
    next_attempt_at: Mapped[Epoch]
    created_at: Mapped[Epoch]
    finished_at: Mapped[Epoch | None]
    last_error: Mapped[str] = mapped_column(String(255))
    __table_args__ = (Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
                      Index("ix_outbox_finished_at", "finished_at", postgresql_where=text("finished_at IS NOT NULL"),
                            sqlite_where=text("finished_at IS NOT NULL")))
