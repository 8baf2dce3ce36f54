"""What an application learns about an officer, by scopes and by name; and UserInfo, which tells it.

Spec: OpenID Connect Core §5.1, §5.3, §5.4, §5.5; the province's own claims by fixed interface §6. UserInfo tells the claims of
scopes, and the ID token only where no access token is issued to ask with; the post that the officer acts in is a fact of the
sign-in and stands in both (``acting_post``). By name an application may have what its registered scopes bring and nothing else,
whether it asked for the scope or not; what it may not have is left out without a word (§5.5.1). Claims that would be
empty are left out. An official mailbox is given by the province, so its address counts as verified; a telephone number in the
directory was typed by somebody, so it does not. The address is that of the office.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from ..authn.assurance import AssurancePolicy
from ..clock import Clock
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..directory.officer import Officer
from ..oauth.authorization_request import AuthorizationRequest
from ..oauth.client import Client, ClientRegistry
from ..oauth.grant import Grant, level_demanded
from ..oauth.grants.delegation import lapse_of_token
from ..oauth.ports import StoredAccessToken
from ..oauth.proof.holder import Holders, TokenUse
from ..oauth.tokens.access_token import AccessTokens, TokenRefusedError
from . import acting_post, claims_request
from .acting_post import Held, claim_of
from .claims_request import Wish
from .id_token import SCOPE
from .subject import Subjects

SCOPES: dict[str, tuple[str, ...]] = {
    "openid": ("sub",),
    "profile": ("name", "given_name", "family_name", "preferred_username"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "offline_access": (),
    "unit": ("unit_code", "unit_code_2016", "unit_name", "title", "posts"),
    "groups": ("groups",),
    acting_post.SCOPE: (acting_post.CLAIM,),
}
"""Scopes of officers and the claims that each brings; all need an officer, none is given for client credentials."""

SUPPORTED = tuple(dict.fromkeys(claim for claims in SCOPES.values() for claim in claims))


def release(officer: MirroredOfficer, scopes: Collection[str], client: Client,
            asked: Mapping[str, Wish] | None = None, *, held: Held | None = None) -> dict[str, Any]:
    """Give the claims of an officer that a client may see, but for the subject.

    Args:
        officer: As mirrored.
        scopes: Scopes of the access token.
        client: Decides the login name that ``preferred_username`` carries, whether ``groups`` are shown at all, and what may be
            asked for by name.
        asked: Claims asked for by name; one that is wanted with a value the officer does not have is left out.
        held: The post that the grant was made in.

    Returns:
        What there is to tell, and nothing empty. All text is NFC.
    """
    claims = _of_scopes(officer.officer, scopes, client, held)
    if asked:
        may_have = _of_scopes(officer.officer, client.scope.difference(scopes), client, held)
        claims |= {name: may_have[name] for name, wish in asked.items() if name in may_have and wish.admits(may_have[name])}
    return claims


def _of_scopes(person: Officer, scopes: Collection[str], client: Client, held: Held | None) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    if "profile" in scopes:
        claims |= _filled(name=person.name, given_name=person.given_name, family_name=person.family_name,
                          preferred_username=login_name(person, client))
    if "email" in scopes and person.mail:
        claims |= {"email": person.mail, "email_verified": True}
    if "phone" in scopes and person.phone:
        claims |= {"phone_number": person.phone, "phone_number_verified": False}
    if "address" in scopes:
        claims |= _filled(address=address_of(person))
    if "unit" in scopes:
        claims |= claim_of(person.main_post)
        if person.posts:
            claims["posts"] = [claim_of(post) for post in person.posts]
    if acting_post.SCOPE in scopes and (post := acting_post.told(person, held)):
        claims[acting_post.CLAIM] = post
    if "groups" in scopes and client.show_groups and person.groups:
        claims["groups"] = list(person.groups)
    return claims


def brought_by(scopes: Iterable[str]) -> frozenset[str]:
    """Give the names of the claims that scopes bring, the subject left out: that everybody is told."""
    return frozenset(claim for scope in scopes for claim in SCOPES.get(scope, ()) if claim != "sub")


def asked_by_name(request: AuthorizationRequest, client: Client) -> frozenset[str]:
    """Give the names of the claims that a request asks for by name, may have, and would not get by its scopes."""
    asked = claims_request.of_request(request)
    named = {*asked.userinfo, *asked.id_token} - ({"groups"} if not client.show_groups else set())
    return (brought_by(client.scope) & named) - brought_by(request.scope)


class IdTokenClaims:
    """Gives what an ID token tells of an officer beside the sign-in.

    Args:
        mirror: Asked only where something was asked for that the application may have.
    """

    def __init__(self, mirror: OfficerMirror) -> None:
        self._mirror = mirror

    def __call__(self, client: Client, grant: Grant, scopes: Collection[str], asked: Mapping[str, Wish]) -> dict[str, Any]:
        """Give the claims of scopes (§5.4) and those asked for by name (§5.5); none when the officer is not mirrored any more."""
        wanted = brought_by(scopes) | brought_by(client.scope).intersection(asked)
        officer = self._mirror.by_sub(grant.sub) if wanted else None
        return {} if officer is None else release(officer, scopes, client, asked, held=acting_post.of_grant(grant))


class PostOfGrant:
    """Gives what introspection tells of an officer beside the grant: the post, where the token's scope has it (RFC 7662 §2.2).

    Args:
        mirror: Asked only then.
    """

    def __init__(self, mirror: OfficerMirror) -> None:
        self._mirror = mirror

    def __call__(self, grant: Grant, scopes: Collection[str]) -> dict[str, Any]:
        """Give the members; none where the officer has lost the post since, or never named one."""
        held = acting_post.of_grant(grant) if acting_post.SCOPE in scopes else None
        officer = self._mirror.by_sub(grant.sub) if held else None
        post = None if officer is None else acting_post.told(officer.officer, held)
        return {acting_post.CLAIM: post} if post else {}


def login_name(officer: Officer, client: Client) -> str:
    """Give the name under which an application keeps its accounts: the attribute it registered, or the uid."""
    if client.login_name_attribute == "uid":
        return officer.uid
    return officer.attributes.get(client.login_name_attribute, "")


def address_of(officer: Officer) -> dict[str, Any]:
    """Give where an officer works: the agency's name and what the directory holds of its address (Core §5.1.1)."""
    where, agency = officer.address, officer.main_post.unit_name
    parts = (where.street, where.locality, " ".join(filter(None, (where.region, where.postal_code))))
    text = where.text or "\n".join(filter(None, parts))
    formatted = text if text.startswith(agency) else "\n".join(filter(None, (agency, text)))
    return _filled(formatted=formatted, street_address=where.street, locality=where.locality, region=where.region,
                   postal_code=where.postal_code)


