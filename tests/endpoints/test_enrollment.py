"""/.well-known/est/ as a client meets it: what everybody may read, who is asked who they are, and what never is a 5xx."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.database import Database
from idp.audit import AuditEvent
from idp.authn.lockout import FACTOR_LIMITS, Limits, Lockout, Rule
from idp.endpoints.enrollment import EST_LIMITS, EstEndpoint
from idp.endpoints.sources import Sources
from idp.endpoints.wsgi import Dispatcher, Route
from idp.oauth.proof.holder import Holders
from idp.oauth.tokens.resource_access import ResourceAccess
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.guess_counter import FakeGuessCounter
from tests.pki.authority.house import CALLER, request
from tests.pki.est.test_enrolling import HOST, House, new_key, renewal
from tests.provider import ASSURANCE, ISSUER
from tests.provider import House as Provider

PROXY = "198.51.100.9"


class Door:
    """The endpoint behind the programs' door."""

    def __init__(self, house: House, access: Any = None, *, mutual_tls: bool = True, limits: Limits = EST_LIMITS,
                 counter: Any = None) -> None:
        self.house, self.audit = house, FakeAuditTrail()
        counter = counter or FakeGuessCounter()
        endpoint = EstEndpoint(house.est, access, Lockout(counter, house.clock, FACTOR_LIMITS, kind="guesses"),
                               Lockout(counter, house.clock, limits, kind="requests"), self.audit, house.clock,
                               (f"{ISSUER}/.well-known/est/simpleenroll",), mutual_tls=mutual_tls)
        self.app = Dispatcher([Route("/.well-known/est/**", "est", endpoint, EstEndpoint.METHODS)],
                              fallback=lambda environ, start: start("404 NOT FOUND", []) or [b""], sources=Sources((PROXY,)))

    def __call__(self, operation: str, body: bytes | None = None, *, kind: str = "application/pkcs10", source: str = "192.0.2.1",
                 **headers: str) -> Any:
        answer = SimpleNamespace(status=0, headers=[], body=b"")

        def start(status: str, sent: list[tuple[str, str]]) -> None:
            answer.status, answer.headers = int(status[:3]), sent

        answer.body = b"".join(self.app({
            "REQUEST_METHOD": "GET" if body is None else "POST", "PATH_INFO": f"/.well-known/est/{operation}", "QUERY_STRING": "",
            "CONTENT_TYPE": kind, "REMOTE_ADDR": source, "CONTENT_LENGTH": str(len(body or b"")),
            "wsgi.input": BytesIO(body or b""), **headers}, start))
        return answer

    def leave(self, **more: Any) -> dict[str, str]:
        leave, password = self.house.passwords.create(
            **{"profile": "tls_client", "hosts": (HOST,), "seconds": 3600, "caller": CALLER, **more})
        return {"HTTP_AUTHORIZATION": basic(leave.name, password)}

    @staticmethod
    def shown(certificate: x509.Certificate) -> dict[str, str]:
        return {"HTTP_X_SSL_CLIENT_CERT": quote(certificate.public_bytes(Encoding.PEM)), "source": PROXY}


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def asked() -> bytes:
    return base64.b64encode(request(new_key()))


def certificates(answer: Any) -> list[x509.Certificate]:
    assert answer.status == 200, answer.body
    assert ("Content-Type", "application/pkcs7-mime; smime-type=certs-only") in answer.headers
    assert ("Content-Transfer-Encoding", "base64") in answer.headers
    return list(pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.body)))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


@pytest.fixture
def call(house: House) -> Door:
    return Door(house)


def test_rfc7030_4_1_and_4_5_what_everybody_may_read(house: House, call: Door) -> None:
    trusted = certificates(call("cacerts"))
    assert {one.public_bytes(Encoding.DER) for one in trusted} == {one.certificate for one in house.store.authorities()}
    wishes = call("csrattrs")
    assert (wishes.status, wishes.headers[0]) == (200, ("Content-Type", "application/csrattrs"))
    read = core.SequenceOf.load(base64.b64decode(wishes.body), spec=core.Any, strict=True)
    assert [one.contents.hex() for one in read][1:] == ["2a8648ce3d040302"]


def test_rfc7030_4_2_a_password_gives_one_certificate(call: Door) -> None:
    sent = call.leave()
    issued, = certificates(call("simpleenroll", asked(), **sent))
    assert issued.subject.rfc4514_string() == f"CN={HOST},O=Tỉnh Hậu Giang,C=VN"
    again = call("simpleenroll", asked(), **sent)
    assert again.status == 401
    assert call.audit.events() == [AuditEvent.ENROLLMENT_PASSWORD_REFUSED]


def test_rfc7030_3_2_3_nobody_known_is_told_how_to_be_known(call: Door) -> None:
    for operation, headers in (("simpleenroll", {}), ("simpleenroll", {"HTTP_AUTHORIZATION": "Digest x"}), ("simplereenroll", {}),
                               ("simpleenroll", {"HTTP_AUTHORIZATION": "Basic %%%"}),
                               ("simpleenroll", {"HTTP_AUTHORIZATION": basic("canbo", "HauGiang-2026!")}),
                               ("simplereenroll", call.leave())):
        answer = call(operation, asked(), **headers)
        assert answer.status == 401, (operation, headers)
        assert [value.split(" ")[0] for name, value in answer.headers if name == "WWW-Authenticate"] == ["Basic", "Bearer"]


