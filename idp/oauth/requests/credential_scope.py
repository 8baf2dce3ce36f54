"""Leave for one signing: which hashes, with which of the officer's credentials, and in what words.

Spec: CSC API 1.0.4.0 §8.3.2 and 2.0.0.2 §8.4.2 (scope ``credential`` with its parameters, or RFC 9396 authorization details of
the type ``credential``); security checklist 57. Both ways come to the same details, so that the page, the phone and the token
speak of one thing. It is asked for alone: never with the scope ``service``, never twice, never without hashes (SCAL 2). An
operator decides which applications may (``authorization_details_types``).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from typing import Final

from authlib.oauth2 import OAuth2Error

from .. import scope
from ..client import Client
from . import rich_authorization
from .rich_authorization import Detail, InvalidDetailsError, Types
from .signing_details import ALGORITHMS, LONGEST_LABEL

TYPE: Final = "credential"
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{2,200}")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_BY_LENGTH: Final = {size: name for name, (_, size) in ALGORITHMS.items()}


class CredentialRequestError(OAuth2Error):  # type: ignore[misc]
    """The parameters beside the scope ``credential`` are not such; one sentence says what is wrong."""

    error = "invalid_request"


class CombinedScopesError(OAuth2Error):  # type: ignore[misc]
    """Leave to use the service and leave to sign are asked for in one request."""

    error = "invalid_scope"


def details_of(sent: Mapping[str, str], asked: Collection[str], client: Client, types: Types) -> list[Detail]:
    """Give what a request asks for beyond scopes.

    Args:
        sent: Its parameters.
        asked: Its scopes.
        client: Asks.
        types: Those that are offered here.

    Raises:
        InvalidDetailsError: as ``rich_authorization.read``; more than one signing is asked for.
        CredentialRequestError, CombinedScopesError: as they say.
    """
    text = sent.get(rich_authorization.PARAMETER)
    details = rich_authorization.read(text, client, types) if text is not None else []
    signings = sum(1 for one in details if one["type"] == TYPE)
    leave = scope.leave_to_sign(asked)
    if scope.SERVICE in asked and (leave or signings):
        raise CombinedScopesError("The scopes service and credential are asked for one at a time.")
    if leave and not signings:
        details = [*details, *rich_authorization.read(json.dumps([_detail(sent, client)]), client, types)]
    if sum(1 for one in details if one["type"] == TYPE) > 1:
        raise InvalidDetailsError("One request asks for one signing.")
    return details


def to_be_signed(details: str) -> Detail | None:
    """Give the details of the signing among those of a request (``rich_authorization.spell``); None where there is none."""
    if TYPE not in details:
        return None
    found: list[Detail] = json.loads(details)
    return next((one for one in found if one["type"] == TYPE), None)


def _detail(sent: Mapping[str, str], client: Client) -> Detail:
    """Read the parameters that stand beside the scope."""
    if "signatureQualifier" in sent:
        raise CredentialRequestError("signatureQualifier is not known here; an officer has one credential.")
    digests = [_octets(one) for one in (sent.get("hash") or sent.get("hashes") or "").split(",")]
    algorithm = sent.get("hashAlgorithmOID") or _BY_LENGTH.get(len(digests[0]), "")
    number = sent.get("numSignatures", "")
    if _NUMBER.fullmatch(number) is None or int(number) != len(digests):
        raise CredentialRequestError("numSignatures is the number of hashes.")
    description = sent.get("description", "").strip()
    if len(description) > LONGEST_LABEL:
        raise CredentialRequestError(f"description is longer than {LONGEST_LABEL} characters.")
    shown = description or client.client_name or client.client_id
    several = len(digests) > 1
    named = {"credentialID": sent["credentialID"]} if "credentialID" in sent else {}
    return {"type": TYPE, **named, "hashAlgorithmOID": algorithm, "numSignatures": len(digests), "documentDigests": [
        {"hash": base64.b64encode(digest).decode(), "label": f"{shown} ({place}/{len(digests)})" if several else shown}
        for place, digest in enumerate(digests, start=1)]}


def _octets(text: str) -> bytes:
    """Read base64url, with or without padding."""
    bare = text.rstrip("=")
    if _BASE64URL.fullmatch(bare) is None or len(bare) % 4 == 1:
        raise CredentialRequestError("hash is one or more hashes in base64url, separated by commas.")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
