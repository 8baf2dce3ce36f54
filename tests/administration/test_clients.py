"""/api/v1/clients: one home of rules, nobody overwrites anybody, and an agency gives no more than it has."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, literal_column, select, text, update

from idp.adapters.sql.client_steps import SqlClientSteps
from idp.adapters.sql.tables import ClientRow
from idp.administration.applications.onboarding import Done, Step
from idp.audit import AuditEvent, AuditRecord
from idp.oauth.clients.dynamic import RegistrationRequest
from idp.oauth.clients.initial_access import Terms
from tests.fakes.client_keys import jwks_of, pair

from .office import APPLICATION, BACK, CALLER, HOME, IT, Office


def row(office: Office, client_id: str) -> Any:
    table: Any = ClientRow.__table__
    return next((one for one in office.database.read(select(*table.c)).all() if one.client_id == client_id), None)


def test_rfc7591_s3_2_1_an_application_is_entered_and_its_secret_shown_once(office: Office) -> None:
    token = office.province()
    client_id, etag, answer = office.made(token)
    assert answer.headers["Location"] == f"/api/v1/clients/{client_id}"
    assert len(answer.json["client_secret"]) == 43
    read = office.call("GET", f"/clients/{client_id}", token)
    assert read.headers["ETag"] == etag
    assert "client_secret" not in read.json
    assert {**read.json, "client_secret": answer.json["client_secret"], "client_secret_expires_at": 0} == answer.json
    assert read.json["province"]["owner_unit"] == IT
    assert read.json["source"] == "registered"
    known = office.services.clients.find(client_id)
    assert known is not None
    assert known.check_client_secret(answer.json["client_secret"])
    record = next(one for one in office.audited() if one.event == "client.created" and one.client_id == client_id)
    assert json.loads(record.detail) == {"source": "registered", "by_client": "console", "by_officer":
                                         office.officer("quantri", "quantri-tinh")}


@pytest.mark.parametrize("members", [
    {"redirect_uris": ["http://application.example/cb"]}, {"redirect_uri": [BACK]}, {"client_id": "mine"},
    {"redirect_uris": 1}, {"jwks": {"keys": "x"}}, {"province": {"owner_unit": "Sở"}}, {"client_name": "a\nb"},
    {"province": {"secret_file": "x"}}, {"disabled": True}])
def test_rfc7591_s3_2_2_what_no_registration_may_hold_is_refused_and_named(office: Office, members: dict[str, Any]) -> None:
    before = len(office.services.clients.all())
    answer = office.call("POST", "/clients", office.machine(), APPLICATION | members)
    assert answer.status_code == 422, answer.text
    assert answer.json["detail"].isascii()
    assert len(office.services.clients.all()) == before


def test_rfc7396_s2_a_patch_changes_what_it_names(office: Office) -> None:
    token = office.province()
    client_id, etag, answer = office.made(token, contacts=["a@b.example"])
    changed = office.call("PATCH", f"/clients/{client_id}", token, {"contacts": None, "province": {"owner": "Sở khác"}},
                          etag=etag)
    assert changed.status_code == 200, changed.text
    assert "contacts" not in changed.json
    assert changed.json["province"] == answer.json["province"] | {"owner": "Sở khác"}
    assert "client_secret" not in changed.json
    assert changed.headers["ETag"] != etag
    assert office.services.clients.find(client_id).owner == "Sở khác"  # type: ignore[union-attr]


def test_a_put_exchanges_everything_and_keeps_what_does_not_change(office: Office) -> None:
    token = office.province()
    client_id, etag, answer = office.made(token, contacts=["a@b.example"])
    read = office.call("GET", f"/clients/{client_id}", token).json
    same = office.call("PUT", f"/clients/{client_id}", token, read, etag=etag)
    assert (same.status_code, same.json) == (200, read)
    less = office.call("PUT", f"/clients/{client_id}", token, {"redirect_uris": [BACK]}, etag=same.headers["ETag"])
    assert less.status_code == 200
    assert "contacts" not in less.json
    assert less.json["province"]["owner_unit"] == ""
    assert office.services.clients.find(client_id).check_client_secret(answer.json["client_secret"])  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "value"), [("client_id", "other"), ("source", "file"), ("disabled", True),
                                             ("client_id_issued_at", 1), ("self_registered", True)])
def test_members_that_do_not_change_are_not_changed(office: Office, name: str, value: Any) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token)
    assert office.call("PATCH", f"/clients/{client_id}", token, {name: value}, etag=etag).status_code == 422


def test_a_method_without_a_secret_takes_the_secret_and_back_gives_another(office: Office) -> None:
    token = office.machine()
    client_id, etag, answer = office.made(token)
    public = office.call("PATCH", f"/clients/{client_id}", token, {"token_endpoint_auth_method": "none"}, etag=etag)
    assert public.status_code == 200
    assert row(office, client_id).secret_digest is None
    back = office.call("PATCH", f"/clients/{client_id}", token, {"token_endpoint_auth_method": None}, etag=public.headers["ETag"])
    assert back.json["client_secret"] not in {None, answer.json["client_secret"]}


CHANGES = [("PUT", "", {"redirect_uris": [BACK]}), ("PATCH", "", {"client_name": "x"}), ("DELETE", "", None),
           ("POST", "/disable", None), ("POST", "/enable", None), ("POST", "/secret", None),
           ("POST", "/registration-access-token", None)]


@pytest.mark.parametrize(("method", "what", "body"), CHANGES)
def test_rfc6585_s3_every_change_says_what_it_was_decided_on(office: Office, method: str, what: str, body: Any) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token)
    before = row(office, client_id)
    assert office.call(method, f"/clients/{client_id}{what}", token, body).status_code == 428
    for other in ('"other"', f"W/{etag}", "x"):
        assert office.call(method, f"/clients/{client_id}{what}", token, body, etag=other).status_code in {412, 409}
        assert row(office, client_id) == before


@pytest.mark.parametrize(("method", "what", "body"), CHANGES)
def test_what_stands_in_a_file_is_changed_in_the_file(office: Office, method: str, what: str, body: Any) -> None:
    token = office.machine()
    etag = office.call("GET", "/clients/qlvb", token).headers["ETag"]
    answer = office.call(method, f"/clients/qlvb{what}", token, body, etag=etag)
    assert (answer.status_code, answer.json["code"]) == (409, "read_only")


@pytest.mark.parametrize(("method", "what", "body"), CHANGES)
def test_line_38_another_agencys_application_is_not_there(office: Office, method: str, what: str, body: Any) -> None:
    client_id, etag, _ = office.made(office.machine(), province={"owner_unit": HOME})
    agency = office.agency(IT)
    before = row(office, client_id)
    assert office.call(method, f"/clients/{client_id}{what}", agency, body, etag=etag).status_code == 404
    assert office.call("GET", f"/clients/{client_id}", agency).status_code == 404
    assert row(office, client_id) == before


@pytest.mark.parametrize(("method", "what", "body"), CHANGES)
def test_line_38_what_has_more_than_an_agency_gives_an_agency_only_reads(office: Office, method: str, what: str,
                                                                         body: Any) -> None:
    client_id, etag, _ = office.made(office.machine(), province={"consent": "implied"})
    agency = office.agency(IT)
    assert office.call("GET", f"/clients/{client_id}", agency).status_code == 200
    answer = office.call(method, f"/clients/{client_id}{what}", agency, body, etag=etag)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


BEYOND = [
    {"scope": "openid groups", "province": {"show_groups": True}}, {"scope": "openid service"},
    {"grant_types": ["authorization_code", "client_credentials"]},
    {"province": {"consent": "implied"}}, {"province": {"require_pkce": False}}, {"province": {"show_groups": True}},
    {"province": {"login_name_attribute": "mail"}}, {"province": {"owner_unit": ""}}, {"province": {"owner_unit": HOME}},
    {"province": {"owner_unit": "H30"}}, {"province": {"owner_unit": "H30.1"}}]


@pytest.mark.parametrize("members", BEYOND)
def test_line_38_an_agency_gives_no_more_than_it_has(office: Office, members: dict[str, Any]) -> None:
    agency = office.agency(IT)
    client_id, etag, _ = office.made(agency)
    wanted = APPLICATION | members | {"province": APPLICATION["province"] | members.get("province", {})}
    assert office.call("POST", "/clients", agency, wanted).status_code == 403
    for method in ("PUT", "PATCH"):
        assert office.call(method, f"/clients/{client_id}", agency, wanted, etag=etag).status_code == 403
    assert office.call("GET", f"/clients/{client_id}", agency).headers["ETag"] == etag
    assert office.call("PATCH", f"/clients/{client_id}", office.province(), wanted, etag=etag).status_code == 200


def test_line_38_an_agency_makes_terms_stricter_and_never_laxer(office: Office) -> None:
    strict = {"required_acr": "urn:haugiang:acr:2", "allowed_groups": ["a", "b"]}
    agency = office.agency(IT)
    client_id, etag, _ = office.made(office.province(), province=strict)
    for laxer in ({"required_acr": ""}, {"required_acr": "urn:haugiang:acr:1"}, {"allowed_groups": []},
                  {"allowed_groups": ["a", "c"]}):
        assert office.call("PATCH", f"/clients/{client_id}", agency, {"province": laxer}, etag=etag).status_code == 403
    stricter = office.call("PATCH", f"/clients/{client_id}", agency, {"province": {"allowed_groups": ["a"]}}, etag=etag)
    assert stricter.status_code == 200


def test_an_agency_may_give_an_application_to_an_agency_below(office: Office) -> None:
    client_id, _, _ = office.made(office.agency(IT), province={"owner_unit": f"{IT}.2"})
    assert office.call("GET", f"/clients/{client_id}", office.agency(f"{IT}.2")).status_code == 200


def test_two_administrators_at_once_do_not_overwrite_each_other(office: Office) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token)
    answers: list[int] = []

    def change(name: str) -> None:
        answers.append(office.call("PATCH", f"/clients/{client_id}", token, {"client_name": name}, etag=etag).status_code)

    threads = [threading.Thread(target=change, args=(f"Tên {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412, 412, 412]
    assert [one.event for one in office.audited()].count("client.changed") == 1


@pytest.mark.parametrize("column", ["secret_digest", "registration_digest", "disabled_at", "metadata"])
def test_a_change_decided_on_what_has_changed_since_is_none(office: Office, column: str) -> None:
    """Between reading and writing somebody else was there: the store's own condition decides."""
    token = office.machine()
    client_id, _, _ = office.made(token)
    entries = office.services.administration.clients._entries
    known = entries.find(client_id)
    assert known is not None
    other = "1" if column == "disabled_at" else "'{}'" if column == "metadata" else (
        "x'00'" if office.database.is_sqlite else "'\\x00'::bytea")
    office.database.write(update(ClientRow.__table__).values({column: literal_column(other)})).run()  # type: ignore[arg-type]
    record = office.services.administration.clients._record("client.changed", known, CALLER)  # type: ignore[arg-type]
    assert not entries.change(known, known.client, now=1, record=record)
    assert not entries.set_disabled(known, True, now=1, record=record)
    assert not entries.set_token(known, b"t" * 32, now=1, record=record)
    assert not entries.remove(known, now=1, record=record)
    assert "client.changed" not in [one.event for one in office.audited()]


