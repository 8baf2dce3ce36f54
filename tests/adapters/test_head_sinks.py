"""Places off this machine: syslog over verified TLS as RFC 5425 frames it, and a file that is only added to."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.adapters.head_sinks import AppendedFile, SyslogTls, outside
from idp.audit.days import DayHead
from idp.errors import ConfigurationError, UnavailableError
from tests.receivers import make_certificate

HEAD = DayHead(day="2026-11-27", chain=4711, number=12, hash=b"h" * 32, taken_at=1_700_000_000, time_stamp=b"\x30\x03stamp")


class Receiver:
    """A receiver of syslog over TLS on loopback.

    Args:
        context: Its certificate.
        orderly: Whether it answers our close_notify; else it resets the connection unread.
    """

    def __init__(self, context: ssl.SSLContext, *, orderly: bool = True) -> None:
        self.context, self.orderly = context, orderly
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.got: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            try:
                if not self.orderly:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                    plain.close()
                    continue
                with self.context.wrap_socket(plain, server_side=True) as line:
                    content = b""
                    while part := line.recv(65536):
                        content += part
                    self.got.append(content)
                    line.unwrap()
            except OSError:
                plain.close()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.socket.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.socket.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path_factory.mktemp("syslog"), "localhost")


@pytest.fixture
def receiver(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Receiver]:
    receiver = Receiver(certificate[1])
    yield receiver
    receiver.stop()


def test_rfc5425_s4_3_a_head_arrives_framed_by_its_octets_with_all_that_shows_it(
        certificate: tuple[Path, ssl.SSLContext], receiver: Receiver) -> None:
    SyslogTls("localhost", receiver.port, ca_file=certificate[0], origin="id.example").send(HEAD)
    receiver.stop()
    (frame,) = receiver.got
    length, _, content = frame.partition(b" ")
    assert int(length) == len(content)
    found = re.fullmatch(
        rb"<109>1 2023-11-14T22:13:20Z id\.example idp - audit-head \[audit-head@32473 ([^\]]+)\] (\{.+\})", content)
    assert found is not None
    data = dict(re.findall(r'(\w+)="([^"]*)"', found[1].decode()))
    assert (data["day"], data["chain"], data["seal"], data["hash"]) == (HEAD.day, "4711", "12", HEAD.hash.hex())
    assert base64.b64decode(data["timeStamp"]) == HEAD.time_stamp
    assert found[2] == HEAD.document


def test_security_26_a_receiver_that_cannot_show_who_it_is_gets_nothing(
        certificate: tuple[Path, ssl.SSLContext], receiver: Receiver, tmp_path: Path) -> None:
    other, _ = make_certificate(tmp_path, "localhost")
    for wrong in (SyslogTls("localhost", receiver.port, ca_file=other, origin="x"),
                  SyslogTls("localhost", receiver.port, ca_file=None, origin="x"),
                  SyslogTls("127.0.0.1", receiver.port, ca_file=certificate[0], origin="x"),
                  SyslogTls("localhost", receiver.port, ca_file=tmp_path / "none.pem", origin="x")):
        with pytest.raises(UnavailableError):
            wrong.send(HEAD)
    assert receiver.got == []


def test_one_that_is_away_or_resets_did_not_take_it(certificate: tuple[Path, ssl.SSLContext]) -> None:
    rude = Receiver(certificate[1], orderly=False)
    ours = SyslogTls("localhost", rude.port, ca_file=certificate[0], origin="x")
    with pytest.raises(UnavailableError):
        ours.send(HEAD)
    rude.stop()
    with pytest.raises(UnavailableError):
        ours.send(HEAD)


def test_a_file_is_only_added_to_a_line_a_day(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text("before\n", encoding="utf-8")
    for _ in range(2):
        AppendedFile(path).send(HEAD)
    before, *lines = path.read_text(encoding="utf-8").splitlines()
    assert (before, len(lines)) == ("before", 2)
    line = json.loads(lines[0])
    assert (line["seal"], base64.b64decode(line["time_stamp"])) == (12, HEAD.time_stamp)
    with pytest.raises(UnavailableError):
        AppendedFile(tmp_path / "none" / "heads").send(HEAD)


def test_a_setting_names_the_place(tmp_path: Path) -> None:
    assert outside("", ca_file=None, origin="x") is None
    assert isinstance(outside(f"file://{tmp_path}/a", ca_file=None, origin="x"), AppendedFile)
    assert isinstance(outside("syslog+tls://[::1]:6514", ca_file=None, origin="x"), SyslogTls)
    for wrong in ("syslog://host:514", "syslog+tls://host", "file://relative", "https://host/", "syslog+tls://a b:1"):
        with pytest.raises(ConfigurationError):
            outside(wrong, ca_file=None, origin="x")
