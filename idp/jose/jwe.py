"""JSON Web Encryption: content that only one receiver can read.

Spec: RFC 7516 §4, §5, §7.1 (compact form); RFC 7518 §4.3, §4.6, §5; RFC 7519 §5.2 (nested: signed first, then encrypted);
RFC 8725 §3.2. Departs from RFC 7518 §4.1, which recommends more: two lists decide what there is, and keys are wrapped or agreed
on asymmetrically, with SHA-256. RSA1_5, RSA-OAEP with SHA-1, passwords (PBES2), shared keys and compression can be asked for
by no caller (security checklist 12).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from ..errors import RefusedError
from .jwt import MAX_HEADER_BYTES, PublicKey

ALGORITHMS: Final = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
"""How the content's key reaches the receiver."""

ENCRYPTIONS: Final = ("A128CBC-HS256", "A128GCM", "A256GCM")
"""How the content is encrypted; the first is the default (OpenID Connect Registration §2)."""

MAX_BYTES: Final = 24 * 1024
"""Longest token that is read: a signed one of the longest kind, encrypted."""

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_FORBIDDEN: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "p2s", "p2c"})

_REGISTRIES: Final = {(alg, enc): jwe.JWERegistry(algorithms=[alg, enc]) for alg in ALGORITHMS for enc in ENCRYPTIONS}
"""One for each pair, made once: joserfc copies its table of headers into every new one."""


def encrypt(content: str, key: PublicKey, *, alg: str, enc: str, cty: str = "") -> str:
    """Encrypt a text in compact form.

    Args:
        content: A signed JWT, or JSON.
        key: The receiver's public key, of the kind that the algorithm needs; its kid goes into the header.
        alg: One of ``ALGORITHMS``.
        enc: One of ``ENCRYPTIONS``.
        cty: ``JWT`` for a nested JWT.

    Raises:
        KeyError: an algorithm that is not in the lists.

    Source: RFC 7516 §5.1.
    """
    header = {"alg": alg, "enc": enc, **({"kid": key.kid} if key.kid else {}), **({"cty": cty} if cty else {})}
    return jwe.encrypt_compact(header, content.encode("utf-8"), key, registry=_REGISTRIES[alg, enc])


class DecryptionError(RefusedError):
    """The token is none that can be decrypted here. The message never says how far it came."""

    code = "invalid_token"


def header_of(token: str) -> dict[str, Any]:
    """Read the header of a compact JWE, for choosing the key.

    Raises:
        DecryptionError: it is too long, not in compact form, compressed, or of an algorithm that is not in the lists.

    Source: RFC 7516 §5.2, RFC 8725 §3.1.
    """
    if len(token) > MAX_BYTES or _COMPACT.fullmatch(token) is None:
        raise DecryptionError("The token is too long, or not an encrypted JWT in compact form.")
    try:
        protected = urlsafe_b64decode(token.partition(".")[0].encode("ascii"))
        header = json.loads(protected.decode("utf-8")) if len(protected) <= MAX_HEADER_BYTES else None
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or not _FORBIDDEN.isdisjoint(header):
        raise DecryptionError("The token's header is not well formed, or holds a member that is never accepted.")
    if header.get("alg") not in ALGORITHMS or header.get("enc") not in ENCRYPTIONS:
        raise DecryptionError("The token is encrypted with an algorithm that is not accepted.")
    return header


def decrypt(token: str, key: PublicKey, *, alg: str, enc: str) -> str:
    """Decrypt a compact JWE whose header was looked at (``header_of``).

    Args:
        token: As received.
        key: Our private key.
        alg: As in the header.
        enc: As in the header.

    Raises:
        DecryptionError: not with this key.

    Source: RFC 7516 §5.2.
    """
    try:
        opened = jwe.decrypt_compact(token, key, registry=_REGISTRIES[alg, enc]).plaintext
        return (opened or b"").decode("utf-8")
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise DecryptionError("The token is not encrypted to a key of ours.", debug=type(err).__name__) from None
