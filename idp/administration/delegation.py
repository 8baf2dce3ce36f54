"""What an agency's administrator may give an application: never more than an agency has (security checklist 38).

Spec: RFC 7591 §2 for the members' names. An agency registers applications that officers are asked about and that tell them
of the ordinary things only. Whatever goes beyond (trust without asking, groups, signing, acting without an officer, no PKCE)
the province gives; an application that has it is the province's to change, so that nobody takes it over by a new secret or
another address. An agency makes its own terms stricter and never laxer.
"""

from __future__ import annotations

from typing import Final

from ..oauth.client import Client
from ..oauth.clients.initial_access import Terms
from ..oauth.clients.registration import RegistrationPolicy
from ..roles import Administrator, ForbiddenError

SCOPES: Final = frozenset({"openid", "profile", "email", "phone", "address", "offline_access", "unit"})
"""Scopes that an agency may give."""
GRANT_TYPES: Final = frozenset({"authorization_code", "refresh_token"})
"""Grant types that an agency may give."""


def beyond(client: Client) -> str:
    """Name the member of an application that an agency cannot give; "" where there is none."""
    found = (
        ("scope", not client.scope <= SCOPES), ("grant_types", not GRANT_TYPES.issuperset(client.grant_types)),
        ("province.consent", client.consent != "ask"), ("province.require_pkce", not client.require_pkce),
        ("province.show_groups", client.show_groups), ("province.exchange_from", bool(client.exchange_from)),
        ("province.resources", bool(client.resources)), ("province.serves", bool(client.serves)),
        ("authorization_details_types", bool(client.authorization_details_types)), ("province.profile", bool(client.profile)),
        ("province.assertion_audience", client.assertion_audience != "issuer"),
        ("province.login_name_attribute", client.login_name_attribute != "uid"))
    return next((name for name, is_beyond in found if is_beyond), "")


def check_may_touch(who: Administrator, client: Client) -> None:
    """Refuse an agency's change of an application that has more than an agency gives. Raises ForbiddenError."""
    if not who.of_the_province and (member := beyond(client)):
        raise ForbiddenError(f"{member}: this application has more than an agency gives; the province changes it.")


def check(who: Administrator, client: Client, policy: RegistrationPolicy, *, before: Client | None = None) -> None:
    """Refuse an application that an agency's administrator may not make, or not make of what it was.

    Args:
        who: The administrator.
        client: As it is going to be.
        policy: Names levels.
        before: As it is; None for a new one.

    Raises:
        ForbiddenError: with the member that goes too far.
    """
    if who.of_the_province:
        return
    if not who.oversees(client.owner_unit):
        raise ForbiddenError(f"province.owner_unit: {who.unit}, or an agency below it.")
    if member := beyond(client):
        raise ForbiddenError(f"{member}: an agency cannot give this.")
    if before is None:
        return
    if client.required_level < before.required_level:
        raise ForbiddenError(f"province.required_acr: no lower than {policy.acr_prefix}{before.required_level}.")
    if before.allowed_groups and not (client.allowed_groups and client.allowed_groups <= before.allowed_groups):
        raise ForbiddenError("province.allowed_groups: some of those that there are, and no others.")


def check_terms(who: Administrator, terms: Terms) -> None:
    """Refuse leave to register applications that an agency's administrator could not register. Raises ForbiddenError."""
    if who.of_the_province:
        return
    if not who.oversees(terms.owner_unit):
        raise ForbiddenError(f"owner_unit: {who.unit}, or an agency below it.")
    if not (terms.scope <= SCOPES and GRANT_TYPES.issuperset(terms.grant_types) and terms.consent == "ask"
            and terms.require_pkce):
        raise ForbiddenError("scope, grant_types, consent, require_pkce: this is more than an agency gives.")