def test_a_disabled_client_is_closed_and_opened_again(office: Office) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token)
    closed = office.call("POST", f"/clients/{client_id}/disable", token, etag=etag)
    assert (closed.status_code, closed.json["disabled"]) == (200, True)
    assert office.services.clients.find(client_id) is None
    again = office.call("POST", f"/clients/{client_id}/disable", token, etag=closed.headers["ETag"])
    assert again.headers["ETag"] == closed.headers["ETag"]
    opened = office.call("POST", f"/clients/{client_id}/enable", token, etag=closed.headers["ETag"])
    assert opened.json["disabled"] is False
    assert opened.headers["ETag"] == etag
    assert [one.event for one in office.audited() if one.client_id == client_id] == [
        "client.created", "client.disabled", "client.changed"]


def test_a_rotated_secret_is_shown_once_and_the_old_one_is_worthless(office: Office) -> None:
    token = office.machine()
    client_id, etag, answer = office.made(token)
    told = office.call("POST", f"/clients/{client_id}/secret", token, etag=etag)
    assert told.status_code == 200
    assert told.headers["ETag"] != etag
    known = office.services.clients.find(client_id)
    assert known is not None
    assert known.check_client_secret(told.json["client_secret"])
    assert not known.check_client_secret(answer.json["client_secret"])
    assert office.call("POST", f"/clients/{client_id}/secret", token, etag=etag).status_code == 412


