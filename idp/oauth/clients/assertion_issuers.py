"""Whose assertions about officers count as a grant: the operator's registration of issuers.

Spec: RFC 7523 §3 (the relationship between issuer and authorization server is out of its scope), RFC 7521 §5.1, §8.2. The
document is an object of issuers by ``iss``; what each may do is written out, nothing is allowed by being left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ...authn.assurance import PASSWORD
from ..client import ADMINISTRATION
from ..scope import OFFLINE
from .keys import InvalidKeysError, read_jwks
from .members import InvalidClientMetadataError, Members

_LONGEST_ISSUER: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionIssuer:
    """Somebody whose word about officers counts.

    Attributes:
        issuer: What ``iss`` says.
        clients: Applications that may bring their assertions.
        scope: The most that comes of one.
        subject: What ``sub`` says: the officer's login name (``uid``), or our subject (``sub``).
        level: Assurance level that an assertion stands for.
        jwks: JSON of their public keys; "" where they publish them.
        jwks_uri: Where they publish them; "" where they do not.
    """

    issuer: str
    clients: frozenset[str]
    scope: frozenset[str]
    subject: Literal["uid", "sub"] = "uid"
    level: int = PASSWORD
    jwks: str = ""
    jwks_uri: str = ""

    @property
    def client_id(self) -> str:
        """Name under which the keys are kept; no application has one like it."""
        return f"assertions of {self.issuer}"


def parse_issuers(document: Any, *, development: bool, levels: Mapping[str, int]) -> Mapping[str, AssertionIssuer]:
    """Read the operator's document.

    Args:
        document: The parsed JSON: ``{"https://issuer.example": {"jwks_uri": "...", "clients": ["..."], "scope": "..."}}``.
        development: Loopback http addresses are accepted.
        levels: Assurance levels by their acr values; those that officers can reach.

    Raises:
        InvalidClientMetadataError, InvalidRedirectUriError: with one sentence that names the member.
    """
    if not isinstance(document, dict):
        raise InvalidClientMetadataError("An object of issuers is expected.")
    return {issuer: _issuer(issuer, members, development=development, levels=levels) for issuer, members in document.items()}


def _issuer(issuer: str, document: Any, *, development: bool, levels: Mapping[str, int]) -> AssertionIssuer:
    if not 0 < len(issuer) <= _LONGEST_ISSUER or not issuer.isprintable() or not isinstance(document, dict):
        raise InvalidClientMetadataError("An issuer is a text of at most 255 characters, and an object stands beside it.")
    members = Members(document, development=development, prefix=f"{issuer}: ")
    keys = members.take("jwks")
    try:
        known = () if keys is None else read_jwks(keys)
    except InvalidKeysError as err:
        raise members.refuse("jwks", err.message) from None
    acr = members.text("acr", 200)
    made = AssertionIssuer(
        issuer=issuer, clients=frozenset(members.texts("clients")), scope=members.scope(default=frozenset()) - {OFFLINE},
        subject="sub" if members.choice("subject", ("uid", "sub")) == "sub" else "uid",
        level=levels.get(acr, 0) if acr else PASSWORD, jwks=json.dumps(keys) if known else "",
        jwks_uri=members.web_uri("jwks_uri"))
    members.nothing_left()
    if bool(made.jwks) == bool(made.jwks_uri):
        raise members.refuse("jwks", "either this with a key in it, or jwks_uri.")
    if not made.clients:
        raise members.refuse("clients", "at least one application is needed.")
    if not ADMINISTRATION.isdisjoint(made.scope):
        raise members.refuse("scope", "nobody vouches for an administrator.")
    if not made.scope:
        raise members.refuse("scope", "at least one is needed beside offline_access, which never comes of an assertion.")
    if not made.level:
        raise members.refuse("acr", f"one of {', '.join(levels)}, or absent for the first.")
    return made