def _filled(**claims: Any) -> dict[str, Any]:
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
        assurance: What level is demanded of whom.
        holders: Checks that a bound token is used by its holder.
        subjects: Gives the names that applications know officers by.
    """

    def __init__(self, tokens: AccessTokens, store: TokenOfficers, registry: ClientRegistry, clock: Clock,
                 assurance: AssurancePolicy, holders: Holders, *, subjects: Subjects) -> None:
        self._tokens = tokens
        self._store = store
        self._registry = registry
        self._clock = clock
        self._holders = holders
        self._assurance = assurance
        self._subjects = subjects

    def claims(self, access_token: str, use: TokenUse) -> tuple[Client, dict[str, Any]]:
        """Give the application that a token was issued to, and the claims for it.

        Args:
            access_token: As received.
            use: How it was sent, with the proof that came beside it.

        Raises:
            TokenRefusedError: ``insufficient_user_authentication`` for one of less than is demanded of its officer now (RFC 9470
                §3); ``invalid_token`` for one that is unknown, expired, revoked, meant for other resources only, of a
                client or officer who may not act any more, of another holder; ``insufficient_scope`` for one without the scope
                openid, or whose client has lost it. A scope that the registration has lost brings nothing.
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
        if not self._tokens.is_for_us(token):
            raise TokenRefusedError("The access token is meant for another resource.")
        scopes = client.get_allowed_scope(token.scope).split()
        if token.grant is None or SCOPE not in scopes:
            raise TokenRefusedError("The access token does not have the scope openid.", code="insufficient_scope", scope=SCOPE)
        self._holders.check(token.confirmation, access_token, use)
        lapse = lapse_of_token(token, client, self._registry.find, assurance=self._assurance, now=now)
        if lapse == "level" and not token.actors:  # whoever acts for another has no officer at hand who could be asked
            enough = self._assurance.acr_of(level_demanded(token.grant.standing, client, self._assurance, now=now))
            raise TokenRefusedError("More factors are needed at sign-in.", code="insufficient_user_authentication",
                                    acr_values=enough)
        if officer is None or lapse:
            raise TokenRefusedError("The access token is not valid.")
        # What was asked for by name was asked for by the application that the officer used, not by one that acts for it.
        asked = {} if token.actors else claims_request.of_grant(token.grant).userinfo
        return client, {"sub": self._subjects.of(client, officer.sub), **release(
            officer, scopes, client, asked, held=acting_post.of_grant(token.grant))}
