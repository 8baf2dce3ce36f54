"""Static files for the pages: read once at start, named by their content, sent compressed.

An address is ``/static/<digest>/<name>``. The digest is of the content, so a browser may keep the file for a year and gets the
new one the moment it changes. Bootstrap's style sheet comes from the installed Bootstrap-Flask wheel and is never committed.

Spec: RFC 9110 (conditional requests, content negotiation), RFC 8246 (immutable).
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/static/"
_FOLDER = Path(__file__).with_name("static")
_COMPRESSED = {".css", ".js", ".svg"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webp": "image/webp"}
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent.

    Attributes:
        digest: First 16 hexadecimal digits of the SHA-256 of ``plain``.
        plain: The bytes of the file.
        zipped: The same compressed with gzip, or empty where that saves nothing.
    """

    content_type: str
    digest: str
    plain: bytes
    zipped: bytes


class Assets:
    """All static files of one process. A plain WSGI callable serves them; ``url`` is what templates call ``static_url``."""

    def __init__(self, province: Mapping[str, Path] | None = None) -> None:
        """Read the files.

        Args:
            province: The province's own files by the name under which pages ask for them, for example
                ``{"theme.css": Path("/etc/idp/theme.css")}``.

        Raises:
            OSError: a file is missing or cannot be read.
        """
        named = {str(path.relative_to(_FOLDER)): path.read_bytes() for path in _FOLDER.rglob("*") if path.is_file()}
        wheel = files("flask_bootstrap") / "static" / "bootstrap5" / "css" / "bootstrap.min.css"
        named["bootstrap.min.css"] = wheel.read_bytes().replace(b"/*# sourceMappingURL=bootstrap.min.css.map */", b"")
        named |= {name: path.read_bytes() for name, path in (province or {}).items()}
        self._assets = {name: _asset(name, content) for name, content in named.items()}

    def url(self, name: str) -> str:
        """Give the address of a file on this host.

        Raises:
            LookupError: no such file; a template asked for something that is not shipped.
        """
        return f"{PREFIX}{self._assets[name].digest}/{name}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request below ``/static/``: GET and HEAD, everything else is 405."""
        return self.response(environ)(environ, start_response)

    def response(self, environ: WSGIEnvironment) -> Response:
        """Answer one request.

        An address with an older digest (a page opened before an update) gets the present file, not to be kept.
        """
        if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return Response("Method not allowed\n", 405, {"Allow": "GET, HEAD"}, content_type="text/plain; charset=utf-8")
        digest, _, name = str(environ.get("PATH_INFO", "")).removeprefix(PREFIX).partition("/")
        asset = self._assets.get(name)
        if asset is None:
            return Response("Not found\n", 404, content_type="text/plain; charset=utf-8")
        accepted = parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING", ""))
        zipped = bool(asset.zipped) and accepted.quality("gzip") > 0
        answer = Response(asset.zipped if zipped else asset.plain, content_type=asset.content_type)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if digest == asset.digest else "no-cache"
        if asset.content_type.startswith("image/svg"):
            answer.headers["Content-Security-Policy"] = _PICTURE_POLICY
        if asset.zipped:
            answer.headers["Vary"] = "Accept-Encoding"
        if zipped:
            answer.headers["Content-Encoding"] = "gzip"
        answer.set_etag(f"{asset.digest}-gz" if zipped else asset.digest)
        return answer.make_conditional(environ)


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix.lower()
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    zipped = gzip.compress(content, 9, mtime=0) if suffix in _COMPRESSED else b""
    return Asset(content_type=content_type, digest=hashlib.sha256(content).hexdigest()[:16], plain=content,
                 zipped=zipped if len(zipped) < len(content) else b"")
