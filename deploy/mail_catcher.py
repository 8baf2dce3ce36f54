"""A mail server that delivers nothing: it takes what is sent to it on loopback and writes each mail to a folder.

For ``make run``, where no mail may leave the machine, and for tests. It speaks as much of RFC 5321 as a mail client needs, and
STARTTLS or implicit TLS where it is given a certificate.
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

LARGEST = 1 << 20
Judge = Callable[[str, str], str]
"""Gives an answer such as ``550 no such mailbox`` to a verb and its argument; empty for the ordinary one."""


class MailCatcher(socketserver.ThreadingTCPServer):
    """Listens on loopback until ``stop``.

    Args:
        folder: Where mails are written, one file each; None keeps them in memory only.
        port: 0 takes a free one.
        tls: Certificate and key to encrypt with.
        implicit: Encrypt from the first byte, rather than after STARTTLS.
        judge: Refuses what a test wants refused.
        login: Name and password that are asked for.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Path | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None, implicit: bool = False,
                 judge: Judge = lambda verb, argument: "", login: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.folder, self.tls, self.implicit, self.judge, self.login = folder, tls, implicit, judge, login
        self.caught: list[tuple[list[str], EmailMessage]] = []
        self.connections = 0
        self._lock = threading.Lock()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> MailCatcher:
        """Listen in a thread."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True, name="mail-catcher").start()
        return self

    def stop(self) -> None:
        """Close the port."""
        self.shutdown()
        self.server_close()

    def catch(self, recipients: list[str], raw: bytes) -> None:
        """Keep one mail."""
        message = cast(EmailMessage, message_from_bytes(raw, policy=default))
        with self._lock:
            self.caught.append((recipients, message))
            number = len(self.caught)
        if self.folder is not None:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{number:04}.txt"
            head = "".join(f"{field}: {message[field]}\n" for field in ("To", "Subject", "Date"))
            (self.folder / name).write_text(f"{head}\n{message.get_content()}", encoding="utf-8")

    def count(self) -> None:
        """Count a connection."""
        with self._lock:
            self.connections += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away in the middle is its own affair."""


def caught_in(folder: Path, spoken_for: set[int]) -> MailCatcher:
    """Start a catcher on a free port that is none of those that others are going to want."""
    passed: list[MailCatcher] = []
    catcher = MailCatcher(folder)
    while catcher.port in spoken_for:
        passed.append(catcher)
        catcher = MailCatcher(folder)
    for other in passed:
        other.server_close()
    return catcher.start()


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self) -> None:
        server = cast(MailCatcher, self.server)
        server.count()
        encrypted = False
        if server.tls is not None and server.implicit:
            self._encrypt(server.tls)
            encrypted = True
        self._say("220 catcher ESMTP")
        recipients: list[str] = []
        logged_in = server.login is None
        while line := self.rfile.readline(4096):
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            verdict = server.judge(verb, argument)
            if verdict:
                self._say(verdict)
                if verdict.startswith("421"):
                    return
            elif verb in {"EHLO", "HELO"}:
                offers = ["catcher"]
                if server.tls is not None and not encrypted:
                    offers.append("STARTTLS")
                if server.login is not None and encrypted:
                    offers.append("AUTH PLAIN")
                for offer in offers[:-1]:
                    self._say(f"250-{offer}")
                self._say(f"250 {offers[-1]}")
            elif verb == "STARTTLS" and server.tls is not None and not encrypted:
                self._say("220 go ahead")
                self._encrypt(server.tls)
                encrypted = True
            elif verb == "AUTH":
                logged_in = server.login is not None and argument == _plain(*server.login)
                self._say("235 welcome" if logged_in else "535 no")
            elif verb == "MAIL":
                recipients = []
                self._say("250 OK" if logged_in else "530 who are you")
            elif verb == "RCPT":
                recipients.append(argument.partition(":")[2].strip("<>"))
                self._say("250 OK")
            elif verb == "DATA":
                self._say("354 go ahead")
                server.catch(recipients, self._data())
                self._say("250 caught")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 OK" if verb in {"RSET", "NOOP"} else "502 not known here")

    def _data(self) -> bytes:
        taken = bytearray()
        while (line := self.rfile.readline(65536)) not in {b".\r\n", b".\n", b""} and len(taken) < LARGEST:
            taken += line[1:] if line.startswith(b".") else line
        return bytes(taken)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(self.request, server_side=True)
        self.connection = self.request
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = socketserver._SocketWriter(self.connection)  # type: ignore[attr-defined]


def _plain(name: str, password: str) -> str:
    return "PLAIN " + b64encode(f"\0{name}\0{password}".encode()).decode()
