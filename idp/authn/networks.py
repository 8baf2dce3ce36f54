"""Networks that the province has named: where somebody is, as far as an address tells it.

A setting of words ``name=network[,network...]``, for example ``so-noi-vu=10.1.0.0/16 tinh=10.0.0.0/8,2001:db8::/32``. An
address is in the narrowest network that holds it, and ``outside`` where none does. Two named networks have something to do with
each other when one lies within the other (an agency's within the province's); nobody can be in two others within minutes.
``outside`` says nothing: a telephone is there while its owner is at the office.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

OUTSIDE = "outside"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class UnreadableNetworkError(ValueError):
    """A word of the setting that is no name with networks; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The named networks, narrowest first.

    Attributes:
        known: Network and name.
    """

    known: tuple[tuple[Network, str], ...] = ()

    def name_of(self, source: str) -> str:
        """Name the network of an address; ``outside`` where it has no name, or is no address."""
        found = self._find(source)
        return OUTSIDE if found is None else found[1]

    def unrelated(self, source: str, other: str) -> bool:
        """Tell whether two addresses are in named networks of which neither lies within the other."""
        here, there = self._find(source), self._find(other)
        if here is None or there is None or here[1] == there[1]:
            return False
        return not any(_within(mine, theirs) or _within(theirs, mine)
                       for mine in self._of(here[1]) for theirs in self._of(there[1]))

    def _of(self, name: str) -> tuple[Network, ...]:
        return tuple(network for network, named in self.known if named == name)

    def _find(self, source: str) -> tuple[Network, str] | None:
        try:
            address = ipaddress.ip_address(source)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return next(((network, name) for network, name in self.known
                     if network.version == address.version and address in network), None)


def read_networks(words: Iterable[str]) -> Networks:
    """Read the setting.

    Raises:
        UnreadableNetworkError: a word is not ``name=network[,network...]``, or two names claim the same network.
    """
    known: dict[Network, str] = {}
    for word in words:
        name, equals, listed = word.partition("=")
        if not equals or not _NAME.fullmatch(name) or name == OUTSIDE:
            raise UnreadableNetworkError(f"{word[:80]!r} is not name=network with a name of small letters, digits and -")
        for text in listed.split(","):
            try:
                network = ipaddress.ip_network(text)
            except ValueError as err:
                raise UnreadableNetworkError(f"{text[:80]!r} in {name} is no network") from err
            if known.setdefault(network, name) != name:
                raise UnreadableNetworkError(f"{text} is in {known[network]} and in {name}")
    return Networks(tuple(sorted(known.items(), key=lambda entry: -entry[0].prefixlen)))


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)
