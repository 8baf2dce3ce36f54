"""Who calls: exactly one way of authentication per request, and only the registered one.

Spec: RFC 6749 §2.3, §3.2.1 and §5.2; RFC 7617 for the header; RFC 7521 §4.2 (clients/assertion.py);
RFC 8705 §2 (proof/certificate.py).
Departs from RFC 6749 §2.3.1 in nothing; stricter than it in refusing a second method beside the first even where both would
hold (security checklist 16).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from ..clock import Clock
from ..pki.path_validation import CertificateAuthorities
from ..pki.shown_certificate import ShownCertificate
from .client import Client
from .clients import assertion
from .clients.assertion import AssertionRefusedError, ClientAssertions
from .clients.keys import ClientKeys
from .proof import certificate

CONFIDENTIAL = ("client_secret_basic", "client_secret_post", *assertion.METHODS, *certificate.METHODS)
METHODS = (*CONFIDENTIAL, "none")
"""Methods of token_endpoint_auth_method that are offered; discovery lists those that this deployment can check (``Checks``)."""

PARAMETERS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
"""Parameters of a form that say who sends it."""


class ClientRefusedError(InvalidClientError):  # type: ignore[misc]
    """401 with a challenge, whatever was wrong.

    Attributes:
        client_id: The registered client that was named; "" where none was. For the audit, not for the answer.
        reason: ``method``, ``secret``, ``assertion`` or ``certificate``, with a ``client_id``. For the audit as well.
    """

    def __init__(self, description: str, *, client_id: str = "", reason: str = "") -> None:
        super().__init__(description=description, status_code=401)
        self.client_id = client_id
        self.reason = reason

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of the answer (RFC 6749 §5.2, RFC 7617 §2)."""
        return [("WWW-Authenticate", 'Basic realm="token", error="invalid_client", charset="UTF-8"')]


@dataclass(frozen=True, slots=True)
class Checks:
    """What decides on proofs that are more than a secret.

    Attributes:
        assertions: Checks client assertions.
        keys: The applications' keys.
        authorities: Authorities of client certificates.
        mutual_tls: Whether a proxy of ours passes certificates on; without it no certificate counts.
        clock: Source of the time.
    """

    assertions: ClientAssertions
    keys: ClientKeys
    authorities: CertificateAuthorities
    mutual_tls: bool
    clock: Clock

    def can(self, method: str) -> bool:
        """Tell whether this deployment can check a method."""
        return method not in certificate.METHODS or (self.mutual_tls and (method != certificate.PKI or bool(self.authorities)))


def authenticate(
    form: Mapping[str, str], authorization: str, find: Callable[[str], Client | None], methods: Sequence[str] = METHODS, *,
    checks: Checks, shown: ShownCertificate | None = None,
) -> tuple[Client, str]:
    """Find the client that sent a request.

    Args:
        form: The body's parameters, each once, empty ones left out (RFC 6749 §3.2).
        authorization: The Authorization header as received; "" where there was none.
        find: Gives a client that may act now; unknown and disabled ones are None.
        methods: Methods that the endpoint takes.
        checks: Decides on assertions and certificates.
        shown: The certificate that the request came with, as our proxy passed it on.

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
    if method == "none" and shown is not None and client.token_endpoint_auth_method in certificate.METHODS:
        method = client.token_endpoint_auth_method
    elif method == assertion.METHOD and client.token_endpoint_auth_method in assertion.METHODS:
        method = client.token_endpoint_auth_method  # which of them is not the assertion's to say
    if method not in methods or not checks.can(method) or not client.check_endpoint_auth_method(method, "token"):
        raise ClientRefusedError("The client is not registered for this method of authentication.", client_id=client_id,
                                 reason="method")
    if method in assertion.METHODS:
        try:
            checks.assertions.check(client, secret)
        except AssertionRefusedError as refused:
            raise ClientRefusedError(refused.message, client_id=client_id, reason="assertion") from None
    elif method in certificate.METHODS:
        assert shown is not None
        keys = checks.keys.all(client) if method == certificate.SELF_SIGNED else ()
        if not certificate.is_the_clients(shown, client, authorities=checks.authorities, keys=keys, moment=checks.clock.moment()):
            raise ClientRefusedError("The client certificate is not one of this client.", client_id=client_id,
                                     reason="certificate")
    elif method != "none" and not client.check_client_secret(secret):
        raise ClientRefusedError("Client authentication failed.", client_id=client_id, reason="secret")
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
