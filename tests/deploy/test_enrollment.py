"""EST with curl and OpenSSL as the client, through the shipped nginx: enrol by password, renew by certificate, be refused."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from flask import Flask
from werkzeug.serving import make_server

from deploy.ports import free_port
from tests.nginx import Nginx
from tests.whole import make_app

BELOW = "/.well-known/est"


class Site:
    """A deployment behind nginx, and two programs of others."""

    def __init__(self, app: Flask, nginx: Nginx, folder: Path) -> None:
        self.app, self.nginx, self.folder = app, nginx, folder

    def cli(self, *arguments: str) -> dict[str, str]:
        done = self.app.test_cli_runner().invoke(args=["ca", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    def run(self, command: str) -> str:
        """Run a line of a shell."""
        done = subprocess.run(["/bin/sh", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=100,
                              check=False)
        return done.stdout + done.stderr

    def curl(self, arguments: str, path: str) -> str:
        return self.run(f"curl -s --noproxy '*' -w '%{{http_code}}' -o answer --cacert {self.nginx.ca_file} {arguments} "
                        f"{self.nginx.mtls_url}{BELOW}/{path}")

    def kept(self, name: str) -> x509.Certificate:
        """Read the answer as OpenSSL does, and keep it."""
        self.run("openssl base64 -d -in answer -out answer.p7")
        self.run(f"openssl pkcs7 -inform DER -in answer.p7 -print_certs -out {name}")
        return x509.load_pem_x509_certificates((self.folder / name).read_bytes())[0]


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    port, tls = free_port(), free_port()
    nginx = Nginx(folder, [port], port=tls)
    app = make_app(tmp_path, f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'idp.sqlite3')}", est=True,
                   issuer=nginx.url, mtls_origin=nginx.mtls_url, trusted_proxies="127.0.0.1")
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    nginx.start()
    yield Site(app, nginx, tmp_path)
    nginx.stop()
    server.shutdown()
    server.server_close()


def test_rfc7030_enrol_renew_and_be_refused(site: Site) -> None:
    site.cli("init", "--root-key", str(site.folder / "root.key"))
    listed = f"{site.nginx.url}/.well-known/trust-services"
    known = json.loads(site.run(f"curl -s --noproxy '*' --cacert {site.nginx.ca_file} {listed}"))
    assert known["est_endpoint"] == f"{site.nginx.mtls_url}{BELOW}"
    assert site.curl("", "cacerts") == "200"
    site.kept("trusted.pem")
    assert site.curl("", "csrattrs") == "200"

    # As trust-services.md part F writes it.
    made = site.cli("enrollment-password", "--profile", "tls_client", "--host", "may1.example")
    site.run("openssl ecparam -name prime256v1 -genkey -noout -out k.pem")
    sending = '-H "Content-Type: application/pkcs10" -H "Content-Transfer-Encoding: base64" --data @-'
    asking = ("openssl req -new -key k.pem -subj /CN=x -outform DER | openssl base64 -A "
              f"| curl -u {made['username']}:{made['password']}")
    answered = site.run(f"{asking} -s --noproxy '*' -w '%{{http_code}}' -o answer --cacert {site.nginx.ca_file} {sending} "
                        f"{site.nginx.url}{BELOW}/simpleenroll")
    assert answered == "200"
    first = site.kept("first.pem")
    assert first.subject.rfc4514_string().startswith("CN=may1.example")
    assert site.run("openssl verify -x509_strict -purpose sslclient -CAfile trusted.pem first.pem").strip() == "first.pem: OK"
    assert site.run(f"{asking} -s --noproxy '*' -w '%{{http_code}}' -o answer --cacert {site.nginx.ca_file} {sending} "
                    f"{site.nginx.url}{BELOW}/simpleenroll") == "401"

    # Renewal: the same subject and names, a new key, the certificate before in the handshake.
    site.run("openssl ecparam -name prime256v1 -genkey -noout -out k2.pem")
    (site.folder / "same.cnf").write_text(
        "[req]\nprompt=no\nutf8=yes\nstring_mask=utf8only\ndistinguished_name=dn\nreq_extensions=e\n"
        "[dn]\nC=VN\nO=Tỉnh Hậu Giang\nCN=may1.example\n[e]\nsubjectAltName=DNS:may1.example\n", encoding="utf-8")
    site.run("openssl req -new -key k2.pem -config same.cnf -outform DER | openssl base64 -out same.b64")
    own = '--cert first.pem --key k.pem -H "Content-Type: application/pkcs10" --data-binary @same.b64'
    assert site.curl(own, "simplereenroll") == "200", (site.folder / "answer").read_text()
    second = site.kept("second.pem")
    assert (second.subject, second.serial_number != first.serial_number) == (first.subject, True)
    assert site.run("openssl verify -x509_strict -purpose sslclient -CAfile trusted.pem second.pem").strip() == "second.pem: OK"

    # A header is no handshake, and what was revoked renews nothing.
    escaped = base64.b64encode(b"x").decode()
    forged = f'-H "X-SSL-Client-Cert: {escaped}" -H "Content-Type: application/pkcs10" --data-binary @same.b64'
    assert site.curl(forged, "simplereenroll") == "401"
    site.cli("revoke", "--serial", f"{second.serial_number:x}", "--reason", "key_compromise")
    gone = '--cert second.pem --key k2.pem -H "Content-Type: application/pkcs10" --data-binary @same.b64'
    assert site.curl(gone, "simplereenroll") == "401"
