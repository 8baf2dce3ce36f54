"""JSON Web Encryption: content that only one receiver can read.

Spec: RFC 7516 §4, §5.1, §7.1 (compact form); RFC 7518 §4.3, §4.6, §5; RFC 7519 §5.2 (nested: signed first, then encrypted);
RFC 8725 §3.2. Departs from RFC 7518 §4.1, which recommends more: two lists decide what there is, and keys are wrapped or agreed
on asymmetrically, with SHA-256. RSA1_5, RSA-OAEP with SHA-1, passwords (PBES2), shared keys and compression can be asked for
by no caller (security checklist 12).
"""

from __future__ import annotations

from typing import Final

from joserfc import jwe

from .jwt import PublicKey

ALGORITHMS: Final = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
"""How the content's key reaches the receiver."""

ENCRYPTIONS: Final = ("A128CBC-HS256", "A128GCM", "A256GCM")
"""How the content is encrypted; the first is the default (OpenID Connect Registration §2)."""


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
