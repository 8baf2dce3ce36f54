"""``Idempotency-Key`` on every POST: done once, answered again, and never half."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.operation.repeats import SqlAnsweredRequests
from idp.adapters.sql.tables import AnnouncementRow, AnsweredRequestRow
from idp.administration.operation.announcements import AnnouncementAdministration
from idp.errors import RefusedError, UnavailableError
from idp.web.api.openapi import document

from .office import APPLICATION, ISSUER, IT, Office

DOCUMENT = document(ISSUER)
POSTS = {path: operations["post"] for path, operations in DOCUMENT["paths"].items() if "post" in operations}
SECRETS = {"client_secret", "registration_access_token", "initial_access_token", "one_time_password", "code", "access_token",
           "identity_number", "phone"}
KEY = "yeu-cau-0001"


def announce(office: Office, token: str, text: str = "Bảo trì", key: str = KEY) -> Any:
    now = office.clock.now()
    body = {"level": "info", "where": ["portal"], "text_vi": text, "text_en": "", "from_at": now, "until_at": now + 3600}
    return office.call("POST", "/announcements", token, body, **({"Idempotency_Key": key} if key else {}))


def announcements(office: Office) -> int:
    return len(office.database.read(select(AnnouncementRow.__table__)).all())


def events(office: Office) -> list[str]:
    return [one.event for one in office.audited() if one.event.startswith("announcement")]


def kept(office: Office) -> list[Any]:
    return office.database.read(select(AnsweredRequestRow.__table__)).all()


def test_a_request_sent_again_is_answered_as_before_and_done_once(office: Office) -> None:
    token = office.province()
    first, again = announce(office, token), announce(office, token, key=f'"{KEY}"')
    assert first.status_code == 201, first.text
    assert (again.status_code, again.json, again.headers["Location"], again.headers["ETag"]) == (
        201, first.json, first.headers["Location"], first.headers["ETag"])
    assert (announcements(office), len(events(office)), len(kept(office))) == (1, 1, 1)


def test_without_a_name_nothing_is_kept(office: Office) -> None:
    token = office.province()
    assert [announce(office, token, key="").status_code for _ in range(2)] == [201, 201]
    assert (announcements(office), kept(office)) == (2, [])


def test_the_same_name_for_something_else_is_refused(office: Office) -> None:
    token = office.province()
    made = announce(office, token)
    other = announce(office, token, "Khác")
    assert (other.status_code, other.json["code"], other.content_type) == (422, "key_used_otherwise", "application/problem+json")
    assert announcements(office) == 1
    ended = office.call("POST", f"/announcements/{made.json['id']}/end", token, etag=made.headers["ETag"], Idempotency_Key=KEY)
    assert ended.status_code == 200, "at another address it is another request"


def test_a_name_is_its_callers_alone(office: Office) -> None:
    first, second = office.province(), office.token("quantri2", "quantri-tinh")
    assert [announce(office, token).status_code for token in (first, second)] == [201, 201]
    assert announcements(office) == 2


def test_whoever_may_no_longer_ask_is_told_nothing_again(office: Office) -> None:
    token = office.province()
    announce(office, token)
    office.disable("quantri")
    assert announce(office, token).status_code == 401


def test_a_refused_request_gives_its_name_back(office: Office) -> None:
    token = office.province()
    assert announce(office, token, "").status_code in {400, 422}
    assert kept(office) == []
    assert announce(office, token).status_code == 201


def test_what_dies_between_the_act_and_the_note_leaves_neither(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    token = office.province()
    with monkeypatch.context() as cutting:
        cutting.setattr(SqlAnsweredRequests, "take", _raise(RuntimeError("the power went")))
        assert announce(office, token).status_code == 500
    assert (announcements(office), events(office), kept(office)) == (0, [], [])
    assert announce(office, token).status_code == 201
    assert (announcements(office), len(events(office))) == (1, 1)


@pytest.mark.parametrize(("err", "stays"), [
    (RefusedError("Not so.", status=409), 1), (UnavailableError("Away.", dependency="directory"), 1),
    (UnavailableError("Away.", dependency="database"), 0), (ValueError("?"), 0)])
def test_records_of_a_refusal_stay_and_halves_of_a_failure_do_not(office: Office, monkeypatch: pytest.MonkeyPatch, err: Exception,
                                                                  stays: int) -> None:
    token, create = office.province(), AnnouncementAdministration.create

    def refused(*arguments: Any) -> None:
        create(*arguments)
        raise err

    monkeypatch.setattr(AnnouncementAdministration, "create", refused)
    assert announce(office, token).status_code >= 400
    assert (announcements(office), kept(office)) == (stays, [])


def test_of_twenty_at_once_one_is_done(office: Office) -> None:
    token = office.province()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: announce(office, token), range(20)))
    assert (announcements(office), len(events(office))) == (1, 1)
    done = [one.json for one in answers if one.status_code == 201]
    assert done
    assert all(one == done[0] for one in done)
    assert {(one.status_code, one.json["code"]) for one in answers if one.status_code != 201} <= {(409, "under_way")}


def test_one_that_is_under_way_is_told_of(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    token, create = office.province(), AnnouncementAdministration.create
    inside, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        inside.set()
        assert go_on.wait(10)
        return create(*arguments)

    monkeypatch.setattr(AnnouncementAdministration, "create", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(announce, office, token)
        assert inside.wait(10)
        # Whether it may ask at all is counted, which on SQLite waits for the writer: the store is asked.
        key = _key_of(office)
        with office.services.administration.repeats._store.holding(key, lambda _err: False) as mine:
            assert not mine
        go_on.set()
        assert first.result().status_code == 201
    assert announcements(office) == 1


def _key_of(office: Office) -> bytes:
    import hashlib

    known = office.services.mirror.by_uid("quantri")
    assert known is not None
    return hashlib.sha256("\0".join(("console", known.sub, "POST /api/v1/announcements", KEY)).encode()).digest()


def test_a_day_later_it_is_forgotten(office: Office) -> None:
    token = office.province()
    announce(office, token)
    office.clock.advance(86400 + 1)
    assert office.services.housekeeping.sweep(office.clock.now())["answered_request"] == 1
    assert announce(office, office.province()).status_code == 201
    assert announcements(office) == 2


def secret_of(office: Office, token: str, name: str) -> Any:
    """Ask for something that is shown once, always by the same name."""
    sub, key = office.officer("canbo", unit=IT), {"Idempotency_Key": KEY}
    if name == "createClient":
        return office.call("POST", "/clients", token, APPLICATION, **key)
    if name == "createInitialAccessToken":
        return office.call("POST", "/initial-access-tokens", token, {"owner": "Sở", "owner_unit": IT}, **key)
    if name == "giveEnrolmentCode":
        return office.call("POST", f"/officers/{sub}/enrolment-code", token, **key)
    if name == "resetPassword":
        return office.call("POST", f"/officers/{sub}/password-reset", token, **key)
    path = {"rotateClientSecret": "secret", "renewRegistrationToken": "registration-access-token"}[name]
    return office.call("POST", f"/clients/survey/{path}", token, etag="*", **key)


@pytest.mark.parametrize("name", ["createClient", "rotateClientSecret", "createInitialAccessToken", "giveEnrolmentCode",
                                  "resetPassword"])
def test_what_is_shown_once_is_not_shown_again(office: Office, name: str) -> None:
    from .office import CALLER

    token = office.province()
    office.services.registrar.create({"client_id": "survey", **APPLICATION}, CALLER)
    first = secret_of(office, token, name)
    assert first.status_code < 300, first.text
    again = secret_of(office, token, name)
    assert (again.status_code, again.json["code"]) == (409, "already_done")
    assert again.headers.get("Location") == first.headers.get("Location")
    assert [one.body for one in kept(office)] == [None]


def test_what_answers_with_a_secret_is_known() -> None:
    """A new operation of this kind answers by ``Door.shown_once``, and stands here."""
    schemas = DOCUMENT["components"]["schemas"]
    named = set()
    for operation in POSTS.values():
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if status.startswith("2") and "$ref" in content:
                members = schemas[content["$ref"].rsplit("/", 1)[1]].get("properties", {})
                if SECRETS.intersection(members):
                    named.add(operation["operationId"])
    assert named == SHOWN_ONCE


SHOWN_ONCE = {"createClient", "rotateClientSecret", "renewRegistrationToken", "createInitialAccessToken", "giveEnrolmentCode",
              "resetPassword", "readPhone", "readIdentity", "approveTemporaryPass",
              "breakGlass",  # has no names
              "disableClient", "enableClient"}  # show an application without its secret


@pytest.mark.parametrize("path", sorted(POSTS))
def test_every_post_has_names(path: str) -> None:
    operation = POSTS[path]
    named = [one for one in operation["parameters"] if one["name"] == "Idempotency-Key"]
    assert len(named) == (path != "/break-glass")
    if named:
        assert {"409", "422"} <= set(operation["responses"])
        assert named[0]["required"] is (operation["operationId"] == "resetPassword")


def test_every_post_reads_its_name(office: Office) -> None:
    """One that no request can have is refused before anything is done, wherever the caller is let in at all."""
    province, machine = office.province(), office.machine()
    for path in sorted(POSTS):
        if path == "/break-glass":
            continue
        address = path.replace("{", "").replace("}", "")
        answer = office.call("POST", address, province, {}, Idempotency_Key="short")
        if answer.status_code == 403:
            answer = office.call("POST", address, machine, {}, Idempotency_Key="short")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_request"), path
        assert "Idempotency-Key" in answer.json["detail"], path
    assert kept(office) == []


def _raise(err: Exception) -> Any:
    def raising(*_: Any, **__: Any) -> None:
        raise err

    return raising
