"""The province's mail server (port: ``notices.mail.MailServer``), by SMTP with verified TLS.

Spec: RFC 5321, RFC 5322, RFC 3207 (STARTTLS), RFC 8314 §3.3 (implicit TLS), RFC 3834 §5 (``Auto-Submitted``). Without TLS nothing
is sent: a server that does not offer it counts as down. One connection per mail; each step has five seconds, and the whole ten,
after which the connection is cut from outside. Headers are made by ``email.message``, which refuses a line break in any of them.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path
from typing import Literal

from ..clock import Clock
from ..errors import UnavailableError
from ..notices.mail import Letter, MailRefusedError, is_mailbox

STEP_SECONDS = 5.0
WHOLE_SECONDS = 10.0


class SmtpServer:
    """One mail server.

    Args:
        host: Its name, which its certificate must carry.
        port: Its port.
        tls: ``starttls``, ``implicit``, or ``none`` on loopback.
        sender: Address and shown name that mail comes from.
        domain: Right part of message identifiers: the issuer's host.
        clock: Time.
        ca_file: Authorities besides the system's.
        credentials: Gives name and password, read anew for each connection; None to go without.
        step_seconds: Time-out of one step.
        whole_seconds: Time-out of one mail.
    """

    def __init__(self, host: str, port: int, *, tls: Literal["starttls", "implicit", "none"], sender: tuple[str, str],
                 domain: str, clock: Clock, ca_file: Path | None = None, credentials: Callable[[], tuple[str, str]] | None = None,
                 step_seconds: float = STEP_SECONDS, whole_seconds: float = WHOLE_SECONDS) -> None:
        self._host, self._port, self._tls, self._sender, self._domain = host, port, tls, sender, domain
        self._clock, self._credentials = clock, credentials
        self._step, self._whole = step_seconds, whole_seconds
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file is not None:
            self._context.load_verify_locations(ca_file)

    def post(self, letter: Letter) -> None:
        """Hand one mail over; raises MailRefusedError and UnavailableError as the port says."""
        message = self._message(letter)
        with self._connection() as server:
            try:
                server.send_message(message, from_addr=self._sender[1], to_addrs=[letter.to])
            except smtplib.SMTPRecipientsRefused as err:
                code, text = err.recipients[letter.to]
                raise _refusal(code, text) from err
            except smtplib.SMTPDataError as err:
                raise _refusal(err.smtp_code, err.smtp_error) from err

    def check(self) -> str:
        """Connect, encrypt and authenticate; give how."""
        with self._connection() as server:
            server.noop()
            tls = server.sock.version() if isinstance(server.sock, ssl.SSLSocket) else "no TLS"
        return f"{self._host}:{self._port} answers ({tls})"

    def _message(self, letter: Letter) -> EmailMessage:
        if not is_mailbox(letter.to):
            raise MailRefusedError("The address is none that mail can be sent to.", final=True)
        message = EmailMessage(policy=SMTP)
        name, address = self._sender
        try:
            message["From"] = Address(name, addr_spec=address)
            message["To"] = Address(addr_spec=letter.to)
            message["Subject"] = letter.subject
        except (ValueError, MessageError) as err:
            raise MailRefusedError("The subject cannot stand in a mail.", final=True, debug=str(err)) from err
        message["Date"] = formatdate(self._clock.now(), localtime=False)
        message["Message-ID"] = f"<notice-{letter.number}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="base64")
        return message

    @contextlib.contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Open a connection that is encrypted and authenticated; a server that trickles is cut off when the time is up."""
        server: smtplib.SMTP = (smtplib.SMTP_SSL(timeout=self._step, context=self._context) if self._tls == "implicit"
                                else smtplib.SMTP(timeout=self._step))
        server._host = self._host  # type: ignore[attr-defined]  # the name that TLS checks, where connect() is called apart
        cut = threading.Timer(self._whole, _cut, (server,))
        cut.daemon = True
        cut.start()
        try:
            code, text = server.connect(self._host, self._port)
            if code != 220:
                raise smtplib.SMTPResponseException(code, text)
            if self._tls == "starttls":
                server.starttls(context=self._context)
            if self._credentials is not None:
                server.login(*self._credentials())
            yield server
        except (OSError, smtplib.SMTPException, UnicodeError) as err:
            raise UnavailableError(_reason(err), dependency="mail", debug=f"{type(err).__name__}: {err}"[:300]) from err
        finally:
            cut.cancel()
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def _cut(server: smtplib.SMTP) -> None:
    line = server.sock
    if line is not None:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _refusal(code: int, text: bytes | str) -> MailRefusedError:
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return MailRefusedError(f"SMTP {code}", final=500 <= code < 600, debug=words[:200])


def _reason(err: BaseException) -> str:
    """Give a short reason without addresses."""
    if isinstance(err, smtplib.SMTPNotSupportedError):
        return "It offers no TLS, or no way to authenticate."
    if isinstance(err, smtplib.SMTPAuthenticationError):
        return "It refuses our name and password."
    if isinstance(err, smtplib.SMTPResponseException):
        return f"SMTP {err.smtp_code}"
    if isinstance(err, UnicodeError):
        return "Our name or password holds a sign that is not ASCII."
    if isinstance(err, ssl.SSLError):
        return "TLS: certificate or handshake refused."
    if isinstance(err, TimeoutError) or isinstance(err.__context__, TimeoutError):
        return "No answer in time."
    return "No connection."
