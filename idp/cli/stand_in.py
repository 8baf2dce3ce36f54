"""An application that stands in for a registered one: the same registration, with a secret and keys made for the occasion.

The provider does not know what an application proves itself with (secrets are kept as SHA-256, private keys are never here), so
the flows are walked with others in their place. ``tls_client_auth`` needs a certificate of an authority, which nobody here can
issue; the stand-in shows a certificate of its own instead (RFC 8705 §2.2).
"""

from __future__ import annotations

import datetime
import json
import secrets
import warnings
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ..clock import Clock
from ..oauth.client import Client
from ..oauth.clients import assertion
from ..oauth.clients.examination import registrable
from ..oauth.proof import certificate
from ..oauth.requests import request_object

PROVEN = "ES256"
"""What signs DPoP proofs."""
_Key = ECKey | OKPKey | RSAKey
_Signer = _Key | OctKey


class StandIn:
    """One application.

    Args:
        client: As registered.
        issuer: Audience of assertions.
        clock: Source of the time.

    Attributes:
        secret: Set once the registration is entered; None where it has none.
    """

    def __init__(self, client: Client, *, issuer: str, clock: Clock) -> None:
        self.client = client
        self.secret: str | None = None
        self._issuer = issuer
        self._clock = clock
        self._algorithm = (assertion.ALGORITHMS[0] if client.signs_with_secret else
                           client.token_endpoint_auth_signing_alg or assertion.ALGORITHMS[0])
        algorithms = {self._algorithm, client.request_object_signing_alg, client.backchannel_authentication_request_signing_alg}
        self._signing = {alg: _key(alg, "sig") for alg in sorted(algorithms - {"", request_object.UNSIGNED})}
        self._proving = ECKey.generate_key("P-256")
        self._certified = ec.generate_private_key(ec.SECP256R1())
        wanted = {client.id_token_encrypted_response_alg, client.userinfo_encrypted_response_alg} - {""}
        certified = ECKey(self._certified.public_key(), None)
        self._jwks = {"keys": [key.as_dict(private=False) for key in (
            *self._signing.values(), *(_key(alg, "enc") for alg in sorted(wanted)))] + [
                {**certified.as_dict(private=False), "kid": certified.thumbprint()}]}

    @property
    def shows_certificate(self) -> bool:
        """Whether it comes over mutual TLS."""
        return (self.client.token_endpoint_auth_method in certificate.METHODS
                or self.client.tls_client_certificate_bound_access_tokens)

    def metadata(self) -> dict[str, Any]:
        """Give the registration that is entered: the same, with its own keys where keys are registered by value."""
        metadata = registrable(self.client)
        metadata["province"].pop("secret_file", None)
        if self.client.token_endpoint_auth_method == certificate.PKI:
            metadata = {name: value for name, value in metadata.items() if name not in certificate.NAMES}
            metadata |= {"token_endpoint_auth_method": certificate.SELF_SIGNED}
            metadata.setdefault("jwks", self._jwks)
        if "jwks" in metadata:
            metadata["jwks"] = self._jwks
        if metadata.get("jwks_uri"):
            metadata.pop("jwks", None)
        return {**metadata, "client_id": self.client.client_id}

    def documents(self) -> Mapping[str, bytes]:
        """Give what stands at the application's own addresses."""
        client = self.client
        documents = {client.jwks_uri: json.dumps(self._jwks).encode(),
                     client.sector_identifier_uri: json.dumps(list(client.redirect_uris)).encode()}
        return {address: content for address, content in documents.items() if address}

    def authentication(self) -> tuple[dict[str, str], dict[str, str]]:
        """Give the form fields and headers with which it authenticates."""
        client_id, method = self.client.client_id, self.client.token_endpoint_auth_method
        if method == "client_secret_basic":
            pair = f"{quote_plus(client_id)}:{quote_plus(self.secret or '')}"
            return {}, {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
        if method == "client_secret_post":
            return {"client_id": client_id, "client_secret": self.secret or ""}, {}
        if method in assertion.METHODS:
            claims = {**self._about(), "sub": client_id}
            if method == assertion.METHOD:
                signed = self._signed(claims, self._algorithm)
            else:
                alg = self.client.token_endpoint_auth_signing_alg or assertion.SECRET_ALGORITHMS[0]
                signed = _sign({"alg": alg}, claims, OctKey.import_key(self.secret or ""))
            return {"client_assertion_type": assertion.TYPE, "client_assertion": signed}, {}
        return {"client_id": client_id}, {}

    def request_object(self, parameters: Mapping[str, str]) -> str:
        """Sign an authorization request (RFC 9101 §4)."""
        return self._signed({**parameters, **self._about()}, self.client.request_object_signing_alg or self._algorithm)

    def backchannel_request(self, parameters: Mapping[str, str]) -> str:
        """Sign a backchannel authentication request (CIBA §7.1.1)."""
        return self._signed({**parameters, **self._about()}, self.client.backchannel_authentication_request_signing_alg)

    def _about(self) -> dict[str, Any]:
        """Give the claims that say from whom, for whom and when a JWT is."""
        now = self._clock.now()
        return {"iss": self.client.client_id, "aud": self._issuer, "iat": now, "nbf": now, "exp": now + 60,
                "jti": secrets.token_urlsafe(16)}

    def _signed(self, claims: dict[str, Any], alg: str) -> str:
        return _sign({"alg": alg, "kid": self._signing[alg].kid}, claims, self._signing[alg])

    def proof(self, method: str, address: str, *, nonce: str = "", access_token: str = "") -> dict[str, str]:
        """Give the header with a DPoP proof; none where the application is not registered for bound tokens (RFC 9449 §4.2)."""
        if not self.client.dpop_bound_access_tokens:
            return {}
        claims: dict[str, Any] = {"htm": method, "htu": address, "iat": self._clock.now(), "jti": secrets.token_urlsafe(16)}
        if nonce:
            claims["nonce"] = nonce
        if access_token:
            claims["ath"] = urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()
        header = {"alg": PROVEN, "typ": "dpop+jwt", "jwk": self._proving.as_dict(private=False)}
        return {"DPoP": _sign(header, claims, self._proving)}

    @cached_property
    def certificate(self) -> str:
        """Its one certificate, as a proxy passes it on."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
        day = datetime.timedelta(days=1)
        moment = self._clock.moment()
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._certified.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(moment - day).not_valid_after(moment + day)
                .sign(self._certified, hashes.SHA256()))
        return quote(made.public_bytes(Encoding.PEM).decode(), safe="")


def _key(alg: str, use: str) -> _Key:
    members: Any = {"kid": f"{use}-{alg}", "use": use, "alg": alg}
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519", members)
    if alg.startswith("E"):
        return ECKey.generate_key("P-256", members)
    return RSAKey.generate_key(2048, members)


def _sign(header: dict[str, Any], claims: dict[str, Any], key: _Signer) -> str:
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of the name EdDSA (docs/divergences.md), nothing for an operator
        return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)
