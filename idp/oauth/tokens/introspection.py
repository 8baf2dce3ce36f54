"""Introspection: a client asks whether a token is good.

Spec: RFC 7662, RFC 8693 §4.1 (act), RFC 9396 §9.2, RFC 9470 §6.2. Not on Authlib's endpoint: one authentication, one select,
one JSON object. A token is active only to its own client, to clients in its audience and to those that answer for a resource
in it (§4); to all others, and when it is unknown, expired or revoked, the answer is ``{"active": false}`` and nothing more
(security checklist 17). The hint is only where the search begins (§2.1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

from ...authn.assurance import published
from .. import client_authentication
from ..client import Client
from ..grant import Grant, lapse_of
from ..grants.delegation import act_claim, lapse_of_token
from ..ports import StoredAccessToken, StoredRefreshToken, digest
from ..proof.confirmation import claim_of, token_type_of
from ..provider_request import ProviderRequest
from ..server import Provider
from . import resource_indicator

ENDPOINT = "introspection"
_LONGEST_TOKEN = 16 * 1024


class Introspection:
    """Answers introspection requests.

    Args:
        provider: Client authentication, token recognition and the store.
        subject_of: Gives the subject that a client knows an officer by.
        acr_prefix: Prefix of acr values; the level follows.
        login_name_scope: Scope with which a token also tells the officer's login name (RFC 7662 username).
        told_of: Gives what a room that this one does not know tells of the officer (grant, scopes of the token).
    """

    def __init__(self, provider: Provider, *, subject_of: Callable[[Client, str], str], acr_prefix: str,
                 login_name_scope: str = "profile",
                 told_of: Callable[[Grant, Collection[str]], Mapping[str, Any]] = lambda _grant, _scopes: {}) -> None:
        self._provider = provider
        self._subject_of = subject_of
        self._acr_prefix = acr_prefix
        self._login_name_scope = login_name_scope
        self._told_of = told_of

    def answer(self, request: ProviderRequest) -> dict[str, Any]:
        """Give the members of the answer.

        Raises:
            OAuth2Error: the client did not authenticate, or no token was sent.
        """
        provider = self._provider
        asking = provider.authenticate_client(request, client_authentication.CONFIDENTIAL, ENDPOINT)
        value = request.form.get("token")
        if not value:
            raise InvalidRequestError("token is missing.")
        if len(value) > _LONGEST_TOKEN:
            return {"active": False}
        looks = [self._access_token, self._refresh_token]
        if request.form.get("token_type_hint") == "refresh_token":
            looks.reverse()
        for look in looks:
            members = look(value, asking)
            if members is not None:
                return members
        return {"active": False}

    def _access_token(self, value: str, asking: Client) -> dict[str, Any] | None:
        provider = self._provider
        found = provider.tokens.locate(value)
        token = provider.store.access_token(found) if found else None
        if token is None:
            return None
        now = provider.clock.now()
        owner = provider.registry.find(token.client_id)
        if (owner is None or token.revoked_at is not None or now >= token.expires_at
                or not _concerns(token, asking)
                or lapse_of_token(token, owner, provider.registry.find, assurance=provider.assurance, now=now)):
            return {"active": False}
        # Whoever an exchanged token is meant for has to know the officer by the name that it has for them.
        return self._members(token, owner.get_allowed_scope(token.scope), asking if token.actors else owner)

    def _members(self, token: StoredAccessToken, scope: str, known_to: Client) -> dict[str, Any]:
        """Tell what a token is good for; ``scope`` is what is left of its scope by the registration as it is now."""
        issuer = self._provider.issuer
        members: dict[str, Any] = {
            "active": True, "iss": issuer, "client_id": token.client_id, "token_type": token_type_of(token.confirmation),
            "scope": scope,
            "aud": resource_indicator.claim_of(token.audience, issuer=issuer), "iat": token.issued_at, "exp": token.expires_at}
        if token.confirmation:
            members["cnf"] = claim_of(token.confirmation)
        if token.details:
            members["authorization_details"] = json.loads(token.details)
        grant = token.grant
        if grant is None:
            members["sub"] = token.client_id
            return members
        if token.actors:
            members["act"] = act_claim(token.actors)
        members |= {"sub": self._subject_of(known_to, grant.sub), "auth_time": grant.auth_time,
                    "acr": f"{self._acr_prefix}{grant.acr}", "amr": published(grant.amr)}
        scopes = scope.split()
        if self._login_name_scope in scopes:
            members["username"] = token.login_name
        return {**self._told_of(grant, scopes), **members}

    def _refresh_token(self, value: str, asking: Client) -> dict[str, Any] | None:
        provider = self._provider
        token: StoredRefreshToken | None = provider.store.refresh_token(digest(value))
        if token is None:
            return None
        now = provider.clock.now()
        lapse = lapse_of(token.grant, asking, assurance=provider.assurance, now=now,
                         idle_limit_seconds=provider.lifetimes.session_idle_seconds)
        if lapse or token.used_at is not None or now >= token.expires_at:
            return {"active": False}
        return {"active": True, "iss": provider.issuer, "client_id": token.grant.client_id,
                "scope": asking.get_allowed_scope(token.scope),
                "sub": self._subject_of(asking, token.grant.sub), "iat": token.grant.created_at, "exp": token.expires_at}


def _concerns(token: StoredAccessToken, asking: Client) -> bool:
    """Tell whether a token is the caller's own, or meant for it by name or for a resource that it answers for."""
    if asking.client_id == token.client_id:
        return True
    return asking.client_id in token.audience or not asking.serves.isdisjoint(token.audience)
