"""The door for programs: requests read once within limits, answers as JSON, everything else handed on to the pages.

Spec: RFC 6749 §3.2 (parameters once, empty ones are absent), PEP 3333. The table of paths is a plain list of ``Route``.
Limits are those of security checklist 44; errors say what was wrong in ASCII and show nothing of ours (43). Each request gets
a ``Caller``, for both doors, in ``environ["idp.caller"]``: the address counts as forwarded only when it comes from a proxy of
ours (27).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from time import perf_counter
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import unquote_plus

import orjson
from authlib.oauth2 import OAuth2Error

from ..audit import Caller
from ..errors import RefusedError, UnavailableError
from .sources import Sources

MAX_BODY_BYTES = 64 * 1024
MAX_PARAMETERS = 100
MAX_HEADER_BYTES = 16 * 1024
CALLER = "idp.caller"
CERTIFICATE = "HTTP_X_SSL_CLIENT_CERT"
"""Where our proxy puts the client certificate of a connection; it overwrites whatever a caller sends (deploy/nginx)."""
FORM_TYPE = "application/x-www-form-urlencoded"
PAGES = "pages"
"""Label under which requests for people are counted."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = tuple[tuple[str, str], ...]

NO_STORE: Headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache"),
                     ("X-Content-Type-Options", "nosniff"))

