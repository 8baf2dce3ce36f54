"""What applications ask officers by name, approved on the phone: once, by the right key, as things stand, and visibly."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.phone_approvals import SqlPhoneApprovals
from idp.adapters.sql.tables import AuditRow, OfficerRow, OutboxRow, SessionRow, SimLoginRow
from idp.audit import PHONE, AuditEvent, AuditRecord, Caller
from idp.authn.lockout import Lockout
from idp.directory.changes import ChangeKind, OfficerChange
from idp.errors import RefusedError, UnavailableError
from idp.notices import NoticeKind
from idp.oauth.client import secret_digest
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Deferred, Kind, State
from idp.oauth.provider_request import ProviderRequest
from idp.oidc import phone_approval
from idp.oidc.phone_approval import LIMITS, LOOK_SECONDS, PhoneApprovals
from idp.signing.login import Logins, approval_text
from idp.signing.sim_text import sim_text
from idp.signing.transaction import APPROVAL, Transaction
from idp.signing.transaction import State as Asked
from tests.signing.test_signing import CALLER, HASH, House

from . import test_approvals as ciba
from .site import Site, form_of

SUB = "canbo"
PAGE = "/account/security/sim"


class Office(Site):
    """The pages, and an officer whose phone is asked for approvals."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, sims=True)
        self.phones = House(database, self.clock)
        self.mirror.remember(self.directory.officers[SUB], now=self.clock.now())
        self.who = self.mirror.by_uid(SUB)
        assert self.who is not None
        card = replace(self.phones.cards.pop("sub-1"), login=ec.generate_private_key(ec.SECP256R1()))
        self.phones.cards[self.who.sub] = card
        self.phones.carrier.authenticates = True
        self.mobile_id.phones = Logins(self.phones.signing, self.phones.sims, {"mang": self.phones.carrier})
        self.rounds = self.services.phone_approvals = self.node()
        ciba.registered(self, secret_digest=secret_digest("s3cret"))
        assert self.mobile_id.enrol(self.who, CALLER)
        assert self.mobile_id.choose_approvals(self.who, True, CALLER)

    def node(self) -> PhoneApprovals:
        services = self.services
        return PhoneApprovals(
            SqlPhoneApprovals(self.database), services.approvals, self.mobile_id, services.clients, self.mirror, self.directory,
            services.second_factors.frozen, self.sessions, services.assurance, consents=services.consents,
            posts=services.acting_posts, personal_data=services.personal_data, subjects=services.subjects,
            limits=Lockout(services.counter, self.clock, LIMITS, kind="phone_approval"), audit=services.audit, clock=self.clock)

    @property
    def sub_(self) -> str:
        assert self.who is not None
        return self.who.sub

    def work(self, seconds: int = 0) -> None:
        """The worker has had its turn, some time later."""
        self.clock.advance(seconds)
        for _ in range(2):
            self.rounds.go_on(most=50)
            self.phones.signing.go_on(CALLER, most=50)
            self.clock.advance(LOOK_SECONDS)
        self.rounds.go_on(most=50)

    def asked(self, secret: str = "one") -> Transaction | None:
        return self.mobile_id.phones.asked_to_approve(self.sub_, self.deferred(secret).digest.hex())  # type: ignore[union-attr]

    def question(self, secret: str = "one") -> Transaction:
        found = self.asked(secret)
        assert found is not None
        return found

    def deferred(self, secret: str = "one") -> Deferred:
        return ciba.state(self, secret)

    def confirm(self, secret: str = "one", *, login: bool = True, digest: bytes = b"") -> None:
        one = self.question(secret)
        self.phones.carrier.signatures[one.transaction_id] = self.phones.cards[self.sub_].sign(digest or one.digest, login=login)

    def poll(self, secret: str = "one") -> Any:
        answer = self.provider.token(ProviderRequest(
            {"grant_type": GRANT_TYPE_OF[Kind.CIBA], "auth_req_id": secret}, caller=Caller("192.0.2.9", "r"),
            authorization="Basic " + base64.b64encode(b"ngan-hang:s3cret").decode()))
        self.clock.advance(6)
        return answer.body if answer.status == 200 else answer.body["error"]

    def why_not(self) -> list[dict[str, str]]:
        table: Any = AuditRow.__table__
        asked = select(table.c.detail).where(table.c.event == "approval.not_asked").order_by(table.c.id)
        return [json.loads(row.detail) for row in self.database.read(asked).all()]

    def signed_in_at(self) -> Any:
        return self.database.read(select(OfficerRow.last_sign_in_at).where(OfficerRow.sub == self.sub_)).all()[0][0]

    def alive(self) -> list[Any]:
        table: Any = SessionRow.__table__
        return self.database.read(select(table).where(table.c.ended_at.is_(None), table.c.source == PHONE)).all()


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    return Office(database)


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path) -> Iterator[Office]:
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'pages.sqlite3')}")
    yield Office(database)
    database.dispose()


