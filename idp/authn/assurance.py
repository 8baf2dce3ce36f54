"""How surely an officer has proven who they are: levels, acr and amr values, and which factor is still missing.

Spec: OpenID Connect Core 1.0 §2 and §3.1.2.1 (acr, amr, acr_values), RFC 8176 (amr values), RFC 9470 (step-up). Levels are
the numbers 1 password, 2 two factors, 3 certificate or signing SIM; outside they carry the province's prefix.

What is demanded is the highest of five: the application's registration, the officer's groups, the agencies of the officer's
posts, the network that the officer comes from, the request. The first four hold whatever the request says. All of them are asked
where the officer's browser is: at sign-in, at the authorization endpoint and on our own pages. The first three are asked again
whenever something is issued or honoured later (``oauth.grant.lapse_of``); the network is not, because there it is the application
that calls. So a grant made inside lives on, at most as long as its session or its refresh token, when its officer goes home.
``acr_values`` is a wish (Core §3.1.2.1: voluntary), so its first value that the officer can reach is taken and one that nobody
can reach is passed over; where nothing may be asked, what the session has goes first. The claim ``acr`` asked for as essential
(Core §5.5.1.1) is a wish that must come true.

Two things spare an officer what groups and agencies demand, administrators excepted: a remembered device
(``sessions.remembered``), and time that is granted before a first factor has to be there (``enrolment.grace``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..directory.unit import is_within
from .enrolment.grace import MARK, Grace, deadline_of, moment_of
from .networks import Networks

NOTHING = 0
PASSWORD = 1
TWO_FACTORS = 2
CERTIFICATE = 3

OUT_OF_REACH = 9
"""Stands for a demand that nothing this officer has can meet."""

PWD = "pwd"
OTP = "otp"
POP = "pop"
USER = "user"
SMART_CARD = "sc"
PIN = "pin"
MFA = "mfa"
REMEMBERED = "remembered"
"""Stands among the amr values of a session that a remembered device (``sessions.remembered``) let in by the password alone. Ours:
RFC 8176 has no such value and nothing was proven by it, so it is never published and adds nothing to the level."""
TEMPORARY = "temporary."
"""Begins the mark of a session that a temporary pass (``sign_in.temporary_pass``) let in beside the password; the end of its time
follows. Ours, as those above: the province lets it amount to two factors until then, but password and pass are two secrets that
somebody knows (RFC 8176 has no value for it, and ``mfa`` would be untrue), so ``amr`` tells of the password alone."""
_KINDS = {PWD: "knowledge", OTP: "possession", POP: "possession", SMART_CARD: "possession", PIN: "knowledge"}


def level_reached(amr: Collection[str]) -> int:
    """Give the level that factors amount to.

    Args:
        amr: RFC 8176 values of the factors proven, for example ``("pwd", "otp", "mfa")``.
    """
    if SMART_CARD in amr:
        return CERTIFICATE
    if len(_kinds(amr)) > 1 or {POP, MFA}.issubset(amr):  # a passkey that verified its user is two of its own
        return TWO_FACTORS
    if PWD in amr and temporary_until(amr) is not None:
        return TWO_FACTORS
    return PASSWORD if PWD in amr else NOTHING


def with_factor(amr: Iterable[str], *proven: str) -> tuple[str, ...]:
    """Add what was proven; ``mfa`` stands last where there are factors of two kinds, or one that is two (RFC 8176 §2)."""
    values = tuple(value for value in (*amr, *proven) if not _is_mark(value))
    factors = tuple(dict.fromkeys(value for value in values if value != MFA))
    return (*factors, MFA) if MFA in values or len(_kinds(factors)) > 1 else factors


def temporary_mark(until: int) -> str:
    """Give the mark of a sign-in that a temporary pass let in, good until then (seconds since the epoch)."""
    return f"{TEMPORARY}{until}"


def temporary_until(amr: Iterable[str]) -> int | None:
    """Tell until when a temporary pass is good that let somebody in; None where none did."""
    return moment_of(amr, TEMPORARY)


def own_level(acr: int, amr: Collection[str]) -> int:
    """Give the level without a temporary pass: for what the pass never opens, which is factors, administration and certificates.

    Args:
        acr: Level that was reached.
        amr: Of the sign-in, with its marks.
    """
    return acr if temporary_until(amr) is None else min(acr, PASSWORD)


def published(amr: Iterable[str]) -> list[str]:
    """Give what applications are told of the factors of a session: what was proven, and nothing else."""
    return [value for value in amr if not _is_mark(value)]


def _is_mark(value: str) -> bool:
    """Tell whether a value is one of ours by which nothing was proven."""
    return value == REMEMBERED or value.startswith((MARK, TEMPORARY))


def _kinds(amr: Iterable[str]) -> set[str]:
    return {_KINDS[value] for value in amr if value in _KINDS}


def missing(reached: int, required: int) -> tuple[str, ...]:
    """Tell which factors are still to be proven, in the order in which they are asked.

    Returns:
        Empty when the level is reached; ``("otp",)``, ``("pwd",)`` or both; ``("certificate",)`` comes last.
    """
    steps = ((PASSWORD, PWD), (TWO_FACTORS, OTP), (CERTIFICATE, "certificate"))
    return tuple(factor for level, factor in steps if reached < level <= required)


@dataclass(frozen=True, slots=True)
class Demand:
    """What demands two factors of an officer.

    Attributes:
        kind: What it is; ``role`` is to administer or to audit.
        name: Of the group or network, or the agency's code; "" for a role.
    """

    kind: Literal["role", "group", "unit", "network"]
    name: str


@dataclass(frozen=True, slots=True)
class AssurancePolicy:
    """What the province demands of whom.

    Attributes:
        acr_prefix: For example ``urn:haugiang:acr:``.
        second_factor_groups: Groups whose members need two factors at every sign-in.
        second_factor_units: Codes of the agencies of which a post, there or in a unit below, needs two factors.
        second_factor_networks: Names of the networks from which everybody needs two factors.
        networks: The named networks.
        highest: The highest level that anybody can reach here: ``CERTIFICATE`` where certificates are asked for.
        administrators: Groups that administer or audit; nothing spares their members anything.
        grace: What time officers without a factor are granted.
        grace_over: Tells of an officer, by subject, that no time is granted any more: a factor was enrolled, or removed. Asked
            only where a deadline would count.
    """

    acr_prefix: str
    second_factor_groups: frozenset[str] = frozenset()
    second_factor_units: frozenset[str] = frozenset()
    second_factor_networks: frozenset[str] = frozenset()
    networks: Networks = field(default_factory=Networks)
    highest: int = TWO_FACTORS
    administrators: frozenset[str] = frozenset()
    grace: Grace = field(default_factory=Grace)
    grace_over: Callable[[str], bool] = field(default=lambda _sub: False, compare=False)

    def acr_of(self, level: int) -> str:
        """Give the acr value of a level that was reached."""
        return f"{self.acr_prefix}{level}"

    def level_of(self, acr: str) -> int | None:
        """Give the level of an acr value, or None for a value that is not ours."""
        return next((level for level in (PASSWORD, TWO_FACTORS, CERTIFICATE) if acr == self.acr_of(level)), None)

    def acr_values_supported(self) -> list[str]:
        """Give the values for discovery."""
        return [self.acr_of(level) for level in range(PASSWORD, self.highest + 1)]

    def spares(self, amr: Collection[str], now: int, *, sub: str, afresh: bool = False) -> bool:
        """Tell whether the officer of a sign-in is spared what groups and agencies demand (``demanded``).

        Args:
            amr: Of the sign-in, with its marks.
            now: Seconds since the epoch.
            sub: Whose it is.
            afresh: Something asks for a fresh authentication; then no remembered device counts.
        """
        return (REMEMBERED in amr and not afresh) or (
            self.grace.honours(deadline_of(amr), now) and not self.grace_over(sub))

    def demanded(self, groups: Collection[str], client_level: int, *, units: Collection[str], source: str | None,
                 spared: bool = False) -> int:
        """Give the level below which nothing is issued or honoured: the strictest of application, groups, agencies and network.

        Args:
            groups: The officer's groups; empty while nobody is known.
            client_level: As registered (``Client.required_level``); 0 where nothing is asked, and for our own pages.
            units: Codes of the units of every current post of the officer's; empty while nobody is known.
            source: Address of the officer's browser; None where it is not the officer who calls.
            spared: As ``spares`` says. It spares what is demanded of officers for their groups and agencies, administrators
                excepted; never what the network, the application or its request demands.
        """
        of_officer = (not self.second_factor_groups.isdisjoint(groups)
                      or any(is_within(unit, strict) for unit in units for strict in self.second_factor_units))
        spared = spared and self.administrators.isdisjoint(groups)
        two = (of_officer and not spared) or (
            source is not None and self.networks.name_of(source) in self.second_factor_networks)
        return max(client_level, TWO_FACTORS if two else PASSWORD)

    def demands(self, groups: Collection[str], *, units: Collection[str], source: str | None) -> Iterator[Demand]:
        """Name what demands two factors of an officer, whatever the application, for words; who decides is ``demanded``."""
        if not self.administrators.isdisjoint(groups):
            yield Demand("role", "")
        strict_groups = self.second_factor_groups - self.administrators
        yield from (Demand("group", name) for name in sorted(strict_groups.intersection(groups)))
        yield from (Demand("unit", strict) for strict in sorted(self.second_factor_units)
                    if any(is_within(unit, strict) for unit in units))
        network = None if source is None else self.networks.name_of(source)
        if network is not None and network in self.second_factor_networks:
            yield Demand("network", network)

    def required_level(self, groups: Collection[str], client_level: int, acr_values: Iterable[str] = (), *,
                       units: Collection[str], source: str | None, essential: bool = False, reachable: int | None = None,
                       spared: bool = False) -> int:
        """Give the level that this sign-in is to reach.

        Args:
            groups: The officer's groups; empty while nobody is known.
            client_level: As for ``demanded``.
            acr_values: As requested, in order of preference.
            units: As for ``demanded``.
            source: As for ``demanded``.
            essential: One of them must be reached; ``OUT_OF_REACH`` is given when none can be.
            reachable: What this officer can reach with the factors there are; left out, what anybody can. It bounds the wish
                only; what is demanded stays demanded, and is ``OUT_OF_REACH`` where nobody can reach it.
            spared: As for ``demanded``.
        """
        nothing = OUT_OF_REACH if essential else PASSWORD
        reachable = self.highest if reachable is None else reachable
        wished = next((level for level in map(self.level_of, acr_values) if level is not None and level <= reachable), nothing)
        level = max(self.demanded(groups, client_level, units=units, source=source, spared=spared), wished)
        return level if level <= self.highest else OUT_OF_REACH
