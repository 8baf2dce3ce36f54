"""The two ceremonies of a passkey: what the browser is asked, and whether what it answers is right.

Spec: Web Authentication Level 2 §5.4, §5.5 (options), §7.1 (registration), §7.2 (assertion), §6.1 (authenticator data, with the
backup flags of Level 3), §13.4.9 (attestation none). Departs in this: a passkey is asked for as discoverable and with user
verification, so that each can be the only factor (Level 2 leaves both to the relying party); an answer out of a frame of another
site (``crossOrigin``) is refused, whatever the frame; the public key is one of three kinds in one form each. Who made the
authenticator is not asked, and no statement about it is believed: ``none``, or the key's own signature.

Pure: challenge, credential and time come from ``passkeys``. The signature counter is judged there too, in the statement that
raises it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorTransport,
    CredentialDeviceType,
    RegistrationCredential,
)

from ..json_object import parse_object

CHALLENGE_SECONDS: Final = 300
"""How long a question to the authenticator may wait (Level 2 §15.1: five minutes)."""
MAX_ANSWER: Final = 16 * 1024
"""Characters of an answer; the largest honest one is well below."""
MAX_CREDENTIAL_ID: Final = 1023
"""Bytes (Level 2 §4, credential ID)."""

_ALGORITHMS = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA,
               COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256]
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)
_BASE64URL = re.compile("[A-Za-z0-9_-]+")


class CeremonyError(Exception):
    """An answer that is not right; the text says why, for the audit trail."""


class Credential(Protocol):
    """What of a passkey a browser is told, so that it finds it."""

    @property
    def credential_id(self) -> bytes:
        """Its name at the authenticator."""
        ...

    @property
    def transports(self) -> tuple[str, ...]:
        """How the authenticator can be reached."""
        ...


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential as it was made.

    Attributes:
        public_key: COSE key.
        synced: It can be on several devices of its owner (backup eligible); that never changes.
    """

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """The browser's answer to a request, read but not judged.

    Attributes:
        user_handle: Whose the authenticator says the passkey is; empty where it does not.
    """

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """A right answer.

    Attributes:
        verified: The authenticator made sure of its user by fingerprint, face, PIN or the like.
        synced: As for ``NewCredential``.
    """

    sign_count: int
    verified: bool
    synced: bool


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Us, as browsers and authenticators see us.

    Attributes:
        rp_id: Domain to which passkeys belong: the issuer's host or one above it.
        origin: Origin of our pages, exactly.
        name: Shown by some browsers.
    """

    rp_id: str
    origin: str
    name: str

    def creation_options(self, *, challenge: bytes, user_handle: bytes, login_name: str, name: str,
                         existing: Iterable[Credential]) -> dict[str, Any]:
        """Give what the browser is asked to make, in JSON form (``PublicKeyCredentialCreationOptionsJSON``)."""
        return {
            "rp": {"id": self.rp_id, "name": self.name},
            "user": {"id": encode(user_handle), "name": login_name, "displayName": name or login_name},
            "challenge": encode(challenge), "timeout": CHALLENGE_SECONDS * 1000, "attestation": "none",
            "pubKeyCredParams": [{"type": "public-key", "alg": int(alg)} for alg in _ALGORITHMS],
            "excludeCredentials": [_descriptor(credential) for credential in existing],
            "authenticatorSelection": {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"},
        }

    def request_options(self, *, challenge: bytes, allowed: Iterable[Credential], verification: str) -> dict[str, Any]:
        """Give what the browser is asked to prove, in JSON form (``PublicKeyCredentialRequestOptionsJSON``).

        Args:
            challenge: Kept for this browser.
            allowed: Passkeys of an officer who is known already; empty lets the browser offer those it has for us.
            verification: ``required`` where the passkey stands alone, else ``preferred``.
        """
        return {"rpId": self.rp_id, "challenge": encode(challenge), "timeout": CHALLENGE_SECONDS * 1000,
                "allowCredentials": [_descriptor(credential) for credential in allowed], "userVerification": verification}

    def judge_registration(self, answer: str, challenge: bytes) -> NewCredential:
        """Read and judge a credential that was just made.

        Raises:
            CeremonyError: it is not right.
        """
        raw_id, response = _parts(answer)
        client_data, attestation = _bytes(response, "clientDataJSON"), _bytes(response, "attestationObject")
        _same_site(client_data)
        with _Refusing():
            made = parse_attestation_object(attestation)
            if made.fmt not in {"none", "packed"} or made.att_stmt.x5c is not None:
                raise CeremonyError(f"attestation {made.fmt!s:.20}")
            verified = verify_registration_response(
                credential=RegistrationCredential(
                    id=encode(raw_id), raw_id=raw_id, response=AuthenticatorAttestationResponse(client_data, attestation)),
                expected_challenge=challenge, expected_rp_id=self.rp_id, expected_origin=self.origin,
                require_user_verification=True, supported_pub_key_algs=_ALGORITHMS)
            _check_key(verified.credential_public_key)
        if verified.credential_id != raw_id or len(raw_id) > MAX_CREDENTIAL_ID:
            raise CeremonyError("the credential made is not the credential named")
        transports = response.get("transports")
        return NewCredential(
            raw_id, verified.credential_public_key, verified.sign_count,
            verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
            tuple(sorted(_TRANSPORTS.intersection(name for name in transports if isinstance(name, str))))
            if isinstance(transports, list) else ())

    def judge_assertion(self, answer: Assertion, challenge: bytes, public_key: bytes, *, must_verify: bool) -> Judged:
        """Judge an assertion, all but its signature counter.

        Args:
            answer: As ``read_assertion`` gave it.
            challenge: As it was kept for this browser.
            public_key: Of the credential that the answer names.
            must_verify: The authenticator must have made sure of its user.

        Raises:
            CeremonyError: it is not right.
        """
        _same_site(answer.client_data)
        with _Refusing():
            verified = verify_authentication_response(
                credential=AuthenticationCredential(
                    id=encode(answer.credential_id), raw_id=answer.credential_id, response=AuthenticatorAssertionResponse(
                        answer.client_data, answer.authenticator_data, answer.signature)),
                expected_challenge=challenge, expected_rp_id=self.rp_id, expected_origin=self.origin,
                credential_public_key=public_key, credential_current_sign_count=0, require_user_verification=must_verify)
        return Judged(verified.new_sign_count, verified.user_verified,
                      verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE)


def read_assertion(answer: str) -> Assertion:
    """Read an assertion in its JSON form (``AuthenticationResponseJSON``). Raises CeremonyError for what is none."""
    raw_id, response = _parts(answer)
    handle = response.get("userHandle")
    return Assertion(raw_id, _bytes(response, "clientDataJSON"), _bytes(response, "authenticatorData"),
                     _bytes(response, "signature"), b"" if handle in {None, ""} else _bytes(response, "userHandle"))


def encode(value: bytes) -> str:
    """Give base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


