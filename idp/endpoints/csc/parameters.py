"""The members of a request, read by their types: nothing is taken for anything that it is not.

Spec: CSC API 1.0.4.0 §10.1, §11 (error cases of each method, whose words are used). A member that is null is one that was not
sent; one that no method knows is passed over (§8.1). A text that an officer reads has to be readable (security checklist 57).
"""

from __future__ import annotations

import base64
import binascii
import json
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final

from ...errors import RefusedError
from ...json_object import parse_object
from ...oauth.shown_text import misleads
from ...signing.csc.algorithms import HASHES, LENGTHS
from ...signing.csc.authorization import Document
from ...signing.mobile_signature import DigestName

MOST_HASHES: Final = 20
LONGEST: Final = 1024
LONGEST_DESCRIPTION: Final = 500
LONGEST_CLIENT_DATA: Final = 4096
Body = Mapping[str, Any]


def invalid(message: str) -> RefusedError:
    """Refuse a request (400 ``invalid_request``)."""
    return RefusedError(message, code="invalid_request")


def text(body: Body, name: str, *, longest: int = LONGEST) -> str:
    """Give a text that has to be there. Raises RefusedError (400)."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"Missing (or invalid type) string parameter {name}")
    if len(value) > longest or "\0" in value:  # which no database keeps
        raise invalid(f"Invalid parameter {name}")
    return value


def text_or_none(body: Body, name: str, *, longest: int = LONGEST) -> str:
    """Give a text that may be left out, as "". Raises RefusedError (400)."""
    return "" if body.get(name) is None else text(body, name, longest=longest)


def word(body: Body, name: str, known: Collection[str], default: str) -> str:
    """Give one of the known words. Raises RefusedError (400)."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or value not in known:
        raise invalid(f"Invalid parameter {name}")
    return value


def flag(body: Body, name: str) -> bool:
    """Give a boolean, false where it was not sent. Raises RefusedError (400)."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"Invalid parameter {name}")
    return bool(value)


def count(body: Body, name: str) -> int:
    """Give a whole number of at least 1. Raises RefusedError (400)."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"Missing (or invalid type) integer parameter {name}")
    if value < 1:
        raise invalid(f"Invalid value for parameter {name}")
    return value


def hashes(body: Body, name: str) -> tuple[bytes, ...]:
    """Give a list of hashes. Raises RefusedError (400)."""
    value = body.get(name)
    if not isinstance(value, list):
        raise invalid(f"Missing (or invalid type) array parameter {name}")
    if not value:
        raise invalid("Empty hash array")
    if len(value) > MOST_HASHES:
        raise invalid(f"Invalid parameter {name}")
    return tuple(_octets(one) for one in value)


def one_hash(body: Body, name: str) -> bytes:
    """Give one hash. Raises RefusedError (400)."""
    return _octets(text(body, name))


def base64_of(octets: bytes) -> str:
    """Give octets as base64."""
    return base64.b64encode(octets).decode()


def digest_name(digests: tuple[bytes, ...], algorithm: str = "", *, name: str = "hashAlgo") -> DigestName:
    """Tell which algorithm hashes are of: all of one, by its object identifier, or by their length where none was sent.

    Raises:
        RefusedError: 400.
    """
    if algorithm and algorithm not in HASHES:
        raise invalid(f"Invalid parameter {name}")
    lengths = {len(digest) for digest in digests}
    found = LENGTHS.get(lengths.pop()) if len(lengths) == 1 else None
    if found is None or (algorithm and HASHES[algorithm] != found):
        raise invalid("Invalid digest value length")
    return found


def documents(body: Body, digests: tuple[bytes, ...], application: str) -> tuple[Document, ...]:
    """Tell what is signed, in words: by ``description``, and for the phone by ``dtbd`` of ``clientData``, where that is sent.

    Where neither is, the application's name and the beginning of the hash stand for it.

    Raises:
        RefusedError: 400; it is too long, or would show an officer something else than it says.
    """
    description = readable(body, "description")
    shown = _shown(text_or_none(body, "clientData", longest=LONGEST_CLIENT_DATA)) or description
    named = []
    for number, digest in enumerate(digests, start=1):
        place = f" ({number}/{len(digests)})" if len(digests) > 1 else ""
        name = f"{shown}{place}" if shown else f"{application} {digest.hex()[:8]}"
        named.append(Document(name, f"{description or shown or application}{place}"))
    return tuple(named)


def readable(body: Body, name: str) -> str:
    """Give a text that officers read, "" where none was sent. Raises RefusedError (400)."""
    return _readable(text_or_none(body, name, longest=LONGEST_DESCRIPTION), name)


def _readable(value: str, name: str) -> str:
    found = unicodedata.normalize("NFC", value).strip()
    if misleads(found):
        raise invalid(f"Invalid parameter {name}")
    return found


def _shown(client_data: str) -> str:
    """Read ``dtbd`` of client data that is base64 of a JSON object; any other client data are the application's own."""
    try:
        said = parse_object(base64.b64decode(client_data, validate=True)).get("dtbd")
    except (ValueError, binascii.Error, json.JSONDecodeError):
        return ""
    if not isinstance(said, str) or len(said) > LONGEST_DESCRIPTION:
        return ""
    return _readable(said, "clientData")


def _octets(value: object) -> bytes:
    """Read base64 in its one spelling."""
    if not isinstance(value, str) or len(value) > 200:
        raise invalid("Invalid Base64 hash string parameter")
    try:
        octets = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise invalid("Invalid Base64 hash string parameter") from None
    if base64.b64encode(octets).decode() != value:
        raise invalid("Invalid Base64 hash string parameter")
    return octets
