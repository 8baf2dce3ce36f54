"""What EST carries: requests and certificates as base64, and what a request should be like.

Spec: RFC 7030 §4.1.3, §4.2.1, §4.2.3, §4.5.2; RFC 8951 §3 (base64 with or without line breaks, whatever the header says).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import ClassVar, Final

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from ..authority.csr import LONGEST, CsrError

_BLANKS: Final = re.compile(rb"[ \t\r\n]+")


class _Curves(core.SetOf):  # type: ignore[misc]
    _child_spec = core.ObjectIdentifier


class _KeyKind(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("type", core.ObjectIdentifier), ("values", _Curves)]


class _Wishes(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("key", _KeyKind), ("signature", core.ObjectIdentifier)]


def request_of(body: bytes) -> bytes:
    """Give the PKCS #10 request of a body, DER.

    Raises:
        CsrError: ``bad_request``: it is not base64, or too long.
    """
    try:
        content = base64.b64decode(_BLANKS.sub(b"", body), validate=True)
    except (binascii.Error, ValueError) as err:
        raise CsrError("The body is not base64 (RFC 8951, section 3).", code="bad_request", status=400) from err
    if not 0 < len(content) <= LONGEST:
        raise CsrError("The body holds no request of at most 16 kB.", code="bad_request", status=400)
    return content


def certificates(found: Sequence[x509.Certificate]) -> bytes:
    """Give a body of certificates alone (PKCS #7, certs-only), base64 in lines."""
    return base64.encodebytes(pkcs7.serialize_certificates(list(found), Encoding.DER))


def wishes() -> bytes:
    """Say what a request should be like: a key on P-256, signed with SHA-256 (CsrAttrs), base64 in lines."""
    made: bytes = _Wishes({"key": {"type": "1.2.840.10045.2.1", "values": ["1.2.840.10045.3.1.7"]},
                           "signature": "1.2.840.10045.4.3.2"}).dump()
    return base64.encodebytes(made)
