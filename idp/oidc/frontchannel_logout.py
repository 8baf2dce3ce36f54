"""Front-channel logout: the page that says "signed out" loads one frame of every application that took part and asked for it.

Spec: OpenID Connect Front-Channel Logout 1.0 §2 (address, ``iss`` and ``sid``), §3 (all at once, from one page). Both parameters
always go along, whatever the registration requires, so that an application ends the session that was meant and no other. A frame
is a request without an answer: browsers that keep an application's cookies from foreign pages leave it as it was (§4.1), so that
back-channel logout is told as well where both are registered. The officer waits for no frame (idp/web/logout.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from ..oauth.client import Client
from ..oauth.redirect_uri import origin_of


@dataclass(frozen=True, slots=True)
class LogoutFrame:
    """One frame of the page.

    Attributes:
        client_id: Whose.
        src: What the browser loads.
        origin: What the page's policy has to name, so that it loads this and nothing else.
    """

    client_id: str
    src: str
    origin: str


def logout_frames(clients: Iterable[Client], *, issuer: str, sid_of: Callable[[Client], str]) -> tuple[LogoutFrame, ...]:
    """Give the frames for a session that has just ended.

    Args:
        clients: Applications that took part and may act now; those without a ``frontchannel_logout_uri`` get none.
        issuer: Issuer identifier.
        sid_of: Gives the session as an application's ID token names it (pairwise ones differ).
    """
    return tuple(LogoutFrame(client.client_id,
                             _with_query(client.frontchannel_logout_uri, urlencode({"iss": issuer, "sid": sid_of(client)})),
                             origin_of(client.frontchannel_logout_uri))
                 for client in clients if client.frontchannel_logout_uri)


def _with_query(uri: str, added: str) -> str:
    """Add parameters and keep what the address has (§2)."""
    if "?" not in uri:
        return f"{uri}?{added}"
    return f"{uri}{added}" if uri.endswith(("?", "&")) else f"{uri}&{added}"
