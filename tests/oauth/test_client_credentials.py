"""An application that acts for itself."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AccessTokenRow
from tests.provider import House


def test_rfc6749_s4_4_3_the_answer_has_a_token_and_no_refresh_token(house: House) -> None:
    answer = house.machine(scope="service").json
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert answer["scope"] == "service"
    told = house.introspect(answer["access_token"]).json
    assert (told["active"], told["client_id"], told["sub"], told["scope"]) == (True, "qlvb", "qlvb", "service")
    assert "username" not in told
    assert house.events() == ["token.issued"]


def test_without_scope_it_gets_what_is_registered_and_needs_no_officer(house: House) -> None:
    assert house.machine().json["scope"] == "service"
    house.client(scope=frozenset({"openid", "profile"}))
    answer = house.machine().json
    assert "scope" not in answer
    assert house.is_active(answer["access_token"])


@pytest.mark.parametrize("scope", ["openid", "service profile", "offline_access", "groups", "credential", "scim", 'a"b', "đ"])
def test_rfc6749_s5_2_other_scopes_are_invalid(house: House, scope: str) -> None:
    assert house.machine(scope=scope).error == "invalid_scope"
    assert house.events() == []


def test_a_client_without_the_grant_is_unauthorized(house: House) -> None:
    house.client(grant_types=("authorization_code",))
    assert house.machine().error == "unauthorized_client"


def test_rfc6749_s4_4_public_clients_are_refused(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    assert house.machine(client_id="spa", secret=None).status == 401


def test_a_machines_token_opens_no_userinfo(house: House) -> None:
    reply = house.userinfo(house.machine().json["access_token"])
    assert reply.status == 403
    assert reply.error == "insufficient_scope"


def test_two_tokens_in_one_second_differ(house: House) -> None:
    house.client(access_token_format="jwt")
    assert len({house.machine().json["access_token"] for _ in range(5)}) == 5


def test_the_row_and_its_audit_record_are_there_together(house: House, database: Database) -> None:
    house.machine()
    row, = database.read(select(AccessTokenRow.__table__)).all()
    assert (row.client_id, row.grant_id, row.scope, row.revoked_at) == ("qlvb", "", "service", None)
    record, = house.audited()
    assert (record.client_id, record.source, record.sub) == ("qlvb", "198.51.100.7", "")
