"""What a browser is in the middle of: a stored authorization request, a sign-in to our own pages, or a request to sign out.

The pages carry only the interaction's identifier; nothing is rebuilt from a URL or a hidden field. An interaction belongs to the
browser that took it up first, and remembers which factors were proven in it, so that no step can be skipped, carried over to
another browser, or restarted into a weaker flow (security checklist 21, 29, 30). OpenID Connect Core 1.0 §3.1.2.1 (prompt=login,
max_age) is answered from ``authenticated_at``: only an authentication made here counts.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from typing import Protocol

from ..clock import Clock

PROOF_LIFETIME_SECONDS = 600
"""How long a right password waits for the steps that follow it (ASVS 6.6.2: bound to this authentication)."""

_IDENTIFIER = re.compile("[A-Za-z0-9_-]{43}")

_FRESH = '{"fresh":true}'

REPEAT_SECONDS = 15
"""A second press of the same button within this time is the same act, not an old page."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One stored request or sign-in.

    Attributes:
        id: 256 random bits, base64url; names the pages' addresses.
        kind: ``authorize``, ``page`` or ``logout``.
        client_id: The application; empty for our own pages.
        request: JSON of the validated authorization or end-session request; of a page of ours, what it asks for besides.
        return_to: Path on our own host, for kind ``page``.
        browser_digest: SHA-256 of the browser id that took it up; None before.
        entry_uuid: Officer whose password was right here; empty before.
        amr: Factors proven here so far.
        proven_at: When the password was proven here.
        must_change_password: The directory wants a new password before anything else.
        password_expires_at: When the password that was right here ends, where the officer is to be told.
        grace_left: Sign-ins left with the expired password that was right here; None for one that is not expired.
        authenticated_at: When everything asked was proven here.
        authenticated_sid: The session that this led to.
        done_at: When the answer left for the application.
    """

    id: str
    kind: str
    client_id: str
    request: str
    return_to: str
    browser_digest: bytes | None
    created_at: int
    expires_at: int
    entry_uuid: str = ""
    amr: tuple[str, ...] = ()
    proven_at: int | None = None
    must_change_password: bool = False
    password_expires_at: int | None = None
    grace_left: int | None = None
    authenticated_at: int | None = None
    authenticated_sid: str = ""
    done_at: int | None = None

    @property
    def fresh(self) -> bool:
        """Whether a page of ours asks for a fresh authentication (``authn.freshness``)."""
        return self.kind == "page" and self.request == _FRESH


@dataclass(frozen=True, slots=True)
class Proof:
    """That an officer's password was right, and what it leaves to do.

    Attributes:
        entry_uuid: The officer; empty for nobody.
        amr: Factors proven.
        must_change: A new password comes before anything else.
        password_expires_at: As of an ``Interaction``, and so the next.
        grace_left: See there.
    """

    entry_uuid: str
    amr: tuple[str, ...] = ()
    must_change: bool = False
    password_expires_at: int | None = None
    grace_left: int | None = None


class InteractionStore(Protocol):
    """Where interactions are kept. A crash may lose the last ones: the officer opens the application again.

    Every verb but ``insert``, ``find`` and ``forget_officer`` is one conditional statement on an interaction that is neither
    expired nor another browser's; False (or None) means that nothing was changed.
    """

    def insert(self, interaction: Interaction) -> None:
        """Keep a new interaction."""
        ...

    def find(self, interaction_id: str) -> Interaction | None:
        """Find an interaction, expired or not."""
        ...

    def bind(self, interaction_id: str, browser_digest: bytes, now: int) -> bool:
        """Give an interaction to a browser; of several browsers exactly one gets True, and gets it again when it asks again."""
        ...

    def amend(self, interaction_id: str, browser_digest: bytes, request: str, now: int) -> bool:
        """Replace the stored request of an interaction that is not done."""
        ...

    def prove(self, interaction_id: str, browser_digest: bytes, proof: Proof, now: int) -> bool:
        """Note that an officer's password was right, or with an empty ``entry_uuid`` forget what was proven."""
        ...

    def forget_officer(self, entry_uuid: str, keep_id: str, now: int) -> None:
        """Forget that an officer's password was right, in every interaction but one ("" for none)."""
        ...

    def password_changed(self, interaction_id: str, browser_digest: bytes, entry_uuid: str, now: int) -> bool:
        """Note that the officer has changed the password as was asked."""
        ...

    def authenticated(self, interaction_id: str, browser_digest: bytes, sid: str, amr: str, now: int) -> bool:
        """Note that everything asked was proven and which session it led to; the proofs are used up by it."""
        ...

    def finish(self, interaction_id: str, browser_digest: bytes, now: int) -> bool:
        """Note that the answer left; True for the first caller only."""
        ...


