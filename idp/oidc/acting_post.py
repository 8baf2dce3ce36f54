"""The post that an officer acts in: who is asked for it, what is offered, and what an application is told.

Spec: OpenID Connect Core §5.5.1 (value, values), §3.1.2.1 (select_account); the province's own claim ``post``. An officer may
hold several posts at once, and a document is signed in one of them. Where an application asks and more than one would do, the
officer says which at sign-in; the answer holds for that application in that session, and a grant keeps it. A post is known by the
code of its agency and its title, because a directory gives it no other name. What is told is always the post as the officer holds
it at that moment: one that has ended or was lost is told no more, and never another in its place; the next sign-in settles that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.officer import Officer, Post
from ..oauth.authorization_request import AuthorizationRequest
from ..oauth.client import Client
from ..oauth.grant import Grant
from ..sessions.interaction import Interaction
from ..sessions.single_sign_on import Session
from . import claims_request

CLAIM = SCOPE = "post"
"""One word for the claim and for the scope that brings it."""
ASK_AGAIN = "select_post"
"""Stands in a stored request's ``prompt`` where select_account was answered; no request can bring it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a post is known by.

    Attributes:
        unit_code: The agency's code, form of 2020.
        title: NFC; may be empty.
    """

    unit_code: str
    title: str

    @property
    def mark(self) -> str:
        """What a form says for it: one of the posts that were shown, and nothing that could be made up."""
        return hashlib.sha256(f"{self.unit_code} {self.title}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Choice:
    """What an officer answered.

    Attributes:
        client_id: To which application.
        chosen_at: Seconds since the epoch.
    """

    client_id: str
    held: Held
    chosen_at: int


class ChoiceStore(Protocol):
    """Where answers are kept, one for each session and application, as long as the session."""

    def of(self, sid: str) -> Mapping[str, Choice]:
        """Give the answers of a session by client_id; none for one that has ended."""
        ...

    def keep(self, sid: str, sub: str, choice: Choice, record: AuditRecord) -> bool:
        """Keep an answer durably, with its record, in place of an earlier one.

        False, and nothing written, when the session has ended, passed its absolute limit, or is not this officer's.
        """
        ...

    def forget(self, sid: str, client_id: str) -> None:
        """Forget an answer, so that it is asked for again."""
        ...


class ActingPosts:
    """Knows in which post an officer acts.

    Args:
        store: Where answers are kept.
        clock: Source of the time.
    """

    def __init__(self, store: ChoiceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def settle(self, request: AuthorizationRequest, client: Client, session: Session, officer: Officer,
               interaction: Interaction | None) -> tuple[Post | None, bool]:
        """Tell in which post the officer acts for a request, and whether that is to be asked.

        Args:
            request: As it is stored.
            client: The application.
            session: The officer's.
            officer: As of now.
            interaction: The stored request; None on the fast path.
        """
        posts = offered(request, client, officer)
        if len(posts) < 2:
            return (posts[0] if posts else None), False
        chosen = self._store.of(session.sid).get(client.client_id)
        post = None if chosen is None else find(posts, chosen.held)
        if post is None or chosen is None:
            return None, True
        again = not {"select_account", ASK_AGAIN}.isdisjoint(request.prompt)
        return post, again and (interaction is None or chosen.chosen_at < interaction.created_at)

    def last(self, session: Session) -> Held | None:
        """Give what the officer answered last in this session, to whichever application; None before."""
        choices = self._store.of(session.sid).values()
        return max(choices, key=lambda choice: choice.chosen_at).held if choices else None

    def chosen(self, session: Session, officer: Officer) -> dict[str, Post]:
        """Give what the officer answered in this session and still holds, by application."""
        found = {name: find(officer.posts, choice.held) for name, choice in self._store.of(session.sid).items()}
        return {name: post for name, post in found.items() if post is not None}

    def choose(self, client: Client, session: Session, post: Post, caller: Caller) -> bool:
        """Keep what the officer answered; False when the session has ended meanwhile."""
        now, held = self._clock.now(), held_of(post)
        record = AuditRecord(AuditEvent.POST_CHOSEN, now, sub=session.sub, client_id=client.client_id, sid=session.sid,
                             source=caller.source, request_id=caller.request_id,
                             detail={"unit_code": held.unit_code, "title": held.title})
        return self._store.keep(session.sid, session.sub, Choice(client.client_id, held, now), record)

    def ask_again(self, session: Session, client_id: str) -> None:
        """Forget an answer, so that the application's next sign-in asks for it. What was granted before keeps its post."""
        if client_id in self._store.of(session.sid):
            self._store.forget(session.sid, client_id)


def offered(request: AuthorizationRequest, client: Client, officer: Officer) -> tuple[Post, ...]:
    """Give the posts that would do for a request, each once, the main one first; none where it does not ask.

    Args:
        request: By scope any post will do. By name those that every place where it is asked for admits (§5.5.1); where none does,
            the claim is left out, unless the scope asks for it as well.
        client: What its registration lacks, it does not ask for.
        officer: As of now.
    """
    if SCOPE not in client.scope:
        return ()
    posts = tuple({held_of(post): post for post in reversed(officer.posts)}.values())[::-1]
    by_name = claims_request.of_request(request)
    wishes = [asked[CLAIM] for asked in (by_name.userinfo, by_name.id_token) if CLAIM in asked]
    if not wishes:
        return posts if SCOPE in request.scope else ()
    fit = tuple(post for post in posts if all(wish.admits(claim_of(post)) for wish in wishes))
    return fit or (posts if SCOPE in request.scope else ())


def noted(post: Post | None) -> str:
    """Write down for a grant in which post the officer acts (``AuthorizationRequest.post``); "" for none."""
    if post is None:
        return ""
    held = held_of(post)
    return json.dumps([held.unit_code, held.title], ensure_ascii=False)


def of_grant(grant: Grant) -> Held | None:
    """Give the post that a grant was made in; None where nobody asked."""
    kept = json.loads(grant.details).get("post") if grant.details else None
    return None if kept is None else Held(*kept)


def told(officer: Officer, held: Held | None) -> dict[str, Any] | None:
    """Give the claim for a grant's post, if the officer, as of now, still holds it."""
    post = None if held is None else find(officer.posts, held)
    return None if post is None else claim_of(post)


def claim_of(post: Post) -> dict[str, Any]:
    """Give a post as applications are told: both forms of the agency's code, its name, and the title; nothing empty."""
    members = {"unit_code": post.unit_code, "unit_code_2016": post.unit_code_2016, "unit_name": post.unit_name,
               "title": post.title}
    return {name: value for name, value in members.items() if value}


def held_of(post: Post) -> Held:
    """Give what a post is known by."""
    return Held(post.unit_code, post.title)


def find(posts: tuple[Post, ...], held: Held) -> Post | None:
    """Find a post by what it is known by."""
    return next((post for post in posts if held_of(post) == held), None)
