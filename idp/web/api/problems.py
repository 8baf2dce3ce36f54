"""Errors of the administration API, and the headers of all its answers.

Spec: RFC 9457 §3 (problem details), RFC 6750 §3 and RFC 9470 §3 (challenges). Never a stack, a statement or a host name (security
checklist 43).
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from ...errors import RefusedError, UnavailableError
from ...oauth import bearer
from ...oauth.tokens.access_token import TokenRefusedError
from ..security import request_id

log = logging.getLogger("idp.web.api")

PROBLEM: Final = "application/problem+json"
REALM: Final = "administration"
_CONTENT: Final = frozenset({"invalid_client_metadata", "invalid_redirect_uri", "invalid_terms"})
"""What is well formed and asks for what cannot be: 422 (RFC 9110 §15.5.21), where the OAuth endpoints say 400."""
_WORDS: Final = {
    400: "The request is not one that this address takes.", 404: "There is nothing at this address.",
    405: "This method is not allowed here.", 413: "The body is longer than 64 kB.", 431: "The headers are longer than 16 kB."}


def handle(app: Flask, *, secure: bool) -> None:
    """Turn everything that a view may raise into a problem, and finish every answer."""

    @app.errorhandler(TokenRefusedError)
    def not_admitted(error: TokenRefusedError) -> Response:
        answer = problem(error.status, error.code or "token_needed", error.message)
        answer.headers["WWW-Authenticate"] = bearer.challenge(error, realm=REALM)
        if error.nonce:
            answer.headers["DPoP-Nonce"] = error.nonce
        return answer

    @app.errorhandler(RefusedError)
    def refused(error: RefusedError) -> Response:
        answer = problem(422 if error.code in _CONTENT else error.status, error.code, error.message)
        if error.retry_after_seconds is not None:
            answer.headers["Retry-After"] = str(error.retry_after_seconds)
        if location := getattr(error, "location", ""):
            answer.headers["Location"] = location
        if error.status == 415:
            answer.headers["Accept"] = getattr(error, "accepted", "")
        return answer

    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        log.warning("%s: %s unavailable: %s", request_id(), error.dependency, error.debug)
        answer = problem(503, "temporarily_unavailable", error.message)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer

    @app.errorhandler(HTTPException)
    def refused_by_http(error: HTTPException) -> Response:
        status = error.code or 500
        answer = problem(status, "invalid_request", _WORDS.get(status, "The request is refused."))
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("%s: unforeseen error", request_id(), exc_info=error)
        return problem(500, "server_error", "The server failed. The operator finds the reason under the request_id.")

    @app.after_request
    def finish(answer: Response) -> Response:
        headers: Any = answer.headers
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Request-Id", request_id())
        if secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return answer


def problem(status: int, code: str, detail: str) -> Response:
    """Make an error answer; ``code`` is for programs, ``detail`` says in one sentence what helps."""
    members = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code,
               "request_id": request_id()}
    return Response(orjson.dumps(members), status, content_type=PROBLEM)