_NO_HEADERS = frozenset({
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_NAME", "SERVER_PORT",
    "SERVER_PROTOCOL", "SERVER_SOFTWARE", "GATEWAY_INTERFACE", "REMOTE_ADDR", "REMOTE_PORT", "wsgi.version", "wsgi.url_scheme",
    "wsgi.input", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once", "wsgi.input_terminated", CALLER})
"""What servers put into the environment beside the headers (PEP 3333); passed over quickly where those are counted."""
_NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_log = logging.getLogger(__name__)


class Meter(Protocol):
    """Counts answers."""

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one answer of an endpoint (name of its route, or ``pages``) and the time it took."""
        ...


class RequestLog(Protocol):
    """Writes one line per request."""

    def begin(self, caller: Caller) -> None:
        """Give every other line that is logged meanwhile in this thread the request's id."""
        ...

    def line(self, *, caller: Caller, method: str, endpoint: str, status: int, seconds: float, client_id: str,
             error: str) -> None:
        """Note one request; ``client_id`` and ``error`` are "" where there is none. Nothing here is a secret."""
        ...


class NoMeter:
    """Counts nothing."""

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Do nothing."""


class NoRequestLog:
    """Writes nothing."""

    def begin(self, caller: Caller) -> None:
        """Do nothing."""

    def line(self, *, caller: Caller, method: str, endpoint: str, status: int, seconds: float, client_id: str,
             error: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, body, headers, and the error code for the log.

    Attributes:
        sized: The headers hold Content-Length, which is put to them otherwise.
    """

    status: int
    body: bytes
    headers: Headers
    error: str = ""
    sized: bool = False


class MalformedRequestError(RefusedError):
    """The request is not one that RFC 6749 §3.2 allows."""

    code = "invalid_request"


class Form(dict[str, str]):
    """Parameters of a body; of one that may repeat, its first value.

    Attributes:
        repeated: All values of those that came more than once, in order.
    """

    __slots__ = ("repeated",)

    def __init__(self) -> None:
        super().__init__()
        self.repeated: Mapping[str, tuple[str, ...]] = _NOTHING


class EndpointRequest:
    """One request, read as far as an endpoint asks.

    Attributes:
        method: As sent, upper case.
        query: The raw query string.
        caller: Who asks.
        client_id: Set by the endpoint once it is known; for the log.
    """

    __slots__ = ("_environ", "caller", "client_id", "method", "query")

    def __init__(self, environ: Environ, caller: Caller) -> None:
        self._environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.query: str = environ.get("QUERY_STRING", "")
        self.caller = caller
        self.client_id = ""

    @property
    def path(self) -> str:
        """The path as sent, percent-encoding undone."""
        sent: str = self._environ.get("PATH_INFO", "")
        return sent

    @property
    def content_type(self) -> str:
        """The media type as sent; "" without one."""
        sent: str = self._environ.get("CONTENT_TYPE", "")
        return sent

    def header(self, name: str) -> str:
        """Give a header by its name in lower case; "" when it was not sent."""
        value: str = self._environ.get(_environ_name(name), "")
        return value

    def certificate(self) -> str:
        """Give the client certificate (URL-encoded PEM) that a proxy of ours passed on; "" where there is none."""
        shown: str = self._environ.get(CERTIFICATE, "")
        return shown

    def has_form(self) -> bool:
        """Tell whether a form was sent in the body."""
        sent = self.content_type
        return sent == FORM_TYPE or is_media_type(sent, FORM_TYPE)

    def form(self, repeatable: Collection[str] = ()) -> Form:
        """Read the body's parameters, each once; empty ones are left out (RFC 6749 §3.2).

        Args:
            repeatable: Names that may come more than once; all their values are in ``repeated`` of the form then.

        Raises:
            MalformedRequestError: another content type, a query string, more than 64 kB or 100 parameters, bytes that are not
                UTF-8, or a parameter that is sent twice.
        """
        if self.query:
            raise MalformedRequestError("Parameters belong into the body, not into the address.")
        if not self.has_form():
            raise MalformedRequestError("The content type must be application/x-www-form-urlencoded in UTF-8.")
        return parse_form(self.body(), repeatable)

    def body(self) -> bytes:
        """Read the body.

        Raises:
            MalformedRequestError: longer than 64 kB, or its length is not a number.
        """
        declared = self._environ.get("CONTENT_LENGTH") or ""
        if declared and not (declared.isascii() and declared.isdigit() and len(declared) < 12):
            raise MalformedRequestError("The content length is not a number.")
        length = int(declared) if declared else MAX_BODY_BYTES + 1
        if declared and length > MAX_BODY_BYTES:
            raise MalformedRequestError("The body is longer than 64 kB.", status=413)
        body: bytes = self._environ["wsgi.input"].read(length)
        if len(body) > MAX_BODY_BYTES:
            raise MalformedRequestError("The body is longer than 64 kB.", status=413)
        return body


@cache
def _environ_name(header: str) -> str:
    """Give the environment's name of a header; only our own code names headers, so they are few."""
    return "HTTP_" + header.upper().replace("-", "_")


Endpoint = Callable[[EndpointRequest], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the path table. A path that ends in ``/*`` takes one more segment, in ``/**`` everything below it."""

    path: str
    name: str
    endpoint: Endpoint
    methods: tuple[str, ...] = ("POST",)


class Dispatcher:
    """The WSGI application: programs' paths by the table, everything else to ``fallback``.

    Args:
        routes: The path table.
        fallback: The pages' WSGI application; it finds the caller in ``environ["idp.caller"]``.
        sources: Tells who called.
        meter: Counts.
        log: Writes a line per request.
    """

    def __init__(self, routes: Iterable[Route], fallback: Callable[[Environ, StartResponse], Iterable[bytes]], *,
                 sources: Sources | None = None, meter: Meter | None = None, log: RequestLog | None = None) -> None:
        self._routes = {route.path: route for route in routes}
        self._below = tuple((path[:-2], route) for path, route in self._routes.items() if path.endswith("/**"))
        self._fallback = fallback
        self._sources = sources or Sources()
        self._meter: Meter = meter or NoMeter()
        self._log: RequestLog = log or NoRequestLog()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = perf_counter()
        caller = environ[CALLER] = self._sources.caller(environ)
        if CERTIFICATE in environ and not self._sources.from_proxy(environ):
            del environ[CERTIFICATE]  # nobody else is believed about it (security checklist 55)
        self._log.begin(caller)
        path = environ.get("PATH_INFO", "")
        route = self._routes.get(path) or self._routes.get(path[:path.rfind("/") + 1] + "*")
        if route is None:
            route = next((below for prefix, below in self._below if path.startswith(prefix)), None)
        if route is None:
            return self._hand_on(environ, start_response, caller, started)
        request = EndpointRequest(environ, caller)
        response = _answer(route, request, environ)
        body = b"" if request.method == "HEAD" else response.body
        headers = [*response.headers]
        if response.status != 204 and not response.sized:  # RFC 9110 §8.6
            headers.append(("Content-Length", str(len(response.body))))
        if response.status >= 400:
            headers.append(("X-Request-Id", caller.request_id))
        start_response(_STATUS_LINES[response.status], headers)
        seconds = perf_counter() - started
        self._meter.count(route.name, response.status, seconds)
        self._log.line(caller=caller, method=request.method, endpoint=route.name, status=response.status, seconds=seconds,
                       client_id=request.client_id, error=response.error)
        return [body]

    def _hand_on(self, environ: Environ, start_response: StartResponse, caller: Caller, started: float) -> Iterable[bytes]:
        seen = [500]

        def starting(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen[0] = int(status[:3])
            return start_response(status, headers) if exc_info is None else start_response(status, headers, exc_info)

        try:
            return self._fallback(environ, starting)
        finally:
            seconds = perf_counter() - started
            self._meter.count(PAGES, seen[0], seconds)
            self._log.line(caller=caller, method=environ["REQUEST_METHOD"], endpoint=PAGES, status=seen[0], seconds=seconds,
                           client_id="", error="")


def _answer(route: Route, request: EndpointRequest, environ: Environ) -> Response:
    try:
        if request.method not in route.methods:
            refusal = error(405, "invalid_request", "This method is not allowed here.")
            return Response(405, refusal.body, (*NO_STORE, ("Allow", ", ".join(route.methods))), refusal.error)
        sizes = [len(value) for name, value in environ.items() if name not in _NO_HEADERS and name[:5] == "HTTP_"]
        if sum(sizes) > MAX_HEADER_BYTES:
            return error(431, "invalid_request", "The headers are longer than 16 kB.")
        return route.endpoint(request)
    except OAuth2Error as refused:
        status, body, headers = refused()
        return oauth_answer(status, body, headers)
    except UnavailableError as err:
        _log.warning("%s: %s unavailable: %s", request.caller.request_id, err.dependency, err.debug)
        answer = error(503, "temporarily_unavailable", err.message)
        return Response(503, answer.body, (*NO_STORE, ("Retry-After", str(err.retry_after_seconds))), answer.error)
    except RefusedError as refused:
        return error(refused.status, refused.code, refused.message)
    except Exception:
        # The only place for programs where anything unforeseen ends: the caller learns nothing of it, the log everything.
        _log.exception("%s: unforeseen error in %s", request.caller.request_id, route.name)
        return error(500, "server_error", "The server failed. The operator finds the reason under the X-Request-Id.")


def json(status: int, members: Mapping[str, Any], *, error: str = "", headers: Headers = NO_STORE) -> Response:
    """Make a JSON answer that nobody may store."""
    return Response(status, orjson.dumps(members), headers, error)


def error(status: int, code: str, description: str) -> Response:
    """Make an error answer (RFC 6749 §5.2)."""
    return json(status, {"error": code, "error_description": description}, error=code)


def oauth_answer(status: int, body: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> Response:
    """Make the answer of an OAuth endpoint: our own headers, the challenge where there is one, and when to come again."""
    if status < 400:
        return Response(status, orjson.dumps(body), NO_STORE)
    more = tuple(pair for pair in headers if pair[0] in {"WWW-Authenticate", "DPoP-Nonce", "Retry-After"})
    return Response(status, orjson.dumps(body), NO_STORE + more, body["error"])


def is_media_type(content_type: str, expected: str) -> bool:
    """Tell whether a media type is the one expected, without a charset or with UTF-8; bounded first (security checklist 45)."""
    if len(content_type) > 128:
        return False
    name, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").rstrip(";")
    return name.strip() == expected and charset in {"", "charset=utf-8"}


def parse_form(body: bytes, repeatable: Collection[str] = ()) -> Form:
    """Read ``application/x-www-form-urlencoded``; arguments and errors as ``EndpointRequest.form``."""
    form = Form()
    if not body:
        return form
    try:
        text = body.decode("utf-8")
        if text.count("&") >= MAX_PARAMETERS:
            raise MalformedRequestError("The request has too many parameters.")
        seen = set()
        for part in text.split("&"):
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            if name in seen:
                if name not in repeatable:
                    raise MalformedRequestError("A parameter is sent more than once.")
                if value and name in form:
                    form.repeated = {**form.repeated, name: (*form.repeated.get(name, (form[name],)), value)}
            seen.add(name)
            if value:
                form.setdefault(name, value)
    except UnicodeDecodeError:
        raise MalformedRequestError("The request is not in UTF-8.") from None
    return form
