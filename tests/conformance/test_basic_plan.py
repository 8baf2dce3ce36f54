"""oidcc-basic-certification-test-plan: authentication, tokens, claims, scopes, and what is asked of the officer.

Each test carries the name of the Foundation's module and holds what the module holds. The client sends neither PKCE nor, in one
module, a nonce, as the plan does. Requests that must be refused, codes and refresh tokens: test_basic_plan_tokens.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .suite import ACR, BASIC, CALLBACK, POST, Suite, Visit, read_segment


@pytest.fixture(scope="module", params=["", "form_post"], ids=["basic", "formpost-basic"])
def suite(request: pytest.FixtureRequest, suite: Suite) -> Iterator[Suite]:
    """The form-post plan runs the same modules with response_mode=form_post."""
    suite.response_mode = request.param
    yield suite
    suite.response_mode = ""


CLAIMS: dict[str, dict[str, type]] = {
    "profile": {"name": str, "given_name": str, "family_name": str, "preferred_username": str},
    "email": {"email": str, "email_verified": bool},
    "phone": {"phone_number": str, "phone_number_verified": bool},
    "address": {"address": dict},
}


def check_userinfo(suite: Suite, tokens: dict[str, Any], how: str = "get", *scopes: str) -> None:
    """Ask UserInfo: 200, the subject of the ID token, well-typed claims, and all those of the scopes."""
    answer = suite.userinfo(tokens["access_token"], how)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    told = answer.json
    assert told["sub"] == tokens["claims"]["sub"]
    wanted = {name: kind for scope in scopes for name, kind in CLAIMS[scope].items()}
    assert {name: type(told.get(name)) for name in wanted} == wanted
    others = {name for scope in CLAIMS.keys() - set(scopes) for name in CLAIMS[scope]}
    assert not others & told.keys()
    assert all(value not in (None, "", []) for value in told.values())


def twice(suite: Suite, **second: str | None) -> tuple[tuple[Visit, dict[str, Any]], tuple[Visit, dict[str, Any]]]:
    """Authorize two times in one browser, two seconds apart."""
    person = suite.person()
    first = suite.flow(person)
    suite.clock.advance(2)
    return first, suite.flow(person, **second)


def test_oidcc_server(suite: Suite) -> None:
    visit, tokens = suite.flow()
    assert visit.asked_for_password
    assert {"auth_time", "acr", "amr", "sid", "at_hash"} <= tokens["claims"].keys()
    check_userinfo(suite, tokens)


def test_oidcc_server_client_secret_post(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(client=POST)[1])


def test_oidcc_idtoken_signature(suite: Suite) -> None:
    header = read_segment(suite.flow()[1]["id_token"], 0)
    key, = (key for key in suite.http("GET", suite.discovery["jwks_uri"]).json["keys"] if key["kid"] == header["kid"])
    assert (header["alg"], key["kty"], key["use"], key["alg"]) == ("RS256", "RSA", "sig", "RS256")


def test_oidcc_userinfo_get(suite: Suite) -> None:
    check_userinfo(suite, suite.flow()[1], "get")


def test_oidcc_userinfo_post_header(suite: Suite) -> None:
    check_userinfo(suite, suite.flow()[1], "post")


def test_oidcc_userinfo_post_body(suite: Suite) -> None:
    check_userinfo(suite, suite.flow()[1], "body")


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.flow(nonce=None)[1]["claims"]


def test_oidcc_scope_profile(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(scope="openid profile")[1], "get", "profile")


def test_oidcc_scope_email(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(scope="openid email")[1], "get", "email")


def test_oidcc_scope_address(suite: Suite) -> None:
    _, tokens = suite.flow(scope="openid address")
    check_userinfo(suite, tokens, "get", "address")
    assert all(isinstance(part, str) and part for part in suite.userinfo(tokens["access_token"]).json["address"].values())


def test_oidcc_scope_phone(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(scope="openid phone")[1], "get", "phone")


def test_oidcc_scope_all(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(scope="openid profile email address phone")[1], "get", *CLAIMS)


def test_oidcc_alternate_happy_flow(suite: Suite) -> None:
    request = dict(reversed(suite.request(scope="phone email profile openid").items()))
    visit = suite.authorize(suite.person(), request)
    check_userinfo(suite, suite.redeem(visit, request), "get", "profile", "email", "phone")


def test_oidcc_display_page(suite: Suite) -> None:
    assert suite.flow(display="page")[0].asked_for_password


def test_oidcc_display_popup(suite: Suite) -> None:
    assert suite.flow(display="popup")[0].asked_for_password


def test_oidcc_prompt_login(suite: Suite) -> None:
    (_, first), (visit, second) = twice(suite, prompt="login")
    assert visit.asked_for_password
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"] + 2
    assert second["claims"]["sub"] == first["claims"]["sub"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    request = suite.request(prompt="none")
    visit = suite.person().open(suite.url(request))
    suite.check(visit, request, error="login_required")
    assert visit.shown == ()


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    (_, first), (visit, second) = twice(suite, prompt="none")
    assert visit.shown == ()
    assert [second["claims"][name] for name in ("sub", "auth_time", "sid", "acr")] == [
        first["claims"][name] for name in ("sub", "auth_time", "sid", "acr")]


def test_oidcc_max_age_1(suite: Suite) -> None:
    (_, first), (visit, second) = twice(suite, max_age="1")
    assert visit.asked_for_password
    assert second["claims"]["auth_time"] > first["claims"]["auth_time"]


def test_oidcc_max_age_10000(suite: Suite) -> None:
    (_, first), (visit, second) = twice(suite, max_age="10000")
    assert visit.shown == ()
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    assert suite.flow(extra="foobar")[0].answer["code"]


def test_oidcc_id_token_hint(suite: Suite) -> None:
    person = suite.person()
    _, first = suite.flow(person)
    suite.clock.advance(5)
    visit, second = suite.flow(person, prompt="none", id_token_hint=first["id_token"])
    assert visit.shown == ()
    assert second["claims"]["sub"] == first["claims"]["sub"]


def test_oidcc_id_token_hint_of_somebody_else_gives_nothing(suite: Suite) -> None:
    """Not a module; OpenID Connect Core §3.1.2.1 asks for the error that the module's good case cannot show."""
    hint = suite.flow(suite.person("vanthu"))[1]["id_token"]
    person = suite.person()
    suite.flow(person)
    request = suite.request(prompt="none", id_token_hint=hint)
    suite.check(person.open(suite.url(request)), request, error="login_required")


