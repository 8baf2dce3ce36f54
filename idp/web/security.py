"""What every page has: a browser id, a request id, a form token, an origin check, and headers that keep it to itself.

Security checklist 2, 20-22, 44, 46. Forms carry the token of Flask-WTF, which is tied to the signed ``browser`` cookie; three
views are exempt by name (``EXEMPT_VIEWS``), because programs and other sites post to them or because they answer a lost token
with the form itself. The session cookie is opaque and separate: it is set and read here only, and
so is the browser state that frames of applications may see (Session Management 1.0).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote_from_bytes, urlsplit

from flask import Flask, Request, Response, current_app, g, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest, NotFound, RequestHeaderFieldsTooLarge

from ..audit import Caller
from ..errors import ConfigurationError
from ..oidc.session_management import is_browser_state, new_browser_state
from ..pki.forms import LONGEST_FILE
from ..services import Services
from ..sessions.devices import LIFETIME_SECONDS, Device
from ..sessions.single_sign_on import Session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import MultiDict

MAX_BODY_BYTES = 64 * 1024
MAX_LIST_BYTES = LONGEST_FILE + 4 * MAX_BODY_BYTES
MAX_PARAMETERS = 100
MAX_HEADER_BYTES = 16 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"

EXEMPT_VIEWS = ("authorize.begin_by_post", "login.answer", "logout.end_session")
"""``authorize.begin_by_post`` only stores a request; ``login.answer`` checks the token itself and shows the form again;
``logout.end_session`` takes other sites' posts and only stores them, and checks the token itself for our own form."""

PROTOCOL_VIEWS = ("authorize.begin", "authorize.begin_by_post", "logout.begin", "logout.end_session")
"""Take what applications send; their rooms say what a parameter that stands twice means there."""
LISTS = frozenset({"pick", "where", "cols"})
"""Names of boxes of which several may be ticked; nothing else of a form stands in it twice."""

