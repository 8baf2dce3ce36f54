"""Who is calling when a reverse proxy stands in front: X-Forwarded-For and -Proto count only when one of our proxies says so.

A plain WSGI callable round everything, so that both doors see the same caller. Headers of strangers are dropped, never believed
(security checklist 2, 27); the host is never taken from a header, because addresses come from the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDING = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
               "HTTP_X_FORWARDED_PREFIX", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_DONE = "idp.caller_known"


class TrustedProxies:
    """Rewrites REMOTE_ADDR and wsgi.url_scheme from what our own proxies say.

    Args:
        application: What is called then.
        trusted: Addresses or networks of our proxies (``IDP_TRUSTED_PROXIES``); empty: nobody is believed.

    Raises:
        ValueError: an entry is neither an address nor a network.
    """

    def __init__(self, application: WSGIApplication, trusted: Sequence[str]) -> None:
        self._application = application
        self._networks = tuple(ip_network(entry, strict=False) for entry in trusted)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Find the caller, once, and pass the request on."""
        if _DONE not in environ:
            environ[_DONE] = True
            self._settle(environ)
        return self._application(environ, start_response)

    def _settle(self, environ: dict[str, Any]) -> None:
        said = {name: environ.pop(name) for name in _FORWARDING if name in environ}
        nearest = _address(str(environ.get("REMOTE_ADDR", "")))
        if nearest is None or not self._trusts(nearest):
            return
        caller = nearest
        # From right to left: the first address that is not one of our proxies was seen by one of our proxies.
        for entry in reversed(str(said.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
            address = _address(entry.strip())
            if address is None:
                break
            caller = address
            if not self._trusts(address):
                break
        environ["REMOTE_ADDR"] = str(caller)
        proto = str(said.get("HTTP_X_FORWARDED_PROTO", "")).rpartition(",")[2].strip().lower()
        if proto in {"http", "https"}:
            environ["wsgi.url_scheme"] = proto

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text[:64])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