def test_an_application_without_a_secret_or_registration_of_its_own_has_none_to_renew(office: Office) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token, token_endpoint_auth_method="none")
    for what, code in (("secret", "no_secret"), ("registration-access-token", "not_self_registered")):
        answer = office.call("POST", f"/clients/{client_id}/{what}", token, etag=etag)
        assert (answer.status_code, answer.json["code"]) == (409, code)


def test_rfc7592_s3_a_self_registered_application_gets_a_new_registration_access_token(office: Office) -> None:
    _, value = office.services.initial_access.create(Terms(owner="Sở", owner_unit=IT), quota=1, expires_at=None, caller=CALLER)
    _, made, _ = office.services.dynamic_registration(
        RegistrationRequest(value, lambda: {"redirect_uris": [BACK]}, caller=CALLER))
    agency = office.agency(IT)
    read = office.call("GET", f"/clients/{made['client_id']}", agency)
    assert read.json["self_registered"] is True
    told = office.call("POST", f"/clients/{made['client_id']}/registration-access-token", agency, etag=read.headers["ETag"])
    assert told.status_code == 200
    look = RegistrationRequest(told.json["registration_access_token"], dict, caller=CALLER, method="GET",
                               client_id=made["client_id"])
    assert office.services.client_configuration(look)[0] == 200
    assert told.json["registration_client_uri"].endswith(f"/register/{made['client_id']}")


