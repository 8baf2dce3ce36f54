"""CIBA §7.1: what an authentication request says, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from authlib.oauth2 import OAuth2Error
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.backchannel import request
from idp.oauth.backchannel.request import GRANT_TYPE, BackchannelRequest, parse
from idp.oauth.client import SCOPES, Client

POLL = Client(client_id="bank", client_name="Ngân hàng", grant_types=(GRANT_TYPE, "refresh_token"), scope=frozenset(SCOPES),
              backchannel_token_delivery_mode="poll")
PING = replace(POLL, backchannel_token_delivery_mode="ping",
               backchannel_client_notification_endpoint="https://bank.example/ciba")
GOOD = {"scope": "openid profile", "login_hint": "canbo"}
TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"


def read(client: Client = POLL, **changes: str | None) -> BackchannelRequest:
    sent = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return parse(sent, client)


def refusal(client: Client = POLL, **changes: str | None) -> str:
    with pytest.raises(OAuth2Error) as caught:
        read(client, **changes)
    said = caught.value.get_error_description()
    assert said.isascii()
    assert not set('"\\') & set(said)
    assert caught.value.status_code == 400
    return str(caught.value.error)


def test_ciba_s7_1_a_good_request_says_what_is_asked_and_of_whom() -> None:
    found = read(acr_values="urn:x:2 urn:x:1", binding_message="W4SCT", requested_expiry="120")
    assert found.asked.client_id == "bank"
    assert found.asked.scope == ("openid", "profile")
    assert found.asked.acr_values == ("urn:x:2", "urn:x:1")
    assert (found.login_hint, found.id_token_hint) == ("canbo", "")
    assert (found.binding_message, found.lifetime_seconds, found.notification_token) == ("W4SCT", 120, "")


def test_ciba_s13_a_client_that_is_not_registered_for_it_is_unauthorized() -> None:
    assert refusal(replace(POLL, grant_types=("authorization_code",))) == "unauthorized_client"


@pytest.mark.parametrize(("scope", "error"), [
    (None, "invalid_request"), ("profile", "invalid_scope"), ('openid "', "invalid_scope"), (" ", "invalid_scope"),
    ("openid unheard", "invalid_scope"),
])
def test_ciba_s7_1_the_scope_holds_openid_and_is_registered(scope: str | None, error: str) -> None:
    assert refusal(scope=scope) == error
    assert refusal(replace(POLL, scope=frozenset({"openid"}))) == "invalid_scope"


def test_core_s11_offline_access_needs_a_refresh_token_to_be_had() -> None:
    assert read(scope="openid offline_access").asked.scope == ("openid", "offline_access")
    assert read(replace(POLL, grant_types=(GRANT_TYPE,)), scope="openid offline_access").asked.scope == ("openid",)


@pytest.mark.parametrize("hints", [
    {"login_hint": None}, {"id_token_hint": "a.b.c"}, {"login_hint_token": "a.b.c"},
    {"login_hint": None, "login_hint_token": "a.b.c"}, {"login_hint": None, "login_hint_token": "a", "id_token_hint": "b"},
    {"login_hint": "x" * 8193},
])
def test_ciba_s7_1_exactly_one_hint_that_is_offered(hints: dict[str, str | None]) -> None:
    assert refusal(**hints) == "invalid_request"


def test_ciba_s7_1_an_id_token_may_name_the_officer() -> None:
    found = read(login_hint=None, id_token_hint="a.b.c")
    assert (found.login_hint, found.id_token_hint) == ("", "a.b.c")


@pytest.mark.parametrize("name", ["user_code", "request", "request_uri", "claims"])
def test_ciba_s7_1_what_nobody_reads_is_refused_by_name(name: str) -> None:
    assert refusal(**{name: "1234"}) == "invalid_request"


def test_rfc9396_s5_documents_are_shown_on_the_way_of_a_code_only() -> None:
    assert refusal(authorization_details="[]") == "invalid_authorization_details"


@pytest.mark.parametrize("message", ["W4SCT", "Duyệt văn bản số 12/QĐ-UBND, mã 4711", "a" * 100, "1 + 1 = 2 <b>", "", "e\u0301"])
def test_ciba_s7_1_a_plain_binding_message_is_shown(message: str) -> None:
    assert read(binding_message=message).binding_message == message.replace("e\u0301", "é")


@pytest.mark.parametrize("message", [
    "a" * 101, "two\nlines", "tab\there", "1234 \U0001F44D\U0001F3FF", "right\u202eleft", "\u200bhidden", "nul\x00", "\ud800",
    "no\u00a0break", "12\u3164", "12\ufe0f", "1" + 5 * "\u0301",
])
def test_ciba_s13_a_binding_message_that_cannot_be_shown_is_invalid(message: str) -> None:
    assert refusal(binding_message=message) == "invalid_binding_message"


@pytest.mark.parametrize(("sent", "seconds"), [
    (None, 300), ("1", 30), ("30", 30), ("31", 31), ("1800", 1800), ("999999999", 1800)])
def test_ciba_s7_1_requested_expiry_is_kept_within_limits(sent: str | None, seconds: int) -> None:
    assert read(requested_expiry=sent).lifetime_seconds == seconds


@pytest.mark.parametrize("sent", ["0", "-1", "1.5", "abc", "1e3", "٣", " 30", "9999999999"])
def test_ciba_s7_1_requested_expiry_is_a_positive_integer(sent: str) -> None:
    assert refusal(requested_expiry=sent) == "invalid_request"


@pytest.mark.parametrize("token", [None, "x" * 19, "x" * 1025, "x" * 30 + " ", "x" * 30 + '"', "=" * 30, "đ" * 30, "x=x" * 10])
def test_ciba_s7_1_a_client_that_is_notified_sends_a_bearer_token(token: str | None) -> None:
    assert refusal(PING, client_notification_token=token) == "invalid_request"


def test_ciba_s7_1_the_notification_token_is_kept_for_ping_alone() -> None:
    assert read(PING, client_notification_token=TOKEN).notification_token == TOKEN
    assert read(PING, client_notification_token="x" * 20).notification_token == "x" * 20
    assert read(PING, client_notification_token="x" * 1023 + "=").notification_token
    assert read(POLL, client_notification_token=TOKEN).notification_token == ""


TEXTS = st.text(max_size=24) | st.sampled_from(["openid", "canbo", "120", TOKEN, ""])


@given(sent=st.dictionaries(st.sampled_from([
    "scope", "login_hint", "id_token_hint", "login_hint_token", "binding_message", "acr_values", "requested_expiry", "user_code",
    "client_notification_token", "request", "request_uri", "claims", "authorization_details"]), TEXTS), ping=st.booleans())
def test_whatever_is_sent_is_read_or_refused_by_name(sent: dict[str, str], ping: bool) -> None:
    try:
        found: Any = parse({name: value for name, value in sent.items() if value}, PING if ping else POLL)
    except OAuth2Error as refused:
        error = refused.error
    else:
        error = ""
    assert error in {"", "invalid_request", "invalid_scope", "invalid_binding_message", "invalid_authorization_details"}
    if error:
        return
    assert "openid" in found.asked.scope
    assert 1 <= found.lifetime_seconds <= request.LONGEST_LIFE_SECONDS
    assert (found.login_hint == "") != (found.id_token_hint == "")
    assert len(found.binding_message) <= request.LONGEST_BINDING_MESSAGE
    assert bool(found.notification_token) == ping
