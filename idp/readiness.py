"""Whether a process can do its work: for ``/readyz``, and for the console.

``Readiness`` names each dependency and its state, and says 503 when one that every request needs is down: database or signing
keys. While the directory is away nobody signs in anew, but tokens, sessions and logout go on, and no proxy may take every process
out of service for it: that is ``degraded`` with 200; so is a worker that stopped, a mirror that does not follow the directory, a
token with signing keys that does not answer, a carrier's mobile signature service that is away, SIMs in doubt about which nobody
has decided, or a break-glass administrator who is switched on.
Answers are kept for a second, and a check that does not come back in time counts as down, so that asking often costs nothing and
never hangs. Host names and errors stay in the log (security checklist 43).
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic
from typing import Any

from .directory.brake import LATE_SECONDS
from .errors import IdpError, UnavailableError
from .jose.keyset import ALGORITHMS
from .jose.rotation import OVERDUE_SECONDS
from .services import Services
from .signing.mobile_signature import MobileSignatureService
from .signing.outcome import Outcome

KEEP_SECONDS = 1.0
LONGEST_CHECK_SECONDS = 2.0
HEARTBEAT_SECONDS = 15
LATE_NOTICE_SECONDS = 60
LATE_MAIL_SECONDS = 300
LATE_SEAL_SECONDS = 60
CARRIER_SECONDS = 30
"""How long what others' services said counts: whoever asks us often must not make us ask them as often."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """State of one dependency: ``up``, ``degraded`` or ``down``, with figures that anybody may see."""

    state: str
    detail: Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something this process relies on; ``needed`` by every request, or only by some; a finding counts for ``keep_seconds``."""

    name: str
    needed: bool
    check: Callable[[], Finding]
    keep_seconds: float = 0


class Readiness:
    """Asks the dependencies, at most once a second, each at most two seconds long."""

    def __init__(self, dependencies: tuple[Dependency, ...], *, keep_seconds: float = KEEP_SECONDS,
                 longest_check_seconds: float = LONGEST_CHECK_SECONDS) -> None:
        self._dependencies = dependencies
        self._keep, self._longest = keep_seconds, longest_check_seconds
        self._pool = ThreadPoolExecutor(max(1, len(dependencies)), thread_name_prefix="readyz")
        self._running: dict[str, Future[Finding]] = {}
        self._kept: dict[str, tuple[float, Finding]] = {}
        self._lock = threading.Lock()
        self._asked_at = -1e9
        self._states: dict[str, str] = {}
        self._last: tuple[int, dict[str, Any]] = (503, {})

    def look(self) -> tuple[int, dict[str, Any]]:
        """Give status (200 or 503) and body."""
        # While somebody asks, others get the last answer at once; only the very first callers wait.
        with_lock = self._lock.acquire(blocking=not self._last[1])
        try:
            if with_lock and monotonic() - self._asked_at >= self._keep:
                self._last = self._ask()
                self._asked_at = monotonic()
            return self._last
        finally:
            if with_lock:
                self._lock.release()

    def _ask(self) -> tuple[int, dict[str, Any]]:
        for dependency in self._dependencies:
            if dependency.name not in self._running and self._known(dependency) is None:
                self._running[dependency.name] = self._pool.submit(dependency.check)
        wait(self._running.values(), timeout=self._longest)
        found: dict[str, Any] = {}
        unusable = degraded = False
        for dependency in self._dependencies:
            finding = self._known(dependency) or self._finding(dependency)
            found[dependency.name] = {"state": finding.state, **finding.detail}
            unusable = unusable or (dependency.needed and finding.state == "down")
            degraded = degraded or finding.state != "up"
        status = "unavailable" if unusable else "degraded" if degraded else "ready"
        return 503 if unusable else 200, {"status": status, "dependencies": found}

    def _known(self, dependency: Dependency) -> Finding | None:
        at, finding = self._kept.get(dependency.name, (-1e9, None))
        return finding if monotonic() - at < dependency.keep_seconds else None

    def _finding(self, dependency: Dependency) -> Finding:
        future = self._running[dependency.name]
        reason = ""
        if not future.done():
            # It stays in its thread and is not started again before it comes back.
            finding, reason = Finding("down", {"reason": "no answer in time"}), "no answer in time"
        else:
            del self._running[dependency.name]
            err = future.exception()
            if err is None:
                finding = future.result()
                self._kept[dependency.name] = monotonic(), finding
            else:
                finding = Finding("down", {})
                reason = (err.debug or err.message) if isinstance(err, IdpError) else f"{type(err).__name__}: {err}"
        if self._states.get(dependency.name, "up") != finding.state:
            _log.warning("%s is %s%s", dependency.name, finding.state, reason and f": {reason}")
        self._states[dependency.name] = finding.state
        return finding


def _answers(service: MobileSignatureService) -> bool:
    """Tell whether a carrier's service is there and lets us in."""
    try:
        return service.handshake(f"h{secrets.token_hex(16)}").outcome is Outcome.ACCEPTED
    except UnavailableError:
        return False


