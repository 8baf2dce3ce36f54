"""Session Management 1.0 §2, §3.2: what is computed, for whom, and who may frame the page that computes the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from idp.oauth.authorization_request import AuthorizationRequest
from idp.oidc.session_management import answer_parameters, frame_ancestors, is_browser_state, new_browser_state, session_state

ASKED = AuthorizationRequest(client_id="qlvb", redirect_uri="https://qlvb.example:8443/cb?x=1", response_type="code",
                             response_mode="query", scope=("openid", "profile"))
STATE = "b" * 43


def test_s3_2_it_is_a_salted_hash_over_client_origin_and_browser_state() -> None:
    expected = hashlib.sha256(f"qlvb https://qlvb.example {STATE} salt".encode()).hexdigest()
    assert session_state("qlvb", "https://qlvb.example", STATE, salt="salt") == f"{expected}.salt"
    (name, value), = answer_parameters(ASKED, STATE)
    assert name == "session_state"
    assert value == session_state("qlvb", "https://qlvb.example:8443", STATE, salt=value.partition(".")[2])
    assert " " not in value


def test_s3_2_every_answer_has_a_salt_of_its_own() -> None:
    values = {answer_parameters(ASKED, STATE)[0][1] for _ in range(50)}
    assert len(values) == len({value.partition(".")[0] for value in values}) == 50


def test_s3_2_another_client_origin_or_browser_state_gives_another_value() -> None:
    given = ("qlvb", "https://qlvb.example", STATE)
    others = [("cong", *given[1:]), (given[0], "https://qlvb.example:8443", STATE), (*given[:2], "c" * 43)]
    assert session_state(*given, salt="s") not in [session_state(*other, salt="s") for other in others]


@pytest.mark.parametrize(("redirect_uri", "origin"), [
    ("https://QLVB.example:443/cb", "https://qlvb.example"), ("http://127.0.0.1:39000/cb", "http://127.0.0.1:39000")])
def test_s2_the_origin_is_that_of_the_answer_as_browsers_write_it(redirect_uri: str, origin: str) -> None:
    value = dict(answer_parameters(replace(ASKED, redirect_uri=redirect_uri), STATE))["session_state"]
    assert value == session_state("qlvb", origin, STATE, salt=value.partition(".")[2])


def test_s2_only_openid_requests_with_a_page_to_return_to_get_one() -> None:
    assert answer_parameters(replace(ASKED, scope=("profile",)), STATE) == ()
    assert answer_parameters(replace(ASKED, redirect_uri="vn.gov.haugiang.app:/cb"), STATE) == ()


def test_browser_states_are_random_and_told_from_anything_else() -> None:
    made = {new_browser_state() for _ in range(50)}
    assert len(made) == 50
    assert all(map(is_browser_state, made))
    assert not any(map(is_browser_state, ("", "b" * 42, "b" * 44, "b" * 42 + " ", "b" * 42 + "=", "b" * 43 + "\n", "đ" * 43)))


def test_https_pages_may_frame_it_and_loopback_ones_in_development() -> None:
    assert frame_ancestors(development=False) == ("https:",)
    assert set(frame_ancestors(development=True)) == {"https:", "http://localhost:*", "http://127.0.0.1:*"}
