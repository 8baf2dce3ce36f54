"""Who calls: exactly one way of authentication per request, and only the registered one.

Spec: RFC 6749 §2.3, §3.2.1 and §5.2; RFC 7617 for the header; RFC 7521 §4.2 (clients/assertion.py).
Departs from RFC 6749 §2.3.1 in nothing; stricter than it in refusing a second method beside the first even where both would
hold (security checklist 16).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from .client import Client
from .clients import assertion
from .clients.assertion import AssertionRefusedError, ClientAssertions

CONFIDENTIAL = ("client_secret_basic", "client_secret_post", assertion.METHOD)
METHODS = (*CONFIDENTIAL, "none")
"""Methods of token_endpoint_auth_method that are offered; discovery lists the same."""


class ClientRefusedError(InvalidClientError):  # type: ignore[misc]
    """401 with a challenge, whatever was wrong.

    Attributes:
        client_id: The registered client that was named; "" where none was. For the audit, not for the answer.
    """

    def __init__(self, description: str, *, client_id: str = "") -> None:
        super().__init__(description=description, status_code=401)
        self.client_id = client_id

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of the answer (RFC 6749 §5.2, RFC 7617 §2)."""
        return [("WWW-Authenticate", 'Basic realm="token", error="invalid_client", charset="UTF-8"')]


def authenticate(
    form: Mapping[str, str], authorization: str, find: Callable[[str], Client | None], methods: Sequence[str] = METHODS, *,
    assertions: ClientAssertions,
) -> tuple[Client, str]:
    """Find the client that sent a request.

    Args:
        form: The body's parameters, each once, empty ones left out (RFC 6749 §3.2).
        authorization: The Authorization header as received; "" where there was none.
        find: Gives a client that may act now; unknown and disabled ones are None.
        methods: Methods that the endpoint takes.
        assertions: Checks client assertions.

    Returns:
        The client and the method by which it authenticated.

    Raises:
        InvalidRequestError: several methods at once.
        ClientRefusedError: anything else.
    """
    client_id, method, secret = _claimed(form, authorization)
    client = find(client_id)
    if client is None:
        raise ClientRefusedError("Client authentication failed.")
    if method not in methods or not client.check_endpoint_auth_method(method, "token"):
        raise ClientRefusedError("The client is not registered for this method of authentication.", client_id=client_id)
    if method == assertion.METHOD:
        try:
            assertions.check(client, secret)
        except AssertionRefusedError as refused:
            raise ClientRefusedError(refused.message, client_id=client_id) from None
    elif method != "none" and not client.check_client_secret(secret):
        raise ClientRefusedError("Client authentication failed.", client_id=client_id)
    return client, method


def _claimed(form: Mapping[str, str], authorization: str) -> tuple[str, str, str]:
    """Tell whom a request claims to be from, by which one method, and what it gives as proof."""
    named, secret = form.get("client_id", ""), form.get("client_secret", "")
    try:
        asserted = assertion.names(form)
    except AssertionRefusedError as refused:
        raise ClientRefusedError(refused.message) from None
    if (asserted is not None) + bool(authorization) + bool(secret) > 1:
        raise InvalidRequestError("More than one method of client authentication is used.")
    if asserted is not None:
        return asserted, assertion.METHOD, form["client_assertion"]
    if authorization:
        client_id, secret = _basic(authorization)
        if named and named != client_id:
            raise InvalidRequestError("client_id differs from the authenticated client.")
        return client_id, "client_secret_basic", secret
    if not named:
        raise ClientRefusedError("The request does not say which client sends it.")
    return named, "client_secret_post" if secret else "none", secret


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
