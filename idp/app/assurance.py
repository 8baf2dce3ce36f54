"""What the settings demand of whom at sign-in, and where: read once, and refused at the start where a word means nothing."""

from __future__ import annotations

from ..authn.assurance import AssurancePolicy
from ..authn.networks import OUTSIDE, Networks, UnreadableNetworkError, read_networks
from ..directory.unit import is_unit_code
from ..errors import ConfigurationError
from ..settings import Settings


def named_networks(settings: Settings) -> Networks:
    """Read the named networks.

    Raises:
        ConfigurationError: a word is none.
    """
    try:
        return read_networks(settings.networks)
    except UnreadableNetworkError as err:
        raise ConfigurationError(f"IDP_NETWORKS: {err}.", remedy="Give name=network[,network...], separated by spaces.") from err


def assurance_policy(settings: Settings, networks: Networks, *, administrators: frozenset[str], highest: int) -> AssurancePolicy:
    """Make the policy. A mistyped agency or network would silently demand nothing, so it is refused.

    Args:
        settings: Settings of the deployment.
        networks: As ``named_networks`` gives them.
        administrators: Groups that administer, of which two factors are demanded whatever the settings say.
        highest: The highest level that anybody can reach here.

    Raises:
        ConfigurationError: a unit code is none, or a network has no such name.
    """
    for code in settings.require_second_factor_units:
        if not is_unit_code(code):
            raise ConfigurationError(f"IDP_REQUIRE_SECOND_FACTOR_UNITS: {code[:80]!r} is no unit code.",
                                     remedy="Give codes in the form of 2020, for example H30.3, separated by spaces.")
    names = {OUTSIDE} | {name for _, name in networks.known}
    for name in settings.require_second_factor_networks:
        if name not in names:
            raise ConfigurationError(f"IDP_REQUIRE_SECOND_FACTOR_NETWORKS: no network is named {name[:80]!r}.",
                                     remedy="Give names of IDP_NETWORKS, or outside, separated by spaces.")
    return AssurancePolicy(
        settings.acr_prefix, frozenset(settings.require_second_factor_groups) | administrators,
        frozenset(settings.require_second_factor_units), frozenset(settings.require_second_factor_networks), networks, highest,
        administrators)
