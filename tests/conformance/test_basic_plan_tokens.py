"""oidcc-basic-certification-test-plan and oidcc-test-plan: requests that must be refused, codes, refresh tokens, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.app import build_services
from idp.audit import Caller
from idp.errors import ConfigurationError
from idp.oidc.id_token import ALGORITHMS

from .suite import BASIC, CALLBACK, ISSUER, POST, RP, SECOND, Suite, read_segment, unsigned


@pytest.fixture(scope="module", params=["", "form_post"], ids=["basic", "formpost-basic"])
def suite(request: pytest.FixtureRequest, suite: Suite) -> Iterator[Suite]:
    """The form-post plan runs the same modules with response_mode=form_post."""
    suite.response_mode = request.param
    yield suite
    suite.response_mode = ""


def test_oidcc_response_type_missing(suite: Suite) -> None:
    request = suite.request(response_type=None)
    visit = suite.person().open(suite.url(request))
    suite.check(visit, request, error="invalid_request")
    assert visit.shown == ()


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    for uri in (f"{CALLBACK}/x", "https://attacker.example/callback", f"{CALLBACK}#fragment", SECOND["redirect_uris"][0]):
        visit = suite.person().open(suite.url(suite.request(redirect_uri=uri)))
        assert visit.error_page
        assert visit.page is not None
        assert "redirect_uri" in visit.page.text


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite) -> None:
    assert suite.person().open(suite.url(suite.request(redirect_uri=None))).error_page


def test_oidcc_redirect_uri_query_ok_mismatch_and_added(database_file: str, tmp_path: Path) -> None:
    registered = f"{CALLBACK}?foo=bar"
    client = {**BASIC, "redirect_uris": [registered]}
    suite = Suite(tmp_path, database_file, client)
    visit = suite.person().go(suite.url(suite.request(client)))
    assert visit.answer["foo"] == "bar"
    assert visit.answer["code"]
    for uri in (f"{CALLBACK}?foo=baz", f"{registered}&more=1", CALLBACK):
        assert suite.person().open(suite.url(suite.request(client, redirect_uri=uri))).error_page


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    assert suite.discovery["request_uri_parameter_supported"] is False
    request = suite.request(request_uri=f"{RP}/request.jwt")
    suite.check(suite.person().open(suite.url(request)), request, error="request_uri_not_supported")


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    assert "none" not in suite.discovery["request_object_signing_alg_values_supported"]
    request = suite.request(state=None)
    sent = {**request, "request": unsigned(client_id="basic", response_type="code", state="inside")}
    suite.check(suite.person().open(suite.url(sent)), request, error="request_not_supported")


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    inside = unsigned(client_id="basic", response_type="code", redirect_uri=CALLBACK)
    sent = suite.request(redirect_uri=f"{RP}/not-registered", request=inside)
    assert suite.person().open(suite.url(sent)).error_page


def test_oidcc_codereuse(suite: Suite) -> None:
    request = suite.request()
    visit = suite.authorize(suite.person(), request)
    suite.redeem(visit, request)
    again = suite.token(BASIC, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=CALLBACK)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")


def test_oidcc_codereuse_30seconds(suite: Suite) -> None:
    request = suite.request()
    visit = suite.authorize(suite.person(), request)
    tokens = suite.redeem(visit, request)
    assert suite.userinfo(tokens["access_token"]).status_code == 200
    suite.clock.advance(30)
    again = suite.token(BASIC, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=CALLBACK)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert suite.userinfo(tokens["access_token"]).status_code == 401
    refused = suite.token(BASIC, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refused.json["error"] == "invalid_grant"


def test_oidcc_codereuse_bound_to_its_client(suite: Suite) -> None:
    """fapi2-…-ensure-authorization-code-is-bound-to-client."""
    visit = suite.authorize(suite.person(), suite.request())
    refused = suite.token(SECOND, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=CALLBACK)
    assert refused.json["error"] == "invalid_grant"


@pytest.mark.parametrize("client", [BASIC, POST], ids=["basic", "post"])
def test_oidcc_refresh_token(suite: Suite, client: dict[str, object]) -> None:
    _, first = suite.flow(client=client, scope="openid profile offline_access")
    suite.clock.advance(60)
    stolen = suite.token(SECOND, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (stolen.status_code, stolen.json["error"]) == (400, "invalid_grant")
    second = suite.check_tokens(
        suite.token(client, grant_type="refresh_token", refresh_token=first["refresh_token"]), client)
    same = ("iss", "sub", "aud", "auth_time", "sid", "acr")
    assert [second["claims"][name] for name in same] == [first["claims"][name] for name in same]
    assert second["claims"]["iat"] == first["claims"]["iat"] + 60
    assert second["access_token"] != first["access_token"]
    assert suite.userinfo(second["access_token"]).json["sub"] == first["claims"]["sub"]


def test_oidcc_idtoken_rs256_and_the_other_algorithms(database_file: str, tmp_path: Path) -> None:
    clients = [{**BASIC, "client_id": alg.lower(), "id_token_signed_response_alg": alg} for alg in ALGORITHMS]
    suite = Suite(tmp_path, database_file, *clients)
    for client in clients:
        _, tokens = suite.flow(client=client)
        assert read_segment(tokens["id_token"], 0)["alg"] == client["id_token_signed_response_alg"]


def test_oidcc_idtoken_unsigned(suite: Suite, database_file: str, tmp_path: Path) -> None:
    """The module is skipped where discovery does not offer ``none``; it can be registered for nothing either."""
    for what in ("id_token", "userinfo"):
        assert "none" not in suite.discovery[f"{what}_signing_alg_values_supported"]
        with pytest.raises(ConfigurationError, match=f"{what}_signed_response_alg"):
            Suite(tmp_path, database_file, {**BASIC, f"{what}_signed_response_alg": "none"})


def test_oidcc_userinfo_rs256(database_file: str, tmp_path: Path) -> None:
    client = {**BASIC, "userinfo_signed_response_alg": "RS256"}
    suite = Suite(tmp_path, database_file, client)
    assert "RS256" in suite.discovery["userinfo_signing_alg_values_supported"]
    _, tokens = suite.flow(client=client, scope="openid profile")
    for how in ("get", "post", "body"):
        answer = suite.userinfo(tokens["access_token"], how)
        assert (answer.status_code, answer.mimetype) == (200, "application/jwt")
        keys = KeySet.import_key_set(suite.http("GET", suite.discovery["jwks_uri"]).json)
        told = jwt.decode(answer.text, keys, algorithms=["RS256"]).claims
        assert (told["iss"], told["aud"], told["sub"]) == (ISSUER, "basic", tokens["claims"]["sub"])
        assert told["name"] == "Nguyễn Văn Mẫu"


def test_oidcc_server_rotate_keys(suite: Suite) -> None:
    _, first = suite.flow()
    before = {key["kid"] for key in suite.http("GET", suite.discovery["jwks_uri"]).json["keys"]}
    build_services(suite.settings, directory=suite.directory, clock=suite.clock).keys.rotate(caller=Caller("cli", "test"))
    suite.clock.advance(2)
    _, second = suite.flow()
    after = {key["kid"] for key in suite.http("GET", suite.discovery["jwks_uri"]).json["keys"]}
    old, new = (read_segment(tokens["id_token"], 0)["kid"] for tokens in (first, second))
    assert old != new
    assert new in before  # published ahead of its use, so that no relying party meets an unknown key
    assert {old, new} <= after
    assert after - before
