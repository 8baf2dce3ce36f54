"""Round the views of POST: a request that was sent before under its name is answered as then, and reaches no view.

Spec: draft-ietf-httpapi-idempotency-key-header-07 §2. What is done once, and what is kept of answers, is decided in
``administration.operation.repeats``; here is what of an HTTP message belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any, Final

from flask import Response, g, request

from ...administration.operation.repeats import LONGEST_KEPT, Answer, Named, Repeats
from ...roles import Administrator

JSON: Final = "application/json"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"


class AnsweredError(Exception):
    """The request was answered before; the same answer is given again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


class Repeated:
    """Holds the name of a request while its view runs.

    Args:
        repeats: Knows requests that were done.
    """

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats

    def begin(self, who: Administrator, name: str, *, reaches_out: bool) -> None:
        """Begin a request that has a name, in a view that ``around`` made.

        Raises:
            AnsweredError: it was answered before.
            RepeatedError: as ``Repeats.named``.
        """
        content = b"\0".join((request.query_string, request.headers.get("If-Match", "").encode(),
                              request.mimetype.encode(), request.get_data()))
        one = g.held_until_answered.enter_context(self._repeats.named(
            who, f"{request.method} {request.path}", name, content, reaches_out=reaches_out))
        if one.known is not None:
            raise AnsweredError(one.known)
        g.named_request = one

    def keep_nothing(self) -> None:
        """Say that the body of the answer is kept nowhere."""
        g.kept_nowhere = True

    def around(self, view: Callable[..., Any]) -> Callable[..., Response]:
        """Make a view whose requests end, and are noted, before their answer leaves."""
        @wraps(view)
        def held(**path: str) -> Response:
            with ExitStack() as stack:
                g.held_until_answered = stack
                try:
                    answer: Response = view(**path)
                except AnsweredError as again:
                    return _again(again.answer)
                one: Named | None = g.get("named_request")
                if one is not None and answer.status_code < 400:
                    one.answered(_kept(answer))
                return answer

        return held


def _kept(answer: Response) -> Answer:
    body: bytes | None = None
    if not g.get("kept_nowhere") and not answer.is_streamed and (answer.mimetype == JSON or answer.status_code == 204):
        body = answer.get_data()
        body = body if len(body) <= LONGEST_KEPT else None
    return Answer(answer.status_code, body, answer.headers.get("Location", ""), answer.headers.get("ETag", ""))


def _again(known: Answer) -> Response:
    answer = Response(known.body, known.status, content_type=JSON) if known.status != 204 else Response(b"", 204)
    for name, value in (("Location", known.location), ("ETag", known.etag)):
        if value:
            answer.headers[name] = value
    return answer
