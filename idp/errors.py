"""The three ways in which a call can fail, and nothing else.

A room raises a subclass of one of these three; only the two edges (``web/errors.py`` and ``endpoints/wsgi.py``) turn them
into HTML or a protocol's error body. The ``message`` is for the person or program outside: it never holds a stack, a
host name, a statement or a secret. ``debug`` goes to the log only.
"""

from __future__ import annotations


class IdpError(Exception):
    """Anything this product says about its own work.

    Attributes:
        message: One sentence that helps the person outside; safe to show.
        debug: What the operator should read in the log; never a secret.
    """

    def __init__(self, message: str, *, debug: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.debug = debug


class RefusedError(IdpError):
    """The request was understood and is refused (4xx).

    Attributes:
        code: Short machine-readable word, for example ``invalid_grant`` or ``throttled``.
        status: HTTP status to answer with, 400-499.
        retry_after_seconds: When a later try makes sense; None where it does not.
    """

    code = "refused"
    status = 400

    def __init__(
        self, message: str, *, code: str | None = None, status: int | None = None,
        retry_after_seconds: int | None = None, debug: str = "",
    ) -> None:
        super().__init__(message, debug=debug)
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(IdpError):
    """Something we depend on does not answer (503); trying again later makes sense.

    Attributes:
        dependency: ``directory``, ``database`` or the name of another dependency.
        retry_after_seconds: Sent as Retry-After.
    """

    def __init__(
        self, message: str, *, dependency: str, retry_after_seconds: int = 10, debug: str = "",
    ) -> None:
        super().__init__(message, debug=debug)
        self.dependency = dependency
        self.retry_after_seconds = retry_after_seconds


class ConfigurationError(IdpError):
    """The deployment is not fit to start: one sentence what is wrong, one what to do.

    Attributes:
        remedy: The command or the change that mends it.
    """

    def __init__(self, message: str, *, remedy: str, debug: str = "") -> None:
        super().__init__(message, debug=debug)
        self.remedy = remedy

    def __str__(self) -> str:
        """Give the sentence and its remedy, as the start-up failure prints them."""
        return f"{self.message} Remedy: {self.remedy}"