def dependencies(services: Services) -> tuple[Dependency, ...]:
    """List what this process relies on."""
    def database() -> Finding:
        services.ping_database()
        return Finding("up", {})

    def keys() -> Finding:
        for alg in ALGORITHMS:
            services.keys.signing(alg)
        now, due = services.clock.now(), [at for alg in ALGORITHMS if (at := services.keys.next_rotation_at(alg)) is not None]
        age = max(now - (key.activated_at or key.created_at) for key in services.keys.stored()
                  if key.state == "active" and key.alg in ALGORITHMS)
        rest = min(due) - now if due else None
        return Finding("degraded" if rest is not None and rest < -OVERDUE_SECONDS else "up",
                       {"signing_key_age_seconds": age, "next_rotation_seconds": rest})

    def key_token() -> Finding:
        assert services.keys.token is not None
        services.keys.token.check()
        return Finding("up", {})

    def directory() -> Finding:
        health = services.directory.health()
        servers = health.get("servers")
        states = [str(server.get("state")) for server in servers if isinstance(server, dict)] if isinstance(servers, list) else []
        up = states.count("up")
        if health.get("state") != "up":
            return Finding("down", {"servers": len(states), "servers_up": up})
        return Finding("up" if up == len(states) else "degraded", {"servers": len(states), "servers_up": up})

    def directory_feed() -> Finding:
        state, now = services.mirroring.brake.state(), services.clock.now()
        waiting, oldest = services.mirroring.ledger.waiting()
        late = max(0, now - oldest) if oldest is not None else 0
        age = max(0, now - state.heard_at) if state.heard_at else None
        silent = services.mirroring.feed.source != "off" and (age is None or age > LATE_SECONDS)
        return Finding("degraded" if state.braked_at or silent or late > LATE_SECONDS else "up", {
            "heard_age_seconds": age, "braked": int(bool(state.braked_at)),
            "reconciled_age_seconds": max(0, now - state.reconciled_at) if state.reconciled_at else None,
            "held_losses": state.losses if state.braked_at else 0, "changes_waiting": waiting, "oldest_change_seconds": late})

    def worker() -> Finding:
        last, now = services.pulse.last(), services.clock.now()
        age = None if last is None else max(0, now - last)
        return Finding("up" if age is not None and age <= HEARTBEAT_SECONDS else "down", {"heartbeat_age_seconds": age})

    def logout_notices() -> Finding:
        state, now = services.outbox.state(), services.clock.now()
        oldest = 0 if state.oldest_waiting_at is None else max(0, now - state.oldest_waiting_at)
        late = oldest > LATE_NOTICE_SECONDS or state.dead > 0
        return Finding("degraded" if late else "up", {
            "waiting": state.waiting, "oldest_waiting_seconds": oldest, "dead": state.dead,
            "failing_applications": len(state.failing)})

    def mail() -> Finding:
        state, now = services.mail.state(), services.clock.now()
        oldest = 0 if state.oldest_waiting_at is None else max(0, now - state.oldest_waiting_at)
        late = oldest > LATE_MAIL_SECONDS or state.dead > 0
        return Finding("degraded" if late else "up", {
            "waiting": state.waiting, "oldest_waiting_seconds": oldest, "dead": state.dead})

    def jobs() -> Finding:
        queue, now = services.job_work.queue(), services.clock.now()
        oldest = 0 if queue.oldest_waiting_at is None else max(0, now - queue.oldest_waiting_at)
        return Finding("degraded" if queue.stuck(now) else "up", {
            "waiting": queue.waiting, "running": queue.running, "oldest_waiting_seconds": oldest, "abandoned": queue.dead})

    def audit_trail() -> Finding:
        records, seconds = services.audit_chain.backlog()
        differs = services.audit_chain.head_conflict() != ""
        return Finding("degraded" if seconds > LATE_SEAL_SECONDS or differs else "up",
                       {"unsealed_records": records, "sealing_lag_seconds": seconds, "differs_from_known_head": int(differs)})

    def break_glass() -> Finding:
        return Finding("degraded", {"switched_on": 1, "usable": int(services.break_glass.problem() is None)})

    def mobile_signature() -> Finding:
        assert services.mobile_signatures is not None
        carriers = services.mobile_signatures.carriers
        with ThreadPoolExecutor(len(carriers)) as pool:
            up = sum(pool.map(_answers, carriers.values()))
        return Finding("up" if up == len(carriers) else "degraded" if up else "down",
                       {"carriers": len(carriers), "carriers_up": up})

    def signing_sims() -> Finding:
        assert services.mobile_signatures is not None
        doubts = services.mobile_signatures.brake.open()
        return Finding("degraded" if doubts else "up", {
            "carriers_in_doubt": len(doubts), "in_doubt": sum(doubt.sims for doubt in doubts)})

    return (
        Dependency("database", True, database), Dependency("keys", True, keys), Dependency("directory", False, directory),
        Dependency("directory_feed", False, directory_feed),
        Dependency("worker", False, worker), Dependency("logout_notices", False, logout_notices),
        *([Dependency("mail", False, mail)] if services.mail_delivery.server is not None else []),
        Dependency("audit_trail", False, audit_trail), Dependency("jobs", False, jobs),
        *([Dependency("mobile_signature", False, mobile_signature, CARRIER_SECONDS),
           Dependency("signing_sims", False, signing_sims)]
          if services.mobile_signatures is not None else []),
        *([Dependency("break_glass", False, break_glass)] if services.break_glass.named else []),
        *([Dependency("key_token", False, key_token)] if services.keys.token is not None else []))
