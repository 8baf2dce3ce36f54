"""How far an application is: what is seen is noted by itself, and a proof stands for what it was given for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import literal_column, update

from idp.adapters.sql.client_steps import SqlClientSteps
from idp.adapters.sql.tables import GrantRow
from idp.administration.applications.onboarding import Done, Step
from idp.audit import AuditEvent, AuditRecord

from .office import HOME, IT, Office

RECORD = AuditRecord(AuditEvent.CLIENT_TESTED, 1)


def steps(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {one["step"]: one["state"] for one in answer.json["steps"]}


def course(office: Office, token: str, client_id: str) -> dict[str, str]:
    return steps(office.call("GET", f"/clients/{client_id}/onboarding", token))


def test_a_new_application_has_everything_before_it(office: Office) -> None:
    token = office.province()
    client_id, _, _ = office.made(token)
    assert course(office, token, client_id) == {
        "tested": "open", "connected": "open", "logout_proven": "missing", "old_login_off": "open"}
    machine, _, _ = office.made(token, redirect_uris=[], grant_types=["client_credentials"], scope="")
    assert course(office, token, machine) == {
        "tested": "open", "connected": "open", "logout_proven": "not_needed", "old_login_off": "not_needed"}


def test_an_examination_stands_for_the_registration_that_was_examined(office: Office) -> None:
    token = office.province()
    client_id, etag, _ = office.made(token, client_uri="https://application.example/")
    tried = office.call("POST", f"/clients/{client_id}/test", token)
    assert (tried.status_code, [one for one in tried.json["findings"] if one["state"] == "failed"]) == (200, [])
    assert course(office, token, client_id)["tested"] == "done"
    changed = office.call("PATCH", f"/clients/{client_id}", token, {"contacts": ["a@b.example"]}, etag=etag)
    assert changed.status_code == 200, changed.text
    assert course(office, token, client_id)["tested"] == "due_again"
    record = [one for one in office.audited() if one.event == "client.tested" and one.client_id == client_id][-1]
    assert json.loads(record.detail)["failed"] == 0


def test_a_failed_examination_takes_an_earlier_one_back(office: Office) -> None:
    token = office.province()
    client_id, _, _ = office.made(token)
    office.call("POST", f"/clients/{client_id}/test", token)
    etag = office.call("GET", f"/clients/{client_id}", token).headers["ETag"]
    assert office.call("POST", f"/clients/{client_id}/disable", token, etag=etag).status_code == 200
    failed = office.call("POST", f"/clients/{client_id}/test", token).json["findings"]
    assert "client_id" in {one["member"] for one in failed if one["state"] == "failed"}
    assert course(office, token, client_id)["tested"] == "open"


def test_the_old_login_is_said_to_be_off_with_a_note_and_taken_back(office: Office) -> None:
    token = office.province()
    client_id, _, _ = office.made(token)
    address = f"/clients/{client_id}/old-login-off"
    for body in ({}, {"note": ""}, {"note": "  "}, {"note": "x" * 501}, {"note": "a\x07"}, {"note": 1},
                 {"note": "x", "by": "me"}):
        assert office.call("PUT", address, token, body).status_code == 422, body
    said = office.call("PUT", address, token, {"note": "Sở TTTT, 12/CV"})
    assert steps(said)["old_login_off"] == "done"
    (line,) = [one for one in said.json["steps"] if one["step"] == "old_login_off"]
    assert (line["note"], line["by"]) == ("Sở TTTT, 12/CV", office.officer("quantri", "quantri-tinh"))
    assert steps(office.call("DELETE", address, token))["old_login_off"] == "open"
    assert steps(office.call("DELETE", address, token))["old_login_off"] == "open"
    assert [json.loads(one.detail)["off"] for one in office.audited()
            if one.event == "client.old_login" and one.client_id == client_id] == [True, False]


def test_security_38_another_agency_sees_nothing_and_an_auditor_changes_nothing(office: Office) -> None:
    client_id, _, _ = office.made(office.province())
    other, mine, auditor = office.agency(HOME), office.token("khac", "quantri-coquan", unit=IT), office.auditor()
    calls: list[tuple[str, str, Any]] = [("GET", "onboarding", None), ("POST", "test", None),
                                         ("PUT", "old-login-off", {"note": "x"}), ("DELETE", "old-login-off", None)]
    for method, path, body in calls:
        address = f"/clients/{client_id}/{path}"
        assert office.call(method, address, other, *([body] if body else [])).status_code == 404, (method, path)
        assert office.call(method, "/clients/nobody/" + path, mine, *([body] if body else [])).status_code == 404
        assert office.call(method, address, auditor, *([body] if body else [])).status_code == (200 if method == "GET" else 403)
        assert office.call(method, address, mine, *([body] if body else [])).status_code == 200, (method, path)


def test_use_is_noted_and_outlives_what_showed_it(office: Office) -> None:
    office.province()
    steps_of = SqlClientSteps(office.database)
    first = office.clock.now()
    assert office.services.client_steps.look_at_use() >= 1
    assert steps_of.of("console")[Step.CONNECTED].at <= first
    office.clock.advance(100)
    office.machine("qlvb", scope="service")
    office.services.client_steps.look_at_use()
    assert steps_of.of("qlvb")[Step.USED].at == office.clock.now()
    table: Any = GrantRow.__table__
    office.database.write(update(table).values(client_id=literal_column("'gone'"))).run()
    before = steps_of.of("console")
    office.services.client_steps.look_at_use()
    assert steps_of.of("console") == before


def test_a_logout_that_was_heard_stands_for_its_address(office: Office) -> None:
    token = office.province()
    client_id, _, _ = office.made(token, backchannel_logout_uri="https://application.example/out")
    assert course(office, token, client_id)["logout_proven"] == "open"
    store = SqlClientSteps(office.database)
    store.heard_of_logout(client_id, "https://application.example/before", 100)
    assert course(office, token, client_id)["logout_proven"] == "due_again"
    store.heard_of_logout(client_id, "https://application.example/out", 200)
    store.heard_of_logout(client_id, "https://application.example/out", 300)
    assert store.of(client_id)[Step.LOGOUT_PROVEN] == Done(200, "https://application.example/out")
    assert course(office, token, client_id)["logout_proven"] == "done"


@pytest.mark.parametrize("again", [False, True])
def test_a_step_is_taken_back_once(office: Office, again: bool) -> None:
    store = SqlClientSteps(office.database)
    store.note("application", Step.TESTED, Done(5, "x", "sub", "note"), RECORD)
    if again:
        store.note("application", Step.TESTED, Done(6, "y", "", ""), RECORD)
    assert store.all()["application"] == {Step.TESTED: Done(6, "y") if again else Done(5, "x", "sub", "note")}
    before = len(office.audited())
    assert store.forget("application", Step.TESTED, RECORD)
    assert not store.forget("application", Step.TESTED, RECORD)
    assert len(office.audited()) == before + 1
