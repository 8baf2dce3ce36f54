"""What somebody asks who wants a time-stamp, or the words in which it is refused.

Spec: RFC 3161 §2.4.1 (TimeStampReq) and §2.4.2 (PKIFailureInfo); RFC 5816. Digests are SHA-256, SHA-384 and SHA-512: what is
stamped is to be believed for decades. A request of a few hundred bytes is the rule, so that more than ``LONGEST`` is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from asn1crypto.tsp import TimeStampReq

from ...errors import RefusedError

LONGEST: Final = 4096
LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Octets of the digests that are stamped."""
NONCE_BITS: Final = 256
UNREADABLE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises on octets that are not what they should be."""


class StampRefusedError(RefusedError):
    """No time-stamp is given; ``code`` is the name of a PKIFailureInfo as asn1crypto spells it (RFC 3161 §2.4.2)."""

    status = 422


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be stamped.

    Attributes:
        algorithm: Name of the digest, a key of ``LENGTHS``.
        imprint: The digest.
        policy: Wanted policy, dotted; empty for ours.
        nonce: To be given back; None where none was sent.
        with_certificate: The signer's certificate is to be put into the answer.
    """

    algorithm: str
    imprint: bytes
    policy: str = ""
    nonce: int | None = None
    with_certificate: bool = False


def read(content: bytes) -> Question:
    """Read a request (DER).

    Raises:
        StampRefusedError: ``bad_data_format`` (no request, or the digest has another length), ``bad_request`` (another version,
            a nonce without end), ``bad_alg``, ``unaccepted_extensions``.
    """
    if not 0 < len(content) <= LONGEST:
        raise StampRefusedError("This is not a time-stamp request.", code="bad_data_format")
    try:
        asked = TimeStampReq.load(content, strict=True)
        said: dict[str, Any] = dict(asked.native)
        imprint = asked["message_imprint"]
        algorithm, digest = imprint["hash_algorithm"]["algorithm"], imprint["hashed_message"].native
        name, parameters = algorithm.native, imprint["hash_algorithm"]["parameters"].native
        policy = asked["req_policy"].dotted if said["req_policy"] else ""
        nonce, wanted = said["nonce"], bool(said["cert_req"])
        version, extensions = said["version"], said["extensions"]
    except UNREADABLE as err:
        raise StampRefusedError("This is not a time-stamp request.", code="bad_data_format", debug=str(err)) from err
    if version != "v1":
        raise StampRefusedError("Only version 1 of requests is answered.", code="bad_request")
    if name not in LENGTHS or parameters is not None:
        raise StampRefusedError("Only SHA-256, SHA-384 and SHA-512 are stamped.", code="bad_alg")
    if not isinstance(digest, bytes) or len(digest) != LENGTHS[name]:
        raise StampRefusedError("The digest does not have the length of its algorithm.", code="bad_data_format")
    if extensions:
        raise StampRefusedError("No extension is known here.", code="unaccepted_extensions")
    if nonce is not None and nonce.bit_length() > NONCE_BITS:
        raise StampRefusedError("The nonce is longer than 256 bits.", code="bad_request")
    return Question(name, digest, policy, nonce, wanted)
