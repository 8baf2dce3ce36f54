"""What stands in the pages for vendors: registrations and programs, taken out of them and run with other addresses."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.ports import free_ports
from tests.nginx import Nginx

from ..flows.deployments import Deployment

FOLDER = Path(__file__).parents[2] / "docs" / "relying-applications"
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.name != "README.md")
ISSUER = "https://sso.haugiang.gov.vn"
NPM = Path(__file__).parents[1] / "npm"
_PROGRAM = re.compile(r"^<!-- run: (\S+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_REGISTRATION = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def registrations(page: str) -> list[dict[str, Any]]:
    """Give every registration file of a page."""
    return [tomllib.loads(block) for block in _REGISTRATION.findall(text_of(page))]


def programs(page: str) -> dict[str, str]:
    """Give every program of a page that our tests run, by its file's name."""
    return dict(_PROGRAM.findall(text_of(page)))


@dataclass(frozen=True)
class Place:
    """A running provider behind nginx, and a certificate to trust."""

    deployment: Deployment
    nginx: Nginx

    @property
    def ca(self) -> str:
        return str(self.nginx.ca_file)

    def environment(self, **more: str) -> dict[str, str]:
        """Give what a program of a page is started with: it trusts our certificate and uses no proxy."""
        kept = {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and not name.startswith(("IDP_", "FLASK_"))}
        return {**kept, "REQUESTS_CA_BUNDLE": self.ca, "NODE_EXTRA_CA_CERTS": self.ca, **more}


class Vendor:
    """One page's application on this machine.

    Attributes:
        home: Where it is, without a slash at the end.
        client_id: That of the page, with the port.
        secret: Empty where it has none.
    """

    def __init__(self, place: Place, page: str, folder: Path, *, jwks: Mapping[str, Any] | None = None) -> None:
        self.place, self.page, self.folder = place, page, folder
        self.port, = free_ports(1)
        self.home = f"http://localhost:{self.port}"
        theirs = re.search(r"https://(?!sso\.)\w+\.haugiang\.gov\.vn", text_of(page))
        self._theirs = theirs[0] if theirs else ISSUER
        self._named = registrations(page)[0]["client_id"]
        self.client_id = f"{self._named}-{self.port}"
        metadata = tomllib.loads(self.here(_REGISTRATION.findall(text_of(page))[0]))
        told = place.deployment.register(metadata | ({} if jwks is None else {"jwks": dict(jwks)}))
        self.secret = str(told.get("client_secret", ""))
        (folder / "node_modules").symlink_to(NPM / "node_modules")
        (folder / "browser.mjs").write_text((NPM / "browser.mjs").read_text())

    def here(self, text: str) -> str:
        """Put this machine's addresses, and a name that nobody else has, into a text of the page."""
        text = text.replace(ISSUER, self.place.deployment.issuer).replace(self._theirs, self.home)
        return text.replace(self._named, self.client_id)

    def write(self, name: str, text: str | None = None) -> Path:
        """Write a program of the page, or of the test, as a file."""
        path = self.folder / name
        path.write_text(self.here(programs(self.page)[name] if text is None else text), encoding="utf-8")
        return path

    def environment(self, **more: str) -> dict[str, str]:
        return self.place.environment(CLIENT_SECRET=self.secret, SESSION_KEY="s" * 32, PORT=str(self.port), **more)

    @contextmanager
    def serving(self, *command: str | Path, **environment: str) -> Iterator[None]:
        """Run a server until it is not needed any more."""
        log = self.folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen([str(part) for part in command], cwd=self.folder, env=self.environment(**environment),
                                       stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(process, self.port, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))


APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Listen 127.0.0.1:{port}
ErrorLog {folder}/apache.log
DocumentRoot {folder}/www
{user}
"""
_MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", "auth_openidc", "dir")


def apache_configuration(vendor: Vendor, name: str, folder: Path, *, backend: int) -> Path:
    """Write the page's configuration inside one of a whole Apache that is ours alone.

    Args:
        vendor: The application.
        name: The page's configuration.
        folder: Where Apache's files are to be; its own account reads them, because it never serves as root.
        backend: Port of the application behind it.
    """
    (folder / "www").mkdir()
    shutil.copy(vendor.place.ca, folder / "ca.pem")
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    modules = "".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n" for module in _MODULES)
    page = vendor.here(programs(vendor.page)[name]).replace("/etc/apache2/", f"{folder}/")
    page = page.replace("http://127.0.0.1:9000/", f"http://127.0.0.1:{backend}/")
    member = "OIDCOAuthClientSecret" if "OIDCOAuthClientID" in page else "OIDCClientSecret"
    (folder / f"{vendor.client_id}.secret").write_text(f"{member} {vendor.secret}\nOIDCCryptoPassphrase {'p' * 32}\n")
    path = folder / "apache.conf"
    path.write_text(modules + APACHE.format(folder=folder, port=vendor.port, user=user)
                    + f"OIDCCABundlePath {folder}/ca.pem\n" + page)
    return path
