"""The provider asks its own time-stamp service, as anybody would: TimeStampReq in, TimeStampResp out (RFC 3161 §2.4)."""

from __future__ import annotations

from asn1crypto.tsp import TimeStampReq

from ...audit import Caller
from .service import TimeStamps
from .token import TimeStampAnswer


def stamped(service: TimeStamps, digest: bytes, caller: Caller) -> bytes:
    """Give the answer (DER) that stamps a SHA-256 digest; b"" where nobody stamps now. Raises UnavailableError as the service."""
    if not service.offered():
        return b""
    asked = TimeStampReq({"version": "v1", "cert_req": True, "message_imprint": {
        "hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}})
    answer = service.answer(asked.dump(), caller)
    return answer if TimeStampAnswer.load(answer)["status"]["status"].native == "granted" else b""
