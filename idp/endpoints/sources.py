"""Who called: the address behind our proxies, and a name for the request that can be read out.

A forwarded address, request id or client certificate counts only when it comes from a proxy of ours (security checklist 27, 55).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from secrets import token_bytes
from typing import Any

from ..audit import Caller

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_REFERENCE = bytes(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number % 32] for number in range(256))
"""Request ids are eight letters that can be read out on the telephone, 40 random bits."""


class RequestIds:
    """Gives request ids, drawn some hundreds at a time: a call into the kernel for each would be a third of their cost."""

    def __init__(self) -> None:
        self._ready: deque[str] = deque()

    def next(self) -> str:
        """Give one that no other request gets."""
        while True:
            try:
                return self._ready.popleft()
            except IndexError:
                letters = token_bytes(8 * 256).translate(_REFERENCE).decode()
                self._ready.extend(f"{letters[at:at + 4]}-{letters[at + 4:at + 8]}" for at in range(0, len(letters), 8))


class Sources:
    """Tells who called, through the proxies that are ours.

    Args:
        trusted_proxies: Addresses or networks whose X-Forwarded-For and X-Request-ID count.
    """

    def __init__(self, trusted_proxies: Sequence[str] = ()) -> None:
        self._networks = tuple(ip_network(text, strict=False) for text in trusted_proxies)
        self._request_ids = RequestIds()

    def caller(self, environ: Mapping[str, Any]) -> Caller:
        """Make the caller of a request."""
        source: str = environ.get("REMOTE_ADDR") or "unknown"
        if source.startswith("::ffff:"):
            source = _plain(source)
        request_id = ""
        if self._networks and self._trusted(source):
            request_id = environ.get("HTTP_X_REQUEST_ID", "")
            source = self._forwarded(source, environ.get("HTTP_X_FORWARDED_FOR", ""))
        if not (request_id and _REQUEST_ID.fullmatch(request_id)):
            request_id = self._request_ids.next()
        user_agent: str = environ.get("HTTP_USER_AGENT", "")[:255]
        if not (user_agent.isascii() and user_agent.isprintable()):
            user_agent = _UNPRINTABLE.sub("", user_agent)
        return Caller(source, request_id, user_agent)

    def from_proxy(self, environ: Mapping[str, Any]) -> bool:
        """Tell whether a request was passed on by a proxy of ours."""
        return bool(self._networks) and self._trusted(environ.get("REMOTE_ADDR") or "unknown")

    def _forwarded(self, peer: str, header: str) -> str:
        """Walk the chain from our side and stop at the first address that is no proxy of ours."""
        source = peer
        # The end is what our own proxies added; a caller may fill the beginning with whatever it likes.
        for part in reversed(header[-1024:].split(",")):
            try:
                source = _plain(part.strip())
            except ValueError:
                return source
            if not self._trusted(source):
                return source
        return source

    def _trusted(self, address: str) -> bool:
        try:
            found = ip_address(_plain(address))
        except ValueError:
            return False
        return any(found in network for network in self._networks)


def _plain(address: str) -> str:
    """Give an IPv4 address that a dual-stack socket shows as ``::ffff:192.0.2.1`` in its own form; ValueError for none."""
    found = ip_address(address)
    return str(getattr(found, "ipv4_mapped", None) or found)
