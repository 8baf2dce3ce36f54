"""Which page comes next before a code may be issued; pure, and asked again at every step and once more at the end.

Spec: OpenID Connect Core 1.0 §3.1.2.1 (prompt, max_age, id_token_hint, acr_values), §3.1.2.2-§3.1.2.6, §5.5.1 (sub, acr);
RFC 9470 (step-up);
OpenID Connect Core Error Code unmet_authentication_requirements. ``prompt=login`` and ``max_age=0`` are satisfied only by an
authentication made in this interaction, so that no older session can stand in for it (security checklist 29, 30). Core leaves
open when the time that ``max_age`` bounds is taken; here at every page and once more when the code is issued, because the
application will compare ``auth_time`` with its own clock. So that no request can loop, an authentication made in this interaction
counts for ``ANSWERING_SECONDS`` whatever was asked, and afterwards as any other. A registered ``default_max_age`` holds where the
request names none (Registration §2). Authorization details (RFC 9396) are put to the officer each time, whatever was agreed to
before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from ..authn.assurance import OUT_OF_REACH
from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ..oauth.client import Client
from ..sessions.interaction import Interaction
from ..sessions.single_sign_on import Session
from . import claims_request
from .acting_post import ASK_AGAIN

ANSWERING_SECONDS = 120
"""How long an authentication that a request asked for satisfies it: the pages that follow, such as consent, take their time."""


class Prompt(StrEnum):
    """What the officer is asked next."""

    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    STEP_UP = "step_up"
    NOTICE = "notice"
    POST = "post"
    CONSENT = "consent"
    SIGN = "sign"
    DONE = "done"


class NotAllowedError(AuthorizationError):
    """The officer is in none of the groups that the application admits (``allowed_groups``)."""


def next_prompt(request: AuthorizationRequest, client: Client, session: Session | None, *, subject: str, groups: Collection[str],
                required_level: int, notice_unread: bool, post_open: bool, consent_given: bool,
                interaction: Interaction | None, now: int, signed: bool = True) -> Prompt:
    """Tell what the officer is asked next; DONE when the code may be issued.

    Args:
        request: As it is stored; questions that were answered have been struck from its ``prompt`` (``answered``).
        client: The application.
        session: The browser's live session, if it has one.
        subject: What the application knows the session's officer by; "" without a session.
        groups: The session's officer's groups, as the mirror has them now.
        required_level: Least level, by application, officer and request (``authn.assurance``).
        notice_unread: Whether there is a notice about personal data that the officer has not read
            (``notices.personal_data``): nothing is told to any application before.
        post_open: Whether the officer has to say in which of several posts they act (``acting_post.ActingPosts.settle``).
        consent_given: Whether what the request asks for has been agreed to before.
        interaction: The stored request; None on the fast path.
        now: Seconds since the epoch.
        signed: Whether the officer's phone has signed what the request wants signed, if it wants anything signed.

    Raises:
        AuthorizationError: ``login_required``, ``interaction_required`` or ``consent_required``
            where nothing may be asked (prompt=none); ``login_required`` where another officer signed in than the request names;
            ``unmet_authentication_requirements`` where the level cannot be reached here.
        NotAllowedError: with ``access_denied``.
    """
    silent = "none" in request.prompt
    if session is None or _must_authenticate(request, client, session, interaction, now):
        if silent:
            raise request.refuse("login_required", "The officer has to sign in.")
        return Prompt.LOGIN
    if not hint_agrees(request, subject):
        if silent or _authenticated_here(session, interaction):
            raise request.refuse("login_required", "Another officer is signed in than the request names.")
        return Prompt.LOGIN
    if "select_account" in request.prompt and not _authenticated_here(session, interaction):
        return Prompt.SELECT_ACCOUNT
    if client.allowed_groups and client.allowed_groups.isdisjoint(groups):
        refusal = request.refuse("access_denied", "The officer is not among those whom this application admits.")
        raise NotAllowedError(refusal.code, refusal.message, redirect_uri=refusal.redirect_uri, state=refusal.state,
                              response_mode=refusal.response_mode, client_id=refusal.client_id)
    if session.acr < required_level:
        if required_level == OUT_OF_REACH:
            raise request.refuse("unmet_authentication_requirements", "The level asked for cannot be reached here.")
        if silent:
            raise request.refuse("interaction_required", "The officer has to prove a further factor.")
        return Prompt.STEP_UP
    if notice_unread:
        if silent:
            raise request.refuse("interaction_required", "The officer has to read the notice about personal data.")
        return Prompt.NOTICE
    if post_open:
        if silent:
            raise request.refuse("interaction_required", "The officer has to say in which post they act.")
        return Prompt.POST
    if "consent" in request.prompt or (client.consent == "ask" and not consent_given) or request.unseen_by(session.sub):
        if silent:
            raise request.refuse("consent_required", "The officer has to agree first.")
        return Prompt.CONSENT
    return Prompt.DONE if signed else Prompt.SIGN


def hint_agrees(request: AuthorizationRequest, subject: str) -> bool:
    """Tell whether a subject is the one that id_token_hint or a value for the claim sub names, if one does."""
    return request.id_token_hint_sub in (None, subject) and claims_request.of_request(request).admits_subject(subject)


def answered(request: AuthorizationRequest, prompt: Prompt, sub: str = "") -> AuthorizationRequest:
    """Strike a question that an officer has answered from a stored request, and note who agreed to its authorization details.

    Whoever asks for the account to be chosen asks for the post as well, which is another page.
    """
    more = (ASK_AGAIN,) if prompt is Prompt.SELECT_ACCOUNT else ()
    left = replace(request, prompt=(*(word for word in request.prompt if word != prompt.value), *more))
    return replace(left, agreed_by=sub) if prompt is Prompt.CONSENT and request.authorization_details else left


def _must_authenticate(request: AuthorizationRequest, client: Client, session: Session, interaction: Interaction | None,
                       now: int) -> bool:
    if _authenticated_here(session, interaction, since=now - ANSWERING_SECONDS):
        return False
    max_age = client.default_max_age if request.max_age is None else request.max_age
    # max_age=0 asks for an authentication now, as prompt=login does; a session of this very second is not one.
    return "login" in request.prompt or max_age == 0 or (max_age is not None and now - session.auth_time > max_age)


def _authenticated_here(session: Session, interaction: Interaction | None, *, since: int = 0) -> bool:
    return (interaction is not None and interaction.authenticated_at is not None and interaction.authenticated_at >= since
            and interaction.authenticated_sid == session.sid)
