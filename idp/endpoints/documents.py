"""Documents for everybody: discovery, the JWK Set, the list of trust services.

Spec: OpenID Connect Discovery §4, RFC 8414 §3, RFC 7517 §5. They are bytes, rendered when they change; any site's script may
read them (CORS), they set no cookie (security checklist 46, 47), and an unchanged one costs a 304.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from .wsgi import EndpointRequest, Headers, Response


class Document:
    """GET and HEAD of one public document.

    Args:
        published: Gives the bytes and their entity tag (in quotes), of one moment.
        max_age_seconds: How long anybody may keep it.
        content_type: Media type.
    """

    METHODS = ("GET", "HEAD")

    def __init__(self, published: Callable[[], tuple[bytes, str]], *, max_age_seconds: int,
                 content_type: str = "application/json") -> None:
        self._published = published
        self._last: tuple[str, Response] | None = None
        self._headers: Headers = (
            ("Content-Type", content_type), ("Cache-Control", f"public, max-age={max_age_seconds}"),
            ("Access-Control-Allow-Origin", "*"), ("X-Content-Type-Options", "nosniff"))

    def __call__(self, request: EndpointRequest) -> Response:
        """Give the document, or 304 to who has it already."""
        body, etag = self._published()
        known = request.header("if-none-match")
        if known and holds(known, etag):
            return Response(304, b"", (*self._headers, ("ETag", etag)))
        last = self._last
        if last is None or last[0] != etag:
            headers = (*self._headers, ("ETag", etag), ("Content-Length", str(len(body))))
            last = self._last = (etag, Response(200, body, headers, sized=True))
        return last[1]


def fixed(members: Mapping[str, Any]) -> Callable[[], tuple[bytes, str]]:
    """Render a document that does not change while the process lives."""
    body = orjson.dumps(members)
    published = (body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return lambda: published


def holds(header: str, etag: str) -> bool:
    """Compare weakly, as If-None-Match does (RFC 9110 §13.1.2)."""
    return header.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in header[:2048].split(",")}
