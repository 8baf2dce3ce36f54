"""oidcc-dynamic-certification-test-plan and oidcc-3rdparty-init-login-certification-test-plan.

The plan's client registers itself for each module, authenticates with private_key_jwt, sends no PKCE, and unregisters at the end.
Request objects are fetched, and the implicit response types are on, as a dynamic provider has to have it (OpenID Connect Core
§15.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.app import build_services
from idp.audit import Caller
from tests.fakes.client_keys import jwks_of, pair, signed
from tests.receivers import Receivers

from .conftest import copy_of
from .outside import Answer
from .suite import CALLBACK, ISSUER, RP, Suite, Visit, read_segment, unsigned

KEY = pair("RS256")


@dataclass(frozen=True)
class Registrant:
    """The plan's client before it is one."""

    suite: Suite
    initial_access_token: str

    def send(self, **members: Any) -> Answer:
        metadata: dict[str, Any] = {
            "client_name": "OIDF Conformance Test", "grant_types": ["authorization_code"], "response_types": ["code"],
            "redirect_uris": [CALLBACK], "contacts": ["certification@oidf.example"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(jwks_of(KEY)), **members}
        return self.suite.send_json("POST", self.suite.discovery["registration_endpoint"], self.initial_access_token,
                                    {name: value for name, value in metadata.items() if value is not None})

    def client(self, key: Any = KEY, **members: Any) -> dict[str, Any]:
        """Register, and check the answer as the plan does (OpenID Connect Registration §3.2)."""
        answer = self.send(**members)
        assert (answer.status_code, answer.mimetype) == (201, "application/json"), answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        told = answer.json
        assert told["client_id"]
        assert told["redirect_uris"] == members.get("redirect_uris", [CALLBACK])
        assert told["registration_client_uri"].startswith("https://")
        assert told["registration_access_token"]
        assert ("client_secret" in told) == ("client_secret_expires_at" in told)
        return {**told, "key": key}

    def refusal(self, **members: Any) -> str:
        answer = self.send(**members)
        assert (answer.status_code, answer.mimetype) == (400, "application/json")
        return str(answer.json["error"])

    def unregister(self, client: dict[str, Any]) -> None:
        """Delete the registration with the token of the first answer, which a read in between did not change."""
        where, token = client["registration_client_uri"], client["registration_access_token"]
        assert self.suite.send_json("GET", where, token).status_code == 200
        assert self.suite.send_json("DELETE", where, token).status_code == 204
        assert self.suite.send_json("GET", where, token).status_code == 401


@pytest.fixture(scope="module")
def suite(keys_and_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("dynamic")
    return Suite(folder, copy_of(keys_and_database, folder), request_uri_fetch=True, legacy_response_types=True)


@pytest.fixture(scope="module")
def rp(suite: Suite) -> Registrant:
    return Registrant(suite, suite.initial_access_token())


@pytest.fixture
def web() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


def published(web: Receivers, name: str, document: Any) -> str:
    """Publish a document of the client's; gives its address."""
    path = f"/document/{name}"
    web.documents[path] = document if isinstance(document, bytes) else json.dumps(document).encode()
    return web.url(path)


def first_page(suite: Suite, client: dict[str, Any]) -> str:
    """Open an authorization request in a fresh browser; gives the sign-in page."""
    visit = suite.person().open(suite.url(suite.request(client)))
    assert visit.asked_for_password
    assert visit.page is not None
    return visit.page.text


def flow(suite: Suite, client: dict[str, Any], **changes: str | None) -> tuple[Visit, dict[str, Any]]:
    return suite.flow(client=client, **changes)


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    told = suite.discovery
    assert told["registration_endpoint"].startswith("https://")
    assert {frozenset(kind.split()) for kind in told["response_types_supported"]} >= {
        frozenset({"code"}), frozenset({"id_token"}), frozenset({"token", "id_token"})}
    assert {"authorization_code", "implicit"} <= set(told["grant_types_supported"])
    assert told["request_uri_parameter_supported"] is told["require_request_uri_registration"] is True


def test_oidcc_server(suite: Suite, rp: Registrant) -> None:
    client = rp.client()
    _, tokens = flow(suite, client)
    assert suite.userinfo(tokens["access_token"]).json["sub"] == tokens["claims"]["sub"]
    rp.unregister(client)
    assert suite.userinfo(tokens["access_token"]).status_code == 401


def test_oidcc_server_with_a_secret(suite: Suite, rp: Registrant) -> None:
    for method in ("client_secret_basic", "client_secret_post"):
        client = rp.client(token_endpoint_auth_method=method, jwks=None)
        assert flow(suite, client)[1]["claims"]["aud"] == client["client_id"]


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(suite: Suite, rp: Registrant) -> None:
    assert flow(suite, rp.client())[1]["id_token"]


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite, rp: Registrant) -> None:
    client = rp.client(redirect_uris=[CALLBACK, f"{CALLBACK}/second"])
    assert suite.person().open(suite.url(suite.request(client, redirect_uri=None))).error_page


def test_oidcc_idtoken_rs256(suite: Suite, rp: Registrant) -> None:
    client = rp.client(id_token_signed_response_alg="RS256")
    assert client["id_token_signed_response_alg"] == "RS256"
    assert read_segment(flow(suite, client)[1]["id_token"], 0)["alg"] == "RS256"


def test_oidcc_userinfo_rs256(suite: Suite, rp: Registrant) -> None:
    client = rp.client(userinfo_signed_response_alg="RS256")
    _, tokens = flow(suite, client)
    answer = suite.userinfo(tokens["access_token"])
    assert (answer.status_code, answer.mimetype, read_segment(answer.text, 0)["alg"]) == (200, "application/jwt", "RS256")
    told = read_segment(answer.text, 1)
    assert (told["iss"], told["aud"], told["sub"]) == (ISSUER, client["client_id"], tokens["claims"]["sub"])


def object_of(suite: Suite, client: dict[str, Any], **changes: str | int | None) -> str:
    """The parameters of a good request as a request object that the client signed; the plan's says nothing of times."""
    return signed({**suite.request(client), "iss": client["client_id"], "aud": ISSUER, **changes}, client["key"])


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite, rp: Registrant) -> None:
    client = rp.client()
    inside = object_of(suite, client, state="inside", exp=suite.clock.now() + 300)
    visit = suite.person().go(suite.url(suite.request(client, redirect_uri=f"{RP}/not-registered", request=inside)))
    assert (visit.address, visit.answer["state"]) == (CALLBACK, "inside")
    assert visit.answer["code"]


