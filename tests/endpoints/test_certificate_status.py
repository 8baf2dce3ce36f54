"""/ocsp, /crl and /ca as other programs ask for them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from idp.adapters.sql.database import Database
from idp.endpoints.certificate_status import AuthorityCertificateEndpoint, OcspEndpoint, RevocationListEndpoint
from idp.endpoints.wsgi import Dispatcher, Route
from tests.pki.status.house import House
from tests.pki.status.test_ocsp import question

Call = Callable[..., Any]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


@pytest.fixture
def call(house: House) -> Call:
    endpoint = OcspEndpoint(house.ocsp)
    door = Dispatcher([
        Route("/ocsp", "ocsp", endpoint, OcspEndpoint.METHODS), Route("/ocsp/**", "ocsp", endpoint, OcspEndpoint.METHODS),
        Route("/crl/*", "crl", RevocationListEndpoint(house.lists), RevocationListEndpoint.METHODS),
        Route("/ca/*", "ca", AuthorityCertificateEndpoint(lambda: list(house.store.authorities())), ("GET", "HEAD"))],
        fallback=lambda environ, start: start("404 NOT FOUND", []) or [b"pages"])

    def call(method: str, path: str, body: bytes = b"", content_type: str = "", **headers: str) -> Any:
        from io import BytesIO
        said = SimpleNamespace(status=0, headers={}, body=b"")

        def start(status: str, sent: list[tuple[str, str]]) -> None:
            said.status, said.headers = int(status[:3]), dict(sent)

        environ = {"REQUEST_METHOD": method, "PATH_INFO": unquote(path), "QUERY_STRING": "", "CONTENT_TYPE": content_type,
                   "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body), "REMOTE_ADDR": "127.0.0.1", **headers}
        said.body = b"".join(door(environ, start))
        return said

    return call


def status_of(answer: Any) -> Any:
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/ocsp-response"
    read = ocsp.load_der_ocsp_response(answer.body)
    return read.certificate_status if read.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else read.response_status


def test_rfc6960_a1_by_post_and_by_get(house: House, call: Call) -> None:
    good = ocsp.OCSPCertStatus.GOOD
    slashes = 0
    for _ in range(12):
        asked = question(house, house.issue().certificate)
        posted = call("POST", "/ocsp", asked, "application/ocsp-request")
        assert (status_of(posted), posted.headers["Cache-Control"]) == (good, "no-store")
        text = base64.b64encode(asked).decode()
        slashes += "/" in text
        got = call("GET", f"/ocsp/{text}")
        assert (status_of(got), got.headers["Cache-Control"]) == (good, "public, max-age=60, must-revalidate")
        assert status_of(call("GET", "/ocsp/" + text.replace("/", "%2F").replace("+", "%2B").rstrip("="))) is good
    assert slashes


def test_a_nonce_is_not_kept(house: House, call: Call) -> None:
    text = base64.b64encode(question(house, house.issue().certificate, nonce=b"n" * 16)).decode()
    assert call("GET", f"/ocsp/{text}").headers["Cache-Control"] == "no-store"


def test_questions_that_are_none_get_an_answer(call: Call) -> None:
    for answer in (call("GET", "/ocsp"), call("GET", "/ocsp/%%%"), call("GET", "/ocsp/" + "A" * 3000), call("GET", "/ocsp/é"),
                   call("POST", "/ocsp", b"x", "application/ocsp-request"), call("POST", "/ocsp", b"x", "text/plain"),
                   call("POST", "/ocsp", b"x" * 11_000, "application/ocsp-request")):
        assert status_of(answer) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert call("POST", "/ocsp", b"x" * 70_000, "application/ocsp-request").status == 413
    assert call("PUT", "/ocsp").status == 405


def test_lists_and_certificates_at_their_addresses(house: House, call: Call) -> None:
    listed = call("GET", "/crl/pilot.crl")
    assert (listed.status, listed.headers["Content-Type"]) == (200, "application/pkix-crl")
    pilot = x509.load_der_x509_certificate(house.issuance.authority().certificate)
    assert x509.load_der_x509_crl(listed.body).issuer == pilot.subject
    assert call("GET", "/crl/pilot.crl", HTTP_IF_NONE_MATCH=listed.headers["ETag"]).status == 304
    assert call("GET", "/crl/root.crl").status == 200
    issuer = call("GET", "/ca/pilot.crt")
    assert (issuer.status, issuer.headers["Content-Type"]) == (200, "application/pkix-cert")
    assert issuer.body == house.issuance.authority().certificate
    assert call("GET", "/ca/pilot.crt", HTTP_IF_NONE_MATCH=f'W/{issuer.headers["ETag"]}, "x"').status == 304
    assert call("GET", "/crl/pilot.crl", HTTP_IF_NONE_MATCH='"1"').status == 200
    assert call("HEAD", "/ca/root.crt").body == b""
    for path in ("/crl/other.crl", "/crl/pilot-7.crl", "/crl/pilot", "/crl/..crl", "/ca/pilot", "/ca/other.crt", "/ca/x.pem"):
        assert call("GET", path).status == 404, path
