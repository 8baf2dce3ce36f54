"""fapi-ciba-id1-test-plan: poll and ping, with private_key_jwt and with mutual TLS, tokens always bound to the certificate.

The modules of the plain profile under their own names. Applications show their certificates to nginx, and the officer answers on
the pages as a person does.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.app import build_services
from idp.worker.outbox import OutboxPump
from tests.fakes.certificates import Identity, issue
from tests.fakes.client_keys import assertion_of, jwks_of, pair, signed
from tests.receivers import Receivers

from .conftest import copy_of
from .outside import Answer
from .suite import ISSUER, MTLS, Person, Suite

GRANT = "urn:openid:params:grant-type:ciba"
MODULES = """
discovery-end-point-verification user-rejects-authentication multiple-call-to-token-endpoint auth-req-id-expired
ensure-other-scope-order-succeeds ensure-authorization-request-with-binding-message-succeeds
ensure-authorization-request-with-potentially-bad-binding-message ensure-authorization-request-with-multiple-hints-fails
ensure-requested-expiry-as-string-succeeds ensure-request-object-missing-aud-fails ensure-request-object-missing-iss-fails
ensure-request-object-missing-exp-fails ensure-request-object-missing-iat-fails ensure-request-object-missing-nbf-fails
ensure-request-object-missing-jti-fails ensure-request-object-bad-aud-fails ensure-request-object-bad-iss-fails
ensure-request-object-bad-exp-fails ensure-request-object-bad-iat-fails ensure-request-object-bad-nbf-fails
ensure-request-object-bad-jti-fails ensure-request-object-expired-exp-fails
ensure-request-object-exp-is-70-minutes-in-future-fails ensure-request-object-nbf-is-10-minutes-in-future-fails
ensure-request-object-nbf-is-70-minutes-in-past-fails ensure-request-object-signature-algorithm-is-none-fails
ensure-request-object-signature-algorithm-is-bad-fails ensure-request-object-signature-algorithm-is-RS256-fails
ensure-request-object-signed-by-other-client-fails ensure-unsigned-backchannel-authorization-request-fails
ensure-backchannel-authorization-request-without-request-fails ensure-wrong-auth-req-id-in-token-endpoint-request
ensure-wrong-client-id-in-backchannel-authorization-request ensure-wrong-client-id-in-token-endpoint-request
ensure-different-client-id-and-issuer-in-backchannel-authorization-request ensure-mtls-holder-of-key-required
ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails
ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails
ensure-without-client-assertion-in-backchannel-authorization-request-fails
ensure-without-client-assertion-in-token-endpoint-fails ping-backchannel-notification-endpoint-response-has-body
ping-backchannel-notification-endpoint-response-401 ping-backchannel-notification-endpoint-response-403
ping-backchannel-notification-endpoint-return-redirect-request refresh-token
"""
"""Every name without its beginning ``fapi-ciba-id1-``; the happy flow has that name alone."""
VARIANTS = tuple((mode, how) for mode in ("poll", "ping") for how in ("private_key_jwt", "self_signed_tls_client_auth"))
CERTIFICATES = {name: issue(name, names=(), after=timedelta(days=36500)) for name in ("one", "other")}


def test_every_module_of_the_plan_has_its_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    names = ["fapi-ciba-id1", *(f"fapi-ciba-id1-{name}" for name in MODULES.split())]
    assert [name for name in names if f"def test_{name.replace('-', '_')}(" not in source] == []


def registration(client_id: str, mode: str, how: str, endpoint: str, *, number: tuple[int, ...] = (),
                 identity: str = "one") -> dict[str, Any]:
    ping = {"backchannel_client_notification_endpoint": endpoint} if mode == "ping" else {}
    signing = {"token_endpoint_auth_signing_alg": "PS256"} if how == "private_key_jwt" else {}
    keys = jwks_of(*(pair(alg, *number) for alg in ("PS256", "RS256")), ECKey(CERTIFICATES[identity].key, None))
    return {
        "client_id": client_id, "client_name": f"CIBA {mode} {how}", "grant_types": [GRANT, "refresh_token"],
        "scope": "openid profile email offline_access", "token_endpoint_auth_method": how,
        "backchannel_token_delivery_mode": mode,
        "backchannel_authentication_request_signing_alg": "PS256", "id_token_signed_response_alg": "PS256",
        "tls_client_certificate_bound_access_tokens": True, "jwks": json.loads(keys), **ping, **signing}


class Plan:
    """One application of one variant."""

    def __init__(self, suite: Suite, mode: str, how: str, receivers: Receivers) -> None:
        self.suite, self.mode, self.how, self.receivers = suite, mode, how, receivers
        self.client_id = f"{mode}-{how}"
        self.identity = CERTIFICATES["one"]
        self.notification_token = secrets.token_urlsafe(24)

    # What an application sends

    def request_object(self, *, key: Any = None, alg: str | None = None, header: dict[str, Any] | None = None,
                       **changes: Any) -> str:
        now = self.suite.clock.now()
        claims = {"aud": ISSUER, "iss": self.client_id, "exp": now + 300, "iat": now, "nbf": now, "jti": secrets.token_urlsafe(9),
                  "scope": "openid profile", "login_hint": "canbo"}
        if self.mode == "ping":
            claims["client_notification_token"] = self.notification_token
        return signed(claims | changes, key or pair("PS256"), alg=alg, **(header or {}))

    def authentication(self, **how: Any) -> dict[str, str]:
        if self.how == "private_key_jwt":
            return assertion_of(self.client_id, ISSUER, self.suite.clock.now(), how.pop("key", pair("PS256")), **how)
        return {"client_id": self.client_id}

    def post(self, endpoint: str, form: dict[str, str], *, identity: Identity | str | None = "own") -> Answer:
        shown = self.identity if identity == "own" else identity
        url = self.suite.discovery["mtls_endpoint_aliases"][endpoint]
        return self.suite.mtls("POST", url, form, identity=shown if isinstance(shown, Identity) else None)

    def ask(self, request: str | None = None, *, authentication: dict[str, str] | None = None, **changes: Any) -> Answer:
        form = {"request": self.request_object(**changes) if request is None else request}
        return self.post("backchannel_authentication_endpoint", form | (authentication or self.authentication()))

    def asked(self, **changes: Any) -> str:
        answer = self.ask(**changes)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "application/json"
        told = answer.json
        assert set(told) == {"auth_req_id", "expires_in", "interval"}
        assert len(set(told["auth_req_id"])) > 10
        assert len(told["auth_req_id"]) >= 22
        assert told["expires_in"] > 0
        assert told["interval"] >= 0
        return str(told["auth_req_id"])

    def refused(self, answer: Answer, error: str = "invalid_request", status: int = 400) -> None:
        assert (answer.status_code, answer.json["error"]) == (status, error), answer.text
        assert answer.json.get("error_description", "").isascii()
        assert not {"\r", "\n", "\t"} & set(answer.json.get("error_description", ""))

    def fetch(self, auth_req_id: str, *, authentication: dict[str, str] | None = None,
              identity: Identity | str | None = "own") -> Answer:
        form = {"grant_type": GRANT, "auth_req_id": auth_req_id}
        return self.post("token_endpoint", form | (authentication or self.authentication()), identity=identity)

    # What a person does

    def person(self, uid: str = "canbo") -> Person:
        return self.suite.person(uid)

    def answer(self, *, agree: bool = True) -> None:
        """Have the officer open the list, choose the last request, and answer."""
        person = self.person()
        visit = person.go(f"{ISSUER}/approvals")
        assert visit.page is not None
        form = [form for form in visit.page.forms if "approval" in dict(form.buttons)][-1]
        visit = person.fill(visit, form, dict(form.buttons))
        assert visit.page is not None
        question = visit.page.form_with("answer")
        assert question is not None, visit.page.heading
        done = person.fill(visit, question, {"answer": "accept" if agree else "deny"})
        assert done.page is not None
        assert done.page.heading == ("Đã chấp thuận" if agree else "Đã từ chối")
        if self.mode == "ping":
            self.ping()

    def ping(self) -> None:
        """Let a worker send what is due, and check what arrives (CIBA §10.2)."""
        self.receivers.received.clear()
        self.receivers.bodies.clear()
        services = build_services(self.suite.settings, directory=self.suite.directory, clock=self.suite.clock)
        for _ in range(2):
            pump = OutboxPump(services.pings, services.ping_delivery, self.suite.clock)
            pump.round()
            pump.drain()
            pump.close()
            self.suite.clock.advance(61)  # whoever is tried again would be tried by now
        (_, _, headers, _), = self.receivers.received
        assert headers["Authorization"] == f"Bearer {self.notification_token}"
        assert headers["Content-Type"] == "application/json"
        self.told = json.loads(self.receivers.bodies[0])["auth_req_id"]

    def tokens(self, auth_req_id: str) -> dict[str, Any]:
        """Fetch what was approved, check it, and use it."""
        if self.mode == "ping":
            assert self.told == auth_req_id
        answer = self.fetch(auth_req_id)
        client = {"client_id": self.client_id, "id_token_signed_response_alg": "PS256"}
        tokens = self.suite.check_tokens(answer, client)
        assert "nonce" not in tokens["claims"]
        self.uses(tokens["access_token"])
        return tokens

    def uses(self, access_token: str) -> None:
        """Present a token over its certificate, over another one and over none (RFC 8705 §3)."""
        url = self.suite.discovery["mtls_endpoint_aliases"]["userinfo_endpoint"]
        for identity, status in ((self.identity, 200), (CERTIFICATES["other"], 401), (None, 401)):
            shown = self.suite.mtls("GET", url, identity=identity, Authorization=f"Bearer {access_token}")
            assert shown.status_code == status


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture(scope="module")
def ciba_suite(keys_and_database: Path, tmp_path_factory: pytest.TempPathFactory, receivers: Receivers) -> Suite:
    """The server with the site that asks for certificates, with one application of each variant and a second one."""
    folder = tmp_path_factory.mktemp("ciba")
    suite = Suite(folder, copy_of(keys_and_database, folder), mtls_origin=MTLS)
    wanted = [registration(f"{mode}-{how}", mode, how, receivers.url("/notified")) for mode, how in VARIANTS]
    for metadata in (*wanted, registration("rival", "poll", "private_key_jwt", "", number=(1,), identity="other")):
        file = folder / "client.json"
        file.write_text(json.dumps(metadata), encoding="utf-8")
        made = suite.app.test_cli_runner().invoke(args=["clients", "create", "--file", str(file), "--json"])
        assert made.exit_code == 0, made.output
    return suite


@pytest.fixture(params=VARIANTS, ids=lambda variant: "-".join(variant))
def plan(request: pytest.FixtureRequest, ciba_suite: Suite, receivers: Receivers) -> Plan:
    ciba_suite.clock.advance(400)  # what earlier tests left unanswered is over
    receivers.kinds["/notified"] = "status-204"
    return Plan(ciba_suite, *request.param, receivers)


def variant(*, mode: str = "", how: str = "") -> pytest.MarkDecorator:
    """Run a module for the variants that it is about."""
    wanted = [one for one in VARIANTS if (not mode or one[0] == mode) and (not how or one[1] == how)]
    return pytest.mark.parametrize("plan", wanted, indirect=True, ids=["-".join(one) for one in wanted])


ping_only = variant(mode="ping")
assertions_only = variant(how="private_key_jwt")


# The flow

def test_fapi_ciba_id1_discovery_end_point_verification(ciba_suite: Suite) -> None:
    told = ciba_suite.discovery
    assert told["backchannel_authentication_endpoint"] == f"{ISSUER}/bc-authorize"
    assert told["mtls_endpoint_aliases"]["backchannel_authentication_endpoint"] == f"{MTLS}/bc-authorize"
    assert set(told["backchannel_token_delivery_modes_supported"]) == {"poll", "ping"}
    assert {"PS256", "ES256"} <= set(told["backchannel_authentication_request_signing_alg_values_supported"])
    assert not {"none", "RS256"} & set(told["backchannel_authentication_request_signing_alg_values_supported"])
    assert GRANT in told["grant_types_supported"]
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"private_key_jwt", "self_signed_tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])


def test_fapi_ciba_id1(plan: Plan) -> None:
    auth_req_id = plan.asked()
    assert plan.fetch(auth_req_id).json["error"] == "authorization_pending"
    plan.suite.clock.advance(5)
    assert plan.fetch(auth_req_id).json["error"] == "authorization_pending"
    plan.suite.clock.advance(5)
    plan.answer()
    assert plan.tokens(auth_req_id)["scope"].split() == ["openid", "profile"]


def test_fapi_ciba_id1_user_rejects_authentication(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.answer(agree=False)
    plan.refused(plan.fetch(auth_req_id), "access_denied")
    plan.suite.clock.advance(60)  # for that long the officer is left alone (docs/divergences.md)


def test_fapi_ciba_id1_multiple_call_to_token_endpoint(plan: Plan) -> None:
    auth_req_id = plan.asked()
    said = [plan.fetch(auth_req_id).json["error"] for _ in range(4)]
    assert (said[0], set(said[1:])) == ("authorization_pending", {"slow_down"})
    plan.answer()
    plan.tokens(auth_req_id)


def test_fapi_ciba_id1_auth_req_id_expired(plan: Plan) -> None:
    auth_req_id = plan.asked(requested_expiry=30)
    plan.suite.clock.advance(31)
    plan.refused(plan.fetch(auth_req_id), "expired_token")


def test_fapi_ciba_id1_ensure_other_scope_order_succeeds(plan: Plan) -> None:
    auth_req_id = plan.asked(scope="profile openid")
    plan.answer()
    assert "id_token" in plan.tokens(auth_req_id)


def test_fapi_ciba_id1_refresh_token(plan: Plan) -> None:
    auth_req_id = plan.asked(scope="openid profile offline_access")
    plan.answer()
    first = plan.tokens(auth_req_id)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    answer = plan.post("token_endpoint", form | plan.authentication())
    client = {"client_id": plan.client_id, "id_token_signed_response_alg": "PS256"}
    second = plan.suite.check_tokens(answer, client)
    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"]
    plan.uses(second["access_token"])
    other = Plan(plan.suite, "poll", "private_key_jwt", plan.receivers)
    other.client_id, other.identity = "rival", CERTIFICATES["other"]
    form["refresh_token"] = second["refresh_token"]
    stolen = other.post("token_endpoint", form | other.authentication(key=pair("PS256", 1)))
    other.refused(stolen, "invalid_grant")


# The request

def test_fapi_ciba_id1_ensure_authorization_request_with_binding_message_succeeds(plan: Plan) -> None:
    auth_req_id = plan.asked(binding_message="1234")
    page = plan.person().go(f"{ISSUER}/approvals").page
    assert page is not None
    assert "1234" in page.text
    plan.answer()
    plan.tokens(auth_req_id)


def test_fapi_ciba_id1_ensure_authorization_request_with_potentially_bad_binding_message(plan: Plan) -> None:
    bad = "1234 \U0001F44D\U0001F3FF \U0001F1FB\U0001F1F3 " + "x" * 50 + "\r\n"
    plan.refused(plan.ask(binding_message=bad), "invalid_binding_message")


def test_fapi_ciba_id1_ensure_authorization_request_with_multiple_hints_fails(plan: Plan) -> None:
    plan.refused(plan.ask(id_token_hint="a.b.c"))
    plan.refused(plan.ask(login_hint_token="a.b.c"))


def test_fapi_ciba_id1_ensure_requested_expiry_as_string_succeeds(plan: Plan) -> None:
    answer = plan.ask(requested_expiry="200")
    assert answer.json["expires_in"] == 200
    plan.answer()
    plan.tokens(answer.json["auth_req_id"])


def test_fapi_ciba_id1_ensure_unsigned_backchannel_authorization_request_fails(plan: Plan) -> None:
    form = {"scope": "openid", "login_hint": "canbo", "client_notification_token": plan.notification_token}
    plan.refused(plan.post("backchannel_authentication_endpoint", form | plan.authentication()))


def test_fapi_ciba_id1_ensure_backchannel_authorization_request_without_request_fails(plan: Plan) -> None:
    plan.refused(plan.post("backchannel_authentication_endpoint", plan.authentication()))


# The request object

def missing(plan: Plan, name: str) -> None:
    plan.refused(plan.ask(**{name: None}))


def test_fapi_ciba_id1_ensure_request_object_missing_aud_fails(plan: Plan) -> None:
    missing(plan, "aud")


def test_fapi_ciba_id1_ensure_request_object_missing_iss_fails(plan: Plan) -> None:
    missing(plan, "iss")


def test_fapi_ciba_id1_ensure_request_object_missing_exp_fails(plan: Plan) -> None:
    missing(plan, "exp")


def test_fapi_ciba_id1_ensure_request_object_missing_iat_fails(plan: Plan) -> None:
    missing(plan, "iat")


def test_fapi_ciba_id1_ensure_request_object_missing_nbf_fails(plan: Plan) -> None:
    missing(plan, "nbf")


def test_fapi_ciba_id1_ensure_request_object_missing_jti_fails(plan: Plan) -> None:
    missing(plan, "jti")


def test_fapi_ciba_id1_ensure_request_object_bad_aud_fails(plan: Plan) -> None:
    plan.refused(plan.ask(aud="https://other1.example.com"))


def test_fapi_ciba_id1_ensure_request_object_bad_iss_fails(plan: Plan) -> None:
    plan.refused(plan.ask(iss="rival"))


def test_fapi_ciba_id1_ensure_request_object_bad_exp_fails(plan: Plan) -> None:
    plan.refused(plan.ask(exp="tomorrow"))


def test_fapi_ciba_id1_ensure_request_object_bad_iat_fails(plan: Plan) -> None:
    plan.refused(plan.ask(iat=plan.suite.clock.now() + 600))


def test_fapi_ciba_id1_ensure_request_object_bad_nbf_fails(plan: Plan) -> None:
    plan.refused(plan.ask(nbf="yesterday"))


def test_fapi_ciba_id1_ensure_request_object_bad_jti_fails(plan: Plan) -> None:
    jti = secrets.token_urlsafe(12)
    plan.asked(jti=jti)
    plan.refused(plan.ask(jti=jti))
    plan.refused(plan.ask(jti=7))


def test_fapi_ciba_id1_ensure_request_object_expired_exp_fails(plan: Plan) -> None:
    now = plan.suite.clock.now()
    plan.refused(plan.ask(nbf=now - 600, iat=now - 600, exp=now - 300))


def test_fapi_ciba_id1_ensure_request_object_exp_is_70_minutes_in_future_fails(plan: Plan) -> None:
    plan.refused(plan.ask(exp=plan.suite.clock.now() + 70 * 60))


def test_fapi_ciba_id1_ensure_request_object_nbf_is_10_minutes_in_future_fails(plan: Plan) -> None:
    now = plan.suite.clock.now()
    plan.refused(plan.ask(nbf=now + 600, exp=now + 900))


def test_fapi_ciba_id1_ensure_request_object_nbf_is_70_minutes_in_past_fails(plan: Plan) -> None:
    plan.refused(plan.ask(nbf=plan.suite.clock.now() - 70 * 60))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_none_fails(plan: Plan) -> None:
    payload = plan.request_object().split(".")[1]
    plan.refused(plan.ask(f"eyJhbGciOiJub25lIn0.{payload}."))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_bad_fails(plan: Plan) -> None:
    head, payload, signature = plan.request_object().split(".")
    plan.refused(plan.ask(f"{head}.{payload}.{signature[:-8]}AAAAAAAA"))
    plan.refused(plan.ask(f"eyJhbGciOiJIUzI1NiJ9.{payload}.{signature}"))


def test_fapi_ciba_id1_ensure_request_object_signature_algorithm_is_RS256_fails(plan: Plan) -> None:
    plan.refused(plan.ask(key=pair("RS256")))


def test_fapi_ciba_id1_ensure_request_object_signed_by_other_client_fails(plan: Plan) -> None:
    plan.refused(plan.ask(key=pair("PS256", 1)))
    plan.refused(plan.ask(key=pair("PS256", 1), header={"kid": pair("PS256").kid}))


# Who asks, and who fetches

def test_fapi_ciba_id1_ensure_wrong_auth_req_id_in_token_endpoint_request(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.answer()
    plan.refused(plan.fetch(auth_req_id[:-4] + "AAAA"), "invalid_grant")
    plan.tokens(auth_req_id)


def second_of(plan: Plan) -> dict[str, str]:
    """What the second application authenticates with."""
    return assertion_of("rival", ISSUER, plan.suite.clock.now(), pair("PS256", 1))


def test_fapi_ciba_id1_ensure_wrong_client_id_in_backchannel_authorization_request(plan: Plan) -> None:
    plan.refused(plan.ask(authentication=second_of(plan)))
    wrong = plan.ask(authentication=plan.authentication() | {"client_id": "rival"})
    assert (wrong.status_code, wrong.json["error"]) in {(400, "invalid_request"), (401, "invalid_client")}


def test_fapi_ciba_id1_ensure_wrong_client_id_in_token_endpoint_request(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.answer()
    plan.refused(plan.fetch(auth_req_id, authentication=second_of(plan), identity=CERTIFICATES["other"]), "invalid_grant")
    wrong = plan.fetch(auth_req_id, authentication=plan.authentication() | {"client_id": "rival"})
    assert (wrong.status_code, wrong.json["error"]) in {(400, "invalid_request"), (401, "invalid_client")}
    plan.tokens(auth_req_id)


def test_fapi_ciba_id1_ensure_different_client_id_and_issuer_in_backchannel_authorization_request(plan: Plan) -> None:
    plan.refused(plan.ask(iss="rival", key=pair("PS256", 1)))


def test_fapi_ciba_id1_ensure_mtls_holder_of_key_required(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.answer()
    refused = plan.fetch(auth_req_id, identity=None)
    assert (refused.status_code, refused.json["error"]) in {(400, "invalid_request"), (401, "invalid_client")}
    plan.tokens(auth_req_id)


@assertions_only
def test_fapi_ciba_id1_ensure_client_assertion_signature_algorithm_in_backchannel_authorization_request_is_RS256_fails(
        plan: Plan) -> None:
    plan.refused(plan.ask(authentication=plan.authentication(key=pair("RS256"))), "invalid_client", 401)


@assertions_only
def test_fapi_ciba_id1_ensure_client_assertion_signature_algorithm_in_token_endpoint_request_is_RS256_fails(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.refused(plan.fetch(auth_req_id, authentication=plan.authentication(key=pair("RS256"))), "invalid_client", 401)


@assertions_only
def test_fapi_ciba_id1_ensure_without_client_assertion_in_backchannel_authorization_request_fails(plan: Plan) -> None:
    plan.refused(plan.ask(authentication={"client_id": plan.client_id}), "invalid_client", 401)


@assertions_only
def test_fapi_ciba_id1_ensure_without_client_assertion_in_token_endpoint_fails(plan: Plan) -> None:
    auth_req_id = plan.asked()
    plan.refused(plan.fetch(auth_req_id, authentication={"client_id": plan.client_id}), "invalid_client", 401)


# The notification

def notified(plan: Plan, kind: str) -> None:
    """The flow completes whatever the application's endpoint answers, and it is called once."""
    plan.receivers.kinds["/notified"] = kind
    auth_req_id = plan.asked()
    plan.answer()
    plan.tokens(auth_req_id)
    assert plan.receivers.paths() == ["/notified"]


@ping_only
def test_fapi_ciba_id1_ping_backchannel_notification_endpoint_response_has_body(plan: Plan) -> None:
    notified(plan, "json")


@ping_only
def test_fapi_ciba_id1_ping_backchannel_notification_endpoint_response_401(plan: Plan) -> None:
    notified(plan, "status-401")


@ping_only
def test_fapi_ciba_id1_ping_backchannel_notification_endpoint_response_403(plan: Plan) -> None:
    notified(plan, "status-403")


@ping_only
def test_fapi_ciba_id1_ping_backchannel_notification_endpoint_return_redirect_request(plan: Plan) -> None:
    notified(plan, "redirect")
