"""Places off this machine that take the head of each day (port ``audit.days.Outside``): syslog over TLS, or a file.

Spec: RFC 5424 (message), RFC 5425 (TLS, octet counting §4.3; the server's certificate is verified against its name §5.2),
security checklist 26 (verified TLS, time-outs, no fall-back). Syslog acknowledges nothing: what TCP took and TLS closed in order
counts as taken, and the receiver's own copy is compared with ``audit heads``. A file stands on a disk that this machine cannot
rewrite (another machine's, a WORM store); it is opened to add, and waited for until it is on the disk.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..audit.days import DayHead, Outside
from ..errors import ConfigurationError, UnavailableError

_TIMEOUT: Final = 10.0
_PRIORITY: Final = 13 * 8 + 5
"""Facility 13 (log audit), severity 5 (notice): RFC 5424 §6.2.1."""


class SyslogTls:
    """A receiver of syslog over TLS.

    Args:
        host: Its name, which its certificate must have.
        port: 6514 as a rule.
        ca_file: Authorities that its certificate must chain to, instead of the system's.
        origin: Our host name, as the message has it.
    """

    def __init__(self, host: str, port: int, *, ca_file: Path | None, origin: str) -> None:
        self._host, self._port, self._ca_file, self._origin = host, port, ca_file, origin

    def send(self, head: DayHead) -> None:
        """Send a head."""
        content = message(head, self._origin)
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            with socket.create_connection((self._host, self._port), timeout=_TIMEOUT) as plain, \
                    context.wrap_socket(plain, server_hostname=self._host) as line:
                line.sendall(b"%d %b" % (len(content), content))
                _close(line)
        except (OSError, ValueError) as err:
            raise UnavailableError("The receiver of daily heads does not take them.", dependency="audit_heads",
                                   debug=f"{type(err).__name__}: {err}"[:255]) from err


def _close(line: ssl.SSLSocket) -> None:
    """Say that this was all, and wait for the receiver to say so too (RFC 5425 §4.4), or at least to end the connection in order.

    One that was gone before it had read resets the connection, which is an error.
    """
    try:
        line.unwrap()
    except OSError as err:
        if not isinstance(err, ssl.SSLEOFError) and err.errno != 0:
            raise


class AppendedFile:
    """A file that is only added to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, head: DayHead) -> None:
        """Add a line."""
        line = head.document[:-1] + b',"time_stamp":"%b"}\n' % base64.b64encode(head.time_stamp)
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                if os.write(file, line) != len(line):
                    raise OSError("written in part")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as err:
            raise UnavailableError("The file of daily heads cannot be written.", dependency="audit_heads",
                                   debug=f"{type(err).__name__}: {err}"[:255]) from err


def message(head: DayHead, origin: str) -> bytes:
    """Write the message: structured data by name, and the document whose digest is stamped as its text."""
    at = datetime.fromtimestamp(head.taken_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = (f'[audit-head@32473 day="{head.day}" chain="{head.chain}" seal="{head.number}" hash="{head.hash.hex()}"'
            f' timeStamp="{base64.b64encode(head.time_stamp).decode()}"]')
    return f"<{_PRIORITY}>1 {at} {origin} idp - audit-head {data} ".encode("ascii") + head.document


def outside(to: str, *, ca_file: Path | None, origin: str) -> Outside | None:
    """Give the place that a setting names: ``syslog+tls://host:port``, ``file:///path``; None for "".

    Raises:
        ConfigurationError: it names neither.
    """
    if not to:
        return None
    if (found := re.fullmatch(r"file://(/\S+)", to)) is not None:
        return AppendedFile(Path(found[1]))
    if (found := re.fullmatch(r"syslog\+tls://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", to)) is None:
        raise ConfigurationError("IDP_AUDIT_HEADS_TO names no place for daily heads.",
                                 remedy="Set it to syslog+tls://host:port or file:///path, or leave it out.")
    return SyslogTls(found[1].strip("[]"), int(found[2]), ca_file=ca_file, origin=origin)
