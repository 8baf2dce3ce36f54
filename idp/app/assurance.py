"""What the settings demand of whom at sign-in, and where: read once, and refused at the start where a word means nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ..adapters.sql.authn.first_factors import SqlEnrolmentCodes, SqlFactorDemands
from ..adapters.sql.database import Database
from ..adapters.sql.trail.records import SqlAuditTrail
from ..authn.assurance import AssurancePolicy
from ..authn.enrolment.codes import EnrolmentCodes
from ..authn.enrolment.first_factor import FirstFactors, TrustedNetworks
from ..authn.enrolment.grace import Grace
from ..authn.lockout import Lockout, Pause
from ..authn.networks import OUTSIDE, Networks, UnreadableNetworkError, read_networks
from ..authn.second_factor import SecondFactors
from ..clock import Clock
from ..directory.unit import is_unit_code
from ..errors import ConfigurationError
from ..settings import Settings
from ..web.notice_words import TIME_ZONE


def named_networks(settings: Settings) -> Networks:
    """Read the named networks.

    Raises:
        ConfigurationError: a word is none.
    """
    try:
        return read_networks(settings.networks)
    except UnreadableNetworkError as err:
        raise ConfigurationError(f"IDP_NETWORKS: {err}.", remedy="Give name=network[,network...], separated by spaces.") from err


def assurance_policy(settings: Settings, networks: Networks, *, administrators: frozenset[str], highest: int,
                     grace_over: Callable[[str], bool]) -> AssurancePolicy:
    """Make the policy. A mistyped agency or network would silently demand nothing, so it is refused.

    Args:
        settings: Settings of the deployment.
        networks: As ``named_networks`` gives them.
        administrators: Groups that administer, of which two factors are demanded whatever the settings say.
        highest: The highest level that anybody can reach here.
        grace_over: As ``AssurancePolicy.grace_over``.

    Raises:
        ConfigurationError: a unit code is none, or a network has no such name.
    """
    for code in settings.require_second_factor_units:
        if not is_unit_code(code):
            raise ConfigurationError(f"IDP_REQUIRE_SECOND_FACTOR_UNITS: {code[:80]!r} is no unit code.",
                                     remedy="Give codes in the form of 2020, for example H30.3, separated by spaces.")
    _check_names("IDP_REQUIRE_SECOND_FACTOR_NETWORKS", settings.require_second_factor_networks, networks)
    return AssurancePolicy(
        settings.acr_prefix, frozenset(settings.require_second_factor_groups) | administrators,
        frozenset(settings.require_second_factor_units), frozenset(settings.require_second_factor_networks), networks, highest,
        administrators, grace(settings), grace_over)


def grace(settings: Settings) -> Grace:
    """Read what time officers without a factor are granted; a day begins at midnight in the province."""
    day = settings.second_factor_from
    since = 0 if day is None else int(datetime(day.year, day.month, day.day, tzinfo=TIME_ZONE).astimezone(UTC).timestamp())
    return Grace(settings.second_factor_grace_days, since)


def trusted_networks(settings: Settings, networks: Networks) -> TrustedNetworks:
    """Read where the password alone enrols a first factor.

    Left open, these are the named networks from which no second factor is demanded. Whoever named none has said nothing of who is
    where, so then there are none: behind a proxy that was forgotten everybody would come from the same address. In development
    every other address is trusted too.

    Raises:
        ConfigurationError: a network has no such name.
    """
    if settings.first_factor_networks is not None:
        _check_names("IDP_FIRST_FACTOR_NETWORKS", settings.first_factor_networks, networks)
        return TrustedNetworks(networks, frozenset(settings.first_factor_networks))
    names = {name for _, name in networks.known} | ({OUTSIDE} if settings.development else set())
    return TrustedNetworks(networks, frozenset(names.difference(settings.require_second_factor_networks)))


def pause_of(settings: Settings) -> Pause:
    """Give what follows wrong answers of every kind."""
    return Pause(settings.sign_in_pause_seconds, settings.sign_in_pause_max_seconds)


def first_factor_rules(settings: Settings, networks: Networks, factors: SecondFactors, demands: SqlFactorDemands,
                       limits: Lockout, database: Database, key: bytes, clock: Clock) -> FirstFactors:
    """Put the rules of first factors together.

    Args:
        settings: Settings of the deployment.
        networks: As ``named_networks`` gives them.
        factors: Which officers have.
        demands: When one was first demanded.
        limits: Of guesses at codes.
        database: Where codes are kept and refusals recorded.
        key: Of the digests of codes.
        clock: Source of the time.

    Raises:
        ConfigurationError: as ``trusted_networks``.
    """
    codes = EnrolmentCodes(SqlEnrolmentCodes(database), limits, SqlAuditTrail(database), clock, key=key,
                           lifetime_seconds=settings.enrolment_code_minutes * 60)
    return FirstFactors(factors, codes, demands, trusted_networks(settings, networks), grace(settings), clock)


def _check_names(setting: str, given: tuple[str, ...], networks: Networks) -> None:
    names = {OUTSIDE} | {name for _, name in networks.known}
    for name in given:
        if name not in names:
            raise ConfigurationError(f"{setting}: no network is named {name[:80]!r}.",
                                     remedy="Give names of IDP_NETWORKS, or outside, separated by spaces.")
