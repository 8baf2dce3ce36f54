"""``/.well-known/est/``: certificates to trust, enrolment and renewal for devices, services and officers.

Spec: RFC 7030 §3.2.2 (addresses), §3.2.3 (HTTP authentication), §4.1-§4.2, §4.5; RFC 8951; RFC 6750 §3, RFC 7617 §2. Certificates
of a connection count where our proxy asks for them (``IDP_MTLS_ORIGIN``) and from it alone (security checklist 55). Wrong
passwords are counted before they are looked at (27). Unknown operations do not exist (51).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final

from cryptography import x509

from ..audit import AuditEvent, AuditRecord, AuditTrail
from ..authn.assurance import TWO_FACTORS
from ..authn.lockout import Limits, Lockout, Rule, ThrottledError, network_of
from ..clock import Clock
from ..oauth.proof.dpop import Presented
from ..oauth.proof.holder import TokenUse
from ..oauth.tokens.access_token import TokenRefusedError
from ..oauth.tokens.resource_access import ResourceAccess
from ..pki import shown_certificate
from ..pki.est import messages
from ..pki.est.enrolling import Est, renewed_by
from .bearer import challenge, from_header
from .wsgi import NO_STORE, EndpointRequest, Headers, Response, error

BELOW: Final = "/.well-known/est/"
SCOPE: Final = "est"
REALM: Final = "est"
FRESH_SECONDS: Final = 900
"""How long ago an officer may have signed in whose token asks for a certificate."""
EST_LIMITS: Final = Limits(pair=Rule(60), account=Rule(120), source=Rule(900))
"""Requests in half an hour of those who are known; each may cost a signature of the authority."""
_REQUEST: Final = "application/pkcs10"
_KEEP: Final = (("Cache-Control", "public, max-age=3600"), ("X-Content-Type-Options", "nosniff"))
_ENCODED: Final = ("Content-Transfer-Encoding", "base64")
_CERTIFICATES: Final = ("Content-Type", "application/pkcs7-mime; smime-type=certs-only")
_OPERATIONS: Final = {"cacerts": ("GET", "HEAD"), "csrattrs": ("GET", "HEAD"), "simpleenroll": ("POST",),
                      "simplereenroll": ("POST",)}


class EstEndpoint:
    """``/.well-known/est/*``.

    Args:
        est: The rules.
        access: Recognises tokens.
        guesses: Counts wrong passwords.
        requests: Counts requests of those who are known.
        audit: Has a record of refused passwords.
        addresses: Of ``simpleenroll``, of which proofs name one.
        mutual_tls: Whether a proxy of ours passes certificates on; without it none counts.
    """

    METHODS: Final = ("GET", "HEAD", "POST")

    def __init__(self, est: Est, access: ResourceAccess, guesses: Lockout, requests: Lockout, audit: AuditTrail, clock: Clock,
                 addresses: tuple[str, ...], *, mutual_tls: bool) -> None:
        self._est, self._access, self._guesses, self._requests = est, access, guesses, requests
        self._audit, self._clock, self._addresses, self._mutual_tls = audit, clock, addresses, mutual_tls

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer one request."""
        operation = request.path.removeprefix(BELOW)
        methods = _OPERATIONS.get(operation)
        if methods is None or not self._est.offered():
            return error(404, "unknown", "There is no such operation here.")
        if request.method not in methods:
            refusal = error(405, "invalid_request", "This method is not allowed here.")
            return Response(405, refusal.body, (*NO_STORE, ("Allow", ", ".join(methods))), refusal.error)
        if operation == "cacerts":
            return Response(200, messages.certificates(self._est.authorities()), (_CERTIFICATES, _ENCODED, *_KEEP))
        if operation == "csrattrs":
            return Response(200, messages.wishes(), (("Content-Type", "application/csrattrs"), _ENCODED, *_KEEP))
        if request.content_type.split(";")[0].strip().lower() != _REQUEST:
            return error(415, "invalid_request", f"The content type must be {_REQUEST}.")
        try:
            issued = self._renewed(request) if operation == "simplereenroll" else self._enrolled(request)
        except TokenRefusedError as refused:
            return challenge(refused, realm=REALM)
        except ThrottledError as full:
            later = error(429, "temporarily_unavailable", "Too many requests; wait a moment.")
            return Response(429, later.body, (*later.headers, ("Retry-After", str(full.retry_after_seconds or 1))), later.error)
        if isinstance(issued, Response):
            return issued
        private: Headers = tuple(pair for pair in NO_STORE if pair[0] != "Content-Type")
        return Response(200, messages.certificates([issued]), (_CERTIFICATES, _ENCODED, *private))

    def _enrolled(self, request: EndpointRequest) -> x509.Certificate | Response:
        sent = request.header("authorization")
        scheme = sent.partition(" ")[0].lower()
        if scheme == "basic":
            return self._by_password(request, sent)
        if scheme not in {"bearer", "dpop"}:
            return _unknown("A one-time enrolment password or an access token is needed.")
        if request.query:
            raise TokenRefusedError("The access token belongs into the Authorization header, not into the address.",
                                    code="invalid_request")
        scheme, token = from_header(sent, schemes=("bearer", "dpop"))
        use = TokenUse(scheme, Presented(request.header("dpop"), request.method, self._addresses),
                       shown_certificate.read(request.certificate()))
        bearer = self._access.admit(token, use, scope=SCOPE, least_level=TWO_FACTORS, fresh_seconds=FRESH_SECONDS)
        request.client_id = bearer.client_id
        if bearer.officer is None:
            raise TokenRefusedError("An application for itself asks with a one-time password.", code="insufficient_scope",
                                    scope=SCOPE)
        self._requests.take(bearer.officer.sub, request.caller.source)
        caller = request.caller._replace(client_id=bearer.client_id)
        return self._est.for_officer(bearer.officer, messages.request_of(request.body()), caller).certificate

    def _by_password(self, request: EndpointRequest, sent: str) -> x509.Certificate | Response:
        name, password = _basic(sent)
        guess = self._guesses.take(name, request.caller.source)
        leave = self._est.passwords.check(name, password)
        if leave is None:
            self._audit.repeated(AuditRecord(
                AuditEvent.ENROLLMENT_PASSWORD_REFUSED, self._clock.now(), source=request.caller.source,
                request_id=request.caller.request_id), about=network_of(request.caller.source))
            return _unknown("The enrolment password is wrong, used, or over.")
        self._guesses.good(guess)
        self._requests.take(leave.name, request.caller.source)
        return self._est.by_password(leave, messages.request_of(request.body()), request.caller).certificate

    def _renewed(self, request: EndpointRequest) -> x509.Certificate | Response:
        shown = shown_certificate.read(request.certificate()) if self._mutual_tls else None
        held = self._est.holder_of(shown.certificate) if shown else None
        if held is None:
            return _unknown("A renewal is asked over TLS with the certificate before, issued here and good still.")
        self._requests.take(renewed_by(held), request.caller.source)
        return self._est.renew(held, messages.request_of(request.body()), request.caller).certificate


def _unknown(why: str) -> Response:
    """Say that nobody known asks, and how to be known."""
    refusal = error(401, "unauthorized", why)
    ways = (("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'), ("WWW-Authenticate", f'Bearer realm="{REALM}"'))
    return Response(401, refusal.body, (*NO_STORE, *ways), refusal.error)


def _basic(sent: str) -> tuple[str, str]:
    """Read a Basic header; what is none gives a name that nobody has."""
    try:
        name, _, password = b64decode(sent.partition(" ")[2].strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name[:64], password
