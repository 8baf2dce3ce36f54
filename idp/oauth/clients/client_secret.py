"""Client secrets: made, given as digests, and kept sealed for those applications that sign with theirs.

Spec: RFC 6749 §2.3.1, RFC 7591 §3.2.1, OpenID Connect Core §9 (client_secret_jwt), §10.1 and §16.19 (the key is the secret's
UTF-8 octets), RFC 7518 §3.2 (a key as long as the hash at least). Secrets are 256 random bits in 43 characters, kept as SHA-256.
Whoever signs with a secret never sends it, so a digest could check nothing: these secrets, and no others, are kept sealed under
the key-encryption key as well, bound to their client, and are opened once per process. An application that changes to another
method loses the sealed copy.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from joserfc.jwk import OctKey

from ...errors import ConfigurationError, UnavailableError
from ...jose.keyset import Sealer
from ..client import Client, secret_digest


class ClientSecrets:
    """Makes secrets, and gives the keys of applications that sign with theirs.

    Args:
        sealer: Seals copies under the key-encryption key.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._opened: dict[str, tuple[bytes, OctKey]] = {}

    def make(self, client: Client) -> tuple[Client, str | None]:
        """Give a client a new secret where it authenticates with one, to be shown once; else take what it had."""
        if not client.has_secret:
            return replace(client, secret_digest=None, sealed_secret=None), None
        secret = secrets.token_urlsafe(32)
        return self.give(client, secret), secret

    def give(self, client: Client, secret: str) -> Client:
        """Give a client this secret."""
        return replace(client, secret_digest=secret_digest(secret), sealed_secret=self.sealed(client, secret))

    def sealed(self, client: Client, secret: str) -> bytes | None:
        """Give the copy that is to be kept of a secret: none where the client does not sign with it."""
        if not client.signs_with_secret:
            return None
        return self._sealer.seal(secret.encode(), context=_context(client))

    def key(self, client: Client) -> OctKey | None:
        """Give the key of an application that signs with its secret; None where we have no copy of the secret.

        Raises:
            UnavailableError: the copy does not open; the log says why.
        """
        sealed = client.sealed_secret
        if sealed is None:
            return None
        opened = self._opened.get(client.client_id)
        if opened is None or opened[0] != sealed:
            try:
                secret = self._sealer.open(sealed, context=_context(client))
            except ConfigurationError as err:
                raise UnavailableError("The secret of this application cannot be had now.", dependency="client secrets",
                                       debug=f"{client.client_id}: {err.message} {err.debug}") from err
            opened = self._opened[client.client_id] = (sealed, OctKey.import_key(secret))
        return opened[1]


def _context(client: Client) -> str:
    return f"client secret:{client.client_id}"
