"""Certificates of ours for other programs: those of the authorities, lists of what was revoked, and single answers.

Spec: RFC 5280 §4.2.1.13 and §4.2.2.1, RFC 2585 §3 (media types), RFC 6960 Appendix A (GET and POST), RFC 5019 §5 (caching).
They are public: no token, no cookie, any site's script may read them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

from ..pki.authority.ports import Authority
from ..pki.status.crl import RevocationListMaker
from ..pki.status.ocsp import LONGEST, Answer, OcspResponder, refusal
from .documents import holds
from .wsgi import EndpointRequest, Headers, Response, error

_PUBLIC: Final[Headers] = (("Access-Control-Allow-Origin", "*"), ("X-Content-Type-Options", "nosniff"))
_LIST: Final = re.compile(r"/crl/([a-z0-9][a-z0-9-]*?)(?:-([1-9][0-9]{0,5}))?\.crl")
_CERTIFICATE: Final = re.compile(r"/ca/([a-z0-9][a-z0-9-]*)\.crt")
_LONGEST_PATH: Final = 2048
_LIST_SECONDS: Final = 300
_CERTIFICATE_SECONDS: Final = 86400


class RevocationListEndpoint:
    """``/crl/<ca>.crl``, and ``/crl/<ca>-<n>.crl`` for parts."""

    METHODS: Final = ("GET", "HEAD")

    def __init__(self, lists: RevocationListMaker) -> None:
        self._lists = lists

    def __call__(self, request: EndpointRequest) -> Response:
        """Give the newest list."""
        named = _LIST.fullmatch(request.path)
        found = self._lists.find(named[1], int(named[2] or 0)) if named else None
        if found is None:
            return error(404, "unknown", "There is no such list.")
        headers = (("Content-Type", "application/pkix-crl"), ("Cache-Control", f"public, max-age={_LIST_SECONDS}"),
                   ("Last-Modified", formatdate(found.made_at, usegmt=True)), ("ETag", f'"{found.number}"'), *_PUBLIC)
        known = holds(request.header("if-none-match"), f'"{found.number}"')
        return Response(304, b"", headers) if known else Response(200, found.der, headers)


class AuthorityCertificateEndpoint:
    """``/ca/<ca>.crt``."""

    METHODS: Final = ("GET", "HEAD")

    def __init__(self, authorities: Callable[[], list[Authority]]) -> None:
        self._authorities = authorities

    def __call__(self, request: EndpointRequest) -> Response:
        """Give the certificate of an authority, DER."""
        named = _CERTIFICATE.fullmatch(request.path)
        found = next((one for one in self._authorities() if named and one.name == named[1]), None)
        if found is None:
            return error(404, "unknown", "There is no such authority.")
        etag = f'"{hashlib.sha256(found.certificate).hexdigest()[:32]}"'
        headers = (("Content-Type", "application/pkix-cert"), ("Cache-Control", f"public, max-age={_CERTIFICATE_SECONDS}"),
                   ("ETag", etag), *_PUBLIC)
        return Response(304, b"", headers) if holds(request.header("if-none-match"), etag) else Response(200, found.certificate,
                                                                                                         headers)


class OcspEndpoint:
    """``/ocsp``: POST of a question, or GET with the question in the path."""

    METHODS: Final = ("GET", "HEAD", "POST")

    def __init__(self, responder: OcspResponder) -> None:
        self._responder = responder

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer one question; a question that is none gets an answer that says so, with status 200 (RFC 6960 Appendix A)."""
        if not self._responder.offered():
            return error(404, "unknown", "There is no certification authority here.")
        asked = self._posted(request) if request.method == "POST" else _in_path(request.path)
        answer = self._responder.answer(asked) if asked is not None else refusal("malformed")
        return Response(200, answer.der, (("Content-Type", "application/ocsp-response"), *_kept(request, answer), *_PUBLIC))

    @staticmethod
    def _posted(request: EndpointRequest) -> bytes | None:
        if request.content_type.split(";")[0].strip().lower() != "application/ocsp-request":
            return None
        body = request.body()
        return body if len(body) <= LONGEST else None


def _kept(request: EndpointRequest, answer: Answer) -> Headers:
    if request.method == "POST" or not answer.kept_seconds:
        return (("Cache-Control", "no-store"),)
    return (("Cache-Control", f"public, max-age={answer.kept_seconds}, must-revalidate"), ("ETag", f'"{answer.etag}"'))


def _in_path(path: str) -> bytes | None:
    """Read the question of a GET: base64 behind ``/ocsp/``, in which slashes may have come undone."""
    text = path.removeprefix("/ocsp").lstrip("/")
    if not text or len(path) > _LONGEST_PATH or not text.isascii():
        return None
    text = text.replace(" ", "+")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
