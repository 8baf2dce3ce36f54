"""RP-Initiated Logout 1.0: who asks, for which session, and where the browser may go; a defect never redirects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.errors import RefusedError
from idp.oauth.client import Client
from idp.oidc.id_token import Hint
from idp.oidc.rp_initiated_logout import EndSession, LogoutRequest, needs_confirmation
from idp.sessions.single_sign_on import Session
from tests.fakes.subjects import SUBJECTS

CLIENT = Client(client_id="app", client_name="App", post_logout_redirect_uris=("https://app.example/out", "https://app.example/o?a=1"))
SESSION = Session(sid="sid", sub="u", auth_time=1, acr=1, amr=("pwd",), created_at=1, last_seen_at=1, expires_at=9)
OUT = "https://app.example/out"


class Registry:
    def find(self, client_id: str) -> Client | None:
        return CLIENT if client_id == "app" else None


def read_hint(token: str) -> Hint:
    if not token.startswith("good"):
        raise RefusedError("no ID token")
    return Hint("u", "sid", token.removeprefix("good-") if token != "good" else "app")


def read(**parameters: Any) -> LogoutRequest:
    lists = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return EndSession(Registry(), read_hint).read(lists)


def test_s3_a_hint_and_a_registered_uri_lead_back_with_state() -> None:
    assert read(id_token_hint="good", post_logout_redirect_uri=OUT, state="a b&c=đ") == LogoutRequest(
        client_id="app", sub="u", sid="sid", redirect_uri=OUT + "?state=a%20b%26c%3D%C4%91")
    assert read(id_token_hint="good", post_logout_redirect_uri="https://app.example/o?a=1", state="x").redirect_uri == (
        "https://app.example/o?a=1&state=x")
    assert read(id_token_hint="good", post_logout_redirect_uri=OUT).redirect_uri == OUT


@pytest.mark.parametrize("uri", ["https://app.example/out/", "https://app.example/out?x=1", "https://app.example/OUT",
                                 "https://evil.example/", "javascript:alert(1)", "//app.example/out", "https://app.example/out#f"])
def test_s3_a_uri_that_is_not_registered_is_a_defect(uri: str) -> None:
    assert read(id_token_hint="good", post_logout_redirect_uri=uri, state="x") == LogoutRequest(client_id="app")


def test_s2_a_hint_that_is_not_ours_names_nobody() -> None:
    assert read(id_token_hint="bad", client_id="app", post_logout_redirect_uri=OUT) == LogoutRequest()


def test_s2_a_hint_for_another_client_is_a_defect() -> None:
    assert read(id_token_hint="good-other", client_id="app", post_logout_redirect_uri=OUT) == LogoutRequest()
    assert read(id_token_hint="good-other", post_logout_redirect_uri=OUT).redirect_uri == ""


def test_s3_without_a_hint_a_registered_uri_is_only_offered() -> None:
    assert read(client_id="app", post_logout_redirect_uri=OUT, state="x") == LogoutRequest(
        client_id="app", return_uri=OUT + "?state=x")
    assert read(client_id="app", post_logout_redirect_uri="https://evil.example/") == LogoutRequest(client_id="app")
    assert read(post_logout_redirect_uri=OUT) == LogoutRequest()
    assert read(client_id="unknown", post_logout_redirect_uri=OUT) == LogoutRequest()


def test_nothing_or_only_state_is_a_plain_wish_to_sign_out() -> None:
    assert read() == read(state="x") == LogoutRequest()


def test_a_repeated_parameter_is_a_defect() -> None:
    assert read(id_token_hint=["good", "good"], post_logout_redirect_uri=OUT, ui_locales="en vi") == LogoutRequest(
        ui_locales=("en", "vi"))


def test_the_stored_form_is_read_back() -> None:
    asked = read(id_token_hint="good", post_logout_redirect_uri=OUT, state="x", ui_locales="en")
    assert LogoutRequest.from_json(asked.to_json()) == asked


@pytest.mark.parametrize(("asked", "client", "session", "asks"), [
    (LogoutRequest(client_id="app", sub="u", sid="sid"), CLIENT, SESSION, False),
    (LogoutRequest(client_id="app", sub="u", sid="older"), CLIENT, SESSION, True),
    (LogoutRequest(client_id="app", sub="v", sid="sid"), CLIENT, SESSION, True),
    (LogoutRequest(client_id="app", sub="u", sid="sid"), CLIENT, replace(SESSION, sub="v"), True),
    (LogoutRequest(client_id="app", sub="u", sid="sid"), None, SESSION, True),
    (LogoutRequest(client_id="app"), CLIENT, SESSION, True),
    (LogoutRequest(), None, SESSION, True),
])
def test_s6_only_a_hint_of_this_very_session_needs_no_question(asked: LogoutRequest, client: Client | None, session: Session,
                                                              asks: bool) -> None:
    assert needs_confirmation(asked, client, session, SUBJECTS) is asks


def test_core_s8_a_hint_of_this_session_is_recognised_by_its_pairwise_names() -> None:
    client = replace(CLIENT, subject_type="pairwise", redirect_uris=("https://app.example/cb",))
    sub, sid = SUBJECTS.of(client, "u"), SUBJECTS.session_of(client, "sid")
    assert not needs_confirmation(LogoutRequest(client_id="app", sub=sub, sid=sid), client, SESSION, SUBJECTS)
    for told in ({"sub": "u", "sid": sid}, {"sub": sub, "sid": "sid"}, {"sub": SUBJECTS.of(client, "v"), "sid": sid}):
        assert needs_confirmation(LogoutRequest(client_id="app", **told), client, SESSION, SUBJECTS)