class _Refusing:
    """Turns whatever the parsers below us make of a malformed answer into a refusal.

    The answer is a stranger's, and what the libraries for CBOR, COSE and keys raise for nonsense is of many kinds; nothing that
    they raise can mean that the answer is right.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, _trace: object) -> None:
        if isinstance(err, Exception) and not isinstance(err, CeremonyError):
            raise CeremonyError(f"{err}"[:120] or type(err).__name__) from err


def _parts(answer: str) -> tuple[bytes, dict[str, Any]]:
    """Read what both kinds of answer have: the credential's id, twice the same, and the authenticator's response."""
    if len(answer) > MAX_ANSWER:
        raise CeremonyError("the answer is too long")
    try:
        parts = parse_object(answer.encode("utf-8"))
    except ValueError as err:
        raise CeremonyError("the answer is not JSON") from err
    response = parts.get("response")
    if parts.get("type") != "public-key" or not isinstance(response, dict):
        raise CeremonyError("the answer is of another type")
    if parts.get("id") != parts.get("rawId"):
        raise CeremonyError("id and rawId differ")
    return _bytes(parts, "rawId"), response


def _bytes(members: dict[str, Any], name: str) -> bytes:
    """Read a base64url member in its one canonical spelling."""
    text = members.get(name)
    if isinstance(text, str) and _BASE64URL.fullmatch(text):
        try:
            value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            value = b""
        if encode(value) == text:
            return value
    raise CeremonyError(f"{name} is missing or not base64url")


def _same_site(client_data: bytes) -> None:
    try:
        told = parse_object(client_data)
    except ValueError as err:
        raise CeremonyError("clientDataJSON is not JSON") from err
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise CeremonyError("the answer was given in a frame of another site")


def _check_key(public_key: bytes) -> None:
    """Hold a public key to the one form that each algorithm has here (Level 2 §5.8.5)."""
    decoded = decode_credential_public_key(public_key)
    key = decoded_public_key_to_cryptography(decoded)
    if isinstance(key, RSAPublicKey):
        fits = (decoded.alg == COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256 and 2048 <= key.key_size <= 4096
                and key.public_numbers().e == 65537)
    elif isinstance(key, EllipticCurvePublicKey):
        fits = decoded.alg == COSEAlgorithmIdentifier.ECDSA_SHA_256 and isinstance(key.curve, SECP256R1)
    else:
        fits = decoded.alg == COSEAlgorithmIdentifier.EDDSA and isinstance(key, Ed25519PublicKey)
    if not fits:
        raise CeremonyError("the public key does not fit its algorithm")


def _descriptor(credential: Credential) -> dict[str, Any]:
    named: dict[str, Any] = {"type": "public-key", "id": encode(credential.credential_id)}
    return {**named, "transports": list(credential.transports)} if credential.transports else named
