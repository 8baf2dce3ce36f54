"""The steps of an application on its way to single sign-on, and who says that one is taken.

Source: OpenID Connect Back-Channel Logout 1.0 §2.8 (an answer of 200 proves that an application hears of logouts), security
checklist 38. What the province can see is seen: the first sign-in and the last, an examination without a fault, a logout that was
delivered. Only whether the old login is switched off must be said by somebody. A proof stands for what it was given for: after
another registration the examination is due again, and another address has to hear of a logout anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from ...audit import AuditEvent, AuditRecord, Caller
from ...clock import Clock
from ...errors import RefusedError
from ...oauth.client import Client, ClientRegistry
from ...oauth.clients.examination import FAILED, Examiner, Finding
from ...oauth.clients.registration import to_metadata
from ...roles import Administrator
from ..access import ForbiddenError
from ..audit.actors import Actors, Told

LONGEST_NOTE: Final = 500
LOOK_SECONDS: Final = 600
"""How often the worker looks who was used; a list may be that much behind."""


class Step(StrEnum):
    """What is known of an application's way."""

    CONNECTED = "connected"
    """An officer signed in there, or it got a token as itself, for the first time."""
    USED = "used"
    """The same, for the last time."""
    TESTED = "tested"
    LOGOUT_PROVEN = "logout_proven"
    OLD_LOGIN_OFF = "old_login_off"


WAY: Final = (Step.TESTED, Step.CONNECTED, Step.LOGOUT_PROVEN, Step.OLD_LOGIN_OFF)
"""Steps in the order in which they are usually taken, after the registration."""


@dataclass(frozen=True, slots=True)
class Done:
    """One step that was taken.

    Attributes:
        at: When, seconds since the epoch.
        about: What it stands for: digest of the registration that was examined, address that heard of a logout; else empty.
        by: The officer who said so; empty where it was seen.
        note: What they said.
    """

    at: int
    about: str = ""
    by: str = ""
    note: str = ""


class OnboardingStore(Protocol):
    """Where steps are kept."""

    def of(self, client_id: str) -> Mapping[Step, Done]:
        """Give an application's steps."""
        ...

    def all(self) -> Mapping[str, Mapping[Step, Done]]:
        """Give every application's steps, by its identifier."""
        ...

    def note(self, client_id: str, step: Step, done: Done, record: AuditRecord) -> None:
        """Keep a step in place of an earlier one."""
        ...

    def forget(self, client_id: str, step: Step, record: AuditRecord) -> bool:
        """Take a step back; False where there was none."""
        ...


