"""The log: one JSON object a line on stderr, with the request's id, and never a secret.

Everything ends here: ``structlog`` loggers of our own, ``logging`` of libraries, and one line per request. Members whose name
says that they hold a secret are masked, and so is what looks like one inside any text: tokens, Authorization headers, passwords
in URLs, codes in query strings. That is the second fence; the first is not to log them. ``authlib`` and ``urllib3`` never go
below INFO and ERROR, because their details hold tokens and addresses.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from datetime import datetime
from typing import IO, Any

import orjson
import structlog

from ..audit import Caller
from ..bundle import Bundle
from ..clock import Clock, SystemClock

MASK = "[masked]"

_SECRET_NAMES = frozenset({
    "password", "passwd", "pwd", "secret", "token", "otp", "totp", "seed", "cookie", "set-cookie", "authorization",
    "proxy-authorization", "assertion", "code_verifier", "id_token_hint", "logout_token", "private_key", "form", "body",
})
_SECRET_ENDINGS = ("_password", "_secret", "_token", "_seed", "_cookie", "_assertion", "_code", "-token", "-secret")
_HARMLESS_NAMES = frozenset({"error_code", "status_code", "unit_code", "reference_code"})
_SECRET_TEXT = re.compile(
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|(?i:\b(?:bearer|basic|dpop)\s+)[A-Za-z0-9+/_.~=-]{8,}"
    r"|(?<=://)[^/\s:@]{1,256}:[^/\s@]{1,256}(?=@)"
    r"|(?i:(?<=[?&\s\"'])(?:code|state|access_token|refresh_token|id_token|id_token_hint|logout_token|token|password|"
    r"client_secret|code_verifier|assertion|client_assertion|otp|csrf_token)=)[^&\s\"']+"
    r"|(?i:\b(?:password|passwd|secret|seed)\s*[:=]\s*)\S+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)")
_SUSPICIOUS = re.compile(r"eyJ|://|=|:\s|(?i:bearer |basic |dpop )|PRIVATE KEY")

_Answered = tuple[datetime, Caller, str, str, int, float, str, str]
"""What ``RequestLog.line`` is told of one request, and when."""

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def configure(level: str, clock: Clock | None = None, *, stream: IO[str] | None = None) -> None:
    """Send every log of this process to a stream as JSON; a second call replaces the first.

    Args:
        level: Least level that is written: DEBUG, INFO, WARNING or ERROR.
        clock: Gives the time of a line; default: the machine's.
        stream: Default: stderr.
    """
    stream = stream or sys.stderr
    clock = clock or SystemClock()

    def stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["time"] = clock.moment().isoformat(timespec="milliseconds")
        if request_id := _request_id.get():
            event.setdefault("request_id", request_id)
        return event

    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp,
                         structlog.stdlib.PositionalArgumentsFormatter(), structlog.processors.format_exc_info, mask]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in (("authlib", logging.INFO), ("urllib3", logging.ERROR), ("requests", logging.WARNING),
                        ("werkzeug", logging.WARNING), ("alembic", logging.WARNING), ("sqlalchemy", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.setLevel(max(least, root.level))
        logger.propagate = True
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False)


def _render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    members = {name: event.pop(name, "") for name in ("time", "level", "event")}
    return _dumps({**members, **event}).decode()


def _dumps(members: dict[str, Any]) -> bytes:
    """Encode; what orjson refuses (lone surrogates, huge integers) goes through the slower encoder as escapes."""
    try:
        return orjson.dumps(members)
    except TypeError:
        return json.dumps(members, default=repr).encode("ascii")


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask members with a secret's name, and what looks like a secret inside any text (a processor of structlog)."""
    for name, value in event.items():
        if name == "_record":
            continue
        event[name] = MASK if secret_name(name) else _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return MASK
    if isinstance(value, dict):
        return {str(name): MASK if secret_name(str(name)) else _masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value if isinstance(value, int | float | bool | None) else mask_text(str(value))


def secret_name(name: str) -> bool:
    """Tell whether a member of that name is never written."""
    lower = name.lower()
    return (lower in _SECRET_NAMES or lower.endswith(_SECRET_ENDINGS)) and lower not in _HARMLESS_NAMES


def mask_text(text: str) -> str:
    """Replace what looks like a secret; text is cut to 16,000 characters, so that the search stays cheap."""
    if len(text) > 16_000:
        text = text[:16_000] + "..."
    if _SUSPICIOUS.search(text) is None:
        return text
    return _SECRET_TEXT.sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    text = found[0]
    for separator in ("=", ":", " "):
        head, found_separator, _tail = text.partition(separator)
        if found_separator and head.isascii() and head.strip().replace("_", "").isalpha() and not text.startswith("eyJ"):
            return head + separator + MASK
    return MASK


class RequestLines:
    """One line per request (port ``RequestLog`` of the programs' door); made by hand, because it is on the token path.

    Args:
        clock: Gives the time of a line; default: the machine's.
        stream: Default: stderr.
        bundle_seconds: Lines of that time are written together; a killed process loses so much of them. 0: each at once.
    """

    def __init__(self, clock: Clock | None = None, *, stream: IO[bytes] | None = None, bundle_seconds: float = 0) -> None:
        self._clock = clock or SystemClock()
        self._stream = stream or sys.stderr.buffer
        self._root = logging.getLogger()
        self._lines: Bundle[_Answered] = Bundle(self._write, seconds=bundle_seconds)

    def begin(self, caller: Caller) -> None:
        """Give every line that this thread logs from now on the request's id."""
        _request_id.set(caller.request_id)

    def line(self, *, caller: Caller, method: str, endpoint: str, status: int, seconds: float, client_id: str,
             error: str) -> None:
        """Write the line, unless the log's level is above INFO; "" members are left out."""
        if self._root.level > logging.INFO:
            return
        self._lines.add((self._clock.moment(), caller, method, endpoint, status, seconds, client_id, error))

    def _write(self, answered: list[_Answered]) -> None:
        self._stream.write(b"".join([_request_line(*what) for what in answered]))
        self._stream.flush()


def _request_line(at: datetime, caller: Caller, method: str, endpoint: str, status: int, seconds: float, client_id: str,
                  error: str) -> bytes:
    members: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds"), "level": "info", "event": "request", "request_id": caller.request_id,
        "source": caller.source, "method": method[:16], "endpoint": endpoint, "status": status,
        "milliseconds": round(seconds * 1000, 2)}
    if client_id:
        members["client_id"] = client_id[:255]
    if error:
        members["error"] = error
    return _dumps(members) + b"\n"
