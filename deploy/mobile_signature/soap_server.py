"""The line: https with certificates on both sides, one address per operation, and what can be made to go wrong on it.

Spec: SOAP 1.2 part 2 §7 (HTTP binding); a fault has status 500. TLS 1.2 or later; whoever shows no certificate of the client
authority does not get as far as HTTP. Bodies have a bounded size, and no client keeps a thread for longer than half a minute
without saying anything.
"""

from __future__ import annotations

import contextlib
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from .disturbances import active
from .envelope import LARGEST
from .service import Reply, Service
from .store import Store

PREFIX = "/soap/services/"
SECONDS = 30
CONTENT = "application/soap+xml; charset=utf-8"
TAKEN = {"application/soap+xml", "text/xml"}


class SoapServer(ThreadingHTTPServer):
    """Listens on loopback; ``serve_forever`` in a thread of its own.

    Args:
        port: Where.
        tls: Certificate, and whose client certificates are taken.
        service: What answers.
        store: Tells what is disturbed.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, tls: ssl.SSLContext, service: Service, store: Store) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.tls, self.service, self.store = tls, service, store
        self.stopping = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Encrypt in the thread of the connection: a client that does not begin holds up nobody else."""
        if active(self.store, "refuse") is not None:
            return
        request.settimeout(SECONDS)
        with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as encrypted:
            self.RequestHandlerClass(encrypted, client_address, self)
            with contextlib.suppress(OSError):
                encrypted.unwrap()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong in a line; a client that goes away is its own affair."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def server_tls(certificate: Path, key: Path, clients: Path) -> ssl.SSLContext:
    """Make the TLS side: our certificate, and the authority whose certificates clients have to show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(clients)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    disable_nagle_algorithm = True
    server_version, sys_version = "mssp", ""

    def do_POST(self) -> None:
        server = cast(SoapServer, self.server)
        operation = self.path.removeprefix(PREFIX).removesuffix("Port") if self.path.startswith(PREFIX) else ""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or self.headers.get("Transfer-Encoding"):
            return self._plain(411, "Content-Length is needed")
        if int(length) > LARGEST:
            # Taken and thrown away, within bounds: a line that is closed on who still writes loses the answer.
            self._discard(min(int(length), LARGEST * 16))
            return self._plain(413, "The message is too large")
        body = self.rfile.read(int(length))
        if not self.path.endswith("Port") or not server.service.knows(operation):
            return self._plain(404, "There is no such port")
        kind, _, parameters = self.headers.get("Content-Type", "").partition(";")
        if kind.strip().lower() not in TAKEN or not _utf8(parameters):
            return self._plain(415, "application/soap+xml; charset=utf-8 is taken")
        if active(server.store, "off") is not None:
            return self._plain(503, "The service is closed")
        reply = server.service.take(operation, body)
        # In one piece: many threads write here.
        sys.stdout.write(f"{reply.told}\n")
        sys.stdout.flush()
        self._answer(server, reply)

    def do_GET(self) -> None:
        self._plain(405, "POST is the method here")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing; what was asked is told above."""

    def _answer(self, server: SoapServer, reply: Reply) -> None:
        store, msisdn = server.store, reply.msisdn
        if (seconds := active(store, "slow", msisdn)) is not None:
            server.stopping.wait(float(seconds or 5))
        while active(store, "silent", msisdn) is not None and not server.stopping.wait(0.1) and not self._gone():
            pass
        if active(store, "lost", msisdn) is not None or server.stopping.is_set():
            self.close_connection = True
            return
        body = reply.body
        if active(store, "garbage", msisdn) is not None:
            body = b"\x00\xff not <xml"
        elif active(store, "doctype", msisdn) is not None:
            declared = b"?>\n<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
            body = body.replace(b"?>", declared, 1)
        elif active(store, "other_message", msisdn) is not None:
            body = body.replace(b"MSS_StatusResp", b"MSS_ReceiptResp").replace(b"MSS_SignatureResp", b"MSS_StatusResp")
        elif (size := active(store, "huge", msisdn)) is not None:
            return self._huge(int(float(size or 32)))
        elif active(store, "cut", msisdn) is not None:
            self._send(reply.status, CONTENT, body, body[:len(body) // 2])
            self.close_connection = True
            return
        self._send(reply.status, CONTENT, body)

    def _discard(self, octets: int) -> None:
        while octets > 0 and (taken := self.rfile.read(min(octets, 8192))):
            octets -= len(taken)

    def _huge(self, megabytes: int) -> None:
        self._head(200, CONTENT, megabytes << 20)
        self.close_connection = True
        with contextlib.suppress(OSError):
            for _ in range(megabytes):
                self.wfile.write(b" " * (1 << 20))

    def _plain(self, status: int, text: str) -> None:
        if status >= 400:
            self.close_connection = True
        self._send(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _send(self, status: int, kind: str, body: bytes, sent: bytes | None = None) -> None:
        self._head(status, kind, len(body))
        with contextlib.suppress(OSError):
            self.wfile.write(body if sent is None else sent)

    def _head(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        with contextlib.suppress(OSError):
            self.end_headers()

    def _gone(self) -> bool:
        """Tell whether the client has hung up (its side of the line is closed)."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(0.01)
            try:
                return self.connection.recv(1) == b""
            except (TimeoutError, ssl.SSLWantReadError):
                return False
            finally:
                self.connection.settimeout(SECONDS)
        return True


def _utf8(parameters: str) -> bool:
    given = [part.partition("=")[2].strip().strip('"').lower() for part in parameters.split(";")
             if part.partition("=")[0].strip().lower() == "charset"]
    return given in ([], ["utf-8"])