def test_oidcc_request_uri_signed_rs256(suite: Suite, rp: Registrant, web: Receivers) -> None:
    uri = published(web, "request.jwt", b"")
    client = rp.client(request_uris=[uri], request_object_signing_alg="RS256")
    assert client["request_uris"] == [uri]
    published(web, "request.jwt", object_of(suite, client, state="inside", nonce="inside").encode())
    visit = suite.person().go(suite.url({**suite.request(client, state=None, nonce=None), "request_uri": uri}))
    assert (visit.address, visit.answer["state"]) == (CALLBACK, "inside")
    tokens = suite.check_tokens(suite.token(
        client, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=CALLBACK), client)
    assert tokens["claims"]["nonce"] == "inside"
    assert "oauth-authz-req+jwt" in web.received[-1][2]["Accept"]


def test_oidcc_request_uri_unsigned(suite: Suite, rp: Registrant, web: Receivers) -> None:
    assert "none" in suite.discovery["request_object_signing_alg_values_supported"]
    uri = published(web, "request.jwt", b"")
    client = rp.client(request_uris=[uri])
    assert "request_object_signing_alg" not in client
    published(web, "request.jwt", unsigned(**suite.request(client, state="inside", nonce="inside")).encode())
    visit = suite.person().go(suite.url({**suite.request(client, state=None, nonce=None), "request_uri": uri}))
    assert (visit.address, visit.answer["state"]) == (CALLBACK, "inside")
    tokens = suite.check_tokens(suite.token(
        client, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=CALLBACK), client)
    assert tokens["claims"]["nonce"] == "inside"


def test_oidcc_request_uri_unsigned_is_not_for_those_who_registered_how_they_sign(
        suite: Suite, rp: Registrant, web: Receivers) -> None:
    uri = published(web, "request.jwt", b"")
    client = rp.client(request_uris=[uri], request_object_signing_alg="RS256")
    request = suite.request(client)
    published(web, "request.jwt", unsigned(**request).encode())
    visit = suite.person().open(suite.url({**request, "request_uri": uri}))
    suite.check(visit, request, error="invalid_request_object")


def test_oidcc_ensure_request_object_with_redirect_uri_unsigned(suite: Suite, rp: Registrant) -> None:
    """The plan sends this one unsigned where ``none`` is on the list; by value that ends on a page."""
    client = rp.client()
    inside = unsigned(**suite.request(client))
    visit = suite.person().open(suite.url(suite.request(client, redirect_uri=f"{RP}/not-registered", request=inside)))
    assert visit.error_page


def test_oidcc_idtoken_unsigned(rp: Registrant) -> None:
    assert rp.refusal(id_token_signed_response_alg="none") == "invalid_client_metadata"


def test_oidcc_redirect_uri_query_ok(suite: Suite, rp: Registrant) -> None:
    client = rp.client(redirect_uris=[f"{CALLBACK}?foo=bar"])
    request = suite.request(client)
    visit = suite.person().go(suite.url(request))
    assert visit.address == CALLBACK
    assert visit.answer["foo"] == "bar"
    answer = suite.token(client, grant_type="authorization_code", code=visit.answer["code"], redirect_uri=request["redirect_uri"])
    suite.check_tokens(answer, client)


