"""Reading authorization requests: what is taken over, what is refused, and where a refusal may go."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import RefusedError
from idp.oauth.authorization_request import (
    AuthorizationError,
    AuthorizationRequest,
    UnsafeRequestError,
    parse,
)
from idp.oauth.client import Client, ClientRegistry
from idp.oauth.response import FRONT_CHANNEL, offered
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.provider import CHALLENGE, REDIRECT_URI, REGISTERED

GOOD = {"client_id": "qlvb", "redirect_uri": REDIRECT_URI, "response_type": "code", "scope": "openid profile", "state": "xyz",
        "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def read_hint(token: str, client_id: str) -> str:
    if token != f"hint-for-{client_id}":
        raise RefusedError("no")
    return "subject-of-the-hint"


def read(changes: dict[str, str | list[str] | None] | None = None, client: Client = REGISTERED, *,
         front_channel: bool = False) -> AuthorizationRequest:
    registry = ClientRegistry(FakeClientStore(client), FakeClock())
    values = {name: value if isinstance(value, list) else [value]
              for name, value in (GOOD | (changes or {})).items() if value is not None}
    return parse(values, registry, read_hint=read_hint, response_types=offered(front_channel=front_channel))


def refused(changes: dict[str, str | list[str] | None], client: Client = REGISTERED, *,
            front_channel: bool = False) -> AuthorizationError:
    with pytest.raises(AuthorizationError) as caught:
        read(changes, client, front_channel=front_channel)
    error = caught.value
    assert error.redirect_uri == REDIRECT_URI
    assert error.client_id == "qlvb"
    assert error.message.isascii()
    assert not set(error.message) & set('"\\')
    return error


def test_rfc6749_s4_1_1_a_good_request_is_taken_over() -> None:
    assert read() == AuthorizationRequest(
        client_id="qlvb", redirect_uri=REDIRECT_URI, response_type="code", response_mode="query", scope=("openid", "profile"),
        state="xyz", nonce="n", code_challenge=CHALLENGE, code_challenge_method="S256")


def test_oidc_core_s3_1_2_1_optional_parameters_are_taken_over() -> None:
    request = read({"response_mode": "form_post", "prompt": "login consent login", "max_age": "0", "login_hint": " canbo\x00",
                    "ui_locales": "vi en-GB not_a_tag", "acr_values": "urn:haugiang:acr:2 urn:haugiang:acr:1", "display": "popup",
                    "claims_locales": "vi", "id_token_hint": "hint-for-qlvb", "claims": '{"userinfo":{"name":null}}'})
    assert request.response_mode == "form_post"
    assert request.prompt == ("login", "consent")
    assert request.max_age == 0
    assert request.login_hint == " canbo"
    assert request.ui_locales == ("vi", "en-GB")
    assert request.acr_values == ("urn:haugiang:acr:2", "urn:haugiang:acr:1")
    assert (request.display, request.claims_locales) == ("popup", ("vi",))
    assert request.id_token_hint_sub == "subject-of-the-hint"


@pytest.mark.parametrize(("sent", "kept"), [
    ('{"userinfo":{"name":{"essential":true},"email":null},"id_token":{"auth_time":{"essential":true}}}',
     '{"userinfo":{"name":{"essential":true},"email":{}},"id_token":{"auth_time":{"essential":true}}}'),
    ('{"id_token":{"sub":{"value":"s"},"acr":{"values":["a","b"]}}}',
     '{"id_token":{"sub":{"values":["s"]},"acr":{"values":["a","b"]}}}'),
    ('{"userinfo":{"name":{"essential":false,"purpose":"x"}},"verified_claims":{"x":1}}', '{"userinfo":{"name":{}}}'),
    ('{"userinfo":{"name":{"values":[]}}}', '{"userinfo":{"name":{}}}'),
    ('{"userinfo":{},"id_token":null}', ""),
    ("{}", ""),
])
def test_oidc_core_s5_5_claims_are_kept_as_far_as_they_are_understood(sent: str, kept: str) -> None:
    request = read({"claims": sent})
    assert request.claims == kept
    assert request.details == (f'{{"claims":{kept}}}' if kept else "")
    assert AuthorizationRequest.from_json(request.to_json()) == request


def test_a_stored_request_is_read_back_as_it_was() -> None:
    request = read({"prompt": "login", "max_age": "5", "state": "trạng thái \x00\u2028", "id_token_hint": "hint-for-qlvb"})
    assert AuthorizationRequest.from_json(request.to_json()) == request
    assert request.to_json().isascii()


@given(state=st.text(min_size=1, max_size=200))
def test_rfc6749_s4_1_2_state_survives_storing_unchanged(state: str) -> None:
    request = replace(read(), state=state)
    assert AuthorizationRequest.from_json(request.to_json()).state == state


def test_rfc6749_s3_1_empty_parameters_are_absent_and_unknown_ones_ignored() -> None:
    assert read({"state": "", "max_age": "", "prompt": "", "request": "", "extra": "foobar"}).state is None


@pytest.mark.parametrize(("changes", "code"), [
    ({"client_id": None}, "unknown_client"),
    ({"client_id": "stranger"}, "unknown_client"),
    ({"client_id": ["qlvb", "qlvb"]}, "repeated_parameter"),
    ({"redirect_uri": None}, "redirect_uri_missing"),
    ({"redirect_uri": ""}, "redirect_uri_missing"),
    ({"redirect_uri": [REDIRECT_URI, "https://evil.example/"]}, "repeated_parameter"),
    ({"redirect_uri": REDIRECT_URI + "/"}, "redirect_uri_mismatch"),
    ({"redirect_uri": REDIRECT_URI + "?x=1"}, "redirect_uri_mismatch"),
    ({"redirect_uri": REDIRECT_URI.replace("https", "http")}, "redirect_uri_mismatch"),
    ({"redirect_uri": "https://qlvb.example.evil.example/callback"}, "redirect_uri_mismatch"),
    ({"redirect_uri": "//qlvb.example/callback"}, "redirect_uri_mismatch"),
    ({f"p{n}": "x" for n in range(100)}, "too_many_parameters"),
])
def test_rfc6749_s4_1_2_1_without_client_and_redirect_uri_nothing_is_redirected(changes, code) -> None:
    with pytest.raises(UnsafeRequestError) as caught:
        read(changes | {"response_type": "nonsense"})
    assert caught.value.code == code


def test_a_disabled_client_is_unknown() -> None:
    with pytest.raises(UnsafeRequestError, match="not known"):
        read({}, replace(REGISTERED, disabled=True))


@pytest.mark.parametrize(("changes", "code"), [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "none"}, "unsupported_response_type"),
    ({"response_type": "code code"}, "unsupported_response_type"),
    ({"response_type": 'code"\\đ'}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"response_mode": ".jwt"}, "invalid_request"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "openid unheard"}, "invalid_scope"),
    ({"scope": 'openid "'}, "invalid_scope"),
    ({"scope": "openid\tprofile"}, "invalid_scope"),
    ({"scope": "openid " + " ".join(f"s{n}" for n in range(100))}, "invalid_scope"),
    ({"scope": ["openid", "openid"]}, "invalid_request"),
    ({"nonce": ["a", "b"]}, "invalid_request"),
    ({"extra": ["a", "b"]}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
    ({"code_challenge": "a" * 42}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1e9"}, "invalid_request"),
    ({"max_age": "٣"}, "invalid_request"),
    ({"max_age": "9" * 30}, "invalid_request"),
    ({"id_token_hint": "forged"}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"claims": "[]"}, "invalid_request"),
    ({"claims": '{"userinfo":7}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"x":' + "[" * 30 + "]" * 30 + "}}"}, "invalid_request"),
    ({"claims": "[" * 8000}, "invalid_request"),
    ({"claims": "7"}, "invalid_request"),
    ({"claims": '{"userinfo":{"name":7}}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"name":{"essential":1}}}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"name":{"values":"A"}}}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"name":{"value":"A","values":["B"]}}}'}, "invalid_request"),
    ({"claims": '{"id_token":{"acr":{"value":NaN}}}'}, "invalid_request"),
    ({"claims": '{"id_token":{"acr":{"value":1e999}}}'}, "invalid_request"),
    ({"claims": '{"id_token":{"sub":null,"sub":{"value":"a"}}}'}, "invalid_request"),
    ({"claims": '{"userinfo":{},"userinfo":{}}'}, "invalid_request"),
    ({"claims": '{"userinfo":{"name":{"value":"' + "ế" * 2000 + '"}}}'}, "invalid_request"),
    ({"nonce": "a\nb"}, "invalid_request"),
    ({"nonce": "a" * 3000}, "invalid_request"),
    ({"login_hint": "a" * 9000}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.."}, "request_not_supported"),
    ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
])
def test_rfc6749_s4_1_2_1_other_defects_are_told_to_the_application(changes, code) -> None:
    error = refused(changes)
    assert error.code == code
    assert error.state == "xyz"
    assert error.response_mode == "query"


def test_rfc8707_s2_only_resource_may_be_repeated_and_has_to_be_known() -> None:
    assert refused({"resource": ["https://a.example", "https://b.example"]}).code == "invalid_target"
    assert refused({"audience": ["https://a.example", "https://b.example"]}).code == "invalid_request"


def test_a_repeated_state_is_not_returned() -> None:
    assert refused({"state": ["a", "b"]}).state is None


def test_errors_travel_by_the_response_mode_asked_for() -> None:
    assert refused({"response_mode": "form_post", "prompt": "none login"}).response_mode == "form_post"


def test_form_post_is_refused_for_private_use_schemes() -> None:
    native = replace(REGISTERED, redirect_uris=("vn.example.app:/back",), application_type="native")
    with pytest.raises(AuthorizationError) as caught:
        read({"redirect_uri": "vn.example.app:/back", "response_mode": "form_post"}, native)
    assert (caught.value.code, caught.value.response_mode) == ("invalid_request", "query")
    with pytest.raises(AuthorizationError) as caught:
        read({"redirect_uri": "vn.example.app:/back", "response_mode": "form_post.jwt"}, native)
    assert (caught.value.code, caught.value.response_mode) == ("invalid_request", "query.jwt")


@pytest.mark.parametrize("change", [{"response_types": ()}, {"grant_types": ("client_credentials",)}])
def test_rfc6749_s4_1_2_1_a_client_not_registered_for_codes_is_unauthorized(change) -> None:
    assert refused({}, replace(REGISTERED, **change)).code == "unauthorized_client"


def test_oidc_core_s11_offline_access_is_dropped_without_the_refresh_grant() -> None:
    asked = {"scope": "openid offline_access"}
    assert read(asked).scope == ("openid", "offline_access")
    assert read(asked, replace(REGISTERED, grant_types=("authorization_code",))).scope == ("openid",)


def test_a_confidential_client_may_be_let_off_pkce_but_not_a_public_one() -> None:
    without = {"code_challenge": None, "code_challenge_method": None}
    assert read(without, replace(REGISTERED, require_pkce=False)).code_challenge == ""
    public = replace(REGISTERED, require_pkce=False, token_endpoint_auth_method="none", secret_digest=None)
    assert refused(without, public).code == "invalid_request"


# Response types that send tokens through the browser

BROWSER = replace(REGISTERED, response_types=("code", *FRONT_CHANNEL),
                  grant_types=("authorization_code", "refresh_token", "implicit"))


@pytest.mark.parametrize(("sent", "kept"), [
    ("id_token", "id_token"), ("token id_token", "id_token token"), ("id_token code", "code id_token"),
    ("token code", "code token"), ("token id_token code", "code id_token token"),
])
def test_rfc6749_s3_1_1_the_order_of_the_words_says_nothing(sent: str, kept: str) -> None:
    request = read({"response_type": sent}, BROWSER, front_channel=True)
    assert (request.response_type, request.response_mode) == (kept, "fragment")
    assert AuthorizationRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("response_type", [
    "token", "none", "code none", "id_token id_token", "id_token  token", " id_token", "ID_TOKEN"])
def test_types_that_are_never_offered_are_refused_whatever_is_registered(response_type: str) -> None:
    client = replace(BROWSER, response_types=(*BROWSER.response_types, response_type))
    assert refused({"response_type": response_type}, client, front_channel=True).code == "unsupported_response_type"


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_security_8_without_the_setting_no_registration_helps(response_type: str) -> None:
    error = refused({"response_type": response_type}, BROWSER)
    assert (error.code, error.response_mode) == ("unsupported_response_type", "fragment")


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
@pytest.mark.parametrize("change", [{"response_types": ("code",)}, {"grant_types": ("authorization_code",)}])
def test_a_client_that_did_not_register_the_type_is_unauthorized(response_type: str, change: dict[str, tuple[str, ...]]) -> None:
    error = refused({"response_type": response_type}, replace(BROWSER, **change), front_channel=True)
    assert (error.code, error.response_mode) == ("unauthorized_client", "fragment")


def test_a_hybrid_type_needs_the_code_grant_and_an_implicit_one_does_not() -> None:
    implicit = replace(BROWSER, grant_types=("implicit",))
    assert read({"response_type": "id_token"}, implicit, front_channel=True)
    assert refused({"response_type": "code token"}, implicit, front_channel=True).code == "unauthorized_client"


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_oidc_core_s3_2_2_1_and_s3_3_2_11_a_nonce_is_required_where_an_id_token_travels(response_type: str) -> None:
    if response_type == "code token":
        assert read({"response_type": response_type, "nonce": None}, BROWSER, front_channel=True).nonce == ""
    else:
        for absent in (None, ""):
            error = refused({"response_type": response_type, "nonce": absent}, BROWSER, front_channel=True)
            assert (error.code, error.response_mode) == ("invalid_request", "fragment")


def test_oidc_core_s3_2_2_1_an_id_token_is_given_for_openid_requests_only() -> None:
    for response_type in ("id_token", "id_token token", "code id_token", "code id_token token"):
        assert refused({"response_type": response_type, "scope": "profile"}, BROWSER, front_channel=True).code == "invalid_scope"
    assert read({"response_type": "code token", "scope": "profile"}, BROWSER, front_channel=True).scope == ("profile",)


def test_oidc_core_s11_offline_access_is_ignored_where_no_code_comes_back() -> None:
    asked = {"scope": "openid offline_access"}
    assert read({**asked, "response_type": "id_token token"}, BROWSER, front_channel=True).scope == ("openid",)
    assert read({**asked, "response_type": "code id_token"}, BROWSER, front_channel=True).scope == ("openid", "offline_access")


@pytest.mark.parametrize("response_type", ["code id_token", "code token", "code id_token token"])
def test_security_5_the_code_of_a_hybrid_answer_needs_a_challenge_like_any_other(response_type: str) -> None:
    without = {"response_type": response_type, "code_challenge": None, "code_challenge_method": None}
    assert refused(without, BROWSER, front_channel=True).code == "invalid_request"
    assert refused({"response_type": response_type, "code_challenge_method": "plain"}, BROWSER, front_channel=True).code == (
        "invalid_request")
    assert read({"response_type": response_type}, BROWSER, front_channel=True).code_challenge == CHALLENGE
    assert read(without, replace(BROWSER, require_pkce=False), front_channel=True).code_challenge == ""


def test_where_no_code_comes_back_no_challenge_is_asked_for_or_kept() -> None:
    assert read({"response_type": "id_token", "code_challenge": None, "code_challenge_method": None}, BROWSER,
                front_channel=True).code_challenge == ""
    assert read({"response_type": "id_token"}, BROWSER, front_channel=True).code_challenge == ""


# Response modes

@pytest.mark.parametrize(("mode", "kept"), [
    ("query", "query"), ("fragment", "fragment"), ("form_post", "form_post"), ("jwt", "query.jwt"), ("query.jwt", "query.jwt"),
    ("fragment.jwt", "fragment.jwt"), ("form_post.jwt", "form_post.jwt"), ("", "query"),
])
def test_every_mode_serves_a_code_and_its_refusal(mode: str, kept: str) -> None:
    assert read({"response_mode": mode}).response_mode == kept
    assert refused({"response_mode": mode, "prompt": "none login"}).response_mode == kept


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
@pytest.mark.parametrize(("mode", "kept"), [
    ("fragment", "fragment"), ("form_post", "form_post"), ("jwt", "fragment.jwt"), ("fragment.jwt", "fragment.jwt"),
    ("form_post.jwt", "form_post.jwt"),
])
def test_tokens_travel_in_fragments_and_forms(response_type: str, mode: str, kept: str) -> None:
    asked = {"response_type": response_type, "response_mode": mode}
    assert read(asked, BROWSER, front_channel=True).response_mode == kept
    assert refused({**asked, "prompt": "none login"}, BROWSER, front_channel=True).response_mode == kept


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
@pytest.mark.parametrize(("mode", "back"), [("query", "fragment"), ("query.jwt", "fragment.jwt")])
def test_multiple_response_types_s3_jarm_s2_3_1_tokens_never_travel_in_queries(response_type: str, mode: str, back: str) -> None:
    error = refused({"response_type": response_type, "response_mode": mode}, BROWSER, front_channel=True)
    assert (error.code, error.response_mode) == ("invalid_request", back)


NAMES = st.sampled_from([*GOOD, "prompt", "max_age", "claims", "id_token_hint", "login_hint", "acr_values", "request",
                         "ui_locales", "response_mode"])


@given(st.dictionaries(NAMES, st.lists(st.text(max_size=60), max_size=2)))
def test_whatever_comes_it_is_read_or_refused(values) -> None:
    registry = ClientRegistry(FakeClientStore(REGISTERED), FakeClock())
    safe = {"client_id": ["qlvb"], "redirect_uri": [REDIRECT_URI]}
    for parameters in (values, {name: [v] for name, v in GOOD.items()} | values | safe):
        with contextlib.suppress(UnsafeRequestError, AuthorizationError):
            assert parse(parameters, registry, read_hint=read_hint,
                         response_types=offered(front_channel=True)).redirect_uri == REDIRECT_URI