class Onboarding:
    """Tells how far applications are, and examines them.

    Args:
        store: Where steps are kept.
        registry: Applications of this process.
        examiner: Looks at registrations.
        actors: Tells who is told of.
        clock: Source of the time.
    """

    def __init__(self, store: OnboardingStore, registry: ClientRegistry, examiner: Examiner, actors: Actors,
                 clock: Clock) -> None:
        self._store, self._registry, self._examiner = store, registry, examiner
        self._actors, self._clock = actors, clock

    def all(self, who: Administrator) -> dict[str, dict[str, Any]]:
        """Give how far every application is that an administrator oversees, by identifier; shapes as ``of``."""
        known, told = self._store.all(), self._actors.told(who)
        return {client.client_id: _course(client, known.get(client.client_id, {}), told)
                for client in self._registry.all() if who.oversees(client.owner_unit)}

    def of(self, who: Administrator, client_id: str) -> dict[str, Any]:
        """Give how far an application is.

        Returns:
            ``registered_at``, ``last_used_at`` (seconds since the epoch; None: never), ``complete`` and ``steps``: a list of
            ``step`` (one of ``WAY``), ``state`` (``done``; ``open``; ``due_again``: done for another registration or address;
            ``not_needed``; ``missing``: there is no address that hears of logouts), ``at``, ``by`` and ``note``.

        Raises:
            RefusedError: 404: unknown, or another agency's.
        """
        return _course(self._seen(who, client_id), self._store.of(client_id), self._actors.told(who))

    def test(self, who: Administrator, client_id: str, caller: Caller) -> tuple[Finding, ...]:
        """Examine a registration and the application's own addresses; the step is taken where nothing failed.

        Raises:
            RefusedError: 404: unknown, or another agency's.
            ForbiddenError: they only read.
        """
        client = self._to_change(who, client_id)
        findings = self._examiner.examine(client, entered=client, fetch=True)
        failed = sum(finding.state == FAILED for finding in findings)
        now = self._clock.now()
        record = self._record(AuditEvent.CLIENT_TESTED, client_id, now, caller, failed=failed, warnings=len(findings) - failed)
        if failed:
            self._store.forget(client_id, Step.TESTED, record)
        else:
            self._store.note(client_id, Step.TESTED, Done(now, registration_digest(client), who.sub), record)
        return findings

    def old_login_off(self, who: Administrator, client_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Note that officers come in by single sign-on alone; the body's ``note`` says who switched the old login off, and when.

        Raises:
            RefusedError: 404: unknown, or another agency's; 422 ``invalid_body``: nothing, or too much, is said.
            ForbiddenError: they only read.
        """
        self._to_change(who, client_id)
        note = body.get("note")
        said = note.strip() if isinstance(note, str) else ""
        if body.keys() != {"note"} or not 0 < len(said) <= LONGEST_NOTE or not said.replace("\n", " ").isprintable():
            raise RefusedError(f"The body holds note: 1 to {LONGEST_NOTE} characters, without control characters.",
                               code="invalid_body", status=422)
        now = self._clock.now()
        self._store.note(client_id, Step.OLD_LOGIN_OFF, Done(now, "", who.sub, said),
                         self._record(AuditEvent.CLIENT_OLD_LOGIN, client_id, now, caller, off=True, note=said))
        return self.of(who, client_id)

    def old_login_on(self, who: Administrator, client_id: str, caller: Caller) -> dict[str, Any]:
        """Take that back. Errors as ``test``."""
        self._to_change(who, client_id)
        self._store.forget(client_id, Step.OLD_LOGIN_OFF,
                           self._record(AuditEvent.CLIENT_OLD_LOGIN, client_id, self._clock.now(), caller, off=False))
        return self.of(who, client_id)

    def _seen(self, who: Administrator, client_id: str) -> Client:
        client = next((one for one in self._registry.all() if one.client_id == client_id), None)
        if client is None or not who.oversees(client.owner_unit):
            raise RefusedError("There is no such client.", code="unknown_client", status=404)
        return client

    def _to_change(self, who: Administrator, client_id: str) -> Client:
        client = self._seen(who, client_id)
        if not who.may_change:
            raise ForbiddenError("Auditors read; they change nothing.")
        return client

    def _record(self, event: AuditEvent, client_id: str, now: int, caller: Caller, **detail: str | int | bool) -> AuditRecord:
        return AuditRecord(event, now, client_id=client_id, source=caller.source, request_id=caller.request_id,
                           detail={**detail, **caller.by})


def registration_digest(client: Client) -> str:
    """Give what an examination stands for: SHA-256 (hexadecimal) of the registration."""
    return hashlib.sha256(json.dumps(to_metadata(client), sort_keys=True).encode()).hexdigest()


def _course(client: Client, known: Mapping[Step, Done], told: Told) -> dict[str, Any]:
    steps = [_step(client, step, known.get(step), told) for step in WAY]
    used = known.get(Step.USED)
    return {"client_id": client.client_id, "registered_at": client.created_at or None,
            "last_used_at": None if used is None else used.at,
            "complete": all(one["state"] in ("done", "not_needed") for one in steps), "steps": steps}


def _step(client: Client, step: Step, done: Done | None, told: Told) -> dict[str, Any]:
    state = "open" if done is None else "done"
    if step is Step.TESTED and done is not None and done.about != registration_digest(client):
        state = "due_again"
    if step in (Step.LOGOUT_PROVEN, Step.OLD_LOGIN_OFF) and not client.redirect_uris:
        state = "not_needed"
    elif step is Step.LOGOUT_PROVEN and not client.backchannel_logout_uri:
        state = "missing"
    elif step is Step.LOGOUT_PROVEN and done is not None and done.about != client.backchannel_logout_uri:
        state = "due_again"
    return {"step": step.value, "state": state, "at": None if done is None else done.at,
            "by": "" if done is None else told(done.by), "note": "" if done is None else done.note}
