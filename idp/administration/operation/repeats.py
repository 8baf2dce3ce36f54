"""A request that has a name of its own is done once, however often it is sent.

Spec: draft-ietf-httpapi-idempotency-key-header-07 §2.6 (enforcement), §2.7 (answers), §2.2 (the name is the caller's: another's
is another request). The name and what was done are written in one transaction, so that whatever dies in between leaves neither.
What reaches out of the database (the directory, a carrier, a card) cannot be undone with it: there the name is taken before, and
where nobody lived to write down how it ended, nobody does it again under this name.

The answer is kept for a day and given again: a lost answer is why a request is sent twice. What is shown once (secrets,
passwords, codes, data that are read for a purpose) is kept nowhere; of it only the address is told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from ...roles import Administrator

KEPT_SECONDS: Final = 86400
LONGEST_KEPT: Final = 64 * 1024
"""Bytes of an answer; of a longer one only the address is told again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered.

    Attributes:
        status: HTTP status; 0: it was begun, and how it ended is not known.
        body: JSON; None where it is not kept.
        location: Address of what was made; empty where nothing was.
        etag: As it was sent; empty without one.
    """

    status: int
    body: bytes | None = None
    location: str = ""
    etag: str = ""


class AnsweredRequests(Protocol):
    """Where answers are kept."""

    def holding(self, key: bytes, keeps: Callable[[BaseException], bool]) -> AbstractContextManager[bool]:
        """Hold one transaction of this thread, of which is all that it writes; False where another holds one under this key.

        What is raised in it undoes all of it, unless ``keeps`` says otherwise.
        """
        ...

    def find(self, key: bytes, *, now: int) -> tuple[bytes, Answer] | None:
        """Find the digest of what was sent, and the answer."""
        ...

    def take(self, key: bytes, content: bytes, answer: Answer, *, now: int, until: int) -> bool:
        """Note an answer durably, and tell whether there was none: of several callers exactly one gets True."""
        ...

    def amend(self, key: bytes, answer: Answer) -> None:
        """Write the answer of one that was taken as begun."""
        ...

    def forget(self, key: bytes) -> None:
        """Give the name back: nothing was done."""
        ...


class RepeatedError(RefusedError):
    """The request was sent before.

    Attributes:
        location: Address of what was made then; empty where there is none.
    """

    status = 409

    def __init__(self, message: str, code: str, *, status: int = 409, location: str = "") -> None:
        super().__init__(message, code=code, status=status)
        self.location = location


class Named:
    """One request, while it is done.

    Attributes:
        known: The answer that it was given before, which is to be given again; None: it is to be done.
    """

    def __init__(self, known: Answer | None = None) -> None:
        self.known = known
        self.answer: Answer | None = None

    def answered(self, answer: Answer) -> None:
        """Say what is answered, before the request ends; without that its name is free again."""
        self.answer = answer


class Repeats:
    """Knows requests that were done.

    Args:
        store: Where answers are kept.
        clock: Source of the time.
    """

    def __init__(self, store: AnsweredRequests, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @contextmanager
    def named(self, who: Administrator, asked: str, name: str, content: bytes, *, reaches_out: bool) -> Iterator[Named]:
        """Do a request once.

        Args:
            who: The caller, who is let in already.
            asked: Method and path.
            name: Its name, as the caller gave it.
            content: All else by which one request differs from another.
            reaches_out: Whether it changes what this database cannot undo.

        Raises:
            RepeatedError: 422 ``key_used_otherwise``, 409 ``under_way``, ``already_done``, ``end_unknown``.
            UnavailableError: the database does not answer; sent again under its name, it is done once.
        """
        key = hashlib.sha256("\0".join((who.client_id, who.sub, asked, name)).encode("utf-8", "surrogatepass")).digest()
        digest = hashlib.sha256(content).digest()
        with (self._begun if reaches_out else self._together)(key, digest) as one:
            yield one

    @contextmanager
    def _together(self, key: bytes, digest: bytes) -> Iterator[Named]:
        with self._store.holding(key, _keeps) as mine:
            if not mine:
                raise _under_way()
            one = self._known(key, digest)
            yield one
            if one.answer is not None:
                now = self._clock.now()
                self._store.take(key, digest, one.answer, now=now, until=now + KEPT_SECONDS)

    @contextmanager
    def _begun(self, key: bytes, digest: bytes) -> Iterator[Named]:
        with self._store.holding(key, _keeps) as mine:
            if not mine:
                raise _under_way()
            one, now = self._known(key, digest), self._clock.now()
            taken = one.known is None and self._store.take(key, digest, Answer(0), now=now, until=now + KEPT_SECONDS)
        if one.known is None and not taken:
            raise _under_way()
        try:
            yield one
        except RefusedError:
            if taken:
                self._store.forget(key)
            raise
        except UnavailableError as err:
            if taken and err.dependency != "database":
                self._store.forget(key)
            raise
        if taken:
            self._store.amend(key, one.answer) if one.answer is not None else self._store.forget(key)

    def _known(self, key: bytes, digest: bytes) -> Named:
        found = self._store.find(key, now=self._clock.now())
        if found is None:
            return Named()
        content, answer = found
        if content != digest:
            raise RepeatedError("This Idempotency-Key named another request of yours, with other content. Send a new one.",
                                "key_used_otherwise", status=422)
        if answer.status == 0:
            raise RepeatedError("A request of this name was begun and is under way, or was cut off: whether it was done is not "
                                "known. Read what it acts on; to do it once more send a new Idempotency-Key.", "end_unknown")
        if answer.body is None:
            raise RepeatedError("This request was done before, and what it answered was shown then. To do it once more send "
                                "another Idempotency-Key.", "already_done", location=answer.location)
        return Named(answer)


def _keeps(err: BaseException) -> bool:
    """Tell whether records of a refusal stay: as they do without a name."""
    return isinstance(err, RefusedError) or (isinstance(err, UnavailableError) and err.dependency != "database")


def _under_way() -> RepeatedError:
    return RepeatedError("A request of this name is under way. Send it again in a moment.", "under_way")