def test_a_deleted_application_is_gone_with_all_that_was_granted(office: Office) -> None:
    token = office.machine()
    client_id, etag, _ = office.made(token)
    assert office.call("DELETE", f"/clients/{client_id}", token, etag=etag).status_code == 204
    assert row(office, client_id) is None
    assert office.call("GET", f"/clients/{client_id}", token).status_code == 404
    assert office.call("DELETE", f"/clients/{client_id}", token, etag=etag).status_code == 404
    assert [one.event for one in office.audited()].count("client.deleted") == 1


def test_lists_are_filtered_sorted_and_paged(office: Office) -> None:
    token = office.machine()

    def ids(sort: str) -> list[str]:
        first = office.call("GET", f"/clients?sort={sort}&limit=3", token).json
        rest = office.call("GET", f"/clients?sort={sort}&cursor={first['next']}", token).json
        return [one["client_id"] for one in (*first["items"], *rest["items"])]

    made = {office.made(token, client_name=name, province={"owner_unit": unit})[0]: name
            for name, unit in (("Đề án", IT), ("an toàn", HOME), ("Báo cáo", f"{IT}.1"))}
    names = [one["client_name"] for one in office.call("GET", "/clients?sort=client_name&source=registered", token).json["items"]]
    assert names == ["an toàn", "Báo cáo", "Đề án"]
    seen, cursor = [], ""
    while True:
        page = office.call("GET", f"/clients?sort=-client_name&limit=2{cursor}", token).json
        assert len(page["items"]) <= 2
        seen += [one["client_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5
    assert [made[one] for one in seen if one in made] == ["Đề án", "Báo cáo", "an toàn"]
    report = next(one for one, name in made.items() if name == "Báo cáo")
    SqlClientSteps(office.database).note(report, Step.USED, Done(office.clock.now()), AuditRecord(
        AuditEvent.CLIENT_TESTED, office.clock.now(), client_id=report))
    assert ids("-last_used_at")[0] == report
    assert ids("last_used_at") == ids("-last_used_at")[::-1]
    for words in ("de an", "Án, đề"):
        found = office.call("GET", f"/clients?q={quote(words)}", token).json["items"]
        assert [one["client_name"] for one in found] == ["Đề án"]
    assert {one["client_id"] for one in office.call("GET", "/clients?source=file", token).json["items"]} == {"console", "qlvb"}
    assert office.call("GET", "/clients?disabled=true", token).json["items"] == []
    assert len(office.call("GET", f"/clients?owner_unit={IT}", token).json["items"]) == 1
    agency = office.call("GET", "/clients", office.agency(IT)).json["items"]
    assert {one["owner_unit"] for one in agency} == {IT, f"{IT}.1"}


def test_a_cursor_of_another_list_is_refused(office: Office) -> None:
    token = office.machine()
    cursor = office.call("GET", "/clients?limit=1", token).json["next"]
    assert office.call("GET", f"/clients?limit=1&sort=created_at&cursor={cursor}", token).status_code == 400
    assert office.call("GET", f"/grants?client_id=qlvb&cursor={cursor}", token).status_code == 400


def test_line_61_what_cannot_be_recorded_does_not_happen(database_url: str) -> None:
    office = Office(database_url)
    token = office.machine()
    client_id, etag, _ = office.made(token)
    before = row(office, client_id)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    for method, what, body in CHANGES[:-1]:
        answer = office.call(method, f"/clients/{client_id}{what}", token, body, etag=etag)
        assert answer.status_code in {500, 503} or what == "/enable", (what, answer.text)
    assert office.call("POST", "/clients", token, APPLICATION).status_code in {500, 503}
    assert office.call("POST", "/initial-access-tokens", token, {"owner": "Sở"}).status_code in {500, 503}
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))
    engine.dispose()
    assert row(office, client_id) == before
    assert len(office.services.clients.all()) == 3
    office.close()


