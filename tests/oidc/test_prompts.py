"""OpenID Connect Core §3.1.2.1 as a table: what is asked next, and what is refused where nothing may be asked."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from idp.authn.assurance import OUT_OF_REACH
from idp.oauth.authorization_request import AuthorizationError, AuthorizationRequest
from idp.oauth.client import Client
from idp.oidc.acting_post import ASK_AGAIN
from idp.oidc.prompts import ANSWERING_SECONDS, NotAllowedError, Prompt, answered, next_prompt
from idp.sessions.interaction import Interaction
from idp.sessions.single_sign_on import Session

NOW = 1_700_000_000
CLIENT = Client(client_id="app", client_name="App", consent="implied")
ASKING = replace(CLIENT, consent="ask")
REQUEST = AuthorizationRequest(client_id="app", redirect_uri="https://app.example/cb", response_type="code",
                               response_mode="query", scope=("openid",), state="s")
SESSION = Session(sid="sid", sub="u", auth_time=NOW - 100, acr=1, amr=("pwd",), created_at=NOW - 100, last_seen_at=NOW,
                  expires_at=NOW + 1000)
OPEN = Interaction(id="i", kind="authorize", client_id="app", request="{}", return_to="/", browser_digest=b"",
                   created_at=NOW - 50, expires_at=NOW + 50)
HERE = replace(OPEN, authenticated_at=NOW - 10, authenticated_sid="sid")
LONG_AGO = replace(OPEN, authenticated_at=NOW - ANSWERING_SECONDS - 1, authenticated_sid="sid")
AGED = replace(SESSION, auth_time=NOW - ANSWERING_SECONDS - 1)
ELSEWHERE = replace(OPEN, authenticated_at=NOW - 10, authenticated_sid="another")


def ask(request: AuthorizationRequest = REQUEST, client: Client = CLIENT, session: Session | None = SESSION,
        **changes: Any) -> Prompt:
    known: dict[str, Any] = {"subject": session.sub if session else "", "groups": (), "required_level": 1,
                             "notice_unread": False, "post_open": False, "consent_given": False, "interaction": None, "now": NOW}
    return next_prompt(request, client, session, **{**known, **changes})


def wants(*prompt: str, **more: Any) -> AuthorizationRequest:
    return replace(REQUEST, prompt=prompt, **more)


def named(sub: str) -> str:
    return f'{{"id_token":{{"sub":{{"values":["{sub}"]}}}}}}'


@pytest.mark.parametrize(("request_", "client", "session", "changes", "expected"), [
    (REQUEST, CLIENT, None, {}, Prompt.LOGIN),
    (REQUEST, CLIENT, SESSION, {}, Prompt.DONE),
    (wants("none"), CLIENT, SESSION, {}, Prompt.DONE),
    # prompt=login: only an authentication made here counts
    (wants("login"), CLIENT, SESSION, {}, Prompt.LOGIN),
    (wants("login"), CLIENT, SESSION, {"interaction": OPEN}, Prompt.LOGIN),
    (wants("login"), CLIENT, SESSION, {"interaction": ELSEWHERE}, Prompt.LOGIN),
    (wants("login"), CLIENT, SESSION, {"interaction": HERE}, Prompt.DONE),
    # max_age
    (wants(max_age=100), CLIENT, SESSION, {}, Prompt.DONE),
    (wants(max_age=99), CLIENT, SESSION, {}, Prompt.LOGIN),
    (wants(max_age=1), CLIENT, SESSION, {"interaction": HERE}, Prompt.DONE),
    (wants(max_age=0), CLIENT, replace(SESSION, auth_time=NOW), {}, Prompt.LOGIN),
    (wants(max_age=0), CLIENT, SESSION, {"interaction": HERE}, Prompt.DONE),
    (REQUEST, replace(CLIENT, default_max_age=99), SESSION, {}, Prompt.LOGIN),
    (wants(max_age=1000), replace(CLIENT, default_max_age=99), SESSION, {}, Prompt.DONE),
    # an authentication made here counts for the pages that follow it, and no longer
    (wants("login"), CLIENT, AGED, {"interaction": replace(HERE, authenticated_at=NOW - ANSWERING_SECONDS)}, Prompt.DONE),
    (wants("login"), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants("login", "consent"), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants("login"), ASKING, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants(max_age=0), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants(max_age=1), CLIENT, AGED, {"interaction": replace(HERE, authenticated_at=NOW - ANSWERING_SECONDS)}, Prompt.DONE),
    (wants(max_age=1), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants(max_age=ANSWERING_SECONDS), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants(max_age=ANSWERING_SECONDS + 1), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.DONE),
    (REQUEST, replace(CLIENT, default_max_age=60), AGED, {"interaction": LONG_AGO}, Prompt.LOGIN),
    (wants(max_age=1), CLIENT, replace(SESSION, auth_time=NOW), {"interaction": LONG_AGO}, Prompt.DONE),
    (REQUEST, CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.DONE),
    (wants("select_account"), CLIENT, AGED, {"interaction": LONG_AGO}, Prompt.DONE),
    # select_account
    (wants("select_account"), CLIENT, None, {}, Prompt.LOGIN),
    (wants("select_account"), CLIENT, SESSION, {}, Prompt.SELECT_ACCOUNT),
    (wants("select_account"), CLIENT, SESSION, {"interaction": HERE}, Prompt.DONE),
    # id_token_hint
    (wants(id_token_hint_sub="u"), CLIENT, SESSION, {}, Prompt.DONE),
    (wants(id_token_hint_sub="v"), CLIENT, SESSION, {}, Prompt.LOGIN),
    (wants("select_account", id_token_hint_sub="v"), CLIENT, SESSION, {}, Prompt.LOGIN),
    # a value for the claim sub
    (wants(claims=named("u")), CLIENT, SESSION, {}, Prompt.DONE),
    (wants(claims=named("v")), CLIENT, SESSION, {}, Prompt.LOGIN),
    (wants(claims=named("u"), id_token_hint_sub="v"), CLIENT, SESSION, {}, Prompt.LOGIN),
    # level
    (REQUEST, CLIENT, SESSION, {"required_level": 2}, Prompt.STEP_UP),
    (REQUEST, CLIENT, replace(SESSION, acr=2), {"required_level": 2}, Prompt.DONE),
    (wants("login"), CLIENT, SESSION, {"required_level": 2}, Prompt.LOGIN),
    # the post that the officer acts in, once it is settled who that is and before anything is agreed to
    (REQUEST, CLIENT, SESSION, {"post_open": True}, Prompt.POST),
    (REQUEST, ASKING, SESSION, {"post_open": True}, Prompt.POST),
    (wants("login"), CLIENT, SESSION, {"post_open": True}, Prompt.LOGIN),
    (wants("login"), CLIENT, SESSION, {"post_open": True, "interaction": HERE}, Prompt.POST),
    (wants("select_account"), CLIENT, SESSION, {"post_open": True}, Prompt.SELECT_ACCOUNT),
    (REQUEST, CLIENT, SESSION, {"post_open": True, "required_level": 2}, Prompt.STEP_UP),
    # the notice about personal data, once it is settled who that is and before anything is told
    (REQUEST, CLIENT, SESSION, {"notice_unread": True}, Prompt.NOTICE),
    (REQUEST, CLIENT, None, {"notice_unread": True}, Prompt.LOGIN),
    (REQUEST, ASKING, SESSION, {"notice_unread": True, "post_open": True}, Prompt.NOTICE),
    (REQUEST, CLIENT, SESSION, {"notice_unread": True, "signed": False}, Prompt.NOTICE),
    (REQUEST, CLIENT, SESSION, {"notice_unread": True, "required_level": 2}, Prompt.STEP_UP),
    (wants("select_account"), CLIENT, SESSION, {"notice_unread": True}, Prompt.SELECT_ACCOUNT),
    (wants("consent"), CLIENT, SESSION, {"notice_unread": True, "consent_given": True}, Prompt.NOTICE),
    # groups
    (REQUEST, replace(CLIENT, allowed_groups=frozenset({"a", "b"})), SESSION, {"groups": ("b",)}, Prompt.DONE),
    # consent
    (REQUEST, ASKING, SESSION, {}, Prompt.CONSENT),
    (REQUEST, ASKING, SESSION, {"consent_given": True}, Prompt.DONE),
    (wants("consent"), CLIENT, SESSION, {"consent_given": True}, Prompt.CONSENT),
    (wants("login", "consent"), CLIENT, SESSION, {}, Prompt.LOGIN),
    (wants("login", "consent"), CLIENT, SESSION, {"interaction": HERE}, Prompt.CONSENT),
    (REQUEST, ASKING, SESSION, {"required_level": 2}, Prompt.STEP_UP),
])
def test_core_s3_1_2_1_what_is_asked_next(request_: AuthorizationRequest, client: Client, session: Session | None,
                                          changes: dict[str, Any], expected: Prompt) -> None:
    assert ask(request_, client, session, **changes) is expected


STEPS = (Prompt.LOGIN, Prompt.SELECT_ACCOUNT, Prompt.CONSENT)
COMBINATIONS = [words for count in range(4) for words in combinations(("login", "select_account", "consent"), count)]


@pytest.mark.parametrize("order", [1, -1], ids=["as written", "reversed"])
@pytest.mark.parametrize("words", COMBINATIONS, ids=" ".join)
@pytest.mark.parametrize("agreed", [True, False], ids=["agreed before", "never agreed"])
@pytest.mark.parametrize(("session", "interaction", "asked_by_state"), [
    (None, None, {Prompt.LOGIN}), (SESSION, None, set()), (SESSION, OPEN, set()), (SESSION, ELSEWHERE, set()),
    (SESSION, HERE, set())], ids=["nobody", "session", "opened", "signed in elsewhere", "signed in here"])
def test_core_s3_1_2_1_every_combination_of_prompts_asks_what_is_due_first(
        words: tuple[str, ...], order: int, session: Session | None, interaction: Interaction | None,
        asked_by_state: set[Prompt], agreed: bool) -> None:
    due = {Prompt(word) for word in words} | asked_by_state
    if interaction is HERE:  # a sign-in made for this request answers who, and leaves whether
        due -= {Prompt.LOGIN, Prompt.SELECT_ACCOUNT}
    if not agreed:
        due.add(Prompt.CONSENT)
    expected = next((step for step in STEPS if step in due), Prompt.DONE)
    assert ask(wants(*words[::order]), ASKING, session, interaction=interaction, consent_given=agreed) is expected


@pytest.mark.parametrize("words", COMBINATIONS, ids=" ".join)
def test_core_s3_1_2_1_every_combination_comes_to_an_end(words: tuple[str, ...]) -> None:
    """An officer who answers whatever is asked arrives, and is asked nothing twice."""
    request, session, interaction, agreed = wants(*words), None, OPEN, False
    asked: list[Prompt] = []
    while (prompt := ask(request, ASKING, session, interaction=interaction, consent_given=agreed)) is not Prompt.DONE:
        asked.append(prompt)
        if prompt is Prompt.LOGIN:
            session, interaction = SESSION, HERE
        else:
            request, agreed = answered(request, prompt), agreed or prompt is Prompt.CONSENT
    assert asked == [Prompt.LOGIN, Prompt.CONSENT]


@pytest.mark.parametrize("changes", [
    {"display": "popup"}, {"display": "wap"}, {"ui_locales": ("en", "vi")}, {"claims_locales": ("vi",)}, {"login_hint": "vanthu"},
    {"acr_values": ("urn:haugiang:acr:2",)}])
def test_core_s3_1_2_1_what_is_only_a_hint_asks_nothing(changes: dict[str, Any]) -> None:
    assert ask(replace(REQUEST, **changes)) is Prompt.DONE
    assert ask(replace(wants("none"), **changes)) is Prompt.DONE


@pytest.mark.parametrize(("request_", "client", "session", "changes", "code"), [
    (wants("none"), CLIENT, None, {}, "login_required"),
    (wants("none", max_age=99), CLIENT, SESSION, {}, "login_required"),
    (wants("none", max_age=0), CLIENT, SESSION, {}, "login_required"),
    (wants("none"), replace(CLIENT, default_max_age=0), SESSION, {}, "login_required"),
    (wants("none", id_token_hint_sub="v"), CLIENT, SESSION, {}, "login_required"),
    (wants(id_token_hint_sub="v"), CLIENT, SESSION, {"interaction": HERE}, "login_required"),
    (wants(id_token_hint_sub="v"), CLIENT, AGED, {"interaction": LONG_AGO}, "login_required"),
    (wants("none", claims=named("v")), CLIENT, SESSION, {}, "login_required"),
    (wants(claims=named("v")), CLIENT, SESSION, {"interaction": HERE}, "login_required"),
    (wants("none"), CLIENT, SESSION, {"required_level": 2}, "interaction_required"),
    (REQUEST, CLIENT, replace(SESSION, acr=2), {"required_level": OUT_OF_REACH}, "unmet_authentication_requirements"),
    (REQUEST, CLIENT, SESSION, {"required_level": OUT_OF_REACH}, "unmet_authentication_requirements"),
    (wants("none"), CLIENT, SESSION, {"required_level": OUT_OF_REACH}, "unmet_authentication_requirements"),
    (wants("none"), CLIENT, SESSION, {"required_level": 3}, "interaction_required"),
    (wants("none"), ASKING, SESSION, {}, "consent_required"),
    (wants("none"), CLIENT, SESSION, {"post_open": True}, "interaction_required"),
    (wants("none"), ASKING, SESSION, {"post_open": True}, "interaction_required"),
    (wants("none"), CLIENT, SESSION, {"notice_unread": True}, "interaction_required"),
    (wants("none"), ASKING, SESSION, {"notice_unread": True}, "interaction_required"),
])
def test_core_s3_1_2_6_what_is_refused(request_: AuthorizationRequest, client: Client, session: Session | None,
                                       changes: dict[str, Any], code: str) -> None:
    with pytest.raises(AuthorizationError) as caught:
        ask(request_, client, session, **changes)
    assert caught.value.code == code
    assert (caught.value.redirect_uri, caught.value.state) == ("https://app.example/cb", "s")


@pytest.mark.parametrize("groups", [(), ("c",)])
def test_rfc6749_s4_1_2_1_an_officer_outside_the_groups_is_denied(groups: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowedError) as caught:
        ask(client=replace(CLIENT, allowed_groups=frozenset({"a"})), groups=groups)
    assert caught.value.code == "access_denied"


def test_a_question_that_was_answered_is_struck() -> None:
    assert answered(wants("select_account", "consent"), Prompt.SELECT_ACCOUNT).prompt == ("consent", ASK_AGAIN)
    assert answered(wants("consent"), Prompt.CONSENT).prompt == ()


# Authorization details

def test_rfc9396_s3_details_are_put_to_each_officer_whatever_was_agreed_to_before() -> None:
    request = wants(authorization_details='[{"type":"x"}]')
    for client in (CLIENT, ASKING):
        assert ask(request, client, consent_given=True) is Prompt.CONSENT
        agreed = answered(request, Prompt.CONSENT, SESSION.sub)
        assert ask(agreed, client, consent_given=True) is Prompt.DONE
        assert ask(agreed, client, replace(SESSION, sub="v"), consent_given=True) is Prompt.CONSENT
    assert answered(request, Prompt.SELECT_ACCOUNT, SESSION.sub).agreed_by == ""
    with pytest.raises(AuthorizationError) as refused:
        ask(replace(request, prompt=("none",)), consent_given=True)
    assert refused.value.code == "consent_required"
