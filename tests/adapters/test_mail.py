"""The mail server: verified TLS or nothing, time-outs, no way into a header, refusals told apart."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.directory.certificates import make_authority, make_server_certificate
from deploy.mail_catcher import MailCatcher
from idp.adapters.mail import SmtpServer
from idp.errors import UnavailableError
from idp.notices.mail import Letter, MailRefusedError
from tests.fakes.clock import FakeClock

LETTER = Letter("canbo@haugiang.gov.vn", "Hệ thống đăng nhập một lần: Mật khẩu đã được đổi",
                "Chào Nguyễn Văn Mẫu,\n.\nMột dòng chỉ có dấu chấm.\n", 41)
AUTHORITY = make_authority()


class Files:
    def __init__(self, folder: Path, *names: str) -> None:
        certificate, key = make_server_certificate(AUTHORITY, names or ("127.0.0.1", "localhost"))
        self.authority = folder / "ca.pem"
        self.authority.write_bytes(AUTHORITY.pem)
        pair = folder / "server.pem"
        pair.write_bytes(certificate + key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pair)


@pytest.fixture
def catch() -> Iterator[Callable[..., MailCatcher]]:
    made: list[MailCatcher] = []

    def make(**arguments: Any) -> MailCatcher:
        made.append(MailCatcher(**arguments).start())
        return made[-1]

    yield make
    for catcher in made:
        catcher.stop()


def server(port: int, **more: Any) -> SmtpServer:
    return SmtpServer("localhost", port, **{
        "tls": "none", "sender": ("Hệ thống đăng nhập một lần", "dangnhap@haugiang.gov.vn"), "domain": "sso.example",
        "clock": FakeClock(), **more})


def test_rfc3834_s5_a_mail_says_that_a_machine_sent_it_and_arrives_as_written(catch: Callable[..., MailCatcher]) -> None:
    catcher = catch()
    server(catcher.port).post(LETTER)
    (recipients, message), = catcher.caught
    assert recipients == ["canbo@haugiang.gov.vn"]
    assert (message["To"], message["Subject"], message["Auto-Submitted"]) == (LETTER.to, LETTER.subject, "auto-generated")
    assert message["From"] == "Hệ thống đăng nhập một lần <dangnhap@haugiang.gov.vn>"
    assert (message["Message-ID"], message.get_content_type()) == ("<notice-41@sso.example>", "text/plain")
    assert parsedate_to_datetime(message["Date"]).timestamp() == FakeClock().now()
    assert message.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize("implicit", [False, True])
def test_security_26_mail_goes_over_verified_tls(catch: Callable[..., MailCatcher], tmp_path: Path, implicit: bool) -> None:
    files = Files(tmp_path)
    catcher = catch(tls=files.context, implicit=implicit, login=("idp", "s3cret"))
    tls = "implicit" if implicit else "starttls"
    ours = server(catcher.port, tls=tls, ca_file=files.authority, credentials=lambda: ("idp", "s3cret"))
    ours.post(LETTER)
    assert len(catcher.caught) == 1
    assert "TLSv1." in ours.check()
    for wrong in (server(catcher.port, tls=tls), server(catcher.port, tls=tls, ca_file=files.authority,
                                                        credentials=lambda: ("idp", "other"))):
        with pytest.raises(UnavailableError):
            wrong.post(LETTER)
    assert len(catcher.caught) == 1


def test_security_26_a_certificate_of_another_name_is_refused(catch: Callable[..., MailCatcher], tmp_path: Path) -> None:
    files = Files(tmp_path, "mail.other.example")
    catcher = catch(tls=files.context)
    with pytest.raises(UnavailableError, match="TLS"):
        server(catcher.port, tls="starttls", ca_file=files.authority).post(LETTER)
    assert catcher.caught == []


def test_security_26_a_server_that_offers_no_tls_gets_nothing(catch: Callable[..., MailCatcher]) -> None:
    catcher = catch()
    with pytest.raises(UnavailableError, match="offers no TLS"):
        server(catcher.port, tls="starttls").post(LETTER)
    assert catcher.caught == []


@pytest.mark.parametrize("letter", [
    Letter("a@b.example\r\nBcc: all@b.example", "s", "t", 1), Letter("a@b.example", "s\r\nBcc: all@b.example", "t", 1),
    Letter("a@b.example", "s\nX: y", "t", 1), Letter("", "s", "t", 1), Letter("a@b.example, c@d.example", "s", "t", 1)])
def test_security_41_nothing_gets_into_a_header(catch: Callable[..., MailCatcher], letter: Letter) -> None:
    catcher = catch()
    with pytest.raises(MailRefusedError) as refusal:
        server(catcher.port).post(letter)
    assert refusal.value.final
    assert catcher.connections == 0


@pytest.mark.parametrize(("verb", "verdict", "final"), [
    ("RCPT", "550 no such mailbox", True), ("RCPT", "452 full", False), ("DATA", "554 no", True), ("DATA", "451 later", False)])
def test_rfc5321_s4_2_1_a_refused_mail_says_nothing_of_the_next(
    catch: Callable[..., MailCatcher], verb: str, verdict: str, final: bool,
) -> None:
    catcher = catch(judge=lambda said, _argument: verdict if said == verb else "")
    with pytest.raises(MailRefusedError, match=f"SMTP {verdict[:3]}") as refusal:
        server(catcher.port).post(LETTER)
    assert refusal.value.final is final


@pytest.mark.parametrize(("verb", "verdict"), [("MAIL", "550 not from you"), ("EHLO", "421 closing")])
def test_rfc5321_s4_2_1_a_server_that_takes_nothing_from_us_counts_as_down(
    catch: Callable[..., MailCatcher], verb: str, verdict: str,
) -> None:
    catcher = catch(judge=lambda said, _argument: verdict if said == verb else "")
    with pytest.raises(UnavailableError):
        server(catcher.port).post(LETTER)


def test_fault_a_mail_server_that_is_away_silent_or_trickles_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(UnavailableError, match="No answer in time"):
            server(port, step_seconds=0.3).post(LETTER)
        assert time.monotonic() - start < 20
        ended = threading.Event()

        def trickle() -> None:
            listening.accept()  # the silent one above
            line, _ = listening.accept()
            with line:
                while not ended.wait(0.1):
                    try:
                        line.sendall(b"2")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        start = time.monotonic()
        with pytest.raises(UnavailableError):
            server(port, step_seconds=1.0, whole_seconds=1.2).post(LETTER)
        assert time.monotonic() - start < 20
        ended.set()
        thread.join(60)
    with pytest.raises(UnavailableError, match="No connection"):
        server(port).post(LETTER)
