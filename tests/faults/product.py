"""The product as one process with four threads, as the service runs it, before a directory that is made to fail."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import requests

from deploy.directory.server import SampleDirectory
from deploy.ports import free_port
from idp.adapters.sql import schema
from tests.whole import make_settings, secret_of, toml

ROOT = Path(__file__).resolve().parents[2]
CALLBACK = "http://localhost:9/cb"
CLIENT = {
    "client_id": "load", "client_name": "Ứng dụng thử", "redirect_uris": [CALLBACK], "response_types": ["code"],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": "openid profile email unit offline_access", "token_endpoint_auth_method": "client_secret_basic",
    "province": {"require_pkce": False}}
TIMEOUT_SECONDS = 20
THREADS = 4
_FORM = re.compile(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


class Product:
    """One running provider.

    Args:
        folder: Empty folder.
        server: The directory that it was made for (service account, base, authority).
        uris: Where the directory is reached.
        database_url: Of a database, migrated or empty.
        tls: StartTLS, verified; else in the clear to loopback.
        clients: Registration files.
        settings: Further settings.
    """

    def __init__(self, folder: Path, server: SampleDirectory, uris: Sequence[str], database_url: str = "", *, tls: bool = True,
                 clients: Sequence[Mapping[str, Any]] = (CLIENT,), **settings: object) -> None:
        self.folder, self.port = folder, free_port()
        self.base = f"http://localhost:{self.port}"
        url = database_url or f"sqlite:///{folder / 'idp.sqlite3'}"
        schema.upgrade(url)
        make_settings(folder, url, clients)
        chosen = {
            "env": "development", "issuer": self.base, "database_url": url, "keys_dir": str(folder / "keys"),
            "clients_dir": str(folder / "clients"), "ldap_uri": list(uris), "ldap_bind_dn": server.service_dn,
            "ldap_bind_password_file": str(server.bind_password_file), "ldap_decoy_dn": server.decoy_dn,
            "ldap_base_dn": server.base_dn, "sign_in_source_failures": 1800, "access_token_lifetime_seconds": 3600, **settings}
        if tls:
            chosen["ldap_ca_file"] = str(server.ca_file)
        (folder / "idp.toml").write_text("".join(f"{name} = {toml(value)}\n" for name, value in chosen.items()))
        (folder / "idp.toml").chmod(0o600)
        self.log = folder / "web.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Product:
        self._process = self._start(
            self.log, "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--http", "1", "--blocking-threads",
            str(THREADS), "--workers", "1", "--log-level", "warning", "--port", str(self.port), "wsgi:app")
        until = time.monotonic() + 90
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.base}/jwks", timeout=2).status_code == 200:
                    return self
            if time.monotonic() > until or self._process.poll() is not None:
                self.__exit__()
                raise RuntimeError(self.log.read_text(errors="replace")[-3000:])
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    @contextlib.contextmanager
    def worker(self) -> Iterator[None]:
        """Run the worker beside it."""
        process = self._start(self.folder / "worker.log", "flask", "--app", "wsgi", "worker", "run")
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)

    @cached_property
    def secret(self) -> str:
        """Secret of the application of ``CLIENT``."""
        return secret_of(self.folder, "load")

    def environment(self) -> dict[str, str]:
        """Give the environment of its processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "FLASK_", "GRANIAN_"))}
        return kept | {"IDP_CONFIG": str(self.folder / "idp.toml"), "PYTHONUNBUFFERED": "1"}

    def _start(self, log: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with log.open("wb") as lines:
            return subprocess.Popen([Path(sys.executable).parent / program, *arguments], env=self.environment(), cwd=ROOT,
                                    stdout=lines, stderr=lines)

    def memory_mebibytes(self) -> float:
        """Give the resident memory of all its processes."""
        assert self._process is not None
        root = psutil.Process(self._process.pid)
        return sum(process.memory_info().rss for process in (root, *root.children(recursive=True))) / 2**20

    def directory_lines(self) -> list[str]:
        """Give what the log says of directory servers' coming and going."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [str(json.loads(line).get("event", line)) for line in lines if "directory server" in line and line.startswith("{")]


class Person:
    """A browser of one officer."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self.session = requests.Session()
        self.session.trust_env = False

    def sign_in(self, uid: str, password: str, start: str = "/") -> requests.Response:
        """Open the sign-in page and send its form; gives the answer to the form."""
        base = self._product.base
        page = self.session.get(base + start, timeout=TIMEOUT_SECONDS)
        found = _FORM.search(page.text)
        assert found is not None, f"{page.status_code}: {page.text[:300]}"
        action = unescape(found[1])
        fields = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(found[2])}
        return self.session.post(
            action if action.startswith("http") else base + action, headers={"Origin": base, "Referer": page.url},
            data={**fields, "username": uid, "password": password}, allow_redirects=False, timeout=TIMEOUT_SECONDS)

    def tokens(self, uid: str, password: str) -> dict[str, str]:
        """Sign in to the application and give its tokens."""
        product = self._product
        start = (f"/authorize?response_type=code&client_id=load&redirect_uri={CALLBACK}&state=s"
                 "&scope=openid%20profile%20offline_access")
        answer = self.sign_in(uid, password, start)
        while answer.status_code in {302, 303}:
            target = answer.headers["Location"]
            if target.startswith(CALLBACK):
                code = parse_qs(urlsplit(target).query)["code"][0]
                return token(product, grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json()  # type: ignore[no-any-return]
            answer = self.session.get(target if target.startswith("http") else product.base + target, allow_redirects=False,
                                      timeout=TIMEOUT_SECONDS)
        raise AssertionError(f"{answer.status_code}: {answer.text[:500]}")

    def is_signed_in(self) -> bool:
        """Tell whether the session still opens the portal."""
        answer = self.session.get(self._product.base + "/", timeout=TIMEOUT_SECONDS, allow_redirects=False)
        return answer.status_code == 200


def token(product: Product, session: requests.Session | None = None, **form: str) -> requests.Response:
    """Ask the token endpoint."""
    return (session or requests).post(f"{product.base}/token", data=form, auth=("load", product.secret), timeout=TIMEOUT_SECONDS)
