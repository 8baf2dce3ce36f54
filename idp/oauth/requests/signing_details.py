"""The types of authorization details that ask for signatures: which documents, by digest, and what they are called.

Spec: RFC 9396 §2.1; members as the Cloud Signature Consortium's API 2.0.0.2 §8.4.2 names them. There are two with the same
members. ``credential`` (``credential_scope``) has the officer's phone sign before the application gets anything. The other has an
officer agree to what the application then has signed elsewhere; its name is the prefix of the deployment and ``signing``:

    {"type": "urn:haugiang:authorization:signing", "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "numSignatures": 1,
     "documentDigests": [{"hash": "sTOgwOm+474gFj0q0x1iSNspKqbcse4IeiqlDg/HWuI=", "label": "Quyết định số 12"}]}

``credentialID`` names the officer's certificate and may be left out: any of them then. ``numSignatures`` may be left out; it is
the number of documents. A label is what the officer reads, so it must be readable: one line, no control or invisible characters.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ..shown_text import misleads
from .rich_authorization import Detail, InvalidDetailsError

NAME = "signing"
"""What follows the deployment's prefix in the name of the type."""
MOST_DOCUMENTS = 20
"""Documents of one request; the page shows them all."""
LONGEST_LABEL = 200
ALGORITHMS: Mapping[str, tuple[str, int]] = {
    "2.16.840.1.101.3.4.2.1": ("SHA-256", 32), "2.16.840.1.101.3.4.2.2": ("SHA-384", 48),
    "2.16.840.1.101.3.4.2.3": ("SHA-512", 64)}
"""Object identifiers of digest algorithms, with their names and the bytes that they give."""

_MEMBERS = frozenset({"credentialID", "documentDigests", "hashAlgorithmOID", "numSignatures"})
_CREDENTIAL = re.compile(r"[A-Za-z0-9._~:/+=-]{1,160}")


class SigningDetails:
    """Reads and compares; ``rich_authorization.DetailType``.

    Args:
        most: Documents of one request.
    """

    def __init__(self, most: int = MOST_DOCUMENTS) -> None:
        self._most = most

    def read(self, members: Mapping[str, Any]) -> Detail:
        """Check the members and give them in one spelling: labels in NFC, ``numSignatures`` always there."""
        if not _MEMBERS.issuperset(members):
            raise InvalidDetailsError(f"Authorization details for signing have the members {', '.join(sorted(_MEMBERS))} only.")
        algorithm = members.get("hashAlgorithmOID")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise InvalidDetailsError("hashAlgorithmOID is that of SHA-256, SHA-384 or SHA-512.")
        given = members.get("documentDigests")
        if not isinstance(given, list) or not 0 < len(given) <= self._most:
            raise InvalidDetailsError(f"documentDigests is a list of 1 to {self._most} documents.")
        documents = [_document(one, size=ALGORITHMS[algorithm][1]) for one in given]
        if len({one["hash"] for one in documents}) < len(documents):
            raise InvalidDetailsError("documentDigests names a digest twice.")
        number = members.get("numSignatures", len(documents))
        if isinstance(number, bool) or not isinstance(number, int) or number != len(documents):
            raise InvalidDetailsError("numSignatures is the number of documents.")
        credential = members.get("credentialID")
        if credential is not None and not (isinstance(credential, str) and _CREDENTIAL.fullmatch(credential)):
            raise InvalidDetailsError("credentialID is 1 to 160 letters, digits and . _ ~ : / + = -.")
        named = {} if credential is None else {"credentialID": credential}
        return {**named, "documentDigests": documents, "hashAlgorithmOID": algorithm, "numSignatures": number}

    def covers(self, granted: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """Tell whether all documents asked for are among those agreed to, by digest and label, for the same certificate."""
        return (granted["hashAlgorithmOID"] == asked["hashAlgorithmOID"]
                and granted.get("credentialID") in (None, asked.get("credentialID"))
                and all(one in granted["documentDigests"] for one in asked["documentDigests"]))


def _document(given: Any, *, size: int) -> dict[str, str]:
    if not isinstance(given, dict) or set(given) != {"hash", "label"}:
        raise InvalidDetailsError("A document in documentDigests has the members hash and label.")
    digest, label = given["hash"], given["label"]
    if not isinstance(digest, str) or not _is_digest(digest, size):
        raise InvalidDetailsError("hash is the digest in base64, as long as hashAlgorithmOID says.")
    label = unicodedata.normalize("NFC", label).strip() if isinstance(label, str) and len(label) <= LONGEST_LABEL else ""
    if not label or misleads(label):
        raise InvalidDetailsError(f"label is a text of one line, 1 to {LONGEST_LABEL} characters, all of them visible.")
    return {"hash": digest, "label": label}


def _is_digest(text: str, size: int) -> bool:
    """Tell whether a text is the one base64 form of so many bytes."""
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return len(value) == size and base64.b64encode(value).decode() == text