def approved(office: Office, secret: str = "one", **members: Any) -> Any:
    ciba.ask(office, secret=secret, **members)
    office.work()
    office.confirm(secret)
    office.work(10)
    return office.poll(secret)


def test_from_the_question_to_the_tokens(office: Office) -> None:
    ciba.ask(office, message="Lệnh chi 12/7")
    assert office.asked() is None, "whoever answers the application asks no phone"
    office.work()
    [asked] = office.phones.carrier.asked.values()
    one = office.question()
    assert (asked.text, asked.use) == (f"DONG Y CHO Chi tra luong: Lenh chi 12/7 {one.code}", "authentication")
    assert office.poll() == "authorization_pending"
    office.confirm()
    assert office.poll() == "authorization_pending", "nothing is given before we have verified it"
    office.work(10)
    [session] = office.alive()
    tokens = office.poll()
    claims = office.id_token_claims(tokens["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:haugiang:acr:3", ["sc", "pin", "mfa"])
    assert claims["auth_time"] == office.question().ended_at
    assert claims["sid"] == session.sid
    assert office.question().state is Asked.RELEASED
    assert office.question().signature is None
    assert office.poll() == "invalid_grant", "once"
    [told] = [one for one in office.told.of(office.sub_) if one.kind is NoticeKind.APPROVED_BY_PHONE]
    assert (told.detail, told.source) == ({"application": "Chi trả lương"}, "203.0.113.77")
    assert office.signed_in_at() == session.created_at, "who signs in by phone alone is no forgotten account"
    assert sorted(office.events()[-6:]) == sorted(
        ["approval.asked", "factor.asked", "factor.answered", "approval.given", "sign_in", "token.issued"])


def test_the_session_is_the_officers_to_end_and_its_end_ends_the_tokens(office: Office) -> None:
    assert "access_token" in approved(office)
    [session] = office.alive()
    browser, page = ciba.enter(office, path="/account/sessions")
    assert "Chấp thuận trên điện thoại, bằng SIM ký số" in page.text
    assert ">phone<" not in page.text
    action, hidden = form_of(page)
    assert browser.post("/account/sessions/end", {**hidden, "sid": session.sid}).status_code == 303
    assert action.startswith("/account/sessions")
    assert office.alive() == []
    grant = office.deferred().grant
    assert grant is not None
    assert grant.revoked_at is not None


def test_no_browser_comes_in_by_that_session(here: Office) -> None:
    approved(here)
    [session] = here.alive()
    browser = here.browser()
    for value in (session.sid, session.cookie_digest.hex(), ""):
        browser.client.set_cookie("sso", value, domain="localhost")
        assert browser.get("/").status_code == 303


def test_it_ends_with_the_idle_limit_like_any_session(here: Office) -> None:
    approved(here)
    here.clock.advance(here.settings.idle_limit_seconds)
    assert here.sessions.end_overdue(CALLER) == 1
    assert here.alive() == []


ANSWERS: dict[str, tuple[tuple[int, int | None], str, str]] = {
    "cancelled": ((401, 4011), "access_denied", State.DENIED),
    "a wrong PIN": ((401, 4012), "access_denied", State.DENIED),
    "put off": ((401, 4013), "authorization_pending", State.PENDING),
    "nobody answers": ((208, 2082), "authorization_pending", State.PENDING),
    "switched off": ((209, None), "authorization_pending", State.PENDING)}


@pytest.mark.parametrize("answer", ANSWERS)
def test_ciba_s11_what_the_phone_says_otherwise(here: Office, answer: str) -> None:
    """Who ignores the phone can still answer on the page, and the phone is not asked a second time."""
    fault, told, state = ANSWERS[answer]
    here.phones.carrier.fault = fault
    ciba.ask(here)
    here.work()
    here.work(10)
    assert here.poll() == told
    assert here.deferred().state == state
    here.phones.carrier.fault = None
    here.work(20)
    assert len(here.phones.carrier.asked) == 1
    assert here.alive() == []
    if state == State.PENDING:
        browser, page = ciba.enter(here)
        browser.follow(browser.submit(ciba.choose(browser, page), answer="accept"))
        assert "id_token" in here.poll()
    else:
        assert here.events().count("approval.refused") == 1


def test_security_34_the_officer_is_told_who_asked_when_the_phone_did_not_confirm(here: Office) -> None:
    here.phones.carrier.fault = (401, 4011)
    ciba.ask(here)
    here.work()
    here.work(10)
    [one] = [one for one in here.told.of(here.sub_) if one.kind.value == "approval.unconfirmed"]
    assert (one.detail, one.source) == ({"application": "Chi trả lương", "outcome": "cancelled"}, "203.0.113.77")
    _, page = ciba.enter(here, path="/account/notices")
    assert "Ứng dụng Chi trả lương hỏi bạn trên điện thoại" in page.text
    assert "203.0.113.77" in page.text


@pytest.mark.parametrize("answer", ["accept", "deny"])
def test_what_was_answered_on_the_page_waits_for_no_phone(here: Office, answer: str) -> None:
    """And tells the officer of no refusal; what the phone still says opens nothing."""
    ciba.ask(here)
    here.work()
    browser, page = ciba.enter(here)
    browser.follow(browser.submit(ciba.choose(browser, page), answer=answer))
    here.work(2)
    assert here.question().outcome == "answered"
    here.confirm()
    here.work(10)
    assert here.question().state is Asked.LATE
    assert not here.question().occupies
    assert here.alive() == []
    assert "approval.unconfirmed" not in {one.kind.value for one in here.told.of(here.sub_)}
    assert here.phones.store.refusals(here.sub_, APPROVAL, 0, most=3) == []


def test_ciba_s11_ignored_until_it_is_over(here: Office) -> None:
    ciba.ask(here)
    here.work()
    here.work(160)
    assert here.question().state is Asked.TIMED_OUT
    here.clock.advance(150)
    assert here.poll() == "expired_token"


WRONG: dict[str, Callable[[Office], Any]] = {
    "the key for documents": lambda office: office.confirm(login=False),
    "another challenge": lambda office: office.confirm(digest=HASH),
    "another officer's card": lambda office: office.phones.carrier.signatures.update({
        office.question().transaction_id: office.phones.cards["sub-2"].sign(office.question().digest)})}


@pytest.mark.parametrize("wrong", WRONG)
def test_security_58_what_does_not_hold_approves_nothing(here: Office, wrong: str) -> None:
    ciba.ask(here)
    here.work()
    WRONG[wrong](here)
    here.work(10)
    assert here.question().outcome == "invalid"
    assert here.poll() == "authorization_pending"
    assert here.alive() == []


def departed(office: Office) -> None:
    assert office.who is not None
    office.directory.officers[SUB] = replace(office.directory.officers[SUB], disabled=True)
    office.mirror.remember(office.directory.officers[SUB], now=office.clock.now())
    office.deprovisioning.end_access(office.who.sub, "disabled", CALLER)


def came_back(office: Office) -> None:
    """Left, and is at work again; the factors count for nothing until somebody releases them."""
    departed(office)
    change = OfficerChange(ChangeKind.DISABLED, office.sub_, None, None, office.clock.now())
    office.deprovisioning.of(change)
    office.clock.advance(1)
    office.directory.officers[SUB] = replace(office.directory.officers[SUB], disabled=False)
    office.mirror.remember(office.directory.officers[SUB], now=office.clock.now())
    office.deprovisioning.of(replace(change, kind=ChangeKind.RETURNED, at=office.clock.now()))


def only_there(office: Office) -> None:
    """The directory has disabled the officer, and nobody here has heard of it."""
    office.directory.officers[SUB] = replace(office.directory.officers[SUB], disabled=True)


MEANWHILE: dict[str, Callable[[Office], Any]] = {
    "the officer left": departed,
    "the directory has disabled the officer": only_there,
    "the directory has the officer no more": lambda office: office.directory.officers.pop(SUB),
    "the SIM was lost": lambda office: office.phones.sims.blocked.add(office.sub_),
    "its certificate was revoked": lambda office: office.phones.standings.revoked.add(office.phones.cards[office.sub_].login_der),
    "the officer has another card": lambda office: office.phones.cards.update({office.sub_: office.phones.cards["sub-2"]}),
    "the officer has turned it off": lambda office: office.mobile_id.choose_approvals(office.who, False, CALLER),
    "the factor was taken away": lambda office: office.services.second_factors.remove(office.who, "sim", "", CALLER),
    "the application was disabled": lambda office: ciba.registered(office, disabled=True),
    "the application lost its grant type": lambda office: ciba.registered(office, grant_types=("refresh_token",)),
    "the application admits others": lambda office: ciba.registered(office, allowed_groups=frozenset({"van-thu"})),
    "the application asks for consent": lambda office: ciba.registered(office, consent="ask"),
    "its scope was taken back": lambda office: ciba.registered(office, scope=frozenset({"openid"})),
    "the officer refused on the page": lambda office: office.services.approvals.deny(office.deferred(), None, CALLER),
    "it expired": lambda office: office.clock.advance(301)}


WHILE_ASKED = ("the officer left", "the SIM was lost", "the officer refused on the page")


@pytest.mark.parametrize(("meanwhile", "when"), [*((name, "after it has confirmed") for name in MEANWHILE),
                                                 *((name, "while the phone is asked") for name in WHILE_ASKED)])
def test_security_18_what_changed_until_it_is_taken_counts(here: Office, meanwhile: str, when: str) -> None:
    ciba.ask(here)
    here.work()
    here.confirm()
    if when == "after it has confirmed":
        here.clock.advance(10)
        here.phones.signing.go_on(CALLER, most=5)
        assert here.question().state is Asked.READY
    MEANWHILE[meanwhile](here)
    here.work(10)
    here.work(10)
    found = here.deferred()
    assert found.state != State.APPROVED
    assert found.grant is None
    assert here.alive() == []
    assert here.question().state is not Asked.RELEASED


def test_while_the_directory_is_away_the_mirror_decides(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_entry_uuid: str) -> Any:
        raise UnavailableError("away", dependency="directory")

    ciba.ask(here)
    here.work()
    here.confirm()
    monkeypatch.setattr(here.directory, "find", away)
    here.work(10)
    assert "id_token" in here.poll()


def test_nothing_that_changed_between_the_last_look_and_the_write_is_overrun(office: Office) -> None:
    """The write itself asks again: for the officer, the choice, the request, and the phone's answer."""
    ciba.ask(office)
    office.work()
    office.confirm()
    office.clock.advance(10)
    office.phones.signing.go_on(CALLER, most=5)
    store, given = office.rounds._store, list[bool]()
    approve = store.approve

    def late(*what: Any) -> bool:
        given.append(approve(*what[:2], replace(what[2], sim_id="lost since", revision=3), *what[3:]))
        for undo, act in CHANGES.values():
            act(office)
            given.append(approve(*what))
            undo(office)
        office.phones.signing._following.end(office.question(), "denied", CALLER)
        given.append(approve(*what))
        return given[-1]

    store.approve = late  # type: ignore[method-assign]
    office.work()
    assert given == [False] * (len(CHANGES) + 2)
    assert office.alive() == []
    assert office.events().count("approval.given") == 0


def _status(status: str) -> Callable[[Office], None]:
    def change(office: Office) -> None:
        office.database.write(update(OfficerRow).where(OfficerRow.sub == office.sub_).values(status=status)).run()
    return change


def _choice(since: int | None) -> Callable[[Office], None]:
    return lambda office: office.database.write(update(SimLoginRow).values(approves_since=since)).run()


CHANGES: dict[str, tuple[Callable[[Office], Any], Callable[[Office], Any]]] = {
    "stopped": (_status("active"), _status("disabled")), "turned off": (_choice(1), _choice(None))}


@pytest.mark.parametrize("nodes", [1, 2])
def test_security_15_of_many_workers_one_approves(office: Office, nodes: int) -> None:
    ciba.ask(office)
    office.work()
    office.confirm()
    office.clock.advance(10)
    office.phones.signing.go_on(CALLER, most=5)
    deferred, one = office.deferred(), office.question()
    rounds = [office.rounds, *(office.node() for _ in range(nodes - 1))]
    barrier = threading.Barrier(6)

    def take(number: int) -> None:
        barrier.wait()
        rounds[number % nodes]._approve(deferred, one, Caller(PHONE, "r"))

    together(take, 6)
    assert len(office.alive()) == 1
    assert [office.events().count(event) for event in ("approval.given", "sign_in")] == [1, 1]


def test_security_15_phone_and_page_at_one_moment_answer_once(office: Office) -> None:
    ciba.ask(office)
    office.work()
    office.confirm()
    office.clock.advance(10)
    office.phones.signing.go_on(CALLER, most=5)
    deferred, one = office.deferred(), office.question()
    _, session = office.sessions.open(office.sub_, acr=1, amr=("pwd",), caller=CALLER)
    barrier, pressed = threading.Barrier(2), list[bool]()

    def act(number: int) -> None:
        barrier.wait()
        if number:
            pressed.append(office.services.approvals.approve(deferred, session, CALLER))
        else:
            office.rounds._approve(deferred, one, Caller(PHONE, "r"))

    together(act, 2)
    assert office.events().count("approval.given") == 1
    assert len(office.alive()) == (0 if pressed == [True] else 1)


def test_of_many_workers_one_asks_the_phone(office: Office) -> None:
    ciba.ask(office)
    rounds, barrier = [office.rounds, office.node()], threading.Barrier(6)

    def look(number: int) -> None:
        barrier.wait()
        rounds[number % 2].go_on(most=5)

    together(look, 6)
    office.work()
    assert len(office.phones.carrier.asked) == 1


def together(act: Callable[[int], None], many: int) -> None:
    failed = list[BaseException]()

    def run(number: int) -> None:
        try:
            act(number)
        except BaseException as err:
            failed.append(err)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# Who is asked, and what waits on the page alone


ALONE: dict[str, tuple[str, Callable[[Office], Any]]] = {
    "consent": ("consent", lambda office: (ciba.registered(office, consent="ask"), ciba.ask(office))),
    "another sign-in": ("login", lambda office: (ciba.registered(office, default_max_age=0), ciba.ask(office))),
    "a long message": ("text", lambda office: ciba.ask(office, message="x" * 95)),
    "a message that phones cannot show": ("text", lambda office: ciba.ask(office, message="中")),
    "no SIM": ("no_sim", lambda office: (office.phones.sims.blocked.add(office.sub_), ciba.ask(office))),
    "frozen factors": ("frozen", lambda office: (came_back(office), ciba.ask(office))),
    "an unfit certificate": ("certificate_unfit", lambda office: (
        office.phones.standings.revoked.add(office.phones.cards[office.sub_].login_der), ciba.ask(office))),
    "little time": ("time", lambda office: (ciba.ask(office), office.clock.advance(280)))}


@pytest.mark.parametrize("what", ALONE)
def test_what_a_phone_cannot_be_asked_waits_on_the_page(here: Office, what: str) -> None:
    why, prepare = ALONE[what]
    prepare(here)
    here.work()
    here.work(5)
    assert here.phones.carrier.asked == {}
    assert here.why_not() == [{"by": "sim", "reason": why}]
    assert here.deferred().state == State.PENDING


def test_a_level_beyond_the_sim_is_for_the_page(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_approval, "LEVEL", 2)
    ciba.ask(here, acr_values=("urn:haugiang:acr:3",))
    ciba.registered(here, required_level=3, required_acr="urn:haugiang:acr:3")
    here.work()
    assert here.phones.carrier.asked == {}
    assert here.why_not() == [{"by": "sim", "reason": "step_up"}]


def test_the_level_of_the_sim_does_for_what_demands_it(here: Office) -> None:
    ciba.registered(here, required_level=3, required_acr="urn:haugiang:acr:3", secret_digest=secret_digest("s3cret"))
    assert here.id_token_claims(approved(here, acr_values=("urn:haugiang:acr:3",))["id_token"])["acr"] == "urn:haugiang:acr:3"


def test_consent_that_was_given_before_does(here: Office) -> None:
    here.services.consents.give(here.sub_, "ngan-hang", ("openid", "profile"), CALLER)
    ciba.registered(here, consent="ask", secret_digest=secret_digest("s3cret"))
    assert "id_token" in approved(here)


def test_only_who_has_chosen_it_is_asked(here: Office) -> None:
    assert here.mobile_id.choose_approvals(here.who, False, CALLER)
    ciba.ask(here)
    ciba.ask(here, "vanthu", secret="two")
    here.work()
    assert here.phones.carrier.asked == {}
    assert here.why_not() == []
    assert here.mobile_id.choose_approvals(here.who, True, CALLER)
    here.work()
    assert here.phones.carrier.asked == {}, "what was asked before the choice waits where it was"


def test_a_card_is_asked_one_thing_at_a_time_and_the_next_afterwards(here: Office) -> None:
    document = here.phones.ask(sub=here.sub_)
    ciba.ask(here)
    ciba.ask(here, secret="two")
    here.work()
    assert [asked.use for asked in here.phones.carrier.asked.values()] == ["signing"]
    here.phones.sign(document, by=here.sub_)
    for _ in range(4):
        here.work(5)
    assert here.asked() is not None
    assert here.asked("two") is None
    here.confirm()
    for _ in range(4):
        here.work(5)
    assert "id_token" in here.poll()
    assert here.asked("two") is not None


def test_after_a_refusal_the_phone_is_left_alone_and_signs_and_signs_in(here: Office) -> None:
    here.phones.carrier.fault = (401, 4011)
    ciba.ask(here)
    here.work()
    here.work(10)
    ciba.registered(here, client_id="khac")
    ciba.ask(here, secret="two", client_id="khac")
    here.work()
    assert len(here.phones.carrier.asked) == 1
    assert here.why_not() == [{"by": "sim", "reason": "refused_too_often"}]
    here.phones.carrier.fault = None
    assert here.mobile_id.ask(here.who, "Quản lý văn bản", "b" * 64, CALLER).state is Asked.SENT
    here.clock.advance(310)
    here.phones.signing.go_on(CALLER, most=9)
    ciba.ask(here, secret="three", client_id="khac")
    here.work()
    assert here.asked("three") is not None


def test_security_57_nobody_is_asked_all_night(here: Office) -> None:
    """Whoever can type a name into an application has a phone asked four times in half an hour, if nobody confirms."""
    here.phones.carrier.fault = (208, 2082)
    for number in range(5):
        ciba.ask(here, secret=f"s-{number}")
        here.work()
        here.work(10)
    assert len(here.phones.carrier.asked) == 4
    assert [why["reason"] for why in here.why_not()] == ["throttled"]
    for client in ("khac", "nua"):
        ciba.registered(here, client_id=client)
    for number in range(20):
        here.clock.advance(1400)
        ciba.ask(here, secret=f"n-{number}", client_id=("ngan-hang", "khac", "nua")[number % 3])
        here.work()
        here.work(10)
    assert len(here.phones.carrier.asked) <= 16, "eight at once, and one in each hour of a night"


def test_what_is_confirmed_takes_the_questions_before_it_back(here: Office) -> None:
    for number in range(6):
        assert "id_token" in approved(here, f"s-{number}")
        here.work(5)


def test_a_crash_after_each_step_loses_nothing(here: Office) -> None:
    """Every look begins from the database alone: each by a worker that has just started."""
    ciba.ask(here)
    here.node().go_on(most=5)
    assert here.phones.carrier.asked == {}, "stored before anybody is asked"
    here.phones.signing.go_on(CALLER, most=5)
    here.confirm()
    for _ in range(3):
        here.clock.advance(10)
        here.phones.signing.go_on(CALLER, most=5)
        here.node().go_on(most=5)
    assert "id_token" in here.poll()


def test_who_looks_and_dies_is_followed_by_another(here: Office) -> None:
    ciba.ask(here)
    [due] = here.rounds._store.due(here.clock.now(), limit=5)
    assert here.rounds._store.move(due, here.clock.now() + 5)
    assert not here.rounds._store.move(due, here.clock.now() + 5)
    here.work()
    assert here.asked() is None
    here.work(5)
    assert here.asked() is not None


def test_a_ping_is_queued_with_the_answer(here: Office) -> None:
    ciba.registered(here, backchannel_token_delivery_mode="ping", secret_digest=secret_digest("s3cret"))
    ciba.ask(here, notice="{}")
    here.work()
    here.confirm()
    here.work(10)
    rows = here.database.read(select(OutboxRow.receiver, OutboxRow.kind).where(OutboxRow.kind == "ciba_ping")).all()
    assert [(row.receiver, row.kind) for row in rows] == [("ngan-hang", "ciba_ping")]


def test_a_signature_or_a_sign_in_approves_nothing(here: Office) -> None:
    ciba.ask(here)
    binding = here.deferred().digest.hex()
    sign_in = here.mobile_id.ask(here.who, "Quản lý văn bản", binding, CALLER)
    here.phones.carrier.signatures[sign_in.transaction_id] = here.phones.cards[here.sub_].sign(sign_in.digest, login=True)
    here.work(10)
    assert here.asked() is None
    assert here.phones.signing.approving(here.phones.now(sign_in), CALLER) is None
    assert here.deferred().state == State.PENDING


def test_an_approval_opens_no_sign_in_and_is_no_signature(here: Office) -> None:
    ciba.ask(here)
    here.work()
    one = here.question()
    here.confirm()
    here.clock.advance(10)
    here.phones.signing.go_on(CALLER, most=5)
    assert here.mobile_id.state(here.sub_, one.binding, CALLER) is None
    record = AuditRecord(AuditEvent.FACTOR_ACCEPTED, here.clock.now(), sub=here.sub_)
    assert not here.phones.signing.opened(here.phones.now(one), here.who.officer.entry_uuid, record, CALLER)  # type: ignore[union-attr]
    for act in (lambda: here.phones.signing.find("ngan-hang", one.transaction_id),
                lambda: here.phones.signing.release("ngan-hang", one.transaction_id, one.digest, CALLER),
                lambda: here.phones.signing.deny(here.sub_, one.transaction_id, CALLER)):
        with pytest.raises(RefusedError):
            act()
    assert here.phones.store.of_officer(here.sub_, limit=5) == []
    assert here.phones.store.by_key("ngan-hang", one.idempotency_key) is None
    kept = [event.proofs for event in here.phones.store.events(one.transaction_id)]
    assert set().union(*kept) <= {"certificate", "signature"}


TEXTS = {
    ("Chi trả lương", "W4SCT"): "DONG Y CHO Chi tra luong: W4SCT", ("Chi trả lương", ""): "DONG Y CHO Chi tra luong",
    ("Đ" * 200, "12"): "DONG Y CHO " + "D" * 87 + "...: 12", ("Quản lý văn bản của tỉnh", "y" * 76): (
        "DONG Y CHO Quan ly van b...: " + "y" * 76), ("Quản lý văn bản của tỉnh", "y" * 77): "",
    ("Quản lý văn bản", "y" * 76): "DONG Y CHO Quan ly van ban: " + "y" * 76,
    ("Chi", "y" * 89): "DONG Y CHO Chi: " + "y" * 89, ("Chi", "Thế à?"): "DONG Y CHO Chi: The a?",
    ("Chi", "α"): "", ("中", "ok"): "DONG Y CHO ?: ok"}


def test_what_a_phone_shows_is_whole_or_nothing() -> None:
    for (name, message), text in TEXTS.items():
        assert approval_text(name, message) == text
        assert not text or sim_text(text, "0042") == f"{text} 0042"


# The pages


def test_the_officer_chooses_it_afresh_and_is_told(here: Office) -> None:
    here.enrol(SUB)
    assert here.mobile_id.choose_approvals(here.who, False, CALLER)
    browser, page = ciba.enter(here, path=PAGE)
    page = browser.follow(browser.submit(page, otp=here.otp())) if 'name="otp"' in page.text else page
    assert "Đang tắt" in page.text
    assert browser.submit(page, approvals="on").headers["Location"] == "/account/security"
    assert here.mobile_id.approves(here.who)
    told = [one.kind.value for one in here.told.of(here.sub_)]
    assert told[0] == "approvals_by_phone.chosen"
    assert "Điện thoại nhận yêu cầu chấp thuận" in browser.get("/account/notices").text
    page = browser.follow(browser.get(PAGE))
    assert "Đang bật" in page.text
    action, hidden = form_of(page)
    assert browser.post(action, {"approvals": "off"}).status_code == 400, "without its token"
    assert here.mobile_id.approves(here.who)
    for odd in ("yes", "ON", ""):
        browser.post(action, {**hidden, "approvals": odd})
    assert here.mobile_id.approves(here.who)
    browser.submit(page, approvals="off")
    assert not here.mobile_id.approves(here.who)
    assert here.events().count("factor.changed") == 4
    here.clock.advance(3600)
    assert browser.submit(page, approvals="on").headers["Location"].startswith("/login/")
    assert not here.mobile_id.approves(here.who)


def test_an_officer_without_the_factor_has_no_choice(here: Office) -> None:
    here.services.second_factors.remove(here.who, "sim", "", CALLER)
    assert not here.mobile_id.choose_approvals(here.who, True, CALLER)
    assert not here.mobile_id.approves(here.who)


def test_the_list_says_what_the_phone_shows(here: Office) -> None:
    ciba.ask(here)
    browser, page = ciba.enter(here)
    assert "Đang hỏi, số đối chiếu" not in page.text
    assert f'href="{PAGE}"' in page.text
    here.work()
    assert f"Đang hỏi, số đối chiếu {here.question().code}" in browser.get("/approvals").text
    here.confirm()
    here.work(10)
    assert "Không có yêu cầu nào" in browser.get("/approvals").text
    other = ciba.enter(here, "vanthu")[1]
    assert f'href="{PAGE}"' not in other.text
