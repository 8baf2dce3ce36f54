"""The token exchange grant: an application that holds another's access token gets one of its own, to act for that officer.

Spec: RFC 8693 §2-§4, RFC 8707 §2.2 (resource), security checklist 9 and 18. The province's integration bus acts so for an officer
towards an application. Which applications' tokens an application may exchange, its operator says (``[province] exchange_from``);
``may_act`` (§4.4) would let the token say so, and no token of ours does. What comes out is never more than what went in: no other
officer, no further scope, no longer life, no refresh token, no looser binding. Departs from RFC 8693 §2.1: access tokens of ours
alone are taken and given; the actor is the application that authenticates, and an ``actor_token`` can only confirm that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from authlib.oauth2.rfc6749 import BaseGrant, InvalidRequestError, InvalidScopeError, TokenEndpointMixin, UnauthorizedClientError

from ...audit import AuditEvent
from ...authn.assurance import AssurancePolicy
from .. import client_authentication, scope
from ..client import Client
from ..grant import Grant
from ..ports import StoredAccessToken
from ..tokens import resource_indicator
from ..tokens.access_token import Exchanged, IssuedToken
from ..tokens.resource_indicator import InvalidTargetError
from .delegation import GRANT_TYPE, MOST_ACTORS, Find, lapse_of_chain, lapse_of_target, lapse_of_token
from .issuing import Issuing, told_of

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
AUDIENCE: Final = "audience"
MOST_TARGETS: Final = 8
"""Audiences and resources of one request."""

Proves = Callable[[str], bool]
"""Tells whether the request proves what a token is bound to (``Issuing.proves``)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is given for a subject token.

    Attributes:
        grant: What the officer gave to the origin; the new token hangs on it.
        scope: Space-separated.
        takes_over: What else it takes over.
    """

    grant: Grant
    scope: str
    takes_over: Exchanged


def check_types(form: Mapping[str, str]) -> None:
    """Refuse a request that is not made as RFC 8693 §2.1 says, or is about other tokens than access tokens.

    Raises:
        InvalidRequestError: with one sentence.
    """
    for name in ("subject_token", "subject_token_type"):
        if not form.get(name):
            raise InvalidRequestError(f"{name} is missing.")
    if ("actor_token" in form) != ("actor_token_type" in form):
        raise InvalidRequestError("actor_token and actor_token_type go together.")
    for name in ("subject_token_type", "actor_token_type", "requested_token_type"):
        if form.get(name, ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError(f"{name} must be {ACCESS_TOKEN}.")


def good(token: StoredAccessToken | None, name: str, *, find: Find, proves: Proves, assurance: AssurancePolicy,
         now: int) -> StoredAccessToken:
    """Give a token that was sent, if it is good now and in the right hands.

    A token that is bound to a key or a certificate is worth nothing without it, here as everywhere: only its holder, who proves
    possession in this request, can exchange it.

    Args:
        token: As the store has it; None when it is none of ours.
        name: Of the parameter, for the sentence that refuses it.
        find: Finds applications that may act now.
        proves: Tells what the request proves.
        assurance: What level is demanded of whom.
        now: Seconds since the epoch.

    Raises:
        InvalidRequestError: it is not (RFC 8693 §2.2.2).
    """
    owner = None if token is None else find(token.client_id)
    if (token is None or owner is None or token.revoked_at is not None or now >= token.expires_at
            or lapse_of_token(token, owner, find, assurance=assurance, now=now)):
        raise InvalidRequestError(f"The {name} is not valid.")
    if not proves(token.confirmation):
        raise InvalidRequestError(f"The {name} is bound to a key that this request does not prove.")
    return token


def check_actor(token: StoredAccessToken, client: Client) -> None:
    """Refuse an actor token that is not the application's own: one that it got for itself, by client credentials.

    Raises:
        InvalidRequestError: it tells of somebody else (RFC 8693 §2.2.2).
    """
    if token.grant is not None or token.client_id != client.client_id:
        raise InvalidRequestError("The actor_token is not one that this application got for itself.")


def exchange(subject: StoredAccessToken, client: Client, *, asked_scope: str, targets: Sequence[str], find: Find, issuer: str,
             assurance: AssurancePolicy, now: int) -> Exchange:
    """Decide what an application gets for a subject token.

    Args:
        subject: Good now (``good``).
        client: Asks, and is going to act.
        asked_scope: As received; "" asks for all that both may have.
        targets: The values of ``audience`` and ``resource``; empty keeps those of the subject token.
        find: Finds applications that may act now.
        issuer: The provider's issuer identifier, which is a target too.
        assurance: What level is demanded of whom.
        now: Seconds since the epoch.

    Raises:
        InvalidRequestError: the registration does not let this application exchange that token, or the chain is too long.
        InvalidTargetError: a target is unknown, or not for this officer or this application.
        InvalidScopeError: a scope is beyond the subject token or the registration, or none is left.
    """
    grant = subject.grant
    if grant is None:
        raise InvalidRequestError("The subject_token does not tell of an officer.")
    if subject.client_id not in client.exchange_from:
        raise InvalidRequestError("This application may not exchange tokens of the application that the subject_token is of.")
    actors = (client.client_id, *subject.actors)
    if len(actors) > MOST_ACTORS:
        raise InvalidRequestError("The subject_token was exchanged too often already.")
    if lapse_of_chain(grant, actors, find, assurance=assurance, now=now):
        raise InvalidRequestError("The officer may not use this application.")
    audience = _audience(targets or subject.audience, grant, client, find=find, issuer=issuer, assurance=assurance, now=now)
    words = scope_of(asked_scope, held=subject.scope.split(), registered=client.scope)
    if not words:
        raise InvalidScopeError("A scope is beyond the subject_token or not registered for this application, or none is left.")
    only = find(audience[0]) if len(audience) == 1 else None
    return Exchange(grant, " ".join(words), Exchanged(subject.expires_at, actors, only or client, audience, subject.confirmation))


def scope_of(asked: str, *, held: Sequence[str], registered: frozenset[str]) -> tuple[str, ...] | None:
    """Decide the scope of the new token: never more than the subject token has, or the application is registered for.

    Args:
        asked: As received; "" asks for all of it.
        held: Scopes of the subject token.
        registered: Scopes of the application.

    Returns:
        The scopes in the order asked, perhaps none; None when one is not to be had. ``offline_access`` never is: no refresh
        token comes of an exchange.
    """
    words = scope.words(asked)
    possible = [word for word in held if word in registered and word not in {scope.OFFLINE, scope.CREDENTIAL}]
    if words is None or not scope.within(words, possible):
        return None
    return words or tuple(possible)


def _audience(targets: Sequence[str], grant: Grant, client: Client, *, find: Find, issuer: str,
              assurance: AssurancePolicy, now: int) -> tuple[str, ...]:
    """Check whom the new token is to be for; gives each once, none for the issuer alone."""
    wanted = tuple(dict.fromkeys(targets))
    if len(wanted) > MOST_TARGETS:
        raise InvalidTargetError(f"More than {MOST_TARGETS} targets are named.")
    for target in wanted:
        if resource_indicator.is_resource(target) and not resource_indicator.may_target(client, (target,), issuer=issuer):
            raise InvalidTargetError("A resource is not one that this application may ask for.")
        lapse = lapse_of_target(grant, target, find, assurance=assurance, now=now)
        if lapse == "client":
            raise InvalidTargetError("An audience is no application that is registered here.")
        if lapse:
            raise InvalidTargetError("The officer may not use an application that the audience names.")
    return () if wanted == (issuer,) else wanted


class ExchangeGrant(Issuing, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """The grant on Authlib's order of steps and our store."""

    GRANT_TYPE = GRANT_TYPE
    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.CONFIDENTIAL
    decided: Exchange
    exchanged_from = ""

    def validate_token_request(self) -> None:
        """Decide on the request; errors as ``exchange``, and ``unauthorized_client`` without the grant type."""
        client: Client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(GRANT_TYPE):
            raise UnauthorizedClientError("This application is not registered for token exchange.")
        form, server = self.request.form, self.server
        check_types(form)
        if "actor_token" in form:
            check_actor(self._presented("actor_token"), client)
        subject = self._presented("subject_token")
        targets = [*self.request.values_of(AUDIENCE), *self.request.values_of(resource_indicator.PARAMETER)]
        self.exchanged_from = subject.client_id
        self.decided = exchange(subject, client, asked_scope=form.get("scope", ""), targets=targets, find=server.registry.find,
                                issuer=server.issuer, assurance=server.assurance, now=server.clock.now())

    def create_token_response(self) -> tuple[int, IssuedToken, Any]:
        """Make the token and keep it with its audit record."""
        decided, request, server = self.decided, self.request, self.server
        token: IssuedToken = server.issue(request, grant=decided.grant, scope=decided.scope, include_refresh_token=False,
                                          exchanged=decided.takes_over)
        rows = replace(server.rows(token, self.client, decided.grant), actors=decided.takes_over.actors)
        server.store.save_access_token(rows, server.record(
            AuditEvent.TOKEN_EXCHANGED, request, decided.grant, origin=decided.grant.client_id,
            subject_client=self.exchanged_from, **told_of(rows)))
        token["issued_token_type"] = ACCESS_TOKEN
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _presented(self, name: str) -> StoredAccessToken:
        server = self.server
        found = server.tokens.locate(self.request.form[name])
        return good(server.store.access_token(found) if found else None, name, find=server.registry.find, proves=self.proves,
                    assurance=server.assurance, now=server.clock.now())
