"""Line 38: whoever is not an administrator, with a good token used in the right way, gets nothing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import literal_column, update
from werkzeug.exceptions import NotFound
from werkzeug.test import Client

from idp.adapters.sql.tables import AccessTokenRow
from idp.administration.access import Rates
from idp.authn.lockout import Rule
from idp.endpoints.sources import Sources
from idp.endpoints.wsgi import Dispatcher
from idp.oauth.proof.confirmation import CERTIFICATE, bound_to
from idp.pki import shown_certificate
from idp.web import api
from tests.fakes.certificates import issue
from tests.fakes.client_keys import proof_of

from .office import CALLER, ISSUER, Office

ADDRESS = f"{ISSUER}/api/v1/keys"


def refused(answer: object, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text  # type: ignore[attr-defined]
    assert answer.content_type == "application/problem+json"  # type: ignore[attr-defined]
    assert answer.json["detail"].isascii()  # type: ignore[attr-defined]
    assert answer.headers["Cache-Control"] == "no-store"  # type: ignore[attr-defined]


def test_rfc6750_s3_without_a_token_only_the_need_of_one_is_told(office: Office) -> None:
    answer = office.call("GET", "/clients")
    refused(answer, 401, "token_needed")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="administration"'


def test_a_cookie_alone_opens_nothing(office: Office) -> None:
    cookie, _ = office.services.sessions.open(office.officer("quantri", "quantri-tinh"), acr=2, amr=("pwd", "otp", "mfa"),
                                              caller=CALLER)
    refused(office.call("GET", "/clients", Cookie=f"sso={cookie}"), 401, "token_needed")


@pytest.mark.parametrize("token", ["x" * 43, "a.b.c", "x" * 20_000])
def test_rfc6750_s3_1_a_made_up_token_is_none(office: Office, token: str) -> None:
    refused(office.call("GET", "/clients", token[:16_000]), 401, "invalid_token")


def test_rfc9700_s4_3_2_a_token_in_the_address_is_refused(office: Office) -> None:
    refused(office.call("GET", f"/clients?access_token={office.province()}", office.province()), 400, "invalid_request")


def test_rfc6750_s3_1_the_scope_decides_and_is_named(office: Office) -> None:
    answer = office.call("GET", "/clients", office.token("quantri", "quantri-tinh", scope="openid"))
    refused(answer, 403, "insufficient_scope")
    assert 'scope="admin:read"' in answer.headers["WWW-Authenticate"]
    reads = office.token("quantri", "quantri-tinh", scope="openid admin:read")
    assert office.call("GET", "/clients", reads).status_code == 200
    answer = office.call("POST", "/keys/rotate", reads, {})
    refused(answer, 403, "insufficient_scope")
    assert 'scope="admin"' in answer.headers["WWW-Authenticate"]


def test_the_scope_of_a_token_is_no_wider_than_what_the_client_is_registered_for_now(office: Office) -> None:
    token = office.machine()
    registry = office.services.clients
    narrowed = next(client for client in registry.all() if client.client_id == "console")
    object.__setattr__(narrowed, "scope", frozenset({"openid", "admin:read"}))
    refused(office.call("POST", "/keys/rotate", token, {}), 403, "insufficient_scope")


def test_an_officer_without_a_role_gets_nothing(office: Office) -> None:
    refused(office.call("GET", "/clients", office.token("canbo", "can-bo")), 403, "forbidden")
    refused(office.call("GET", "/keys", office.token("vanthu")), 403, "forbidden")


@pytest.mark.parametrize("unit", ["H30", "", "Sở"])
def test_an_agency_administrator_of_no_agency_administers_nothing(office: Office, unit: str) -> None:
    refused(office.call("GET", "/clients", office.agency(unit)), 403, "forbidden")


def test_an_auditor_reads_and_changes_nothing(office: Office) -> None:
    auditor = office.auditor()
    assert office.call("GET", "/clients", auditor).status_code == 200
    refused(office.call("POST", "/keys/rotate", auditor, {}), 403, "forbidden")


def test_line_18_a_disabled_officer_is_out_at_once(office: Office) -> None:
    token = office.province()
    office.disable("quantri")
    refused(office.call("GET", "/clients", token), 401, "invalid_token")


def test_line_18_an_officer_who_lost_the_role_is_out_at_once(office: Office) -> None:
    token = office.province()
    office.officer("quantri")
    refused(office.call("GET", "/clients", token), 403, "forbidden")


def test_a_disabled_client_is_out_at_once(office: Office) -> None:
    officers, machines = office.province(), office.machine()
    office.services.registrar.disable("console", CALLER)
    for token in (officers, machines):
        refused(office.call("GET", "/clients", token), 401, "invalid_token")


@pytest.mark.parametrize("scope", ["openid admin", "openid admin offline_access"])
def test_an_ended_session_is_out_whatever_outlives_it(office: Office, scope: str) -> None:
    session = office.session(office.officer("quantri", "quantri-tinh"))
    token = office.token(session=session, scope=scope)
    assert office.call("GET", "/clients", token).status_code == 200
    office.services.sessions.end(session.sid, "logout", CALLER)
    refused(office.call("GET", "/clients", token), 401, "invalid_token")


@pytest.mark.parametrize("scope", ["openid admin", "openid admin offline_access"])
def test_a_session_past_its_idle_limit_is_out_before_the_worker_comes(database_url: str, scope: str) -> None:
    office = Office(database_url, access_token_lifetime_seconds=3600, security_level=3)
    token = office.token("quantri", "quantri-tinh", scope=scope)
    office.clock.advance(899)
    assert office.call("GET", "/clients", token).status_code == 200
    office.clock.advance(2)
    refused(office.call("GET", "/clients", token), 401, "invalid_token")
    office.close()


def test_a_revoked_and_an_expired_token_are_out(office: Office) -> None:
    token = office.province()
    grant_id = office.call("GET", f"/grants?sub={office.officer('quantri', 'quantri-tinh')}", token).json["items"][0]["grant_id"]
    assert office.call("DELETE", f"/grants/{grant_id}", token).status_code == 204
    refused(office.call("GET", "/clients", token), 401, "invalid_token")
    token = office.machine()
    office.clock.advance(601)
    refused(office.call("GET", "/clients", token), 401, "invalid_token")


def test_rfc9470_s3_an_administrator_needs_two_factors_whatever_is_set_and_the_challenge_says_so(database_url: str) -> None:
    office = Office(database_url, require_second_factor_groups=())
    token = office.token(session=office.session(office.officer("quantri"), acr=1))
    office.officer("quantri", "quantri-tinh")
    for answer in (office.call("GET", "/clients", token), office.call("POST", "/keys/rotate", token, {})):
        refused(answer, 401, "insufficient_user_authentication")
        assert 'acr_values="urn:haugiang:acr:2"' in answer.headers["WWW-Authenticate"]
    office.close()


def test_rfc9470_s3_an_officer_who_joined_a_strict_group_since_is_asked_to_step_up(office: Office) -> None:
    session = office.session(office.officer("quantri"), acr=1)
    token = office.token(session=session)
    office.officer("quantri", "quantri-tinh")
    refused(office.call("GET", "/clients", token), 401, "insufficient_user_authentication")


def test_rfc9470_s3_the_challenge_names_what_the_application_asks_for_where_that_is_more(office: Office) -> None:
    token = office.province()
    console = next(client for client in office.services.clients.all() if client.client_id == "console")
    object.__setattr__(console, "required_level", 3)
    answer = office.call("GET", "/clients", token)
    refused(answer, 401, "insufficient_user_authentication")
    assert 'acr_values="urn:haugiang:acr:3"' in answer.headers["WWW-Authenticate"]


def test_rfc9470_s3_an_officer_who_moved_into_a_strict_agency_since_is_asked_to_step_up(database_url: str) -> None:
    office = Office(database_url, require_second_factor_units=("H30.77",))
    session = office.session(office.officer("quantri"), acr=1)
    token = office.token(session=session)
    refused(office.call("GET", "/clients", token), 403, "forbidden")
    office.officer("quantri", unit="H30.77.1")
    refused(office.call("GET", "/clients", token), 401, "insufficient_user_authentication")
    office.close()


def test_rfc9449_s7_1_a_bound_token_needs_the_proof_of_its_key(office: Office) -> None:
    now = office.clock.now()
    token = office.machine(dpop=proof_of("POST", f"{ISSUER}/token", now))
    answer = office.call("GET", "/keys", token)
    refused(answer, 401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("DPoP ")
    refused(office.call("GET", "/keys", token, scheme="DPoP"), 401, "invalid_dpop_proof")
    proof = proof_of("GET", ADDRESS, now, access_token=token)
    assert office.call("GET", "/keys", token, scheme="DPoP", DPoP=proof).status_code == 200
    refused(office.call("GET", "/keys", token, scheme="DPoP", DPoP=proof), 401, "invalid_dpop_proof")
    other = proof_of("GET", f"{ISSUER}/api/v1/clients", now, access_token=token)
    refused(office.call("GET", "/keys", token, scheme="DPoP", DPoP=other), 401, "invalid_dpop_proof")


def test_rfc8705_s3_a_token_bound_to_a_certificate_needs_that_certificate(office: Office) -> None:
    token, mine = office.machine(), issue("mine")
    shown = shown_certificate.read(mine.escaped)
    assert shown is not None
    bound = literal_column(f"'{bound_to(CERTIFICATE, shown.thumbprint)}'")
    office.database.write(update(AccessTokenRow.__table__).values(confirmation=bound)).run()  # type: ignore[arg-type]
    refused(office.call("GET", "/keys", token), 401, "invalid_token")
    refused(office.call("GET", "/keys", token, X_SSL_Client_Cert=issue("other").escaped), 401, "invalid_token")
    assert office.call("GET", "/keys", token, X_SSL_Client_Cert=mine.escaped).status_code == 200


@pytest.mark.parametrize(("proxies", "status"), [((), 401), (("127.0.0.1",), 200)])
def test_line_55_a_certificate_that_no_proxy_of_ours_shows_opens_nothing_here_either(
        office: Office, proxies: tuple[str, ...], status: int) -> None:
    """The views read the header; the dispatcher before them is what takes a forged one away."""
    token, mine = office.machine(), issue("mine")
    shown = shown_certificate.read(mine.escaped)
    assert shown is not None
    bound = literal_column(f"'{bound_to(CERTIFICATE, shown.thumbprint)}'")
    office.database.write(update(AccessTokenRow.__table__).values(confirmation=bound)).run()  # type: ignore[arg-type]
    outside = Dispatcher([], api.before(NotFound(), office.services), sources=Sources(proxies))
    answer = Client(outside).get("/api/v1/keys", base_url=ISSUER, environ_base={"REMOTE_ADDR": "127.0.0.1"}, headers={
        "Authorization": f"Bearer {token}", "X-SSL-Client-Cert": mine.escaped})
    assert answer.status_code == status


def test_rfc8707_s2_a_token_for_other_resources_is_none_for_this_one(office: Office) -> None:
    token = office.machine()
    for audience, status in (("https://elsewhere.example", 401), (f"{ISSUER}/api/v1", 200)):
        office.database.write(update(AccessTokenRow.__table__).values(  # type: ignore[arg-type]
            audience=literal_column(f"'{audience}'"))).run()
        assert office.call("GET", "/keys", token).status_code == status


def test_admin_scopes_are_given_to_files_only_and_never_without_asking(office: Office) -> None:
    answer = office.call("POST", "/clients", office.province(), {
        "redirect_uris": ["https://a.example/cb"], "scope": "openid admin"})
    refused(answer, 422, "invalid_client_metadata")
    answer = office.call("POST", "/initial-access-tokens", office.province(), {"owner": "Sở", "scope": "openid admin"})
    refused(answer, 422, "invalid_client_metadata")
    refused(office.call("GET", "/keys", office.machine("qlvb", "service")), 403, "insufficient_scope")
    refused(office.call("GET", "/keys", office.machine("console", "")), 403, "insufficient_scope")


def test_whoever_asks_too_often_waits_and_others_do_not(database_url: str) -> None:
    office = Office(database_url, rates=Rates(requests=Rule(50, 50), changes=Rule(2, 600)))
    token = office.province()
    for _ in range(2):
        assert office.call("POST", "/keys/rotate", token, {"alg": "ES256"}).status_code == 200
    answer = office.call("POST", "/keys/rotate", token, {"alg": "ES256"})
    refused(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert office.call("GET", "/keys", token).status_code == 200
    assert office.call("POST", "/keys/rotate", office.machine(), {"alg": "ES256"}).status_code == 200
    assert [office.call("GET", "/keys", token).status_code for _ in range(60)][-1] == 429
    office.close()


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("GET", "/clients/", 404), ("POST", "/keys", 405), ("OPTIONS", "/clients", 405),
    ("TRACE", "/clients", 405), ("PUT", "/clients", 405)])
def test_rfc9457_what_is_not_there_is_a_problem_too(office: Office, method: str, path: str, status: int) -> None:
    answer = office.call(method, path, office.machine())
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert status != 405 or answer.headers["Allow"]


@pytest.mark.parametrize(("body", "media_type", "status"), [
    (b"{", "", 400), (b"[]", "", 400), (b'{"alg":"ES256","alg":"RS256"}', "", 400), (b"{}", "text/plain", 415),
    (b"{}", "application/json; charset=latin-1", 415), (b"\xff", "", 400), (b'{"a":' + b"[" * 30 + b"]" * 30 + b"}", "", 400),
    (b'{"a":"' + b"x" * 70_000 + b'"}', "", 413)])
def test_line_44_bodies_are_sound_and_within_limits(office: Office, body: bytes, media_type: str, status: int) -> None:
    answer = office.call("POST", "/keys/rotate", office.machine(), body, media_type=media_type)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=%00", "cursor=bm90IGpzb24",
                                   "sort=owner", "disabled=yes", "q=", "q=%00", "owner_unit=h30", "unknown=1", "q=%ff"])
def test_parameters_are_as_described_or_refused(office: Office, query: str) -> None:
    refused(office.call("GET", f"/clients?{query}", office.machine()), 400, "invalid_parameter")


def test_an_unforeseen_error_says_nothing_of_ours(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(office.services.keys), "stored", lambda _self: 1 / 0)
    answer = office.call("GET", "/keys", office.machine())
    assert answer.status_code == 500
    assert "division" not in answer.text
    assert json.loads(answer.text)["request_id"]
