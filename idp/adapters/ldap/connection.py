"""Connections to directory servers: which of several, kept or fresh, and what happens while one is down.

Servers are used in the order given. One that does not answer is left out at once by everybody (so only the first caller
waits) until a probe in the background has bound to it again; then it is preferred again. A call that began before that says
nothing about the server as it is now, however it ends. When all are left out, callers are refused at once. Searches go over a
few kept connections of the service account; a person's password only ever goes over a fresh connection, which is closed
whatever happens (python-ldap's reconnecting class is not used: it keeps passwords).

Where some servers only copy others, those that take changes are asked apart (``authority``): whatever changes something, and
whatever must not be behind.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ldap

from ...errors import ConfigurationError, UnavailableError
from .server import DEAD, Server, Timing, close, describe, hint_for, prepared, secure, unavailable

T = TypeVar("T")
log = logging.getLogger("idp.directory")
_SIGN_OF_LIFE_SECONDS = 0.5


@dataclass
class _Kept:
    """A connection bound as the service account."""

    connection: Any
    made_at: float
    used_at: float


@dataclass
class _State:
    """What is known of one server."""

    server: Server
    up: bool = True
    since: float = 0.0
    detail: str = ""
    idle: deque[_Kept] = field(default_factory=deque)


class ServerList:
    """All servers of one directory, as one.

    Args:
        servers: In order of preference.
        bind_dn: Service account.
        bind_password: Gives its password; asked at every bind, so that a rotated secret needs no restart.
        timing: Time-outs.
        pool_size: Service connections in use at once, and kept.
        is_somebody: Asks a server whether a connection is bound as anybody.
    """

    def __init__(
        self, servers: Sequence[Server], *, bind_dn: str, bind_password: Callable[[], str], timing: Timing | None = None,
        pool_size: int = 4, is_somebody: Callable[[Any], bool],
    ) -> None:
        self.timing = timing or Timing()
        self._states = [_State(server, since=time.monotonic()) for server in servers]
        self._bind_dn = bind_dn
        self._bind_password = bind_password
        self._pool_size = pool_size
        self._is_somebody = is_somebody
        self._slots = threading.BoundedSemaphore(pool_size)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._prober: threading.Thread | None = None

    def lookup(self, work: Callable[[Any, float], T], *, authority: bool = False) -> T:
        """Do a short read as the service account, on the first server that answers.

        Args:
            work: Called with a connection and the seconds it may take; may be called again for another server.
            authority: Ask only servers that take changes.

        Raises:
            UnavailableError: no server answered within the budget; at once while all are known to be down.
            ldap.LDAPError: a server's answer that is no outage.
        """
        until = time.monotonic() + self.timing.budget
        if not self._slots.acquire(timeout=self.timing.connect):
            raise unavailable("all service connections are in use")
        try:
            return self._each(until, lambda state: self._pooled(state, work, until), authority)
        finally:
            self._slots.release()

    def fresh(self, work: Callable[[Any, float], T], *, authority: bool = False) -> T:
        """Do something on a connection of its own, unbound before and after; for people's passwords.

        Args:
            work: As for ``lookup``.
            authority: As for ``lookup``.

        Raises:
            UnavailableError: as for ``lookup``.
            ldap.LDAPError: a server's answer that is no outage.
        """
        until = time.monotonic() + self.timing.budget

        def on(state: _State) -> T:
            with self._opened(state.server, until) as connection:
                return work(connection, self.timing.operation)

        return self._each(until, on, authority)

    @contextlib.contextmanager
    def listing(self) -> Iterator[Any]:
        """Lend a service connection of its own to a server that takes changes; what fails in the middle raises UnavailableError.

        Raises:
            UnavailableError: no server answers, or it stopped answering.
        """
        until = time.monotonic() + self.timing.budget
        state, since, connection = self._each(
            until, lambda state: (state, state.since, self._bound(state.server, until)), authority=True)
        try:
            connection.set_option(ldap.OPT_TIMEOUT, self.timing.operation)
            yield connection
        except ldap.LDAPError as err:
            if isinstance(err, DEAD):
                self._mark_down(state, since, err)
            raise unavailable(describe(err)) from err
        finally:
            close(connection)

    @contextlib.contextmanager
    def following(self, kind: type[Any]) -> Iterator[tuple[Any, Callable[[], bool]]]:
        """Lend a service connection of a class of its own for as long as somebody listens on it.

        Yields:
            The connection, and what tells whether its server is still in use: a server that stopped answering others has
            stopped telling us, whatever the silent connection looks like.

        Raises:
            UnavailableError: no server answers, or it stopped answering.
        """
        until = time.monotonic() + self.timing.budget
        state, since, connection = self._each(
            until, lambda state: (state, state.since, self._bound(state.server, until, kind)), authority=True)
        try:
            yield connection, lambda: state.up
        except ldap.LDAPError as err:
            if isinstance(err, DEAD):
                self._mark_down(state, since, err)
            raise unavailable(describe(err)) from err
        finally:
            close(connection)

    def states(self) -> list[dict[str, object]]:
        """Tell of each server whether it is in use, and for how many seconds it has been so."""
        now = time.monotonic()
        with self._lock:
            return [{"uri": s.server.uri, "state": "up" if s.up else "down", "for_seconds": int(now - s.since),
                     "detail": s.detail} for s in self._states]

    def answers(self) -> bool:
        """Tell whether any server that is read is in use."""
        return any(state.up for state in self._states if state.server.is_read)

    def try_each(self, look: Callable[[Any], T]) -> list[tuple[Server, T | Exception]]:
        """Bind to every server, whatever is known of it, and give what ``look`` says or what went wrong."""
        results: list[tuple[Server, T | Exception]] = []
        for state in self._states:
            try:
                connection = self._bound(state.server, time.monotonic() + self.timing.budget)
                try:
                    results.append((state.server, look(connection)))
                finally:
                    close(connection)
            except (ldap.LDAPError, UnavailableError) as err:
                results.append((state.server, err))
        return results

    def close(self) -> None:
        """Stop probing and close what is kept."""
        self._closed.set()
        prober = self._prober
        if prober is not None:
            prober.join(self.timing.budget + 1)
        for state in self._states:
            self._drop_idle(state)

    def _each(self, until: float, act: Callable[[_State], T], authority: bool) -> T:
        """Act on the first server that is up; leave out those that turn out to be dead."""
        failure: Exception | None = None
        for state in self._states:
            since = state.since
            if not state.up or not (state.server.takes_changes if authority else state.server.is_read):
                continue
            if failure is not None and time.monotonic() >= until:
                break
            try:
                return act(state)
            except DEAD as err:
                self._mark_down(state, since, err)
                failure = err
        if failure is None:
            raise unavailable("every server is known to be down")
        raise unavailable(describe(failure)) from failure

    def _pooled(self, state: _State, work: Callable[[Any, float], T], until: float) -> T:
        while True:
            kept = self._take(state)
            reused = kept is not None
            if kept is None:
                now = time.monotonic()
                kept = _Kept(self._bound(state.server, until), now, now)
            try:
                result = work(kept.connection, max(0.2, min(self.timing.connect, until - time.monotonic())))
            except ldap.TIMEOUT:
                close(kept.connection)
                raise
            except DEAD:
                close(kept.connection)
                if not reused:
                    raise
                # The server may have restarted since: what else is kept is as dead, and a fresh connection tells.
                self._drop_idle(state)
            except ldap.LDAPError:
                self._give_back(state, kept)
                raise
            except BaseException:
                close(kept.connection)
                raise
            else:
                self._give_back(state, kept)
                return result

    def _take(self, state: _State) -> _Kept | None:
        while True:
            try:
                kept = state.idle.pop()
            except IndexError:
                return None
            now = time.monotonic()
            too_old = now - kept.made_at > self.timing.max_age
            if not too_old and (now - kept.used_at <= self.timing.check_after or self._lives(kept.connection)):
                return kept
            close(kept.connection)

    def _lives(self, connection: Any) -> bool:
        try:
            connection.set_option(ldap.OPT_TIMEOUT, _SIGN_OF_LIFE_SECONDS)
            return self._is_somebody(connection)
        except ldap.LDAPError:
            return False

    def _give_back(self, state: _State, kept: _Kept) -> None:
        kept.used_at = time.monotonic()
        if self._closed.is_set() or not state.up or len(state.idle) >= self._pool_size:
            close(kept.connection)
        else:
            state.idle.append(kept)

    def _drop_idle(self, state: _State) -> None:
        while True:
            try:
                close(state.idle.pop().connection)
            except IndexError:
                return

    def _bound(self, server: Server, until: float, kind: type[Any] | None = None) -> Any:
        """Open a connection as the service account; raises what ``DEAD`` holds for everything that makes a server useless."""
        connection = prepared(server, self._seconds(until), kind)
        try:
            secure(connection, server)
            connection.simple_bind_s(self._bind_dn, self._bind_password())
            if not self._is_somebody(connection):
                raise ldap.CONNECT_ERROR({"desc": "bound as nobody"})
        except DEAD:
            close(connection)
            raise
        except (ldap.LDAPError, ConfigurationError) as err:
            close(connection)
            raise ldap.CONNECT_ERROR({"desc": f"the service account is refused ({describe(err)})"}) from err
        except BaseException:
            close(connection)
            raise
        return connection

    @contextlib.contextmanager
    def _opened(self, server: Server, until: float) -> Iterator[Any]:
        connection = prepared(server, self._seconds(until))
        try:
            secure(connection, server)
            connection.set_option(ldap.OPT_TIMEOUT, self.timing.operation)
            yield connection
        finally:
            close(connection)

    def _seconds(self, until: float) -> float:
        return max(0.2, min(self.timing.connect, until - time.monotonic()))

    def _mark_down(self, state: _State, since: float, err: Exception) -> None:
        """Leave a server out because of a call that began while it had been up since ``since``."""
        detail = describe(err)
        with self._lock:
            if not state.up or state.since != since:
                return
            state.up, state.since, state.detail = False, time.monotonic(), detail
            if self._prober is None and not self._closed.is_set():
                self._prober = threading.Thread(target=self._probe, name="directory-probe", daemon=True)
                self._prober.start()
        self._drop_idle(state)
        log.error("directory server %s does not answer: %s%s", state.server.uri, detail, hint_for(state.server))

    def _probe(self) -> None:
        """Try the servers that are left out until none is."""
        while not self._closed.wait(self.timing.retry):
            for state in self._states:
                if not state.up:
                    self._try_again(state)
            with self._lock:
                if all(state.up for state in self._states):
                    self._prober = None
                    return

    def _try_again(self, state: _State) -> None:
        try:
            close(self._bound(state.server, time.monotonic() + self.timing.connect))
        except ldap.LDAPError as err:
            state.detail = describe(err)
            return
        with self._lock:
            state.up, state.since, state.detail = True, time.monotonic(), ""
        log.warning("directory server %s answers again", state.server.uri)
        for later in self._states[self._states.index(state) + 1:]:
            self._drop_idle(later)
