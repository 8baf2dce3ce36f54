"""The factors that officers prove themselves with are wired: their stores, and how often each may be guessed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..adapters.crl_files import CrlFiles
from ..adapters.key_files import FileSealer
from ..adapters.sql.authn.certificates import SqlCertificates
from ..adapters.sql.authn.first_factors import SqlFactorDemands
from ..adapters.sql.authn.mobile_id import SqlSimLogins
from ..adapters.sql.authn.passkeys import SqlPasskeys
from ..adapters.sql.authn.recovery_codes import SqlRecoveryCodes
from ..adapters.sql.authn.temporary_pass import SqlTemporaryPasses
from ..adapters.sql.authn.totp import SqlTotpStore
from ..adapters.sql.database import Database
from ..audit import AuditTrail
from ..authn.client_certificate import ClientCertificates
from ..authn.enrolment.first_factor import FirstFactors
from ..authn.lockout import FACTOR_LIMITS, GuessCounter, Lockout
from ..authn.mobile_id import MobileId
from ..authn.networks import Networks
from ..authn.passkeys import PASSKEY, Passkeys
from ..authn.recovery_codes import RecoveryCodes
from ..authn.second_factor import SecondFactors
from ..authn.sign_in.temporary_pass import TemporaryPasses
from ..authn.totp import Totp
from ..authn.webauthn import RelyingParty
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..settings import Settings
from .assurance import first_factor_rules, pause_of
from .servers import officer_authorities


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """The rooms of the factors."""

    totp: Totp
    recovery_codes: RecoveryCodes
    certificates: ClientCertificates
    passkeys: Passkeys
    mobile_id: MobileId
    of_keys: Lockout
    demands: SqlFactorDemands
    second_factors: SecondFactors
    first_factors: FirstFactors
    temporary_passes: TemporaryPasses


def factor_rooms(settings: Settings, database: Database, networks: Networks, sealer: FileSealer, audit: AuditTrail,
                 guesses: GuessCounter, frozen_until: Callable[[str], int | None], mirror: OfficerMirror,
                 clock: Clock) -> Factors:
    """Build them.

    Args:
        settings: Of the deployment.
        database: Where their stores are.
        networks: As ``named_networks`` gives them.
        sealer: Of the secrets.
        audit: Where wrong answers stand.
        guesses: Counts them.
        frozen_until: As ``Deprovisioning.frozen_until``.
        mirror: Who officers are.
        clock: Source of the time.

    Raises:
        ConfigurationError: a certificate file is missing, or a network has no such name.
    """
    totp = Totp(SqlTotpStore(database), sealer, clock)
    certificates = ClientCertificates(SqlCertificates(database), officer_authorities(settings),
                                      CrlFiles(settings.officer_crl_dir), sealer, clock)
    recovery_codes = RecoveryCodes(SqlRecoveryCodes(database), sealer.derive("recovery codes"), clock)
    party = RelyingParty(settings.passkey_domain, settings.issuer, settings.product_name) if settings.passkey_domain else None
    passkeys = Passkeys(SqlPasskeys(database), party, clock)
    demands = SqlFactorDemands(database)
    pause, kinds = pause_of(settings), (PASSKEY, "factor", certificates.name, "recovery", "enrolment_code",
                                      "temporary_pass")
    of_keys, of_codes, of_cards, of_list, of_first, of_passes = (
        Lockout(guesses, clock, FACTOR_LIMITS.with_pause(pause), kind=it) for it in kinds)
    mobile_id = MobileId(SqlSimLogins(database), mirror, clock)
    # What a phone has confirmed waits for no pause: the asking is counted, and who refuses has a pause of their own.
    of_phones = Lockout(guesses, clock, FACTOR_LIMITS, kind=mobile_id.name)
    second_factors = SecondFactors([(passkeys, of_keys), (totp, of_codes), (certificates, of_cards), (mobile_id, of_phones),
                                    (recovery_codes, of_list)], audit, clock, frozen_until=frozen_until,
                                   also=[of_first, of_passes],
                                   before_removal=lambda entry_uuid: demands.end(entry_uuid, clock.now()))
    first_factors = first_factor_rules(settings, networks, second_factors, demands, of_first, database,
                                       sealer.derive("enrolment codes"), clock)
    return Factors(totp=totp, recovery_codes=recovery_codes, certificates=certificates, passkeys=passkeys,
                   mobile_id=mobile_id, of_keys=of_keys,
                   demands=demands, second_factors=second_factors, first_factors=first_factors,
                   temporary_passes=TemporaryPasses(SqlTemporaryPasses(database), of_passes, audit, clock,
                                                    key=sealer.derive("temporary passes")))