LARGE_VIEWS = ("console.take_list", "console.report_of_list")
"""Take lists, from a browser that has a live session; everybody else is held to ``MAX_BODY_BYTES`` there too."""
MAX_CARRIED_BYTES = 128 * 1024
"""Of the fields beside a file: a list that a page carries (``administration.enrollment.uploads``)."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ASCII = bytes(range(0x20, 0x7F))
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


class PageRequest(Request):
    """A request whose address is ASCII, as RFC 3986 §2 has it: other bytes are percent-encoded before anybody decodes them."""

    def __init__(self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        if not self.query_string.isascii():
            self.query_string = quote_from_bytes(self.query_string, safe=_ASCII).encode("ascii")


def protect(app: Flask, services: Services) -> None:
    """Give the Flask application its limits, cookies, form tokens and headers.

    Raises:
        ConfigurationError: the application has no secret key for the browser cookie.
    """
    settings = services.settings
    if not app.secret_key:
        raise ConfigurationError("The key of the browser cookie is missing.", remedy="Run: flask --app wsgi keys init")
    issuer, certificate_host = urlsplit(settings.issuer), urlsplit(settings.certificate_origin).hostname
    app.request_class = PageRequest
    app.config.update(
        SESSION_COOKIE_NAME="__Host-browser" if settings.secure else "browser", SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/", SESSION_COOKIE_DOMAIN=None,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=MAX_PARAMETERS,
        TRUSTED_HOSTS=[issuer.hostname or "", *([certificate_host] if certificate_host else [])],
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False, WTF_CSRF_CHECK_DEFAULT=False)
    app.url_map.merge_slashes = False  # a redirect to the tidy path would carry the host of the request's header
    csrf = CSRFProtect(app)
    origin = f"{issuer.scheme}://{issuer.netloc}"

    @app.before_request
    def begin() -> None:
        g.nonce = secrets.token_urlsafe(16)
        request_id()
        check_limits()
        ours = request.endpoint is not None and request.endpoint not in PROTOCOL_VIEWS
        if ours:
            check_once(request.args)
        if certificate_host and certificate_host != issuer.hostname and (
                (request.endpoint == "certificate.show") != (request.host.partition(":")[0] == certificate_host)):
            raise NotFound  # certificates are shown there and nowhere else, and nothing else is done there
        if request.method not in _SAFE and request.endpoint is not None and request.endpoint not in EXEMPT_VIEWS:
            check_origin(origin)
            if request.endpoint in LARGE_VIEWS and current_session(services) is not None:
                request.max_content_length, request.max_form_memory_size = MAX_LIST_BYTES, MAX_CARRIED_BYTES
            csrf.protect()
        if ours and request.method not in _SAFE:
            check_once(request.form)

    @app.after_request
    def finish(response: Response) -> Response:
        if "browser_state" in g:
            # Scripts of the frame read it, and frames of another site's page get it: neither HttpOnly nor SameSite=Lax.
            response.set_cookie(browser_state_name(secure=settings.secure), g.browser_state, secure=settings.secure,
                                httponly=False, samesite="None" if settings.secure else "Lax", path="/")
        return _with_headers(response, secure=settings.secure)


def check_limits() -> None:
    """Hold a page's request to the limits of the programs' door (security checklist 44), before anything reads its parameters.

    Raises:
        RequestHeaderFieldsTooLarge: more than 16 kB of headers.
        RequestEntityTooLarge: more than 64 kB of body.
        BadRequest: more than 100 parameters in the address, or in the body.
        NotFound: a control character in the address.
    """
    if sum([len(value) for name, value in request.environ.items() if name[:5] == "HTTP_"]) > MAX_HEADER_BYTES:
        raise RequestHeaderFieldsTooLarge
    if not request.path.isprintable():
        raise NotFound  # no page has such an address, and no store can look for one
    if request.query_string.count(b"&") >= MAX_PARAMETERS:
        raise BadRequest("The address has too many parameters.")
    if request.method not in _SAFE and request.mimetype == FORM_TYPE and request.get_data().count(b"&") >= MAX_PARAMETERS:
        raise BadRequest("The body has too many parameters.")


def check_once(fields: MultiDict[str, str]) -> None:
    """Refuse what stands twice (security checklist 9): two readers would each believe another value.

    Raises:
        BadRequest: a name stands twice and is none of ``LISTS``.
    """
    if any([len(values) > 1 and name not in LISTS for name, values in fields.lists()]):
        raise BadRequest("A parameter stands twice.")


def check_form(issuer: str) -> None:
    """Check token and origin of one of our own forms, in a view that is exempt from the general check.

    Raises:
        CSRFError: the token is missing or another browser's, or another site sent the form.
    """
    parts = urlsplit(issuer)
    check_origin(f"{parts.scheme}://{parts.netloc}")
    current_app.extensions["csrf"].protect()


def check_origin(origin: str) -> None:
    """Refuse a form that another site sent, where the browser says so (Fetch Metadata; RFC 6454).

    Under ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` with our own forms as well, so that a null origin alone
    says nothing; the token decides then.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise CSRFError("The form comes from another site.")
    sent = request.headers.get("Origin")
    if sent not in {None, "null", origin}:
        raise CSRFError("The form comes from another site.")


def request_id() -> str:
    """Give this request's reference code, short enough to be read out on the telephone."""
    return caller().request_id


def caller() -> Caller:
    """Say who calls, for records and throttling: as the dispatcher of both doors saw it (``endpoints.sources.Sources``)."""
    known: Caller | None = request.environ.get("idp.caller")
    if known is None:
        # Flask was called without the dispatcher, as the tests of the pages do: nobody forwards anything then.
        known = Caller(source=request.remote_addr or "unknown", request_id=secrets.token_hex(4).upper(),
                       user_agent=request.user_agent.string[:255])
        request.environ["idp.caller"] = known
    return known


def browser_id() -> str:
    """Give this browser's random id, making one where there is none; it lives in the signed browser cookie."""
    known = session.get("id")
    if not isinstance(known, str):
        known = session["id"] = secrets.token_urlsafe(16)
    return known


def cookie_name(*, secure: bool) -> str:
    """Name the session cookie: ``__Host-sso`` with an https issuer, ``sso`` in development."""
    return "__Host-sso" if secure else "sso"


def session_cookie(services: Services) -> str | None:
    """Give the value of the browser's session cookie, if it has one."""
    return request.cookies.get(cookie_name(secure=services.settings.secure))


def device_cookie_name(*, secure: bool) -> str:
    """Name the cookie of the device: ``__Host-device`` with an https issuer, ``device`` in development."""
    return "__Host-device" if secure else "device"


def device_cookie(services: Services) -> str | None:
    """Give the value of the browser's device cookie, if it has one."""
    return request.cookies.get(device_cookie_name(secure=services.settings.secure))


def device(services: Services) -> Device:
    """Find the device that the browser shows; nobody's where it shows none that somebody has signed in on."""
    return services.known_devices.known(device_cookie(services))


def with_device(response: Response, services: Services, cookie: str) -> Response:
    """Give the browser its device cookie; it outlives sign-outs, and opens nothing."""
    secure = services.settings.secure
    response.set_cookie(device_cookie_name(secure=secure), cookie, max_age=LIFETIME_SECONDS, secure=secure, httponly=True,
                        samesite="Lax", path="/")
    return response


def current_session(services: Services) -> Session | None:
    """Find the officer's live session (once per request) and note that it was seen."""
    if "sso" not in g:
        g.sso = services.sessions.find(session_cookie(services))
        if g.sso is not None:
            services.sessions.touch(g.sso)
    found: Session | None = g.sso
    return found


def change_session(session: Session | None) -> None:
    """Make a session that was just opened or raised this browser's for the rest of the request, or none when it has ended.

    What frames of applications can see of the browser changes with it (Session Management 1.0 §3.2).
    """
    g.sso = session
    g.browser_state = new_browser_state()


def browser_state_name(*, secure: bool) -> str:
    """Name the cookie of the browser state: ``__Host-browser-state`` with an https issuer, ``browser-state`` in development."""
    return "__Host-browser-state" if secure else "browser-state"


def browser_state(services: Services) -> str:
    """Give what frames of applications can see of this browser after this answer, making it where there is none."""
    known: str = g.get("browser_state") or request.cookies.get(browser_state_name(secure=services.settings.secure), "")
    if not is_browser_state(known):
        known = g.browser_state = new_browser_state()
    return known


def with_session(response: Response, services: Services, cookie: str) -> Response:
    """Give the browser the cookie of its new session; it ends with the browser, and the server's limits hold anyway."""
    secure = services.settings.secure
    response.set_cookie(cookie_name(secure=secure), cookie, secure=secure, httponly=True, samesite="Lax", path="/")
    return response


def without_session(response: Response, services: Services) -> Response:
    """Take the session cookie from the browser, after its session has ended."""
    change_session(None)
    secure = services.settings.secure
    response.delete_cookie(cookie_name(secure=secure), secure=secure, httponly=True, samesite="Lax", path="/")
    return response


def allow_onward_redirect() -> None:
    """Leave ``form-action`` out of this page's policy.

    Browsers apply it to the redirects that follow the form as well, and the answer goes on to an application, and from there
    wherever the application leads.
    """
    g.onward = True


def allow_image(uri: str) -> None:
    """Let this page show one image from elsewhere: the logo of the application that the officer is on the way to."""
    parts = urlsplit(uri)
    g.image_from = f" {parts.scheme}://{parts.netloc}"


def allow_opener() -> None:
    """Keep the tie to the window that opened this one: after ``display=popup`` the application waits there for the answer."""
    g.popup = True


def allow_framing(ancestors: Iterable[str]) -> None:
    """Let other sites frame this page; every other page refuses."""
    g.frame_ancestors = " ".join(ancestors)


def allow_frames(origins: Iterable[str]) -> None:
    """Let this page load frames from these origins, and from no other (``Content-Security-Policy: frame-src``)."""
    g.frame_origins = tuple(dict.fromkeys(origins))


def parameters_of_query() -> dict[str, list[str]]:
    """Read the query string strictly: UTF-8, at most 100 parameters. Raises BadRequest (400)."""
    return _parameters(request.environ.get("QUERY_STRING", "").encode("latin-1", "replace"))


def parameters_of_body() -> dict[str, list[str]]:
    """Read a form body strictly: its content type, UTF-8, at most 64 kB and 100 parameters. Raises BadRequest or 413."""
    if request.mimetype != FORM_TYPE:
        raise BadRequest("The body is not a form.")
    return _parameters(request.get_data(cache=True))


def _parameters(raw: bytes) -> dict[str, list[str]]:
    if len(raw) > MAX_BODY_BYTES:
        raise BadRequest("The request is too long.")
    parameters: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict",
                                     max_num_fields=MAX_PARAMETERS):
            parameters.setdefault(name, []).append(value)
    except ValueError as err:
        raise BadRequest("The request is not valid UTF-8 or has too many parameters.") from err
    return parameters


def local_path(text: str | None) -> str:
    """Give a path on our own host, or "/": control characters and backslashes first, then scheme, host and double slashes."""
    if not text or len(text) > 2048 or re.search(r"[\x00-\x20\x7f-\x9f\\]", text):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not text.startswith("/") or text.startswith("//"):
        return "/"
    return text


def _with_headers(response: Response, *, secure: bool) -> Response:
    nonce = g.get("nonce", "")
    headers: Any = response.headers
    ancestors = g.get("frame_ancestors", "'none'")
    policy = ["default-src 'none'", "base-uri 'none'", "connect-src 'self'", "font-src 'self'", f"frame-ancestors {ancestors}",
              f"img-src 'self' data:{g.get('image_from', '')}",
              f"script-src 'self' 'nonce-{nonce}'", f"style-src 'self' 'nonce-{nonce}'"]
    if framed := g.get("frame_origins"):
        policy.append(f"frame-src {' '.join(framed)}")
    if not g.get("onward"):
        policy.append("form-action 'self'")
    headers.setdefault("Content-Security-Policy", "; ".join(policy))
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if ancestors == "'none'":
        headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "unsafe-none" if g.get("popup") else "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("X-Request-Id", request_id())
    if secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
