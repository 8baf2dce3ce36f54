"""HTTP receivers for the tests, good and bad, on a free loopback port."""

from __future__ import annotations

import datetime
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        receivers: Receivers = self.server.receivers
        with receivers.lock:
            receivers.bodies.append(body)
            receivers.received.append((self.path, parse_qs(body), dict(self.headers), time.monotonic()))
            page = receivers.pages.get(self.path.partition("?")[0])
            kind = receivers.kinds.get(self.path, self.path.strip("/").split("/")[0])
        if page is not None:
            self._page(page)
            return
        try:
            getattr(self, "_" + kind.partition("-")[0])(kind.partition("-")[2])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def _status(self, number: str) -> None:
        self.send_response(int(number))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, html: str) -> None:
        body = html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _json(self, _text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "Application/JSON; charset=utf-8")
        self.end_headers()
        self.wfile.write(b'{"keys":[]}')

    def _document(self, _text: str) -> None:
        body = self.server.receivers.documents[self.path]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, _text: str) -> None:
        self.send_response(302)
        self.send_header("Location", "/status-200/redirected")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _slow(self, seconds: str) -> None:
        self.server.receivers.stopping.wait(float(seconds))
        self._status("200")

    def _huge(self, _text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()
        for _ in range(100_000):
            self.wfile.write(b"x" * 10_000)

    def _gzip(self, _text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(b"\x1f\x8b")

    def _drip(self, part: str) -> None:
        """One byte at a time, each within any time-out of a single read."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 1000\r\n\r\n" if part == "body" else b""))
        for _ in range(1000):
            self.wfile.write(b"x")
            self.wfile.flush()
            if self.server.receivers.stopping.wait(0.1):
                return

    def log_message(self, *_arguments: Any) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 600

    def handle_error(self, *_arguments: Any) -> None:
        return


class Receivers:
    """A server whose paths behave by their first part: ``/status-204/x`` ``/slow-30`` ``/huge`` ``/drip-body`` ...

    ``/document/x`` gives what stands under that path in ``documents``.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[tuple[str, dict[str, list[str]], dict[str, str], float]] = []
        self.bodies: list[str] = []
        self.kinds: dict[str, str] = {}
        self.pages: dict[str, str] = {}
        self.documents: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receivers = self  # type: ignore[attr-defined]
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        with self.lock:
            return [path for path, *_rest in self.received]

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


def make_certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """Make a self-signed server certificate; gives the file to trust and the server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    start = datetime.datetime(2023, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(entry) for entry in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    trust, pair = folder / "trust.pem", folder / "pair.pem"
    trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()) + trust.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return trust, context