def test_oidcc_login_hint(suite: Suite) -> None:
    visit = suite.flow(login_hint="vanthu@haugiang.gov.vn")[0]
    form = visit.shown[0].form_with("password")
    assert form is not None
    assert form.fields["username"] == "vanthu@haugiang.gov.vn"


def test_oidcc_ui_locales(suite: Suite) -> None:
    assert '<html lang="vi"' in suite.flow(ui_locales="se")[0].shown[0].text
    assert '<html lang="en"' in suite.flow(ui_locales="de-CH en-GB vi")[0].shown[0].text


def test_oidcc_claims_locales(suite: Suite) -> None:
    check_userinfo(suite, suite.flow(claims_locales="se", scope="openid profile")[1], "get", "profile")


def test_oidcc_claims_essential(suite: Suite) -> None:
    """An essential ``name`` comes from UserInfo, where the module asks for it, and from the ID token where one asks there."""
    assert suite.discovery["claims_parameter_supported"] is True
    wish = json.dumps({"userinfo": {"name": {"essential": True}}})
    visit, tokens = suite.flow(claims=wish)
    assert visit.asked_for_password
    told = suite.userinfo(tokens["access_token"]).json
    assert told == {"sub": tokens["claims"]["sub"], "name": "Nguyễn Văn Mẫu"}
    wish = json.dumps({"id_token": {"name": {"essential": True}}})
    assert suite.flow(claims=wish)[1]["claims"]["name"] == "Nguyễn Văn Mẫu"


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    asked = " ".join(suite.discovery["acr_values_supported"])
    _, tokens = suite.flow(acr_values=asked)
    assert tokens["claims"]["acr"] in asked.split()
    assert suite.flow(acr_values="1 2")[1]["claims"]["acr"] == f"{ACR}1"


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    person = suite.person()
    for again in (False, True):
        request = suite.request()
        visit = person.go(suite.discovery["authorization_endpoint"], request)
        suite.check(visit, request)
        assert visit.asked_for_password is not again
        check_userinfo(suite, suite.redeem(visit, request))


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    # Verifier and challenge of RFC 7636 appendix B.
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    request = suite.request(code_challenge=challenge, code_challenge_method="S256")
    suite.redeem(suite.authorize(suite.person(), request), request, code_verifier=verifier)
    other = suite.authorize(suite.person(), request)
    refused = suite.token(BASIC, grant_type="authorization_code", code=other.answer["code"], redirect_uri=CALLBACK,
                          code_verifier=verifier[::-1])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


def test_fapi2_user_rejects_authentication(suite: Suite) -> None:
    """The one module about refusal; the basic plan has none."""
    request = suite.request(scope="openid profile")
    suite.check(suite.person("vanthu").go(suite.url(request), agree=False), request, error="access_denied")
