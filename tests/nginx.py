"""nginx with the configuration of deploy/nginx/, on free loopback ports, with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.ports import free_port

SHIPPED = Path(__file__).parents[1] / "deploy" / "nginx"
SHIPPED_NAME = "sso.example.gov.vn"


class Nginx:
    """The shipped configuration with only names, ports and paths exchanged.

    Args:
        folder: An empty folder for configuration, certificate and logs.
        upstreams: Ports of the provider's processes on 127.0.0.1.
        host: The name that the certificate is for and requests must carry; whoever calls finds loopback under it.
        mtls_host: Name of the site that asks for client certificates, on the same port; by default it has the first name and a
            port of its own, so that it can be called where only ``localhost`` is known.
        port: TLS port, so that an issuer can be known before nginx starts; a free one by default.
        http_port: The one without TLS; a free one by default.
    """

    def __init__(self, folder: Path, upstreams: Sequence[int], *, host: str = "localhost", mtls_host: str = "",
                 port: int | None = None, http_port: int | None = None) -> None:
        self.folder = folder
        self.host = host
        self.mtls_host = mtls_host or host
        self.port = port or free_port()
        self.http_port = http_port or free_port()
        self.mtls_port = self.port if mtls_host else free_port()
        self.mtls_url = f"https://{self.mtls_host}:{self.mtls_port}"
        self.certificate_port = free_port()
        self.certificate_url = f"https://{host}:{self.certificate_port}"
        self.url = f"https://{host}:{self.port}"
        self.ca_file = folder / "ca.pem"
        self._write_certificates()
        self._write_configuration(upstreams)

    def start(self) -> Nginx:
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        arguments = [binary, "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"]
        checked = subprocess.run([*arguments, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert "[warn]" not in checked.stderr, checked.stderr
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return self
        raise AssertionError((self.folder / "error.log").read_text())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    @property
    def access_log(self) -> str:
        """What the shipped log format wrote."""
        return (self.folder / "sign-on.access.log").read_text()

    def _write_configuration(self, upstreams: Sequence[int]) -> None:
        folder = self.folder
        servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=2 fail_timeout=10s;" for port in upstreams)
        upstream = (SHIPPED / "upstream.conf").read_text()
        upstream, count = re.subn(r"^    server 127\.0\.0\.1:8000 .*$", servers, upstream, flags=re.MULTILINE)
        assert count == 1
        upstream, waiting = re.subn(r"^    server 127\.0\.0\.1:8002 .*$", servers, upstream, flags=re.MULTILINE)
        assert waiting == 1
        (folder / "upstream.conf").write_text(upstream)
        shutil.copy(SHIPPED / "proxy.conf", folder)
        site = (SHIPPED / "sign-on.conf").read_text()
        for shipped, ours in (
            ("/etc/nginx/sign-on/", f"{folder}/"), ("/etc/ssl/sign-on/", f"{folder}/"), ("/var/log/nginx/", f"{folder}/"),
            ("listen 80;", f"listen 127.0.0.1:{self.http_port};"), ("listen [::]:80;", ""),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"), (SHIPPED_NAME, self.host),
        ):
            assert shipped in site
            site = site.replace(shipped, ours)
        site = re.sub(r"listen \[::\]:443 ssl[^;]*;", "", site)
        (folder / "sign-on.conf").write_text(site)
        mutual = (SHIPPED / "mutual-tls.conf").read_text()
        for shipped, ours in (
            ("/etc/nginx/sign-on/", f"{folder}/"), ("/etc/ssl/sign-on/", f"{folder}/"), ("/var/log/nginx/", f"{folder}/"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.mtls_port} ssl"), (f"mtls.{SHIPPED_NAME}", self.mtls_host),
        ):
            assert shipped in mutual
            mutual = mutual.replace(shipped, ours)
        (folder / "mutual-tls.conf").write_text(re.sub(r"listen \[::\]:443 ssl[^;]*;", "", mutual))
        showing = (SHIPPED / "certificate-sign-in.conf").read_text()
        for shipped, ours in (
            ("/etc/nginx/sign-on/officer-ca.pem", str(self.ca_file)), ("/etc/nginx/sign-on/", f"{folder}/"),
            ("/etc/ssl/sign-on/", f"{folder}/"), ("/var/log/nginx/", f"{folder}/"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.certificate_port} ssl"), (f"certificate.{SHIPPED_NAME}", self.host),
        ):
            assert shipped in showing
            showing = showing.replace(shipped, ours)
        (folder / "certificate-sign-in.conf").write_text(re.sub(r"listen \[::\]:443 ssl[^;]*;", "", showing))
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "\n".join(f"    {kind}_temp_path {folder}/temp-{kind};" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"{user}\ndaemon off;\npid {folder}/nginx.pid;\nworker_processes 1;\nevents {{ worker_connections 512; }}\n"
            # In the order of Debian's `include sites-enabled/*`.
            f"http {{\n    access_log off;\n{temporary}\n    include {folder}/certificate-sign-in.conf;\n"
            f"    include {folder}/mutual-tls.conf;\n    include {folder}/sign-on.conf;\n}}\n")

    def _write_certificates(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", self.host)]
        usage = {"content_commitment": False, "key_encipherment": False, "data_encipherment": False, "key_agreement": False,
                 "encipher_only": False, "decipher_only": False, "digital_signature": True}
        for number, (name, authority) in enumerate(zip(names, (True, False), strict=True)):
            builder = (
                x509.CertificateBuilder().subject_name(name).issuer_name(names[0]).public_key(keys[number].public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(minutes=5))
                .not_valid_after(now + datetime.timedelta(days=2))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                .add_extension(x509.KeyUsage(**usage, key_cert_sign=authority, crl_sign=authority), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[number].public_key()), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False))
            if not authority:
                hosts = map(x509.DNSName, sorted({self.host, self.mtls_host}))
                builder = builder.add_extension(x509.SubjectAlternativeName(
                    [*hosts, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            pem = builder.sign(keys[0], hashes.SHA256()).public_bytes(Encoding.PEM)
            (self.ca_file if authority else self.folder / "fullchain.pem").write_bytes(pem)
        private = self.folder / "privkey.pem"
        private.touch(mode=0o600)
        private.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
