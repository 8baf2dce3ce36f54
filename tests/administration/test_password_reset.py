"""POST /api/v1/officers/{sub}/password-reset: who may, for whom, once, and that nothing is skipped by it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.adapters.sql.operation.repeats import SqlAnsweredRequests
from idp.audit import Caller
from idp.directory.officer import BindResult, Post
from tests.fakes.directory import PASSWORD, make_officer

from .office import HOME, IT, Office


def reset(office: Office, token: str, sub: str, key: str = "yeu-cau-0001") -> Any:
    return office.call("POST", f"/officers/{sub}/password-reset", token, **({"Idempotency_Key": key} if key else {}))


def bind(office: Office, uid: str, password: str) -> BindResult:
    return office.directory.check_password(office.directory.officers[uid], password).result


def test_a_new_password_is_shown_once_and_may_only_be_changed(office: Office) -> None:
    sub = office.officer("canbo", unit=f"{IT}.2")
    answer = reset(office, office.agency(IT), sub)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert set(told) == {"sub", "uid", "one_time_password", "expires_at"}
    assert (told["sub"], told["uid"], told["expires_at"]) == (sub, "canbo", office.clock.now() + 86400)
    assert bind(office, "canbo", told["one_time_password"]) is BindResult.MUST_CHANGE
    assert bind(office, "canbo", PASSWORD) is BindResult.WRONG
    assert [one.kind.value for one in office.services.notices.of(sub)] == ["password.reset"]
    records = [one for one in office.audited() if one.event.startswith("password.")]
    assert [(one.event, one.sub) for one in records] == [("password.reset", sub)]
    by = office.services.mirror.by_uid("quantri.coquan")
    assert by is not None
    assert json.loads(records[0].detail)["by_officer"] == by.sub
    assert told["one_time_password"] not in repr([tuple(one) for one in office.audited()])


def test_security_33_everything_that_stood_open_ends_and_the_factor_stays(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    seed = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"
    entry_uuid = office.directory.officers["canbo"].entry_uuid
    office.services.totp.enrol(entry_uuid, seed)
    session = office.session(sub, acr=1)
    office.token("canbo", unit=IT, client_id="qlvb", scope="openid offline_access", session=session)
    assert reset(office, office.agency(IT), sub).status_code == 200
    assert office.services.sessions.end(session.sid, "logout", Caller("192.0.2.1", "r")) == []
    assert office.call("GET", f"/grants?sub={sub}", office.machine()).json["items"] == []
    assert office.services.totp.enrolled(entry_uuid)
    reasons = [json.loads(one.detail).get("reason") for one in office.audited() if one.event == "session.ended"]
    assert reasons == ["password_reset"]


@pytest.mark.parametrize(("unit", "groups", "posts", "status"), [
    (HOME, (), (), 404), ("H30", (), (), 404), ("H30.1", (), (), 404), ("H30.111", (), (), 404),
    (IT, ("quantri-tinh",), (), 403), (f"{IT}.2", ("kiemtoan",), (), 403), (IT, (), (HOME,), 403), (IT, (), ("H30",), 403),
    (IT, ("lanhdao",), (), 200), (f"{IT}.2", ("quantri-coquan",), (), 200), (IT, (), (f"{IT}.4",), 200)])
def test_security_38_an_agency_acts_on_its_own_officers_and_never_upwards(
    office: Office, unit: str, groups: tuple[str, ...], posts: tuple[str, ...], status: int,
) -> None:
    token = office.agency(IT)
    officer = make_officer("canbo", groups=groups, posts=tuple(Post(code, "", "Sở", "") for code in (unit, *posts)))
    sub = office.services.mirror.remember(office.directory.add(officer), now=1)
    assert reset(office, token, sub).status_code == status
    assert bind(office, "canbo", PASSWORD) is (BindResult.WRONG if status == 200 else BindResult.ACCEPTED)
    if status != 200:
        assert "password.reset" not in [one.event for one in office.audited()]


def test_security_38_what_the_directory_says_now_decides_and_not_the_mirror(office: Office) -> None:
    token = office.agency(IT)
    moved, risen = office.officer("canbo", unit=IT), office.officer("vanthu", unit=IT)
    office.directory.add(make_officer("canbo", posts=(Post(HOME, "", "Sở", ""),)))
    office.directory.add(make_officer("vanthu", posts=(Post(IT, "", "Sở", ""),), groups=("quantri-tinh",)))
    assert reset(office, token, moved).status_code == 404
    assert reset(office, token, risen).status_code == 403


def test_security_38_nobody_acts_on_themselves_and_no_machine_on_anybody(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    agency, province = office.agency(IT), office.province()
    for uid, token in (("quantri.coquan", agency), ("quantri", province)):
        me = office.services.mirror.by_uid(uid)
        assert me is not None
        assert reset(office, token, me.sub).status_code == 403
    assert reset(office, office.machine(), sub).status_code == 403
    assert reset(office, office.auditor(), sub).status_code == 403
    assert reset(office, office.machine(scope="admin:read"), sub).status_code == 403
    assert reset(office, "", sub).status_code == 401
    assert reset(office, office.token("vanthu", unit=IT), sub).status_code == 403
    assert bind(office, "canbo", PASSWORD) is BindResult.ACCEPTED
    assert reset(office, province, sub).status_code == 200


@pytest.mark.parametrize("key", ["", "short", "a" * 129, "with blank", "ngày-mai-1", '"'])
def test_a_request_without_a_name_is_refused(office: Office, key: str) -> None:
    sub = office.officer("canbo", unit=IT)
    answer = office.call("POST", f"/officers/{sub}/password-reset", office.province(),
                         **({"Idempotency_Key": key.encode().decode("latin-1")} if key else {}))
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert bind(office, "canbo", PASSWORD) is BindResult.ACCEPTED


def test_a_repeated_request_makes_no_second_password(office: Office) -> None:
    sub, other, token = office.officer("canbo", unit=IT), office.officer("vanthu", unit=IT), office.province()
    first = reset(office, token, sub).json["one_time_password"]
    again = reset(office, token, sub, '"yeu-cau-0001"')
    assert (again.status_code, again.json["code"]) == (409, "already_done")
    assert bind(office, "canbo", first) is BindResult.MUST_CHANGE
    assert reset(office, token, other).status_code == 200, "another officer is another request"
    assert reset(office, token, sub, "yeu-cau-0002").status_code == 200
    assert bind(office, "canbo", first) is BindResult.WRONG


def test_of_twenty_repeated_requests_one_makes_a_password(office: Office) -> None:
    sub, token = office.officer("canbo", unit=IT), office.province()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: reset(office, token, sub), range(20)))
    made = [one.json["one_time_password"] for one in answers if one.status_code == 200]
    assert len(made) == 1
    assert {one.json["code"] for one in answers if one.status_code != 200} <= {"already_done", "end_unknown", "under_way"}
    assert bind(office, "canbo", made[0]) is BindResult.MUST_CHANGE
    assert [one.event for one in office.audited()].count("password.reset") == 1


def test_a_request_that_was_refused_gives_its_name_back(office: Office) -> None:
    sub, token = office.officer("canbo", unit=IT), office.province()
    office.directory.may_reset = False
    assert reset(office, token, sub).status_code == 409
    office.directory.may_reset, office.directory.down = True, True
    assert reset(office, token, sub).status_code == 503
    office.directory.down = False
    assert reset(office, token, sub).status_code == 200


def test_a_request_that_was_cut_off_is_not_done_again_under_its_name(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sub, token = office.officer("canbo", unit=IT), office.province()

    def cut(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as cutting:
        cutting.setattr(SqlAnsweredRequests, "amend", cut)
        with pytest.raises(SystemExit):
            reset(office, token, sub)
    again = reset(office, token, sub)
    assert (again.status_code, again.json["code"]) == (409, "end_unknown")
    assert reset(office, token, sub, "yeu-cau-0002").status_code == 200


def test_the_disabled_the_gone_and_the_unknown_are_not_reset(office: Office) -> None:
    token = office.province()
    gone, out = office.officer("canbo", unit=IT), office.officer("nghiviec", unit=IT)
    office.directory.remove("canbo")
    office.directory.disabled.add("nghiviec")
    assert reset(office, token, gone).status_code == 404
    refused = reset(office, token, out)
    assert (refused.status_code, refused.json["code"]) == (409, "disabled")
    assert reset(office, token, "nobody").status_code == 404
    assert reset(office, token, "a%00b").status_code == 404
    assert "password.reset" not in [one.event for one in office.audited()]


def test_without_an_account_for_it_nobody_is_reset(office: Office) -> None:
    sub, token = office.officer("canbo", unit=IT), office.province()
    session = office.session(sub)
    office.directory.resets = False
    refused = reset(office, token, sub)
    assert (refused.status_code, refused.json["code"]) == (409, "reset_off")
    assert office.services.sessions.within_limits(session)
    assert "session.ended" not in [one.event for one in office.audited()]


def test_a_directory_that_refuses_or_is_away_leaves_everything_as_it_was(office: Office) -> None:
    sub, token = office.officer("canbo", unit=IT), office.province()
    office.directory.may_reset = False
    refused = reset(office, token, sub)
    assert (refused.status_code, refused.json["code"]) == (409, "not_allowed")
    office.directory.may_reset = True
    office.directory.down = True
    assert reset(office, token, sub, "yeu-cau-0002").status_code == 503
    office.directory.down = False
    assert bind(office, "canbo", PASSWORD) is BindResult.ACCEPTED
    events = [one.event for one in office.audited()]
    assert (events.count("password.reset_refused"), "session.ended" in events) == (1, False)
