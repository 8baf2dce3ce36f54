"""The whole product on loopback, in the two shapes it is deployed in, with registered applications of other people."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploy.ports import free_ports
from deploy.processes import Children
from deploy.sample_province import ROOT, Plan, SampleProvince
from idp.app import create_app
from tests.nginx import Nginx
from tests.postgresql import PostgreSQL


@dataclass(frozen=True)
class Deployment:
    """One running product.

    Attributes:
        province: Directory, worker, applications and the first process of the provider.
        processes: Logs of the provider's processes.
        database_url: Of all of them.
        browser_flags: What a browser needs to trust this deployment's certificate.
    """

    province: SampleProvince
    processes: tuple[Path, ...]
    database_url: str
    browser_flags: tuple[str, ...] = ()

    @property
    def issuer(self) -> str:
        return self.province.plan.issuer

    @property
    def qlvb(self) -> str:
        return f"http://localhost:{self.province.plan.ports['qlvb']}/"

    @property
    def portal(self) -> str:
        return f"http://localhost:{self.province.plan.ports['cong-thong-tin']}/"

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the product with the settings of this deployment, as ``flask --app wsgi`` does but without a process.

        Every command has an application of its own, so it knows what a process would: the settings, the files, the database.
        """
        with patch.dict(os.environ, self.province.environment(), clear=True):
            app = create_app(serve=False)
            result = app.test_cli_runner().invoke(args=arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    def register(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Register an application as an operator does (fixed interface §3); gives the registration response."""
        file = self.province.plan.folder / f"client-{secrets.token_hex(4)}.json"
        file.write_text(json.dumps(metadata, ensure_ascii=False), encoding="utf-8")
        done = self.flask("clients", "create", "--file", str(file), "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def answered(self) -> list[int]:
        """Count the requests that each process of the provider has answered."""
        return [log.read_text(encoding="utf-8", errors="replace").count('"event":"request"') for log in self.processes]


@contextlib.contextmanager
def one_process(folder: Path, **settings: str) -> Iterator[Deployment]:
    """SQLite and one process of the provider, as ``make run`` has it; with other settings where given."""
    port, first, second, ldap_port, _ = free_ports(5)
    plan = Plan(folder=folder / "var", keys=folder / "keys", port=port, application_ports=(first, second), ldap_port=ldap_port,
                workers=1, settings=settings)
    province = SampleProvince(plan)
    province.start()
    try:
        yield Deployment(province, (plan.folder / "log" / "web.log",), f"sqlite:///{plan.folder / 'idp.sqlite3'}")
    finally:
        province.stop()


@contextlib.contextmanager
def two_processes_behind_nginx(folder: Path, postgresql: PostgreSQL) -> Iterator[Deployment]:
    """PostgreSQL, two processes of the provider on ports of their own, nginx with TLS before them, an https issuer.

    nginx hands requests out in turn; nothing ties a browser to a process.
    """
    port, first, second, ldap_port, _, other, tls_port = free_ports(7)
    (folder / "nginx").mkdir(mode=0o755)
    nginx = Nginx(folder / "nginx", [port, other], port=tls_port)
    database_url = postgresql.create("template_idp")
    plan = Plan(folder=folder / "var", keys=folder / "keys", port=port, application_ports=(first, second), ldap_port=ldap_port,
                workers=1, settings={"issuer": nginx.url, "database_url": database_url, "trusted_proxies": "127.0.0.1"})
    province = SampleProvince(plan)
    others = Children(plan.folder / "log")
    with contextlib.ExitStack() as stack:
        nginx.start()
        stack.callback(lambda: nginx.stop())
        # The applications ask the provider through nginx, so they have to trust its certificate.
        with patch.dict(os.environ, REQUESTS_CA_BUNDLE=str(nginx.ca_file)):
            province.start()
            stack.callback(province.stop)
            stack.callback(others.stop)
            others.start("web-2", [
                Path(sys.executable).parent / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--http", "1",
                "--blocking-threads", "4", "--workers", "1", "--log-level", "warning", "--port", str(other), "wsgi:app"],
                folder=ROOT, environment=province.environment())
        wait_until_ready(other)
        nginx.stop()  # forget that the second process did not answer while there was none
        nginx.start()
        yield Deployment(province, tuple(plan.folder / "log" / f"{name}.log" for name in ("web", "web-2")), database_url,
                         (f"--ignore-certificate-errors-spki-list={fingerprint(folder / 'nginx' / 'fullchain.pem')}",))


def fingerprint(certificate: Path) -> str:
    """Give SHA-256 of a certificate's key, as browsers pin it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return base64.b64encode(hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()


def wait_until_ready(port: int, seconds: float = 60) -> None:
    """Wait until a process of the provider says that it is ready."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + seconds
    while True:
        try:
            with opener.open(f"http://localhost:{port}/readyz", timeout=5):
                return
        except (OSError, urllib.error.HTTPError):
            assert time.monotonic() < until, f"nothing is ready on {port}"
            time.sleep(0.05)
