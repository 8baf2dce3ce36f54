"""What is read at the authorization endpoint alone, and refused by name where an officer is asked elsewhere.

Spec: RFC 8628 §3.1 and OpenID Connect Client-Initiated Backchannel Authentication §7.1, which define none of it; RFC 9396 §5.
Somebody who sends such a parameter means it: a level that is essential, documents to be signed, a request that is signed. To read
past it would give more than was asked for, or something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from authlib.oauth2.rfc6749 import InvalidRequestError

from ..requests import rich_authorization

UNREAD: Final = ("request", "request_uri", "claims")


def refuse_unread(sent: Mapping[str, str]) -> None:
    """Refuse parameters that would not be read.

    Args:
        sent: Those of the request; where it came signed, those inside.

    Raises:
        InvalidDetailsError: for ``authorization_details``, which an officer reads on the way of a code only.
        InvalidRequestError: for the others.
    """
    if rich_authorization.PARAMETER in sent:
        raise rich_authorization.InvalidDetailsError("authorization_details are taken at the authorization endpoint only.")
    for name in UNREAD:
        if name in sent:
            raise InvalidRequestError(f"{name} is not supported at this endpoint.")
