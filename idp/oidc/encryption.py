"""ID tokens, logout tokens and UserInfo answers that only their application can read, where it asked for that.

Spec: OpenID Connect Core §10.2, §16.14; OpenID Connect Registration §2; Back-Channel Logout §2.4; RFC 7516; RFC 7519 §5.2. What
is signed is signed first and encrypted then. The key is the application's own, registered or published by it; while it cannot be
had, nothing is told at all, least of all in the clear. We cannot read back what we encrypted: a hint has to be the decrypted one.
"""

from __future__ import annotations

from ..oauth.client import Client
from ..oauth.clients.keys import ClientKeys


class ResponseEncryption:
    """Encrypts to applications.

    Args:
        keys: The applications' keys.
    """

    def __init__(self, keys: ClientKeys) -> None:
        self._keys = keys

    def id_token(self, client: Client, token: str) -> str:
        """Give an ID token or logout token as its application wants it.

        Raises:
            UnavailableError: the application has no key for it now.
        """
        alg = client.id_token_encrypted_response_alg
        if not alg:
            return token
        return self._keys.encrypted(client, token, alg=alg, enc=client.id_token_encrypted_response_enc, cty="JWT")

    def userinfo(self, client: Client, content: str, *, signed: bool) -> str:
        """Encrypt a UserInfo answer, a signed JWT or JSON; for applications that asked for it. Raises as ``id_token``."""
        return self._keys.encrypted(client, content, alg=client.userinfo_encrypted_response_alg,
                                    enc=client.userinfo_encrypted_response_enc, cty="JWT" if signed else "")
