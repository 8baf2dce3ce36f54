"""Who calls: exactly one way of authentication per request, and only the registered one.

Spec: RFC 6749 §2.3, §3.2.1 and §5.2; RFC 7617 for the header. Departs from RFC 6749 §2.3.1 in nothing; stricter than it in
refusing a second method beside the first even where both would hold (security checklist 16).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from .client import Client

CONFIDENTIAL = ("client_secret_basic", "client_secret_post")
METHODS = (*CONFIDENTIAL, "none")
"""Methods of token_endpoint_auth_method that are offered; discovery lists the same."""


class ClientRefusedError(InvalidClientError):  # type: ignore[misc]
    """401 with a challenge, whatever was wrong.

    Attributes:
        client_id: The registered client that was named; "" where none was. For the audit, not for the answer.
        reason: ``method`` or ``secret``, with a ``client_id``. For the audit as well.
    """

    def __init__(self, description: str, *, client_id: str = "", reason: str = "") -> None:
        super().__init__(description=description, status_code=401)
        self.client_id = client_id
        self.reason = reason

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of the answer (RFC 6749 §5.2, RFC 7617 §2)."""
        return [("WWW-Authenticate", 'Basic realm="token", error="invalid_client", charset="UTF-8"')]


def authenticate(
    form: Mapping[str, str], authorization: str, find: Callable[[str], Client | None], methods: Sequence[str] = METHODS,
) -> tuple[Client, str]:
    """Find the client that sent a request.

    Args:
        form: The body's parameters, each once, empty ones left out (RFC 6749 §3.2).
        authorization: The Authorization header as received; "" where there was none.
        find: Gives a client that may act now; unknown and disabled ones are None.
        methods: Methods that the endpoint takes.

    Returns:
        The client and the method by which it authenticated.

    Raises:
        InvalidRequestError: several methods at once.
        ClientRefusedError: anything else.
    """
    named = form.get("client_id", "")
    secret = form.get("client_secret", "")
    if "client_assertion" in form or "client_assertion_type" in form:
        raise ClientRefusedError("Client assertions are not offered.")
    if not authorization:
        client_id, method = named, "client_secret_post" if secret else "none"
        if not client_id:
            raise ClientRefusedError("The request does not say which client sends it.")
    else:
        if secret:
            raise InvalidRequestError("More than one method of client authentication is used.")
        client_id, secret = _basic(authorization)
        method = "client_secret_basic"
        if named and named != client_id:
            raise InvalidRequestError("client_id differs from the authenticated client.")
    client = find(client_id)
    if client is None:
        raise ClientRefusedError("Client authentication failed.")
    if method not in methods or not client.check_endpoint_auth_method(method, "token"):
        raise ClientRefusedError("The client is not registered for this method of authentication.", client_id=client_id,
                                 reason="method")
    if method != "none" and not client.check_client_secret(secret):
        raise ClientRefusedError("Client authentication failed.", client_id=client_id, reason="secret")
    return client, method


def _basic(authorization: str) -> tuple[str, str]:
    """Read a Basic header: base64 of two form-encoded UTF-8 texts (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefusedError("The authentication scheme is not offered.")
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8")
        name, colon, secret = text.partition(":")
        if not colon:
            raise ValueError("no colon")
        if "%" in text or "+" in text:
            return unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
        return name, secret
    except (binascii.Error, ValueError):
        raise ClientRefusedError("The Authorization header is not well formed.") from None
