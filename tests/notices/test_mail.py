"""Mail about notices: to whom, what becomes of refusals, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.audit import AuditEvent, AuditRecord
from idp.errors import UnavailableError
from idp.notices import Notice, NoticeKind, Told, detail_of
from idp.notices.mail import Letter, MailDelivery, MailNotice, MailRefusedError, is_mailbox
from idp.outbox import GIVE_UP_SECONDS, QueueState
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.fakes.mirror import FakeMirror


class MemoryMail:
    """Keeps what was decided about each mail."""

    def __init__(self) -> None:
        self.decisions: list[tuple[object, ...]] = []
        self.records: list[AuditRecord] = []

    def claim(self, **_arguments: object) -> list[MailNotice]:
        return []

    def sent(self, notice: MailNotice, *, now: int, record: AuditRecord) -> None:
        self.decisions.append(("sent", notice.id))
        self.records.append(record)

    def failed(self, notice: MailNotice, *, next_attempt_at: int, error: str) -> None:
        self.decisions.append(("failed", notice.id, next_attempt_at, error))

    def put_off(self, notice: MailNotice, *, next_attempt_at: int) -> None:
        self.decisions.append(("put off", notice.id))

    def dead(self, notice: MailNotice, *, now: int, error: str, record: AuditRecord) -> None:
        self.decisions.append(("dead", notice.id, error))
        self.records.append(record)

    def drop(self, notice: MailNotice) -> None:
        self.decisions.append(("drop", notice.id))

    def recovered(self, client_id: str, *, now: int) -> None:
        self.decisions.append(("recovered", client_id))

    def revive(self, client_id: str, *, now: int) -> int:
        return 0

    def state(self) -> QueueState:
        return QueueState(0, None, 0, ())


class MemoryServer:
    def __init__(self) -> None:
        self.posted: list[Letter] = []
        self.answers: list[Exception | None] = []

    def post(self, letter: Letter) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.posted.append(letter)

    def check(self) -> str:
        return "answers"


class Desk:
    def __init__(self) -> None:
        self.clock, self.queue, self.server, self.mirror = FakeClock(), MemoryMail(), MemoryServer(), FakeMirror()
        self.officer = make_officer("canbo", "Nguyễn Văn Mẫu")
        self.sub = self.mirror.remember(self.officer, now=self.clock.now())
        self.delivery = MailDelivery(self.queue, self.server, self.mirror, lambda told, name: (told.kind.value, name), self.clock)

    def mail(self, number: int = 1, *, attempts: int = 0, age: int = 0, address: str = "", sub: str = "") -> MailNotice:
        now = self.clock.now()
        told = Told(number, NoticeKind.PASSWORD_CHANGED, sub or self.sub, now, "192.0.2.7", {})
        return MailNotice(number, told, address, attempts, now - age, now + 60)


def test_a_notice_goes_to_the_officers_mailbox_and_is_audited_without_the_address() -> None:
    desk = Desk()
    assert desk.delivery.deliver([desk.mail(7)])
    assert desk.server.posted == [Letter(desk.officer.mail, "password.changed", "Nguyễn Văn Mẫu", 7)]
    record, = desk.queue.records
    assert (record.event, record.sub, record.detail) == (
        AuditEvent.NOTICE_MAILED, desk.sub, {"kind": "password.changed", "attempts": 1})


def test_security_34_a_notice_of_a_changed_address_goes_to_the_old_one() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.mail(address="cu@haugiang.gov.vn")])
    assert [letter.to for letter in desk.server.posted] == ["cu@haugiang.gov.vn"]


@pytest.mark.parametrize("mail", ["", "không@dấu.vn", "a@b", "a b@haugiang.gov.vn", "a@haugiang.gov.vn\nBcc: b@haugiang.gov.vn"])
def test_an_officer_without_a_usable_mailbox_finds_it_on_the_pages_only(mail: str) -> None:
    desk = Desk()
    desk.mirror.remember(replace(desk.officer, mail=mail), now=0)
    assert desk.delivery.deliver([desk.mail()])
    assert (desk.queue.decisions, desk.server.posted) == ([("drop", 1)], [])


def test_nothing_is_sent_to_somebody_unknown_or_no_longer_active_or_without_a_server() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.mail(sub="nobody")])
    desk.mirror.remember(replace(desk.officer, disabled=True), now=0)
    desk.delivery.deliver([desk.mail(2)])
    desk.mirror.remember(desk.officer, now=0)
    without = MailDelivery(desk.queue, None, desk.mirror, lambda told, name: ("", ""), desk.clock)
    without.deliver([desk.mail(3)])
    assert (desk.queue.decisions, desk.server.posted) == ([("drop", 1), ("drop", 2), ("drop", 3)], [])


def test_a_mail_that_is_refused_for_good_is_dead_at_once_and_the_next_goes_out() -> None:
    desk = Desk()
    desk.server.answers = [MailRefusedError("SMTP 550", final=True), MailRefusedError("SMTP 452", final=False)]
    assert desk.delivery.deliver([desk.mail(1), desk.mail(2), desk.mail(3)])
    assert desk.queue.decisions == [("dead", 1, "SMTP 550"), ("failed", 2, desk.clock.now() + 2, "SMTP 452"), ("sent", 3)]
    assert [record.event for record in desk.queue.records] == [AuditEvent.NOTICE_MAIL_DEAD, AuditEvent.NOTICE_MAILED]


def test_a_server_that_is_down_is_not_asked_for_the_rest_and_dead_after_a_day() -> None:
    desk = Desk()
    away = UnavailableError("No connection.", dependency="mail")
    desk.server.answers = [away, away]
    assert not desk.delivery.deliver([desk.mail(1), desk.mail(2)])
    assert [decision[:2] for decision in desk.queue.decisions] == [("failed", 1), ("put off", 2)]
    assert not desk.delivery.deliver([desk.mail(3, attempts=30, age=GIVE_UP_SECONDS)])
    assert desk.queue.decisions[-1] == ("dead", 3, "No connection.")


def test_the_first_success_after_a_failure_makes_the_rest_due_and_a_stop_gives_the_rest_back() -> None:
    desk = Desk()
    desk.delivery.deliver([desk.mail(1, attempts=2)])
    assert desk.queue.decisions == [("sent", 1), ("recovered", "mail")]
    assert desk.delivery.deliver([desk.mail(2)], stopping=lambda: True)
    assert desk.queue.decisions[-1] == ("put off", 2)


def test_a_lease_with_too_little_left_is_given_back() -> None:
    desk = Desk()
    late = replace(desk.mail(), lease_until=desk.clock.now() + 11)
    assert desk.delivery.deliver([late])
    assert (desk.queue.decisions, desk.server.posted) == ([("put off", 1)], [])


@given(st.text(max_size=80))
def test_no_mailbox_holds_what_could_end_a_header_or_name_a_second_one(text: str) -> None:
    if is_mailbox(text):
        assert text.isascii()
        assert text.isprintable()
        assert text.count("@") == 1
        assert not set(text) & set(" \r\n,;<>\"()[]:\\")
    assert not is_mailbox(text + "\r\nBcc: a@b.example")
    assert not is_mailbox("a@b.example\n")


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=300), max_size=4))
def test_a_detail_is_stored_in_one_line_cut_and_comes_back(detail: dict[str, str]) -> None:
    text = Notice(NoticeKind.FACTOR_ADDED, "s", 1, detail=detail).detail_json()
    assert text.isascii()
    assert "\n" not in text
    back = detail_of(text)
    assert back.keys() == detail.keys()
    assert all(len(value) <= 120 and value.isprintable() for value in back.values())