@pytest.mark.parametrize("sent", [f"{CALLBACK}?foo=baz", f"{CALLBACK}?foo=bar&bar=baz", CALLBACK])
def test_oidcc_redirect_uri_query_mismatch(suite: Suite, rp: Registrant, sent: str) -> None:
    client = rp.client(redirect_uris=[f"{CALLBACK}?foo=bar"])
    assert suite.person().open(suite.url(suite.request(client, redirect_uri=sent))).error_page


def test_oidcc_redirect_uri_query_added(suite: Suite, rp: Registrant) -> None:
    assert suite.person().open(suite.url(suite.request(rp.client(), redirect_uri=f"{CALLBACK}?foo=bar"))).error_page


def test_oidcc_redirect_uri_regfrag(rp: Registrant) -> None:
    assert rp.refusal(redirect_uris=[f"{CALLBACK}#foobar"]) in {"invalid_redirect_uri", "invalid_client_metadata"}


def test_oidcc_refresh_token(suite: Suite, rp: Registrant) -> None:
    client = rp.client(grant_types=["authorization_code", "refresh_token"])
    _, tokens = flow(suite, client, scope="openid offline_access", prompt="consent")
    again = suite.check_tokens(suite.token(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]), client)
    assert {again["claims"][name] == tokens["claims"][name] for name in ("iss", "sub", "aud", "auth_time")} == {True}
    second = rp.client(grant_types=["authorization_code", "refresh_token"])
    stolen = suite.token(second, grant_type="refresh_token", refresh_token=again["refresh_token"])
    assert (stolen.status_code, stolen.json["error"]) == (400, "invalid_grant")


def test_oidcc_refresh_token_rp_key_rotation(suite: Suite, rp: Registrant, web: Receivers) -> None:
    uri = published(web, "jwks", json.loads(jwks_of(KEY)))
    client = rp.client(grant_types=["authorization_code", "refresh_token"], jwks=None, jwks_uri=uri)
    _, tokens = flow(suite, client, scope="openid offline_access", prompt="consent")
    fresh = pair("RS256", 1)
    published(web, "jwks", json.loads(jwks_of(fresh)))
    suite.clock.advance(60)
    answer = suite.token({**client, "key": fresh}, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    suite.check_tokens(answer, client)


def test_oidcc_registration_jwks_uri(suite: Suite, rp: Registrant, web: Receivers) -> None:
    client = rp.client(jwks=None, jwks_uri=published(web, "keys", json.loads(jwks_of(KEY))))
    assert flow(suite, client)[1]["claims"]["sub"]


def test_oidcc_registration_logo_uri(suite: Suite, rp: Registrant) -> None:
    assert f'src="{RP}/images/openid.png"' in first_page(suite, rp.client(logo_uri=f"{RP}/images/openid.png"))


def test_oidcc_registration_policy_uri(suite: Suite, rp: Registrant) -> None:
    assert f'href="{RP}/login.html"' in first_page(suite, rp.client(policy_uri=f"{RP}/login.html"))


def test_oidcc_registration_tos_uri(suite: Suite, rp: Registrant) -> None:
    assert f'href="{RP}/login.html"' in first_page(suite, rp.client(tos_uri=f"{RP}/login.html"))


def test_oidcc_registration_sector_uri(rp: Registrant, web: Receivers) -> None:
    uri = published(web, "redirect_uris.json", [CALLBACK, "https://other.example/cb"])
    assert rp.client(sector_identifier_uri=uri)["sector_identifier_uri"] == uri


def test_oidcc_registration_sector_bad(rp: Registrant, web: Receivers) -> None:
    uri = published(web, "redirect_uris.json", ["https://example.com/op"])
    assert rp.refusal(sector_identifier_uri=uri) == "invalid_client_metadata"


def test_oidcc_server_rotate_keys(suite: Suite, rp: Registrant) -> None:
    def kids() -> set[str]:
        return {key["kid"] for key in suite.http("GET", suite.discovery["jwks_uri"]).json["keys"]}

    before = kids()
    build_services(suite.settings, directory=suite.directory, clock=suite.clock).keys.rotate(caller=Caller("cli", "test"))
    suite.clock.advance(2)
    assert kids() - before
    assert before <= kids()
    assert read_segment(flow(suite, rp.client())[1]["id_token"], 0)["kid"] in kids()


def test_oidcc_3rd_party_init_login(suite: Suite, rp: Registrant) -> None:
    client = rp.client(initiate_login_uri=f"{RP}/start")
    assert client["initiate_login_uri"] == f"{RP}/start"
    read = suite.send_json("GET", client["registration_client_uri"], client["registration_access_token"])
    assert (read.status_code, read.mimetype, read.json["initiate_login_uri"]) == (200, "application/json", f"{RP}/start")
    rp.unregister(client)


def test_oidcc_3rd_party_init_login_nohttps(rp: Registrant) -> None:
    assert rp.refusal(initiate_login_uri="http://rp.example/start") == "invalid_client_metadata"
