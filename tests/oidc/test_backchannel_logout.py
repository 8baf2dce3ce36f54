"""Logout tokens and the rules of their delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.audit import AuditEvent, AuditRecord
from idp.errors import UnavailableError
from idp.jose import jwt
from idp.oauth.client import Client, ClientRegistry
from idp.oidc.backchannel_logout import EVENT, LogoutDelivery, LogoutNotice
from idp.oidc.id_token import ALGORITHMS
from idp.outbox import GIVE_UP_SECONDS, QueueState, next_attempt_at
from tests.fakes.client_keys import response_encryption
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.fakes.notices import MemoryClients, RecordingTransport, application, key_ring
from tests.fakes.subjects import SUBJECTS

URI = "https://app.example/logout"


class MemoryQueue:
    """Keeps what was decided about each notice."""

    def __init__(self) -> None:
        self.decisions: list[tuple[object, ...]] = []
        self.records: list[AuditRecord] = []

    def claim(self, **_arguments: object) -> list[LogoutNotice]:
        return []

    def sent(self, notice: LogoutNotice, *, now: int, record: AuditRecord) -> None:
        self.decisions.append(("sent", notice.id))
        self.records.append(record)

    def failed(self, notice: LogoutNotice, *, next_attempt_at: int, error: str) -> None:
        self.decisions.append(("failed", notice.id, next_attempt_at, error))

    def put_off(self, notice: LogoutNotice, *, next_attempt_at: int) -> None:
        self.decisions.append(("put off", notice.id, next_attempt_at))

    def dead(self, notice: LogoutNotice, *, now: int, error: str, record: AuditRecord) -> None:
        self.decisions.append(("dead", notice.id, error))
        self.records.append(record)

    def drop(self, notice: LogoutNotice) -> None:
        self.decisions.append(("drop", notice.id))

    def recovered(self, client_id: str, *, now: int) -> None:
        self.decisions.append(("recovered", client_id))

    def revive(self, client_id: str, *, now: int) -> int:
        return 0

    def state(self) -> QueueState:
        return QueueState(0, None, 0, ())


class Desk:
    def __init__(self, *clients: object) -> None:
        self.clock = FakeClock()
        self.queue, self.transport, self.keys = MemoryQueue(), RecordingTransport(), key_ring(self.clock)
        self.clients = MemoryClients(*(clients or (application("qlvb", URI),)))  # type: ignore[arg-type]
        self.delivery = LogoutDelivery(self.queue, self.transport, self.clients, self.keys, self.clock,
                                       subjects=SUBJECTS, encryption=response_encryption(self.clock),
                                       issuer="https://sso.example", lifetime_seconds=120, heard=lambda *_: None)

    def notice(self, number: int = 1, *, attempts: int = 0, age: int = 0, lease: int = 60) -> LogoutNotice:
        now = self.clock.now()
        return LogoutNotice(number, "qlvb", "sub-1", f"sid-{number}", attempts, now - age, now + lease)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_backchannel_logout_s2_4_the_logout_token(algorithm: str) -> None:
    desk = Desk(application("qlvb", URI, id_token_signed_response_alg=algorithm))
    assert desk.delivery.deliver([desk.notice()])
    (url, form), = desk.transport.posted
    assert url == URI
    assert list(form) == ["logout_token"]
    claims = jwt.verify(form["logout_token"], desk.keys.verification(), algorithms=[algorithm], typ="logout+jwt",
                        issuer="https://sso.example", audience="qlvb", now=desk.clock.now())
    assert claims["events"] == {EVENT: {}}
    assert (claims["sub"], claims["sid"], claims["iat"], claims["aud"]) == ("sub-1", "sid-1", desk.clock.now(), "qlvb")
    assert claims["exp"] - claims["iat"] <= 120
    assert len(claims["jti"]) >= 22
    assert "nonce" not in claims


def test_backchannel_logout_s2_4_a_logout_token_is_no_id_token() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.notice()])
    with pytest.raises(jwt.InvalidTokenError):
        jwt.verify(desk.transport.posted[0][1]["logout_token"], desk.keys.verification(), algorithms=["RS256"], typ="JWT",
                   issuer="https://sso.example", audience="qlvb", now=desk.clock.now())


def test_backchannel_logout_s2_4_each_token_has_its_own_jti_also_when_sent_again() -> None:
    desk = Desk()
    for _ in range(3):
        desk.delivery.deliver([desk.notice()])
    assert len({form["logout_token"] for _url, form in desk.transport.posted}) == 3


@pytest.mark.parametrize("status", [200, 204])
def test_backchannel_logout_s2_8_200_and_204_are_success_and_audited(status: int) -> None:
    desk = Desk()
    desk.transport.answers[URI] = status
    assert desk.delivery.deliver([desk.notice()])
    assert desk.queue.decisions == [("sent", 1)]
    record, = desk.queue.records
    assert (record.event, record.sub, record.client_id, record.sid) == (
        AuditEvent.LOGOUT_NOTICE_SENT, "sub-1", "qlvb", "sid-1")


@pytest.mark.parametrize("status", [201, 202, 301, 302, 307, 400, 401, 404, 429, 500, 501, 503])
def test_backchannel_logout_s2_8_no_other_status_is_success(status: int) -> None:
    desk = Desk()
    desk.transport.answers[URI] = status
    desk.delivery.deliver([desk.notice()])
    assert desk.queue.decisions == [("failed", 1, desk.clock.now() + 2, f"HTTP {status}")]


def test_a_receiver_that_is_down_is_not_asked_for_the_rest() -> None:
    for answer in ("No connection.", 500, 302, 429):
        desk = Desk()
        desk.transport.answers[URI] = answer
        assert not desk.delivery.deliver([desk.notice(1), desk.notice(2), desk.notice(3)])
        assert len(desk.transport.posted) == 1
        due = desk.clock.now() + 2
        assert [d[:2] for d in desk.queue.decisions] == [("failed", 1), ("put off", 2), ("put off", 3)]
        assert desk.queue.decisions[1][2] == due


def test_a_notice_that_its_receiver_refuses_does_not_hold_back_the_next() -> None:
    desk = Desk()
    answers = iter([400, 200])
    desk.transport.answers[URI] = lambda: next(answers)
    assert desk.delivery.deliver([desk.notice(1), desk.notice(2)])
    assert [d[:2] for d in desk.queue.decisions] == [("failed", 1), ("sent", 2)]


def test_notices_of_a_receiver_go_in_the_order_of_their_sessions_ends() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.notice(number) for number in range(1, 6)])
    sids = [jwt.verify(form["logout_token"], desk.keys.verification(), algorithms=["RS256"], typ="logout+jwt", issuer=None,
                       audience=None, now=desk.clock.now())["sid"] for _url, form in desk.transport.posted]
    assert sids == [f"sid-{number}" for number in range(1, 6)]


def test_the_first_success_after_a_failure_makes_the_rest_due() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.notice(1, attempts=4), desk.notice(2)])
    assert desk.queue.decisions == [("sent", 1), ("recovered", "qlvb"), ("sent", 2)]


def test_a_notice_is_dead_after_24_hours_and_audited() -> None:
    desk = Desk()
    desk.transport.answers[URI] = 500
    desk.delivery.deliver([desk.notice(1, attempts=30, age=GIVE_UP_SECONDS)])
    assert desk.queue.decisions == [("dead", 1, "HTTP 500")]
    record, = desk.queue.records
    assert (record.event, record.detail) == (AuditEvent.LOGOUT_NOTICE_DEAD, {"attempts": 31, "error": "HTTP 500"})


def test_pauses_double_to_an_hour_and_the_last_attempt_is_at_24_hours() -> None:
    clock = FakeClock()
    created = clock.now()
    pauses = []
    attempts = 0
    while True:
        due = next_attempt_at(LogoutNotice(1, "a", "s", "x", attempts, created, 0), clock.now())
        if due is None:
            break
        pauses.append(due - clock.now())
        clock.advance(due - clock.now())
        attempts += 1
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert max(pauses) == 3600
    assert clock.now() - created == GIVE_UP_SECONDS
    assert 30 <= len(pauses) <= 40


def test_an_application_without_an_address_or_unknown_by_now_is_not_waited_for() -> None:
    for clients in ((application("qlvb", ""),), (application("other"),)):
        desk = Desk(*clients)
        assert desk.delivery.deliver([desk.notice(1), desk.notice(2)])
        assert desk.queue.decisions == [("drop", 1), ("drop", 2)]
        assert desk.transport.posted == []


def test_a_disabled_application_is_still_told() -> None:
    desk = Desk(application("qlvb", URI, disabled=True))
    desk.delivery.deliver([desk.notice()])
    assert desk.queue.decisions == [("sent", 1)]


def test_a_lease_that_is_nearly_over_is_given_back() -> None:
    desk = Desk()

    def slow() -> int:
        desk.clock.advance(5)
        return 200

    desk.transport.answers[URI] = slow
    assert desk.delivery.deliver([desk.notice(n, lease=12) for n in (1, 2, 3)])
    assert [d[:2] for d in desk.queue.decisions] == [("sent", 1), ("sent", 2), ("put off", 3)]


def test_a_process_that_ends_gives_the_rest_back() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.notice(1), desk.notice(2)], stopping=lambda: len(desk.transport.posted) > 0)
    assert [d[:2] for d in desk.queue.decisions] == [("sent", 1), ("put off", 2)]


def test_a_database_that_is_away_is_passed_on() -> None:
    desk = Desk()

    def away(*_arguments: object, **_named: object) -> None:
        raise UnavailableError("away", dependency="database")

    desk.queue.sent = away  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        desk.delivery.deliver([desk.notice()])


def newcomer(desk: Desk, client: Client) -> FakeClientStore:
    """Have the application registered, or changed, just after this process looked at the registrations."""
    store = FakeClientStore(replace(client, backchannel_logout_uri=""))
    registry = ClientRegistry(store, desk.clock)
    registry.all()
    store.put(client)
    desk.delivery = LogoutDelivery(desk.queue, desk.transport, registry, desk.keys, desk.clock, subjects=SUBJECTS,
                                   encryption=response_encryption(desk.clock), issuer="https://sso.example", lifetime_seconds=120,
                                   heard=lambda *_: None)
    return store


@pytest.mark.parametrize("known", ["qlvb", "other"])
def test_an_application_that_registered_in_this_second_is_told_too(known: str) -> None:
    desk = Desk()
    store = newcomer(desk, application(known, URI))
    store.put(application("qlvb", URI))
    assert desk.delivery.deliver([desk.notice()])
    assert desk.queue.decisions == [("sent", 1)]
    assert [url for url, _form in desk.transport.posted] == [URI]


def test_while_the_registrations_cannot_be_read_nothing_is_forgotten() -> None:
    desk = Desk()
    newcomer(desk, application("qlvb", URI)).down = True
    with pytest.raises(UnavailableError):
        desk.delivery.deliver([desk.notice()])
    assert desk.queue.decisions == []
