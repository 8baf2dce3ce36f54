"""An account is stopped here: everything ends, the directory does not undo it, and another person lets it go on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from flask import Flask

from idp.cli.authn import officers
from idp.pki.enrollment.working_days import day_of
from tests.administration.office import CALLER, HOME, IT, Office
from tests.administration.test_factors import enrol
from tests.fakes.directory import PASSWORD

WHY = {"reason": "Mất máy tính xách tay"}


def stop(office: Office, token: str, sub: str, body: Any = WHY) -> Any:
    return office.call("POST", f"/officers/{sub}/stop", token, body)


def lift(office: Office, token: str, sub: str, body: Any = WHY) -> Any:
    return office.call("POST", f"/officers/{sub}/lift-stop", token, body)


def status(office: Office, sub: str) -> str:
    known = office.services.mirror.by_sub(sub)
    assert known is not None
    return known.status


def hear(office: Office, uid: str, **changes: Any) -> None:
    """Let the mirror hear of an officer as the directory has them."""
    seen = office.directory.officers[uid] = replace(office.directory.officers[uid], **changes)
    office.services.mirroring.ledger.note(seen, now=office.clock.now(), look=lambda: seen)
    office.services.mirroring.ledger.note_page([seen], now=office.clock.now(), find=lambda _: seen)


def signs_in(office: Office, uid: str) -> bool:
    return office.services.sign_in.password(uid, PASSWORD, CALLER).outcome == "accepted"


def events(office: Office, *names: str) -> list[str]:
    return [one.event for one in office.audited() if one.event in names]


def test_security_18_what_is_stopped_ends_at_once_and_no_look_at_the_directory_undoes_it(each_office: Office) -> None:
    office = each_office
    sub, agency = office.officer("canbo", "hotro-nguoidung", unit=IT), office.agency(IT)
    token, session = office.token(session=office.session(sub)), office.session(sub)
    assert signs_in(office, "canbo")
    made = stop(office, agency, sub)
    assert (made.status_code, made.json["reason"], made.json["may_lift"]) == (201, WHY["reason"], False)
    assert status(office, sub) == "disabled"
    assert office.services.sessions._store.alive(sub) == []
    assert office.call("GET", "/officers?q=mau", token).status_code == 401
    assert office.call("GET", f"/grants?sub={sub}", office.province()).json["items"] == []
    assert office.services.deprovisioning.frozen_until(office.directory.officers["canbo"].entry_uuid) is not None
    for heard in ({}, {"phone": "+84912000009"}, {"disabled": True}, {"disabled": False}):
        hear(office, "canbo", **heard)
        assert status(office, sub) == "disabled"
        assert not signs_in(office, "canbo")
    office.services.mirroring.aftermath.round()
    assert status(office, sub) == "disabled"
    assert stop(office, agency, sub).json["code"] == "disabled"
    told = office.services.notices.of(sub)
    assert [one.kind.value for one in told if one.kind.value.startswith("access.")] == ["access.stopped"]
    record = next(one for one in office.audited() if one.event == "access.stopped")
    assert json.loads(record.detail)["reason"] == WHY["reason"]
    assert session.sid in [one.sid for one in office.audited() if one.event == "session.ended"]
    shown = office.call("GET", f"/officers/{sub}/stop", agency).json["stop"]
    assert (shown["reason"], shown["by_name"]) == (WHY["reason"], "Nguyễn Văn Mẫu")


def test_a_writer_of_the_mirror_that_looked_before_loses(each_office: Office) -> None:
    office = each_office
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    seen = replace(office.directory.officers["canbo"], phone="+84912000009")

    def look() -> Any:
        if status(office, sub) == "active":
            assert stop(office, agency, sub).status_code == 201
        return seen

    known, change = office.services.mirroring.ledger.note(seen, now=office.clock.now(), look=look)
    assert (known.status, status(office, sub), known.officer.phone) == ("disabled", "disabled", "+84912000009")
    assert change is not None


def test_another_person_lets_it_go_on_and_the_directory_counts_again(each_office: Office) -> None:
    office = each_office
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    uuid = enrol(office, sub)
    stop(office, agency, sub)
    refused = lift(office, agency, sub)
    assert (refused.status_code, refused.json["code"]) == (403, "same_person")
    assert lift(office, office.token("hotro", "hotro-nguoidung", unit=IT), sub).status_code == 403
    assert lift(office, office.token("khac", "quantri-coquan", unit=HOME), sub).status_code == 404
    tokens = [office.token(f"quantri{n}", "quantri-coquan", unit=IT) for n in range(3)]
    office.clock.advance(60)
    with ThreadPoolExecutor(3) as pool:
        answers = sorted(answer.status_code for answer in pool.map(lambda token: lift(office, token, sub), tokens))
    assert answers == [200, 409, 409]
    assert events(office, "access.lifted") == ["access.lifted"]
    assert status(office, sub) == "active"
    assert signs_in(office, "canbo")
    office.services.mirroring.aftermath.round()
    assert office.services.deprovisioning.frozen_until(uuid) is not None, "until somebody releases them"
    assert office.call("POST", f"/officers/{sub}/release-factors", agency).status_code == 204
    assert lift(office, tokens[0], sub).json["code"] == "not_stopped"
    assert stop(office, tokens[0], sub).status_code == 201, "and may be stopped again"
    hear(office, "canbo", disabled=True)
    assert lift(office, tokens[1], sub).json == {"sub": sub, "status": "disabled"}
    assert not signs_in(office, "canbo")
    hear(office, "canbo", disabled=False)
    assert signs_in(office, "canbo")


def test_of_several_who_stop_at_once_one_does(each_office: Office) -> None:
    office = each_office
    sub = office.officer("canbo", unit=IT)
    tokens = [office.token(f"quantri{n}", "quantri-coquan", unit=IT) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = sorted(answer.status_code for answer in pool.map(lambda token: stop(office, token, sub), tokens))
    assert answers == [201, 409, 409, 409]
    assert sorted(events(office, "access.stopped", "access.ended")) == ["access.ended", "access.stopped"]


def test_security_38_nobody_stops_themselves_or_who_is_above_and_what_is_stopped_from_above_stays(office: Office) -> None:
    sub, agency, province = office.officer("canbo", unit=IT), office.agency(IT), office.province()
    own = {uid: found.sub for uid in ("quantri.coquan", "quantri") if (found := office.services.mirror.by_uid(uid))}
    for token, whom in ((agency, own["quantri.coquan"]), (agency, own["quantri"]), (province, own["quantri"]),
                        (agency, office.officer("kiemtoan2", "kiemtoan", unit=IT))):
        assert stop(office, token, whom).status_code in (403, 404), whom
    below = office.token("duoi", "quantri-coquan", unit=f"{IT}.2")
    assert stop(office, below, own["quantri.coquan"]).status_code == 404
    for token in (office.auditor(), office.machine(), office.token("hotro", "hotro-nguoidung", unit=IT)):
        assert stop(office, token, sub).status_code == 403
    for body in ({}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "x", "more": 1}, {"reason": 3}):
        assert stop(office, agency, sub, body).status_code == 422
    assert stop(office, agency, "unknown").status_code == 404
    assert status(office, sub) == "active"
    assert stop(office, province, sub).status_code == 201
    assert lift(office, agency, sub).status_code == 403, "the province stopped it"
    assert lift(office, office.token("tinh2", "quantri-tinh"), sub, {}).status_code == 422
    assert lift(office, office.token("tinh2", "quantri-tinh"), sub).status_code == 200


def test_a_deputy_and_the_giver_are_one_person_here_too(office: Office) -> None:
    sub, agency = office.officer("canbo", unit=IT), office.agency(IT)
    office.officer("phophong", unit=IT)
    today = day_of(office.clock.now()).isoformat()
    assert office.call("POST", "/deputies", agency, {"deputy": "phophong", "ends_on": today, "reason": "x"}).status_code == 201
    deputy = office.token("phophong", unit=IT)
    assert stop(office, deputy, sub).status_code == 201
    assert lift(office, agency, sub).json["code"] == lift(office, deputy, sub).json["code"] == "same_person"
    assert lift(office, office.token("khac", "quantri-coquan", unit=IT), sub).status_code == 200
    stop(office, agency, sub)
    assert lift(office, deputy, sub).json["code"] == "same_person"


def test_at_the_command_line_an_administrator_answers_for_it(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    office.agency(IT)
    office.officer("quantri2", "quantri-coquan", unit=IT)
    app = Flask("test")
    app.cli.add_command(officers.commands(lambda: office.services))

    def run(*arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["officers", *arguments])

    why = ("--officer", "canbo", "--reason", "Điều tra", "--by")
    assert "not stopped" in run("show", "--officer", "canbo").output
    assert run("stop", *why, "canbo").exit_code == 1
    assert run("stop", *why, "quantri.coquan").output == "canbo is stopped.\n"
    assert "by Nguyễn Văn Mẫu: Điều tra" in run("show", "--officer", "canbo").output
    assert json.loads(run("show", "--officer", "CANBO", "--json").output)["stop"]["sub"] == sub
    assert run("lift", *why, "quantri.coquan").exit_code == 1
    assert run("lift", *why, "quantri2").output == "canbo is active.\n"
    assert run("stop", "--officer", "khong.co", "--reason", "x", "--by", "quantri2").exit_code == 1


def test_who_may_not_see_officers_reads_no_stop(office: Office) -> None:
    sub = office.officer("canbo", unit=IT)
    stop(office, office.agency(IT), sub)
    assert office.call("GET", f"/officers/{sub}/stop", office.token("vanthu", "vanthu-thietbi", unit=IT)).status_code == 403
    assert office.call("GET", f"/officers/{sub}/stop", office.token("khac", "quantri-coquan", unit=HOME)).status_code == 404
