"""The subject and the session that an application knows an officer by.

Spec: OpenID Connect Core §2, §8 and §8.1. ``public``: everybody is told the officer's own stable identifier, which was given at
first sight and survives rename, transfer and reorganisation. ``pairwise``: every sector (the host of ``sector_identifier_uri``,
or without one of the redirect URIs) is told another, so that two applications cannot compare what they know of an officer; it is
computed, survives the same, and nobody without the salt leads it back. ``sid`` is told in the same way, because the session of
one officer would link two subjects just as well. ID tokens, access tokens, UserInfo, introspection, logout tokens and whoever
reads a hint all ask here, so that they cannot disagree.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from ..oauth.client import Client

TYPES = ("public", "pairwise")
"""Subject types that are offered; discovery lists the same."""


class Subjects:
    """Tells applications' names for officers and sessions.

    Args:
        salt: 32 secret bytes, the same in every process for ever: with another salt every pairwise application would take its
            officers for strangers.
    """

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def of(self, client: Client, sub: str) -> str:
        """Give the subject of an officer for one application.

        Args:
            client: The application.
            sub: The officer's own identifier (``directory.mirror``).

        Returns:
            22 characters (public) or 43 (pairwise), base64url.
        """
        return sub if client.subject_type == "public" else self._pairwise("sub", client, sub)

    def session_of(self, client: Client, sid: str) -> str:
        """Give the ``sid`` of a session for one application (Back-Channel Logout §2.1)."""
        return sid if client.subject_type == "public" else self._pairwise("sid", client, sid)

    def _pairwise(self, kind: str, client: Client, value: str) -> str:
        # A sector is a host name, so no two triples are the same text.
        text = f"{kind} {client.sector_identifier} {value}".encode()
        return urlsafe_b64encode(hmac.digest(self._salt, text, sha256)).rstrip(b"=").decode("ascii")
