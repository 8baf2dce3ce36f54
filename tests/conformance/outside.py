"""The way to the application from outside: its process's port, the shipped nginx configuration before it, HTTPS, cookies.

A suite moves the clock of its application, so the application is served in this process, by threads; everything that tests send
goes to nginx over TLS. No name is looked up: whatever has a name that nginx serves is on its one port on loopback.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import Cookie, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from werkzeug.serving import WSGIRequestHandler, make_server

from deploy.ports import free_ports
from tests.fakes.certificates import Identity
from tests.nginx import Nginx

SECONDS = 30
_served: list[contextlib.ExitStack] = []


@contextlib.contextmanager
def closed_afterwards() -> Iterator[None]:
    """End everything that begins to be served within."""
    with contextlib.ExitStack() as stack:
        _served.append(stack)
        stack.callback(_served.pop)
        yield


class Front:
    """An application behind nginx with both shipped sites, until ``closed_afterwards`` ends.

    Args:
        app: Of an https issuer that believes this nginx (``trusted_proxies``).
        folder: An empty one for nginx.
        host: Name in the issuer.
        mtls_host: Name of the site that asks for client certificates.
    """

    def __init__(self, app: Flask, folder: Path, *, host: str, mtls_host: str) -> None:
        folder.mkdir()
        until = _served[-1]
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        until.callback(server.server_close)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        until.callback(server.shutdown)
        port, http_port = free_ports(2)
        self.nginx = Nginx(folder, [server.port], host=host, mtls_host=mtls_host, port=port, http_port=http_port).start()
        until.callback(self.nginx.stop)

    def caller(self, *, cookies: bool = False) -> Caller:
        return Caller(self.nginx, cookies=cookies)


@dataclass(frozen=True)
class Answer:
    """What came back over the wire; redirects are answers."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def mimetype(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        assert self.mimetype == "application/json", self.text
        return json.loads(self.body)


class Caller:
    """A program or a browser somewhere outside: connections of its own and, for a browser, cookies.

    Args:
        nginx: The only one that is called, and whose authority is the only one believed.
        cookies: Whether it keeps any.
    """

    def __init__(self, nginx: Nginx, *, cookies: bool) -> None:
        self._folder = nginx.folder
        self._session = _Session()
        self._session.trust_env = False
        self._session.verify = str(nginx.ca_file)
        self._session.mount("https://", _Loopback(nginx.port))
        self._session.mount("http://", _Nowhere())
        self._session.cookies = RequestsCookieJar(_Browser() if cookies else DefaultCookiePolicy(allowed_domains=()))

    def send(self, method: str, url: str, *, form: Mapping[str, str] | None = None, members: Mapping[str, Any] | None = None,
             headers: Mapping[str, str] | None = None, identity: Identity | None = None) -> Answer:
        """Send one request with a form, with JSON or without a body; an identity is shown in the handshake."""
        got = self._session.request(method, url, data=form, json=members, headers=headers, allow_redirects=False, timeout=SECONDS,
                                    cert=self._files(identity) if identity else None)
        return Answer(got.status_code, got.headers, got.content)

    def cookie(self, name: str) -> Cookie | None:
        return next((cookie for cookie in self._session.cookies if cookie.name == name), None)

    def _files(self, identity: Identity) -> tuple[str, str]:
        name = hashlib.sha256(identity.pem.encode()).hexdigest()
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        if not key.exists():
            certificate.write_text(identity.pem)
            key.write_bytes(identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(certificate), str(key)


class _Session(requests.Session):
    """Asks its cookies' own policy which of them are sent; the base class asks a copy of them with the usual policy."""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        prepared = super().prepare_request(request)
        prepared.headers.pop("Cookie", None)
        prepared.prepare_cookies(self.cookies)
        return prepared


class _Loopback(HTTPAdapter):
    """Connects to nginx whatever the name is; the name is what TLS and ``Host`` say, and what the certificate is checked for."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        place, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        assert urlsplit(request.url).port is None, request.url
        name = {"server_hostname": place["host"], "assert_hostname": place["host"]}
        return {**place, "host": "127.0.0.1", "port": self._port}, {**tls, **name}

    def add_headers(self, request: Any, **_: Any) -> None:
        request.headers["Host"] = urlsplit(request.url).netloc


class _Nowhere(HTTPAdapter):
    """Nothing is called without TLS."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        raise AssertionError(request.url)


class _Browser(DefaultCookiePolicy):
    """What browsers know beyond ``http.cookiejar``: the prefix ``__Host-`` (RFC 6265bis §4.1.3.2), and ``SameSite`` (§4.1.2.7).

    A form from another site carries only cookies that say ``SameSite=None``; ``Origin`` tells where a form is from.
    """

    def set_ok(self, cookie: Cookie, request: Any) -> bool:
        bound = cookie.secure and cookie.path_specified and cookie.path == "/" and not cookie.domain_specified
        return super().set_ok(cookie, request) and (bound or not cookie.name.lower().startswith("__host-"))

    def return_ok(self, cookie: Cookie, request: Any) -> bool:
        own = request.get_header("Origin") in {None, f"{request.get_type()}://{request.get_host()}"}
        return super().return_ok(cookie, request) and (own or cookie.get_nonstandard_attr("SameSite") == "None")


class _Quiet(WSGIRequestHandler):
    """The application writes its own log."""

    def log_request(self, *_: Any) -> None:
        pass
