"""An officer loses their access, and has it again: what ends, what stays, what people have to do; on both databases."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.tasks import SqlTasks
from idp.adapters.sql.interactions import SqlInteractions
from idp.adapters.sql.tables import (
    AuditRow,
    ConsentRow,
    DeferredAuthorizationRow,
    DepartureRow,
    GrantRow,
    InteractionRow,
    OfficerRow,
    OutboxRow,
    SessionRow,
    TaskRow,
)
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.directory.changes import ChangeKind, OfficerChange
from idp.errors import RefusedError
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants import jwt_bearer, token_exchange
from idp.oauth.grants.authorization_code import agreed, begin
from idp.oauth.ports import NewTokens
from idp.sessions.interaction import Interactions
from idp.sessions.single_sign_on import NotActiveError
from tests.fakes.client_keys import pair
from tests.oauth.deferred.test_authorization import PENDING
from tests.provider import CALLER, REGISTERED, SECRET, House, Reply
from tests.security.test_matrix import CIBA, HRM, vouch

WORKER = Caller("worker", "worker")


@pytest.fixture
def house(database: Database) -> House:
    house = House(database, assertion_issuers={HRM.issuer: HRM})
    house.client(grant_types=(*REGISTERED.grant_types, CIBA, jwt_bearer.GRANT_TYPE, token_exchange.GRANT_TYPE),
                 backchannel_token_delivery_mode="poll", exchange_from=("qlvb",))
    return house


def rows(house: House, mapped: Any) -> list[Any]:
    return house.database.read(select(mapped.__table__)).all()


def change(house: House, kind: ChangeKind, *, at: int | None = None) -> OfficerChange:
    """What the mirror tells when it was written just now."""
    after = house.officers.by_uid("canbo")
    assert after is not None
    return OfficerChange(kind, after.sub, None, after, house.clock.now() if at is None else at)


def goes(house: House, kind: ChangeKind = ChangeKind.DISABLED) -> OfficerChange:
    """Let the officer go, as the feed does: the mirror first, then what follows."""
    told = change(house, kind)
    house.disable(status="gone" if kind is ChangeKind.REMOVED else "disabled")
    house.deprovisioning.of(told)
    return told


def returns(house: House) -> OfficerChange:
    house.disable(status="active")
    told = change(house, ChangeKind.RETURNED)
    house.deprovisioning.of(told)
    return told


def ask_by_name(house: House) -> Reply:
    return house.post("/bc-authorize", {"scope": "openid", "login_hint": "canbo"}, client_id="qlvb", secret=SECRET)


def everything(house: House) -> dict[str, Callable[[], bool]]:
    """Give an officer everything that there is; each tells whether it still works."""
    session = house.session()
    tokens = house.tokens_for(session=session, scope="openid offline_access")
    code = house.code(house.session(), scope="openid")
    vouched = house.token({"grant_type": jwt_bearer.GRANT_TYPE, "assertion": vouch(house, pair("ES256", 5))}).json["access_token"]
    exchanged = house.token({"grant_type": token_exchange.GRANT_TYPE, "subject_token": tokens["access_token"],
                             "subject_token_type": token_exchange.ACCESS_TOKEN}).json["access_token"]
    device = house.device()
    assert house.approve(device, session)
    asked = ask_by_name(house)
    pages = Interactions(SqlInteractions(house.database), house.clock, 3600)
    page = pages.take_up(pages.begin_page("/").id, "browser")
    assert page is not None
    assert pages.prove(page, "uuid-canbo", ("pwd",), must_change=False) is not None

    def waits() -> bool:
        return any(deferred.kind == "ciba" for deferred in house.approvals.awaiting(session.sub))

    def proven() -> bool:
        found = pages.take_up(page.id, "browser")
        return found is not None and pages.proven_officer(found) != ""

    assert asked.status == 200, asked.body
    return {
        "session": lambda: any(known.sub == session.sub for known in house.sessions._store.alive(session.sub)),
        "code": lambda: house.redeem(code).status == 200,
        "access token": lambda: house.userinfo(tokens["access_token"]).status == 200,
        "introspection": lambda: house.introspect(tokens["access_token"]).json["active"],
        "refresh token": lambda: house.refresh(tokens["refresh_token"]).status == 200,
        "token of an assertion": lambda: house.userinfo(vouched).status == 200,
        "exchanged token": lambda: house.introspect(exchanged).json["active"],
        "exchange": lambda: house.token({
            "grant_type": token_exchange.GRANT_TYPE, "subject_token": tokens["access_token"],
            "subject_token_type": token_exchange.ACCESS_TOKEN}).status == 200,
        "device code": lambda: house.token({
            "grant_type": GRANT_TYPE_OF[Kind.DEVICE], "device_code": device.json["device_code"]}).status == 200,
        "request by name": waits, "page": proven}


LIVES = ("session", "code", "access token", "introspection", "refresh token", "token of an assertion", "exchanged token",
         "exchange", "device code", "request by name", "page")


@pytest.mark.parametrize("kind", [ChangeKind.DISABLED, ChangeKind.REMOVED])
def test_whoever_goes_loses_everything_and_nothing_of_it_is_back_with_them(house: House, kind: ChangeKind) -> None:
    given = everything(house)
    assert tuple(given) == LIVES
    goes(house, kind)
    assert [name for name, lives in given.items() if lives()] == []
    returns(house)
    house.clock.advance(1)
    assert [name for name, lives in given.items() if lives()] == []
    assert house.tokens_for(session=house.session())["access_token"]


def test_each_of_these_lives_while_nothing_happens(house: House) -> None:
    # What is redeemed last rotates or uses up what others need.
    given = everything(house)
    assert [name for name in LIVES if not given[name]()] == []


def test_every_application_is_told_once_for_each_session_and_each_end_is_recorded(house: House) -> None:
    house.client("mail")
    first, second = house.session(), house.session()
    for session, client_id in ((first, "qlvb"), (first, "mail"), (second, "qlvb")):
        house.code(session, client_id=client_id)
    told = goes(house)
    for _ in range(2):
        house.deprovisioning.of(told)
    notices = [(row.receiver, json.loads(row.payload)["sid"], json.loads(row.payload)["sub"]) for row in rows(house, OutboxRow)]
    assert sorted(notices) == sorted((client_id, sid, told.sub) for client_id, sid in (
        ("qlvb", first.sid), ("mail", first.sid), ("qlvb", second.sid)))
    ends = {"session.ended", "access.ended"}
    records = [(row.event, row.sid, row.detail) for row in rows(house, AuditRow) if row.event in ends]
    reason = '{"reason":"disabled"}'
    assert sorted(records) == sorted([("access.ended", "", reason), ("session.ended", first.sid, reason),
                                      ("session.ended", second.sid, reason)])
    assert {row.end_reason for row in rows(house, SessionRow)} == {"disabled"}
    assert {row.revoke_reason for row in rows(house, GrantRow)} == {"disabled"}


def test_others_keep_what_is_theirs(house: House) -> None:
    other = house.officer("vanthu")
    tokens = house.tokens_for(session=house.session(other), scope="openid offline_access")
    house.session()
    goes(house)
    assert house.refresh(tokens["refresh_token"]).status == 200
    assert {row.sub for row in rows(house, SessionRow) if row.ended_at is None} == {other}


def test_consents_and_the_subject_stay(house: House) -> None:
    sub = house.officer()
    consents: Any = ConsentRow.__table__
    house.database.write(house.database.insert(consents).inline().values(
        **{name: value for name, value in {"sub": sub, "client_id": "qlvb", "scope": "openid", "given_at": 1}.items()})).run()
    goes(house)
    returns(house)
    assert house.officer() == sub
    assert rows(house, ConsentRow)[0].withdrawn_at is None


def test_a_departure_that_is_told_late_leaves_what_was_given_since_the_return(house: House) -> None:
    session = house.session()
    left = change(house, ChangeKind.DISABLED)
    house.clock.advance(60)
    fresh = house.session()
    house.deprovisioning.of(left)
    alive = {row.sid for row in rows(house, SessionRow) if row.ended_at is None}
    assert alive == {fresh.sid} != {session.sid}


def test_disabled_and_then_removed_is_one_departure_and_going_again_another(house: House) -> None:
    house.session()
    for kind in (ChangeKind.DISABLED, ChangeKind.REMOVED):
        goes(house, kind)
        house.clock.advance(60)
    assert len(rows(house, TaskRow)) == 2
    returns(house)
    house.session()
    house.clock.advance(60)
    goes(house)
    assert len(rows(house, TaskRow)) == 4
    assert len(rows(house, DepartureRow)) == 1
    assert [row.event for row in rows(house, AuditRow)].count("access.ended") == 2


def test_a_change_that_is_told_again_after_the_return_ends_nothing(house: House) -> None:
    house.session()
    left = goes(house)
    house.clock.advance(60)
    returns(house)
    fresh = house.session()
    house.deprovisioning.of(left)
    assert [row.sid for row in rows(house, SessionRow) if row.ended_at is None] == [fresh.sid]
    assert rows(house, DepartureRow)[0].returned_at is not None


def test_certificates_and_sims_become_tasks_that_are_done_once_with_a_proof(house: House) -> None:
    house.session()
    told = goes(house)
    tasks = SqlTasks(house.database)
    found = tasks.page(state="open", unit="", after=None, limit=10)
    assert sorted(task.kind for task in found) == ["certificate_revocation", "sim_revocation"]
    assert {(task.sub, task.uid, task.unit_code, task.due_at - task.opened_at) for task in found} == {
        (told.sub, "canbo", "H30.1", 86400)}
    assert len(tasks.page(state="open", unit="H30.1", after=None, limit=10)) == 2
    assert tasks.page(state="open", unit="H30.10", after=None, limit=10) == []
    record = AuditRecord(AuditEvent.TASK_COMPLETED, house.clock.now(), sub=told.sub)
    assert tasks.complete(found[0].task_id, "Thu hồi số 12", "admin", record)
    assert not tasks.complete(found[0].task_id, "Lần nữa", "admin", record)
    done, = tasks.page(state="done", unit="", after=None, limit=10)
    assert (done.proof, done.done_by, done.done_at) == ("Thu hồi số 12", "admin", house.clock.now())


def test_whoever_joined_or_moved_loses_nothing(house: House) -> None:
    given = everything(house)
    for kind in (ChangeKind.JOINED, ChangeKind.MOVED, ChangeKind.RENAMED, ChangeKind.CHANGED, ChangeKind.RETURNED):
        house.deprovisioning.of(change(house, kind))
    assert [name for name in LIVES if not given[name]()] == []
    assert rows(house, DepartureRow) == rows(house, TaskRow) == []


def test_what_lives_of_somebody_who_is_not_active_is_ended_however_the_mirror_was_written(house: House) -> None:
    given = everything(house)
    assert house.deprovisioning.settle(WORKER) == 0
    house.disable()
    assert house.deprovisioning.settle(WORKER) == 1
    assert house.deprovisioning.settle(WORKER) == 0
    house.disable(status="active")
    assert [name for name, lives in given.items() if lives()] == []
    assert {row.source for row in rows(house, AuditRow) if row.event == "access.ended"} == {"worker"}


def test_an_offline_grant_alone_is_found_too(house: House) -> None:
    session = house.session()
    house.tokens_for(session=session, scope="openid offline_access")
    house.sessions.end(session.sid, "logout", CALLER)
    house.disable()
    assert house.deprovisioning.settle(WORKER) == 1
    assert rows(house, GrantRow)[0].revoke_reason == "disabled"


def polled(house: House, asked: Reply) -> str:
    house.clock.advance(6)
    return house.token({"grant_type": CIBA, "auth_req_id": asked.json["auth_req_id"]}).error


@pytest.mark.parametrize("status", ["disabled", "gone"])
def test_a_request_by_name_alone_is_refused_at_once_and_is_found_too(house: House, status: str) -> None:
    house.officer()
    asked = ask_by_name(house)
    assert polled(house, asked) == "authorization_pending"
    house.disable(status=status)
    assert polled(house, asked) == "access_denied"
    assert house.deprovisioning.settle(WORKER) == 1
    assert house.deprovisioning.settle(WORKER) == 0
    house.disable(status="active")
    assert polled(house, asked) == "access_denied"
    assert [row.state for row in rows(house, DeferredAuthorizationRow)] == ["denied"]


def test_whose_time_is_over_gets_nothing_from_that_second_on_whatever_the_mirror_says(house: House) -> None:
    """Each store is asked itself, without the rooms that look first: of two who act at once the later one is refused."""
    end = house.clock.now() + 60
    sub = house.officer(ends_at=end)
    session, asked = house.session(sub), ask_by_name(house)
    page = Interactions(SqlInteractions(house.database), house.clock, 3600)
    opened = page.take_up(page.begin_page("/").id, "browser")
    assert opened is not None

    def given() -> dict[str, bool]:
        grant = agreed(house.asked(), session, now=house.clock.now(), offline_seconds=60)
        tokens = NewTokens(secrets.token_bytes(32), "qlvb", grant.grant_id, "openid", house.clock.now(), house.clock.now() + 60)
        record = AuditRecord(AuditEvent.CODE_ISSUED, house.clock.now())
        with contextlib.suppress(NotActiveError):
            house.session(sub)
        return {
            "session": len(house.sessions._store.alive(sub)) > 1,
            "code": house.store.issue_code(begin(house.asked(), grant, value=secrets.token_hex(), code_seconds=60), record),
            "without a session": house.store.issue_without_session(
                replace(grant, grant_id=secrets.token_hex(8), sid=""), tokens, record),
            "page": page.prove(opened, "uuid-canbo", ("pwd",), must_change=False) is not None,
            "request by name": house.deferred.begin_for(replace(
                PENDING, digest=secrets.token_bytes(32), client_id="qlvb", kind=Kind.CIBA, sub=sub,
                created_at=house.clock.now(), expires_at=house.clock.now() + 60), record, most_pending=9)}

    house.clock.advance(52)
    assert polled(house, asked) == "authorization_pending"
    house.clock.advance(1)
    assert set(given().values()) == {True}
    for one in house.sessions._store.alive(sub)[1:]:
        house.sessions.end(one.sid, "logout", CALLER)
    house.clock.advance(1)
    assert set(given().values()) == {False}
    assert polled(house, asked) == "access_denied"


def test_an_administrator_ends_everything_and_freezes_nothing(house: House) -> None:
    given = everything(house)
    sub = house.officer()
    by = CALLER._replace(officer="admin", client_id="console")
    assert house.deprovisioning.end_access(sub, "administrator", by) == ["qlvb"]
    assert [name for name, lives in given.items() if lives()] == []
    assert house.deprovisioning.end_access(sub, "administrator", by) == []
    assert house.deprovisioning.frozen_until("uuid-canbo") is None
    assert rows(house, DepartureRow) == []
    records = [json.loads(row.detail) for row in rows(house, AuditRow) if row.event == "access.ended"]
    assert records == [{"reason": "administrator", "by_officer": "admin", "by_client": "console"}] * 2


def test_factors_stay_frozen_after_the_return_until_they_are_released(house: House) -> None:
    sub = house.officer()
    assert house.deprovisioning.frozen_until("uuid-canbo") is None
    goes(house)
    assert house.deprovisioning.frozen_until("uuid-canbo") == 2**62
    assert not house.deprovisioning.release_factors(sub, CALLER), "the officer is not back"
    house.clock.advance(60)
    returns(house)
    assert house.deprovisioning.frozen_until("uuid-canbo") == house.clock.now()
    assert house.deprovisioning.release_factors(sub, CALLER)
    assert not house.deprovisioning.release_factors(sub, CALLER)
    assert house.deprovisioning.frozen_until("uuid-canbo") is None
    goes(house)
    assert house.deprovisioning.frozen_until("uuid-canbo") == 2**62
    assert [row.event for row in rows(house, AuditRow) if row.event in {"access.returned", "factors.released"}] == [
        "access.returned", "factors.released"]


def test_a_password_that_was_right_just_before_is_not_noted_afterwards(house: House) -> None:
    pages = Interactions(SqlInteractions(house.database), house.clock, 3600)
    page = pages.take_up(pages.begin_page("/").id, "browser")
    assert page is not None
    house.session()
    goes(house)
    assert pages.prove(page, "uuid-canbo", ("pwd",), must_change=False) is None
    pages.forget(page)
    assert rows(house, InteractionRow)[0].entry_uuid == ""


@pytest.mark.parametrize("kind", [ChangeKind.DISABLED, ChangeKind.REMOVED])
def test_of_twenty_who_act_at_the_moment_of_departure_nothing_lives(house: House, kind: ChangeKind) -> None:
    """Sign-ins, codes, refreshes, approvals, requests by name and assertions, while the access goes; then the officer is back."""
    sub = house.officer()
    session = house.session()
    offline = [house.tokens_for(session=house.session(), scope="openid offline_access")["refresh_token"] for _ in range(3)]
    devices = [house.device() for _ in range(3)]
    codes = [house.code(session) for _ in range(3)]

    def act(work: Callable[[], object]) -> None:
        barrier.wait()
        with contextlib.suppress(RefusedError):
            work()

    acts: list[Callable[[], object]] = [
        *([lambda: house.session(sub)] * 4), *([lambda: house.code(session)] * 3),
        *(lambda token=token: house.refresh(token) for token in offline),
        *(lambda device=device: house.approve(device, session) for device in devices),
        *(lambda code=code: house.redeem(code) for code in codes),
        *([lambda: house.token({"grant_type": jwt_bearer.GRANT_TYPE, "assertion": vouch(house, pair("ES256", 5))})] * 2),
        lambda: ask_by_name(house), lambda: goes(house, kind)]
    barrier = threading.Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(act, acts))
    told = {json.loads(row.payload)["sid"] for row in rows(house, OutboxRow)}
    takes_part = {row.sid for row in rows(house, GrantRow) if row.sid}
    assert len(acts) == 20
    assert [row for row in rows(house, SessionRow) if row.ended_at is None] == []
    assert [row for row in rows(house, GrantRow) if row.revoked_at is None] == []
    assert [row for row in rows(house, DeferredAuthorizationRow) if row.sub and row.state == "pending"] == []
    assert takes_part <= told
    assert {row.status for row in rows(house, OfficerRow)} == {"gone" if kind is ChangeKind.REMOVED else "disabled"}


def test_nobody_signs_in_while_the_access_is_gone(house: House) -> None:
    sub = house.officer()
    goes(house)
    with pytest.raises(NotActiveError):
        house.session(sub)
    events = [row.event for row in rows(house, AuditRow)]
    assert [event for event in events if not event.startswith("officer.")] == ["access.ended"]