@pytest.mark.parametrize("name", ["a\0b", "est-\0", "est-0123456789a\0", "\ud7ff\uffff", "est-0123456789ab\n", "x" * 200])
def test_security_43_whatever_name_comes_with_a_password(house: House, database: Database, name: str) -> None:
    call = Door(house, counter=SqlGuessCounter(database))
    assert call("simpleenroll", asked(), HTTP_AUTHORIZATION=basic(name, "x\0")).status == 401


def test_security_27_guesses_are_counted_before_they_are_looked_at(call: Door) -> None:
    sent = call.leave()
    name = base64.b64decode(sent["HTTP_AUTHORIZATION"][6:]).decode().split(":")[0]
    tried = [call("simpleenroll", asked(), HTTP_AUTHORIZATION=basic(name, f"guess{number}")).status for number in range(8)]
    assert tried == [401] * 6 + [429] * 2
    last = call("simpleenroll", asked(), **sent)
    assert last.status == 429
    assert any(header == "Retry-After" and int(value) > 0 for header, value in last.headers)


def test_rfc7030_4_2_2_renewal_with_the_certificate_before(house: House, call: Door) -> None:
    before = house.enrolled()
    answer = call("simplereenroll", base64.encodebytes(renewal(before.certificate)), **call.shown(before.certificate))
    after, = certificates(answer)
    assert (after.subject, after.serial_number == before.certificate.serial_number) == (before.certificate.subject, False)
    other = call("simplereenroll", asked(), **call.shown(before.certificate))
    assert other.status == 422
    assert b"other_subject" in other.body


def test_security_55_a_certificate_counts_from_our_proxy_alone(house: House, call: Door) -> None:
    before = house.enrolled()
    shown = call.shown(before.certificate)
    body = base64.b64encode(renewal(before.certificate))
    assert call("simplereenroll", body, **{**shown, "source": "192.0.2.1"}).status == 401
    assert Door(house, mutual_tls=False)("simplereenroll", body, **shown).status == 401
    assert call("simpleenroll", body, **shown).status == 401  # it renews, and enrols nothing else
    assert call("simplereenroll", body, **shown).status == 200


def test_an_officers_token_gives_the_officers_own_certificate(house: House, database: Database) -> None:
    provider = Provider(database)
    sub = provider.officer()
    house.est._mirror = provider.officers
    access = ResourceAccess(provider.tokens, SqlAdministrationTokens(database, provider.clock), provider.registry,
                            provider.clock, ASSURANCE, Holders(provider.proofs), idle_limit_seconds=3600)
    call = Door(house, access)

    def status(session: Any, scope: str = "openid est") -> Any:
        token = provider.tokens_for(session=session, scope=scope)["access_token"]
        return call("simpleenroll", asked(), HTTP_AUTHORIZATION=f"Bearer {token}")

    strong = provider.session(sub, acr=2, amr=("pwd", "otp"))
    issued, = certificates(status(strong))
    assert "UID=canbo" in issued.subject.rfc4514_string() or "0.9.2342.19200300.100.1.1=canbo" in issued.subject.rfc4514_string()
    assert status(strong, "openid").status == 403
    assert status(provider.session(sub)).status == 401
    provider.clock.advance(1000)
    old = status(strong)
    assert old.status == 401
    assert any("insufficient_user_authentication" in value for name, value in old.headers if name == "WWW-Authenticate")
    machine = provider.machine(scope="est")
    assert machine.status == 400 or call("simpleenroll", asked(), HTTP_AUTHORIZATION=(
        f"Bearer {machine.json['access_token']}")).status == 403


def test_bad_requests_are_said_to_be_such(call: Door) -> None:
    assert call("simpleenroll", asked(), kind="text/plain", **call.leave()).status == 415
    for body in (b"", b"%%%", b"AAAA", base64.b64encode(b"x" * 20_000), b"-----BEGIN CERTIFICATE REQUEST-----"):
        assert 400 <= call("simpleenroll", body, **call.leave()).status < 500, body
    assert call("simpleenroll", b"A" * 70_000, **call.leave()).status == 413
    assert call("simpleenroll").status == 405
    assert call("cacerts", b"").status == 405


@pytest.mark.parametrize("operation", ["", "serverkeygen", "fullcmc", "label/simpleenroll", "cacerts/", "../est/cacerts", "é"])
def test_security_51_unknown_operations_do_not_exist(call: Door, operation: str) -> None:
    assert call(operation).status == call(operation, asked(), **call.leave()).status == 404


def test_not_without_end(house: House) -> None:
    call: Callable[..., Any] = Door(house, limits=Limits(pair=Rule(2), account=Rule(2), source=Rule(100)))
    for profile in ("tls_client", "officer_authentication"):
        held, answers = house.enrolled(profile=profile).certificate, []
        for _ in range(3):  # each renews the one before
            answer = call("simplereenroll", base64.b64encode(renewal(held)), **Door.shown(held))
            answers.append(answer.status)
            held = certificates(answer)[0] if answer.status == 200 else held
        assert answers == [200, 200, 429], profile
    other = house.enrolled(hosts=("khac.example",)).certificate
    assert call("simplereenroll", base64.b64encode(renewal(other)), **Door.shown(other)).status == 200
