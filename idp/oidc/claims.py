"""What an application learns about an officer, scope by scope; and UserInfo, which tells it.

Spec: OpenID Connect Core §5.1, §5.3, §5.4; the province's own claims by fixed interface §6. UserInfo tells the claims of scopes,
and the ID token only where no access token is issued to ask with. Claims that would be empty are left out. An official mailbox
is given by the province, so its address counts as verified; a telephone number in the directory was typed by somebody, so it
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from ..clock import Clock
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..directory.officer import Officer, Post
from ..oauth.access_token import AccessTokens, TokenRefusedError
from ..oauth.client import Client, ClientRegistry
from ..oauth.grant import lapse_of
from ..oauth.ports import StoredAccessToken
from .id_token import SCOPE
from .subject import subject_for

SCOPES: dict[str, tuple[str, ...]] = {
    "openid": ("sub",),
    "profile": ("name", "given_name", "family_name", "preferred_username"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": (),
    "offline_access": (),
    "unit": ("unit_code", "unit_code_2016", "unit_name", "title", "posts"),
    "groups": ("groups",),
}
"""Scopes of officers and the claims that each brings; all need an officer, none is given for client credentials."""

SUPPORTED = tuple(dict.fromkeys(claim for claims in SCOPES.values() for claim in claims))


def release(officer: MirroredOfficer, scopes: Collection[str], client: Client) -> dict[str, Any]:
    """Give the claims of an officer that a client may see.

    Args:
        officer: As mirrored.
        scopes: Scopes of the access token.
        client: Decides the login name that ``preferred_username`` carries, and whether ``groups`` are shown at all.

    Returns:
        ``sub`` always; everything else only with its scope and only when there is something to tell. All text is NFC.
    """
    person = officer.officer
    claims: dict[str, Any] = {"sub": subject_for(client, officer.sub)}
    if "profile" in scopes:
        claims |= _filled(name=person.name, given_name=person.given_name, family_name=person.family_name,
                          preferred_username=login_name(person, client))
    if "email" in scopes and person.mail:
        claims |= {"email": person.mail, "email_verified": True}
    if "phone" in scopes and person.phone:
        claims |= {"phone_number": person.phone, "phone_number_verified": False}
    if "unit" in scopes:
        claims |= _post(person.main_post)
        if person.posts:
            claims["posts"] = [_post(post) for post in person.posts]
    if "groups" in scopes and client.show_groups and person.groups:
        claims["groups"] = list(person.groups)
    return claims


def claims_from(mirror: OfficerMirror) -> Callable[[Client, str, Collection[str]], dict[str, Any]]:
    """Give what ID tokens ask for the claims of an officer (client, sub, scopes), as mirrored; nothing of one who is not."""
    def claims_of(client: Client, sub: str, scopes: Collection[str]) -> dict[str, Any]:
        officer = mirror.by_sub(sub)
        return {} if officer is None else release(officer, scopes, client)
    return claims_of


def login_name(officer: Officer, client: Client) -> str:
    """Give the name under which an application keeps its accounts: the attribute it registered, or the uid."""
    if client.login_name_attribute == "uid":
        return officer.uid
    return officer.attributes.get(client.login_name_attribute, "")


def _post(post: Post) -> dict[str, Any]:
    return _filled(unit_code=post.unit_code, unit_code_2016=post.unit_code_2016, unit_name=post.unit_name, title=post.title)


def _filled(**claims: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value}


class TokenOfficers(Protocol):
    """Where UserInfo finds token and officer in one look."""

    def officer_of(self, digest: bytes) -> tuple[StoredAccessToken, MirroredOfficer | None] | None:
        """Find an access token by its digest, with the officer that it tells of."""
        ...


class UserInfo:
    """The UserInfo rule: from an access token to claims.

    Args:
        tokens: Recognises access tokens.
        store: Where they rest.
        registry: Clients.
        clock: Source of the time.
    """

    def __init__(self, tokens: AccessTokens, store: TokenOfficers, registry: ClientRegistry, clock: Clock) -> None:
        self._tokens = tokens
        self._store = store
        self._registry = registry
        self._clock = clock

    def claims(self, access_token: str) -> dict[str, Any]:
        """Give the claims for a token.

        Raises:
            TokenRefusedError: ``invalid_token`` for one that is unknown, expired, revoked, of a client or officer who may not act
                any more; ``insufficient_scope`` for one without the scope openid.
        """
        digest = self._tokens.locate(access_token)
        found = self._store.officer_of(digest) if digest else None
        if found is None:
            raise TokenRefusedError("The access token is not valid.")
        token, officer = found
        now = self._clock.now()
        client = self._registry.find(token.client_id)
        if client is None or token.revoked_at is not None or now >= token.expires_at:
            raise TokenRefusedError("The access token is not valid.")
        scopes = token.scope.split()
        if token.grant is None or SCOPE not in scopes:
            raise TokenRefusedError("The access token does not have the scope openid.", code="insufficient_scope", scope=SCOPE)
        if officer is None or lapse_of(token.grant, client, now=now, idle_limit_seconds=None):
            raise TokenRefusedError("The access token is not valid.")
        return release(officer, scopes, client)
