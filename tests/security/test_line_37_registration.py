"""Line 37: registration needs a token, takes only listed members, and never trust, consent or administration.

More of it: tests/endpoints/test_registration.py, tests/oauth/clients/test_dynamic.py, tests/security/test_fuzz_registration.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.adapters.sql.clients import SqlClientStore
from idp.adapters.sql.database import Database
from idp.oauth.clients.registration import PROVINCE, STANDARD
from tests.provider import House

APPLICATION: dict[str, Any] = {"redirect_uris": ["https://app.example/cb"]}


@pytest.fixture
def house(database: Database) -> House:
    return House(database, client_store=SqlClientStore(database))


def test_line_37_without_a_token_nothing_is_registered(house: House) -> None:
    reply = house.call("POST", "/register", body=json.dumps(APPLICATION).encode(), headers={"content-type": "application/json"})
    assert reply.status == 401
    assert house.client_store.all() == []


@pytest.mark.parametrize("name", [*PROVINCE, "source", "disabled", "secret_digest", "created_at", "admin", "roles", "trusted"])
@pytest.mark.parametrize("nested", [False, True])
def test_line_37_no_member_of_ours_is_taken(house: House, name: str, nested: bool) -> None:
    plain = house.register(house.leave(), APPLICATION)
    for value in (True, "implied", "file", ["lanhdao"], 3, ""):
        asked = {**APPLICATION, "province": {name: value}} if nested else {**APPLICATION, name: value}
        reply = house.register(house.leave(), asked)
        assert reply.status == 201
        before, after = (house.registry.find(told.json["client_id"]) for told in (plain, reply))
        assert before is not None
        assert after is not None
        for member in (*PROVINCE, "source", "disabled"):
            assert getattr(after, member) == getattr(before, member)


def test_line_37_the_answer_lists_standard_members_only(house: House) -> None:
    told = house.register(house.leave(), {**APPLICATION, "x": 1, "province": {"owner": "x"}}).json
    assert told.keys() <= {*STANDARD, "client_id", "client_id_issued_at", "client_secret", "client_secret_expires_at",
                           "registration_access_token", "registration_client_uri", "subject_type"}