def test_leave_to_register_is_made_listed_and_revoked(office: Office) -> None:
    agency, province = office.agency(IT), office.province()
    made = office.call("POST", "/initial-access-tokens", agency,
                       {"owner": "Sở TTTT", "owner_unit": IT, "quota": 3, "expires_in": 3600})
    assert made.status_code == 201, made.text
    assert made.json["terms"]["owner_unit"] == IT
    assert office.services.initial_access.admit(made.json["initial_access_token"], CALLER).quota == 3
    other = office.call("POST", "/initial-access-tokens", province, {"owner": "Sở khác", "owner_unit": HOME}).json
    listed = office.call("GET", "/initial-access-tokens", agency).json["items"]
    assert [one["id"] for one in listed] == [made.json["id"]]
    assert "initial_access_token" not in listed[0]
    assert office.call("DELETE", f"/initial-access-tokens/{other['id']}", agency).status_code == 404
    assert office.call("DELETE", f"/initial-access-tokens/{made.json['id']}", agency).status_code == 204
    page = office.call("GET", "/initial-access-tokens?limit=1", province).json
    rest = office.call("GET", f"/initial-access-tokens?limit=1&cursor={page['next']}", province).json
    assert [one["state"] for one in (*page["items"], *rest["items"])].count("revoked") == 1
    assert rest["next"] is None


@pytest.mark.parametrize("terms", [
    {"owner_unit": HOME}, {"owner_unit": ""}, {"scope": "openid groups"}, {"consent": "implied"}, {"require_pkce": False},
    {"grant_types": ["client_credentials"]}])
def test_line_38_an_agency_lets_nobody_register_more_than_it_could(office: Office, terms: dict[str, Any]) -> None:
    body = {"owner": "Sở", "owner_unit": IT} | terms
    assert office.call("POST", "/initial-access-tokens", office.agency(IT), body).status_code == 403


@pytest.mark.parametrize("terms", [{"owner": ""}, {"owner": 1}, {"quota": 0}, {"quota": True}, {"expires_in": 59}, {"x": 1},
                                   {"scope": "a\"b"}, {"owner_unit": "Sở"}, {"grant_types": ["x"]}])
def test_terms_that_nobody_could_register_on_are_refused(office: Office, terms: dict[str, Any]) -> None:
    answer = office.call("POST", "/initial-access-tokens", office.machine(), {"owner": "Sở"} | terms)
    assert answer.status_code == 422, answer.text


def test_the_profile_fapi2_is_given_by_the_province_and_stays_when_something_else_changes(office: Office) -> None:
    token, keys = office.province(), json.loads(jwks_of(pair("ES256")))
    bank = {"token_endpoint_auth_method": "private_key_jwt", "jwks": keys, "dpop_bound_access_tokens": True,
            "grant_types": ["authorization_code"], "province": {"profile": "fapi2"}}
    client_id, etag, _ = office.made(token, **bank)
    changed = office.call("PATCH", f"/clients/{client_id}", token, {"client_name": "Kho bạc"}, etag=etag)
    assert changed.json["province"]["profile"] == "fapi2"
    lax = office.call("PATCH", f"/clients/{client_id}", token, {"dpop_bound_access_tokens": False}, etag=changed.headers["ETag"])
    assert lax.status_code == 422
    assert "dpop_bound_access_tokens" in lax.text
    other = office.call("PATCH", f"/clients/{client_id}", office.agency(IT), {"client_name": "x"}, etag=changed.headers["ETag"])
    assert other.status_code in {403, 404}
