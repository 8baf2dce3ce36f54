"""The contract of ``idp.oauth.deferred.authorization.DeferredStore``, on both databases."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.sql.consents import SqlConsents
from idp.adapters.sql.database import Database
from idp.adapters.sql.deferred import SqlDeferred
from idp.audit import AuditEvent, AuditRecord
from idp.oauth.deferred.authorization import SLOWER_SECONDS, Deferred, Kind, Poll, State
from idp.oauth.grant import Grant
from idp.oauth.grants.authorization_code import agreed
from idp.oauth.ports import NewTokens
from idp.oidc.consent import Consent
from idp.sessions.single_sign_on import Session
from tests.provider import CALLER, House


class Desk:
    """The store with an officer who is signed in."""

    def __init__(self, database: Database) -> None:
        self.house = House(database)
        self.store = SqlDeferred(database)
        self.session = self.house.session()

    @property
    def now(self) -> int:
        return self.house.clock.now()

    @property
    def record(self) -> AuditRecord:
        return AuditRecord(AuditEvent.APPROVAL_GIVEN, self.now)

    def begin(self, name: str = "one", **members: Any) -> Deferred:
        given = Deferred(digest_of(name), Kind.DEVICE, "qlvb", '{"a":1}', self.now, self.now + 600, 5, digest_of(f"code {name}"),
                         source="198.51.100.9")
        made = replace(given, **members)
        assert self.store.begin(made, self.record)
        return made

    def grant(self, session: Session | None = None, scope: str = "openid profile") -> Grant:
        return agreed(self.house.asked(scope=scope), session or self.session, now=self.now, offline_seconds=86400)

    def approve(self, deferred: Deferred, session: Session | None = None, **more: str) -> bool:
        return self.store.approve(deferred.digest, self.grant(session, **more), self.record)

    def tokens(self, name: str, grant: Grant, *, refresh: bool = True) -> NewTokens:
        return NewTokens(digest_of(f"access {name}"), "qlvb", grant.grant_id, grant.scope, self.now, self.now + 600,
                         refresh_digest=digest_of(f"refresh {name}") if refresh else None, refresh_scope=grant.scope,
                         refresh_expires_at=grant.expires_at)

    def redeem(self, deferred: Deferred, name: str = "a", *, refresh: bool = True) -> bool:
        found = self.store.find(deferred.digest)
        assert found is not None
        assert found.grant is not None
        return self.store.redeem(deferred.digest, self.tokens(name, found.grant, refresh=refresh), self.record)

    def state(self, deferred: Deferred) -> str:
        found = self.store.find(deferred.digest)
        assert found is not None
        return found.state


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_what_was_kept_is_found_by_both_secrets(desk: Desk) -> None:
    made = desk.begin(details='{"b":2}', sub="sub-9")
    assert desk.store.find(made.digest) == made
    assert desk.store.by_user_code(digest_of("code one")) == made
    assert desk.store.find(digest_of("code one")) is None
    assert desk.store.by_user_code(made.digest) is None


def test_a_user_code_that_is_anothers_is_not_taken_and_nothing_is_written(desk: Desk) -> None:
    first = desk.begin()
    before = desk.house.events()
    assert not desk.store.begin(replace(first, digest=digest_of("two")), desk.record)
    assert desk.store.find(digest_of("two")) is None
    assert desk.house.events() == before
    desk.begin("three", user_code_digest=None)
    desk.begin("four", user_code_digest=None)


def test_rfc8628_s3_5_polls_in_time_leave_the_interval_as_it_is(desk: Desk) -> None:
    made = desk.begin()
    for _ in range(3):
        assert desk.store.poll(made.digest, desk.now) is Poll.IN_TIME
        desk.house.clock.advance(5)
    found = desk.store.find(made.digest)
    assert found is not None
    assert (found.interval_seconds, found.last_polled_at) == (5, desk.now - 5)


def test_rfc8628_s3_5_a_poll_too_early_makes_the_interval_longer_for_all_that_follow(desk: Desk) -> None:
    made = desk.begin()
    assert desk.store.poll(made.digest, desk.now) is Poll.IN_TIME
    desk.house.clock.advance(3)
    assert desk.store.poll(made.digest, desk.now) is Poll.TOO_EARLY
    desk.house.clock.advance(8)
    assert desk.store.poll(made.digest, desk.now) is Poll.TOO_EARLY
    desk.house.clock.advance(14)
    assert desk.store.poll(made.digest, desk.now) is Poll.IN_TIME
    found = desk.store.find(made.digest)
    assert found is not None
    assert found.interval_seconds == 5 + 2 * SLOWER_SECONDS


def test_security_15_of_ten_polls_at_once_one_is_in_time_and_each_other_counts(desk: Desk) -> None:
    made = desk.begin()
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda _: desk.store.poll(made.digest, desk.now), range(10)))
    assert outcomes.count(Poll.IN_TIME) == 1
    assert outcomes.count(Poll.TOO_EARLY) == 9
    found = desk.store.find(made.digest)
    assert found is not None
    assert found.interval_seconds == 5 + 9 * SLOWER_SECONDS


def test_a_poll_of_one_that_is_decided_or_unknown_is_not_counted(desk: Desk) -> None:
    made = desk.begin()
    assert desk.store.deny(made.digest, desk.session.sub, desk.now, desk.record)
    assert desk.store.poll(made.digest, desk.now) is Poll.DECIDED
    assert desk.store.poll(digest_of("unknown"), desk.now) is Poll.DECIDED


def test_an_approval_keeps_the_grant_and_the_part_in_the_session(desk: Desk) -> None:
    made = desk.begin()
    assert desk.approve(made)
    found = desk.store.find(made.digest)
    assert found is not None
    assert found.grant is not None
    assert (found.state, found.grant.sub, found.grant.sid) == (State.APPROVED, desk.session.sub, desk.session.sid)
    assert found.grant.standing.officer_status == "active"
    assert desk.house.sessions.end(desk.session.sid, "logout", CALLER) == ["qlvb"]


def test_it_is_answered_once_whatever_the_answers(desk: Desk) -> None:
    approved, denied = desk.begin("one"), desk.begin("two")
    assert desk.approve(approved)
    assert not desk.approve(approved)
    assert not desk.store.deny(approved.digest, desk.session.sub, desk.now, desk.record)
    assert desk.store.deny(denied.digest, desk.session.sub, desk.now, desk.record)
    assert not desk.approve(denied)
    assert (desk.state(approved), desk.state(denied)) == (State.APPROVED, State.DENIED)


def test_security_15_of_many_answers_at_once_one_counts(desk: Desk) -> None:
    made = desk.begin()
    answers = [lambda: desk.approve(made), lambda: desk.store.deny(made.digest, desk.session.sub, desk.now, desk.record)] * 6
    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(lambda answer: answer(), answers)) == 1


# The consent that is given with an approval

def agreement(desk: Desk, scope: str = "openid profile", **members: Any) -> tuple[Consent, AuditRecord]:
    given = Consent(desk.session.sub, "qlvb", frozenset(scope.split()), desk.now)
    return replace(given, **members), AuditRecord(AuditEvent.CONSENT_GIVEN, desk.now)


def consent_of(desk: Desk) -> Consent | None:
    return SqlConsents(desk.house.database).find(desk.session.sub, "qlvb")


@pytest.mark.parametrize("notice", ["", "sealed"])
def test_core_s3_1_2_4_the_consent_is_kept_in_the_write_that_approves(desk: Desk, notice: str) -> None:
    made = desk.begin()
    consent, record = agreement(desk, claims=frozenset({"email"}))
    assert desk.store.approve(made.digest, desk.grant(), desk.record, notice=notice, consent=(consent, record))
    assert consent_of(desk) == consent
    assert sorted(desk.house.events()[-2:]) == ["approval.given", "consent.given"]
    more = agreement(desk, "openid email")
    assert desk.store.approve(desk.begin("two").digest, desk.grant(), desk.record, consent=more)
    assert consent_of(desk) == more[0]


def test_where_one_of_the_two_cannot_be_kept_neither_is(desk: Desk) -> None:
    made = desk.begin()
    consent, record = agreement(desk)
    for broken in ((replace(consent, given_at=None), record), (consent, replace(record, at=None))):  # type: ignore[arg-type]
        before = desk.house.events()
        with pytest.raises(Exception, match=r"(?i)null"):
            desk.store.approve(made.digest, desk.grant(), desk.record, consent=broken)
        assert (consent_of(desk), desk.state(made), desk.house.events()) == (None, State.PENDING, before)
    desk.house.sessions.end(desk.session.sid, "logout", CALLER)
    assert not desk.store.approve(made.digest, desk.grant(), desk.record, consent=(consent, record))
    assert (consent_of(desk), desk.state(made)) == (None, State.PENDING)


def test_security_15_of_answers_at_once_a_consent_stands_only_where_the_approval_won(desk: Desk) -> None:
    for round_ in range(6):
        made = desk.begin(f"round {round_}")
        given = agreement(desk, f"openid s{round_}")
        answers = [lambda made=made, given=given: desk.store.approve(made.digest, desk.grant(), desk.record, consent=given),
                   lambda made=made: desk.store.deny(made.digest, desk.session.sub, desk.now, desk.record)] * 10
        with ThreadPoolExecutor(20) as pool:
            assert sum(pool.map(lambda act: act(), answers)) == 1
        found = consent_of(desk)
        assert (found == given[0]) == (desk.state(made) == State.APPROVED)


def test_an_answer_comes_too_late_when_it_has_expired(desk: Desk) -> None:
    made = desk.begin()
    desk.house.clock.advance(600)
    assert not desk.approve(made)
    assert not desk.store.deny(made.digest, desk.session.sub, desk.now, desk.record)


def test_only_the_officer_who_is_asked_by_name_answers(desk: Desk) -> None:
    other = desk.house.session(desk.house.officer("vanthu"))
    made = desk.begin(sub=desk.session.sub)
    assert not desk.approve(made, other)
    assert not desk.store.deny(made.digest, other.sub, desk.now, desk.record)
    assert desk.approve(made)


def test_an_approval_is_for_the_client_that_asked(desk: Desk) -> None:
    assert not desk.approve(desk.begin(client_id="khac"))


def test_security_18_nobody_approves_whose_session_has_ended_or_passed_or_who_is_disabled(desk: Desk) -> None:
    before = len(desk.house.events())
    made = desk.begin(expires_at=desk.now + 10**6)
    ended = desk.house.session(desk.session.sub)
    desk.house.sessions.end(ended.sid, "logout", CALLER)
    assert not desk.approve(made, ended)
    overdue = desk.house.session(desk.session.sub)
    desk.house.clock.advance(86400)
    assert not desk.approve(made, overdue)
    current = desk.house.session(desk.session.sub)
    desk.house.disable()
    assert not desk.approve(made, current)
    assert desk.state(made) == State.PENDING
    assert desk.house.events()[before:].count(AuditEvent.APPROVAL_GIVEN) == 1  # the one of begin


def test_security_15_an_approval_and_the_end_of_its_session_leave_nothing_alive(desk: Desk) -> None:
    for round_ in range(8):
        session = desk.house.session(desk.session.sub)
        made = desk.begin(f"round {round_}")
        with ThreadPoolExecutor(2) as pool:
            approved = pool.submit(desk.approve, made, session)
            pool.submit(desk.house.sessions.end, session.sid, "logout", CALLER).result()
        found = desk.store.find(made.digest)
        assert found is not None
        assert not approved.result() or (found.grant is not None and found.grant.revoked_at is not None)


def test_security_15_it_is_redeemed_once(desk: Desk) -> None:
    made = desk.begin()
    assert desk.approve(made)
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(lambda n: desk.redeem(made, str(n)), range(10))) == 1
    assert desk.state(made) == State.USED
    assert desk.house.live_refresh_tokens() == 1
    assert not desk.redeem(made, "again", refresh=False)


def test_nothing_is_redeemed_before_it_is_approved_nor_after_it_is_denied(desk: Desk) -> None:
    pending, denied = desk.begin("one"), desk.begin("two")
    assert desk.store.deny(denied.digest, desk.session.sub, desk.now, desk.record)
    for made in (pending, denied):
        assert not desk.store.redeem(made.digest, desk.tokens("a", desk.grant()), desk.record)
    assert desk.house.live_refresh_tokens() == 0


def test_nothing_is_redeemed_that_expired_or_was_revoked(desk: Desk) -> None:
    late, revoked = desk.begin("one"), desk.begin("two", expires_at=desk.now + 10**6)
    assert desk.approve(late)
    assert desk.approve(revoked)
    found = desk.store.find(revoked.digest)
    assert found is not None
    assert found.grant is not None
    assert desk.house.store.revoke(found.grant.grant_id, "test", desk.now, desk.record)
    assert not desk.redeem(revoked)
    desk.house.clock.advance(600)
    assert not desk.redeem(late)


def test_what_was_given_for_the_session_ends_with_it_and_offline_access_outlives_it(desk: Desk) -> None:
    bound, offline = desk.begin("one"), desk.begin("two")
    assert desk.approve(bound)
    assert desk.approve(offline, scope="openid offline_access")
    desk.house.sessions.end(desk.session.sid, "logout", CALLER)
    assert not desk.redeem(bound)
    assert desk.redeem(offline)


def test_an_officer_is_shown_what_is_asked_by_name_and_still_open(desk: Desk) -> None:
    sub = desk.session.sub
    first = desk.begin("one", sub=sub)
    desk.begin("over", sub=sub, expires_at=desk.now)
    desk.begin("anybody's")
    desk.begin("another's", sub="sub-9")
    done = desk.begin("done", sub=sub)
    assert desk.store.deny(done.digest, sub, desk.now, desk.record)
    desk.house.clock.advance(1)
    second = desk.begin("two", sub=sub)
    assert desk.store.awaiting(sub, desk.now) == [replace(asked, asked_status="active") for asked in (first, second)]