class Interactions:
    """Keeps what browsers are in the middle of.

    Args:
        store: Where it is kept.
        clock: Source of the time.
        lifetime_seconds: How long an open page may wait for its officer.
    """

    def __init__(self, store: InteractionStore, clock: Clock, lifetime_seconds: int) -> None:
        self._store = store
        self._clock = clock
        self._lifetime = lifetime_seconds

    def begin_authorization(self, client_id: str, request: str) -> Interaction:
        """Store a validated authorization request (JSON) for the pages that answer it."""
        return self._begin("authorize", client_id, request, "/")

    def begin_page(self, return_to: str, *, fresh: bool = False) -> Interaction:
        """Begin a sign-in to one of our own pages.

        Args:
            return_to: Path on our own host, checked by the caller.
            fresh: Whether a session is not enough, and the officer has to sign in anew.
        """
        return self._begin("page", "", _FRESH if fresh else "{}", return_to)

    def begin_logout(self, client_id: str, request: str) -> Interaction:
        """Store a checked end-session request (JSON) until the officer has answered it."""
        return self._begin("logout", client_id, request, "/")

    def _begin(self, kind: str, client_id: str, request: str, return_to: str) -> Interaction:
        now = self._clock.now()
        interaction = Interaction(id=secrets.token_urlsafe(32), kind=kind, client_id=client_id, request=request,
                                  return_to=return_to, browser_digest=None, created_at=now, expires_at=now + self._lifetime)
        self._store.insert(interaction)
        return interaction

    def take_up(self, interaction_id: str, browser_id: str) -> Interaction | None:
        """Find the interaction of a page and give it to this browser, if nobody has it yet.

        Returns:
            The interaction (which may be done); None when it is unknown, expired or another browser's.
        """
        if not _IDENTIFIER.fullmatch(interaction_id):
            return None
        now = self._clock.now()
        interaction = self._store.find(interaction_id)
        if interaction is None or interaction.expires_at <= now:
            return None
        mine = browser_digest(browser_id)
        if interaction.browser_digest is None and interaction.done_at is None:
            return replace(interaction, browser_digest=mine) if self._store.bind(interaction_id, mine, now) else None
        return interaction if interaction.browser_digest == mine else None

    def is_open(self, interaction: Interaction) -> bool:
        """Tell whether its pages may still be answered: not done, or done a moment ago by a press of the same button."""
        return interaction.done_at is None or self._clock.now() - interaction.done_at <= REPEAT_SECONDS

    def proven_officer(self, interaction: Interaction) -> str:
        """Give the entryUUID of the officer whose password was right here in the last ten minutes; empty when nobody's was."""
        if interaction.proven_at is None or self._clock.now() - interaction.proven_at > PROOF_LIFETIME_SECONDS:
            return ""
        return interaction.entry_uuid

    def prove(self, interaction: Interaction, entry_uuid: str, amr: tuple[str, ...], *, must_change: bool,
              password_expires_at: int | None = None, grace_left: int | None = None) -> Interaction | None:
        """Note that an officer's password was right; gives the interaction as it stands then, None when it is gone."""
        now = self._clock.now()
        proof = Proof(entry_uuid, amr, must_change, password_expires_at, grace_left)
        if not self._store.prove(interaction.id, _browser(interaction), proof, now):
            return None
        return replace(interaction, entry_uuid=entry_uuid, amr=amr, proven_at=now, must_change_password=must_change,
                       password_expires_at=password_expires_at, grace_left=grace_left)

    def forget(self, interaction: Interaction) -> None:
        """Forget what was proven: the officer says "not me", or starts again."""
        self._store.prove(interaction.id, _browser(interaction), Proof(""), self._clock.now())

    def forget_officer(self, entry_uuid: str, *, keep_id: str = "") -> None:
        """Forget that an officer's password was right: it is another one now. One interaction may go on."""
        self._store.forget_officer(entry_uuid, keep_id, self._clock.now())

    def password_changed(self, interaction: Interaction) -> Interaction | None:
        """Note that the officer has changed the password as was asked; None when somebody else is proven here meanwhile."""
        kept = self._store.password_changed(interaction.id, _browser(interaction), interaction.entry_uuid, self._clock.now())
        return replace(interaction, must_change_password=False, password_expires_at=None, grace_left=None) if kept else None

    def authenticated(self, interaction: Interaction, sid: str, amr: tuple[str, ...]) -> Interaction | None:
        """Note that everything asked was proven here, and the session it led to; the proofs are used up by it."""
        now = self._clock.now()
        if not self._store.authenticated(interaction.id, _browser(interaction), sid, " ".join(amr), now):
            return None
        return replace(interaction, entry_uuid="", proven_at=None, amr=amr, authenticated_at=now, authenticated_sid=sid)

    def amend(self, interaction: Interaction, request: str) -> Interaction | None:
        """Replace the stored request, when a question that it asked was answered."""
        kept = self._store.amend(interaction.id, _browser(interaction), request, self._clock.now())
        return replace(interaction, request=request) if kept else None

    def finish(self, interaction: Interaction) -> bool:
        """Note that the answer left for the application; True for the first caller only."""
        return self._store.finish(interaction.id, _browser(interaction), self._clock.now())


def browser_digest(browser_id: str) -> bytes:
    """Give what the store knows of a browser: SHA-256 of its random id."""
    return hashlib.sha256(browser_id.encode()).digest()


def _browser(interaction: Interaction) -> bytes:
    if interaction.browser_digest is None:
        raise ValueError("the interaction was not taken up by a browser")
    return interaction.browser_digest
