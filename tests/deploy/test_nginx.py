"""deploy/nginx/ over TLS: what reaches the provider, what does not, and what happens when a process is gone."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from idp.pki import shown_certificate
from tests.fakes.certificates import issue
from tests.nginx import Nginx


class Echo:
    """Stands for one process of the provider: answers with the headers that it was given."""

    def __init__(self, name: str) -> None:
        self.posts = 0
        self._name = name
        self._server = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            self.posts += 1
            if request.path == "/cut":
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response(json.dumps({"name": self._name, "headers": dict(request.headers), "path": request.full_path}),
                        content_type="application/json", headers={"X-Frame-Options": "DENY"})


@pytest.fixture(scope="module")
def echoes() -> Iterator[list[Echo]]:
    echoes = [Echo("one"), Echo("two")]
    yield echoes
    for echo in echoes:
        echo.stop()


@pytest.fixture(scope="module")
def nginx(echoes: list[Echo], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    nginx = Nginx(tmp_path_factory.mktemp("nginx"), [echo.port for echo in echoes]).start()
    yield nginx
    nginx.stop()


@pytest.fixture
def caller(nginx: Nginx) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify = str(nginx.ca_file)
        session.trust_env = False
        yield session


def _seen(caller: requests.Session, nginx: Nginx, **headers: str) -> dict[str, str]:
    answer = caller.get(f"{nginx.url}/token", headers=headers, timeout=10)
    assert answer.status_code == 200
    return {name.lower(): value for name, value in answer.json()["headers"].items()}


def test_forged_forwarding_headers_are_overwritten(nginx: Nginx, caller: requests.Session) -> None:
    seen = _seen(caller, nginx, **{
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Prefix": "/x",
        "X-Forwarded-Port": "1", "X-Original-URL": "/admin",
        "X-Rewrite-URL": "/admin", "Proxy": "http://evil.example", "X-Request-Id": "chosen", "X_Forwarded_For": "203.0.113.9"})
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert len(seen["x-request-id"]) == 32
    assert not {"x-forwarded-host", "x-real-ip", "forwarded", "x-forwarded-prefix", "x-forwarded-port", "x-original-url",
                "x-rewrite-url", "proxy", "x_forwarded_for"} & set(seen)
    assert "203.0.113.9" not in json.dumps(seen)
    assert "evil.example" not in json.dumps(seen)


def test_line_55_client_certificate_headers_from_outside_never_arrive(nginx: Nginx, caller: requests.Session) -> None:
    names = ["Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN",
             "SSL-Client-Cert", "SSL-Client-Verify", "X-Forwarded-Client-Cert"]
    seen = _seen(caller, nginx, **dict.fromkeys(names, "forged"))
    assert "forged" not in json.dumps(seen)


def test_rfc8705_s6_3_only_where_it_is_asked_for_a_certificate_arrives_and_only_the_one_of_the_handshake(
        nginx: Nginx, caller: requests.Session, tmp_path: Path) -> None:
    known = issue("lgsp", after=timedelta(days=7300))
    (tmp_path / "client.pem").write_text(known.pem)
    (tmp_path / "client.key").write_bytes(known.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    caller.cert = (str(tmp_path / "client.pem"), str(tmp_path / "client.key"))
    forged = {"X-SSL-Client-Cert": "forged", "X_SSL_Client_Cert": "forged"}
    answer = caller.get(f"{nginx.mtls_url}/token", headers=forged, timeout=10)
    assert answer.status_code == 200, answer.text
    seen = {name.lower(): value for name, value in answer.json()["headers"].items()}
    shown = shown_certificate.read(seen["x-ssl-client-cert"])
    assert shown is not None
    assert shown.certificate == known.certificate
    assert "x-ssl-client-cert" not in _seen(caller, nginx)
    caller.cert = None
    with requests.Session() as stranger:
        stranger.verify, stranger.trust_env = str(nginx.ca_file), False
        assert "forged" not in stranger.get(f"{nginx.mtls_url}/token", headers=forged, timeout=10).text
        for path in ("/authorize", "/", "/login/x", "/metrics", "/readyz", "/token/x"):
            assert stranger.get(f"{nginx.mtls_url}{path}", timeout=10).status_code == 404, path


def test_line_55_an_officers_certificate_arrives_from_where_it_is_asked_for_and_nothing_else_is_there(
        nginx: Nginx, caller: requests.Session, tmp_path: Path) -> None:
    known = issue("canbo", after=timedelta(days=7300))
    (tmp_path / "client.pem").write_text(known.pem)
    (tmp_path / "client.key").write_bytes(known.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    forged = {"X-SSL-Client-Cert": "forged", "X_SSL_Client_Cert": "forged"}
    bare = caller.get(f"{nginx.certificate_url}/certificate/ticket", headers=forged, timeout=10)
    assert bare.status_code == 200
    assert "forged" not in bare.text
    caller.close()
    caller.cert = (str(tmp_path / "client.pem"), str(tmp_path / "client.key"))
    answer = caller.get(f"{nginx.certificate_url}/certificate/ticket", headers=forged, timeout=10)
    seen = {name.lower(): value for name, value in answer.json()["headers"].items()}
    shown = shown_certificate.read(seen["x-ssl-client-cert"])
    assert shown is not None
    assert shown.certificate == known.certificate
    for path in ("/", "/login/x", "/token", "/authorize", "/static/x", "/metrics"):
        assert caller.get(f"{nginx.certificate_url}{path}", timeout=10).status_code == 404, path


def test_authorization_and_cookies_arrive_unchanged(nginx: Nginx, caller: requests.Session) -> None:
    seen = _seen(caller, nginx, Authorization="Basic YTpi", Cookie="__Host-sso=x")
    assert (seen["authorization"], seen["cookie"]) == ("Basic YTpi", "__Host-sso=x")


def test_line_44_large_bodies_and_headers_end_at_the_proxy(nginx: Nginx, caller: requests.Session, echoes: list[Echo]) -> None:
    before = sum(echo.posts for echo in echoes)
    assert caller.post(f"{nginx.url}/token", data=b"x" * (64 * 1024 + 1), timeout=10).status_code == 413
    assert caller.get(f"{nginx.url}/token", headers={"X-Long": "x" * 17_000}, timeout=10).status_code == 400
    assert caller.get(f"{nginx.url}/authorize?x={'x' * 17_000}", timeout=10).status_code == 414
    assert sum(echo.posts for echo in echoes) == before
    assert caller.post(f"{nginx.url}/token", data=b"x" * (64 * 1024), timeout=10).status_code == 200


def test_metrics_and_readiness_are_not_for_the_outside(nginx: Nginx, caller: requests.Session) -> None:
    for path in ("/metrics", "/readyz", "/./metrics", "//metrics", "/%6detrics"):
        assert caller.get(f"{nginx.url}{path}", timeout=10).status_code == 404, path
    assert caller.get(f"{nginx.url}/healthz", timeout=10).status_code == 200


def test_plain_http_only_points_to_https_whatever_name_a_request_claims(nginx: Nginx, caller: requests.Session) -> None:
    for claimed in ("localhost", "evil.example"):
        answer = caller.get(f"http://localhost:{nginx.http_port}/authorize?state=1", allow_redirects=False, timeout=10,
                            headers={"Host": claimed})
        assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/authorize?state=1")


def test_another_host_name_gets_no_handshake(nginx: Nginx) -> None:
    context = ssl.create_default_context(cafile=str(nginx.ca_file))
    context.check_hostname = False
    with (socket.create_connection(("127.0.0.1", nginx.port), timeout=5) as plain,
          pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME|unrecognized name")):
        context.wrap_socket(plain, server_hostname="elsewhere.example")


def test_tls_is_1_2_or_newer(nginx: Nginx) -> None:
    context = ssl.create_default_context(cafile=str(nginx.ca_file))
    with (socket.create_connection(("127.0.0.1", nginx.port), timeout=5) as plain,
          context.wrap_socket(plain, server_hostname="localhost") as secured):
        assert secured.version() == "TLSv1.3"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(str(nginx.ca_file))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=5) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(plain, server_hostname="localhost")


def test_query_strings_are_not_logged(nginx: Nginx, caller: requests.Session) -> None:
    caller.get(f"{nginx.url}/authorize?state=state-in-the-query&code=code-in-the-query", timeout=10)
    assert '"GET /authorize"' in nginx.access_log
    assert "in-the-query" not in nginx.access_log


def test_a_post_is_never_repeated(nginx: Nginx, caller: requests.Session, echoes: list[Echo]) -> None:
    before = sum(echo.posts for echo in echoes)
    assert caller.post(f"{nginx.url}/cut", data={"code": "once"}, timeout=10).status_code == 502
    assert sum(echo.posts for echo in echoes) == before + 1


def test_a_process_that_is_gone_is_not_noticed(tmp_path: Path) -> None:
    echoes = [Echo("one"), Echo("two")]
    nginx = Nginx(tmp_path, [echo.port for echo in echoes]).start()
    try:
        def names() -> Any:
            return {requests.get(f"{nginx.url}/", verify=str(nginx.ca_file), timeout=10).json()["name"] for _ in range(8)}

        assert names() == {"one", "two"}
        echoes.pop(0).stop()
        assert names() == {"two"}
    finally:
        nginx.stop()
        for echo in echoes:
            echo.stop()
