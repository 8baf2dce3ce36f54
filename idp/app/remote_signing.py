"""How what programs ask of officers' SIMs is put together: remote signing (CSC API), and approvals on the phone (CIBA)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cryptography import x509

from ..adapters.sql.database import Database
from ..adapters.sql.signing.csc_authorizations import SqlCscAuthorizations
from ..adapters.sql.signing.phone_approvals import SqlPhoneApprovals
from ..adapters.sql.signing.transactions import SqlTransactions
from ..audit import AuditTrail
from ..authn.assurance import AssurancePolicy
from ..authn.lockout import GuessCounter, Lockout
from ..authn.mobile_id import MobileId
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..directory.officer import Directory
from ..endpoints.csc.house import AUTHORIZE_LIMITS
from ..notices.personal_data import PersonalDataNotice
from ..oauth.client import ClientRegistry
from ..oauth.deferred.approvals import Approvals
from ..oauth.requests.credential_scope import TYPE
from ..oauth.requests.signing_details import SigningDetails
from ..oidc.acting_post import ActingPosts
from ..oidc.consent import Consents
from ..oidc.phone_approval import LIMITS, PhoneApprovals
from ..oidc.subject import Subjects
from ..services import RemoteSigning
from ..sessions.single_sign_on import Sessions
from ..settings import Settings
from ..signing.csc.authorization import ActivationData
from ..signing.csc.credential import Credentials, Names
from ..signing.csc.hash_signing import HashSigning
from ..signing.csc.waiting import Waiting
from ..signing.ports import Sims, Standings
from ..signing.signing import Signing


def leave_types(settings: Settings) -> dict[str, SigningDetails]:
    """Give the type of authorization details by which a phone is asked, where officers sign by SIM."""
    return {} if settings.mssp_file is None else {TYPE: SigningDetails(most=settings.csc_multisign)}


def remote_signing(settings: Settings, database: Database, signing: Signing, sims: Sims, standings: Standings,
                   issuers: Callable[[x509.Certificate], Sequence[x509.Certificate]], guesses: GuessCounter,
                   derive: Callable[[str], bytes], clock: Clock) -> RemoteSigning:
    """Build the rooms by which programs have officers' SIMs sign; ``derive`` gives keys of this deployment, 32 octets each."""
    names, activation = Names(derive("signing credentials")), ActivationData(derive("signature activation"))
    credentials = Credentials(sims, standings, SqlTransactions(database), issuers, names, clock)
    room = HashSigning(signing, credentials, SqlCscAuthorizations(database), activation,
                       Waiting(settings.waiting_requests, time.sleep), clock, multisign=settings.csc_multisign)
    return RemoteSigning(signing=room, authorizations=Lockout(guesses, clock, AUTHORIZE_LIMITS, kind="signings"))


def phone_approvals(database: Database, approvals: Approvals, mobile_id: MobileId, clients: ClientRegistry, mirror: OfficerMirror,
                    directory: Directory, frozen: Callable[[str], bool], sessions: Sessions, assurance: AssurancePolicy,
                    consents: Consents, posts: ActingPosts, notice: PersonalDataNotice, subjects: Subjects,
                    guesses: GuessCounter, audit: AuditTrail, clock: Clock) -> PhoneApprovals:
    """Build the room by which phones are asked what applications ask officers by name."""
    return PhoneApprovals(
        SqlPhoneApprovals(database), approvals, mobile_id, clients, mirror, directory, frozen, sessions, assurance,
        consents=consents, posts=posts, personal_data=notice, subjects=subjects,
        limits=Lockout(guesses, clock, LIMITS, kind="phone_approval"), audit=audit, clock=clock)
