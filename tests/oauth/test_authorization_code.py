"""The code grant: issued for a session that stands, redeemed once, by its own client, within its minute."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuthorizationCodeRow, GrantRow, SessionClientRow
from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError
from idp.oauth.server import Lifetimes
from tests.provider import CALLER, ISSUER, REDIRECT_URI, SECRET, House

OTHER_URI = "https://other.example/callback"


def issue(house: House, session=None, **changes):
    return house.provider.issue_code(house.asked(**changes), session=session or house.session(), caller=CALLER)


def test_rfc6749_s4_1_2_the_answer_carries_code_state_and_issuer(house: House) -> None:
    answer = issue(house)
    assert answer.redirect_uri == REDIRECT_URI
    assert [name for name, _ in answer.parameters] == ["code", "state", "iss"]
    assert dict(answer.parameters)["state"] == "xyz"
    assert dict(answer.parameters)["iss"] == ISSUER
    assert len(dict(answer.parameters)["code"]) == 43


def test_without_state_none_is_invented(house: House) -> None:
    assert [name for name, _ in issue(house, state=None).parameters] == ["code", "iss"]


def test_what_other_rooms_add_stands_between_the_code_and_state_and_goes_with_errors_too(house: House) -> None:
    also = (("session_state", "x.y"),)
    asked = house.asked()
    answer = house.provider.issue_code(asked, session=house.session(), caller=CALLER, also=also)
    assert [name for name, _ in answer.parameters] == ["code", "session_state", "state", "iss"]
    refused = house.provider.error_response(asked.refuse("access_denied", "No."), also=also)
    assert [name for name, _ in refused.parameters] == ["error", "error_description", "session_state", "state", "iss"]


def test_form_post_is_kept(house: House) -> None:
    assert issue(house, response_mode="form_post").response_mode == "form_post"


def test_rfc6749_s5_1_a_code_gives_tokens(house: House) -> None:
    tokens = house.tokens_for(scope="openid profile")
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    assert tokens["scope"] == "openid profile"
    assert {"access_token", "refresh_token", "id_token"} <= set(tokens)
    assert house.is_active(tokens["access_token"])
    assert house.events() == ["sign_in", "code.issued", "token.issued"]


def test_without_openid_there_is_no_id_token(house: House) -> None:
    assert "id_token" not in house.tokens_for(scope="profile")


def test_without_the_refresh_grant_there_is_no_refresh_token(house: House) -> None:
    house.client(grant_types=("authorization_code",))
    assert "refresh_token" not in house.tokens_for()


def test_only_digests_are_stored(house: House, database: Database) -> None:
    code = house.code()
    tokens = house.redeem(code).json
    dump = repr([database.read(select(table)).all() for table in GrantRow.metadata.tables.values()])
    for secret in (code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert secret not in dump


def test_the_client_takes_part_in_the_session_once(house: House, database: Database) -> None:
    session = house.session()
    for moment in (0, 30):
        house.clock.advance(moment)
        issue(house, session)
    row, = database.read(select(SessionClientRow.__table__)).all()
    assert (row.sid, row.client_id, row.sub, row.last_used_at - row.first_used_at) == (session.sid, "qlvb", session.sub, 30)


# Refused when it is issued

def test_security_29_no_code_is_issued_in_a_session_that_has_ended(house: House, database: Database) -> None:
    session = house.session()
    house.sessions.end(session.sid, "logout", CALLER)
    with pytest.raises(AuthorizationError) as caught:
        issue(house, session)
    assert caught.value.code == "login_required"
    assert database.read(select(GrantRow.__table__)).all() == []
    assert database.read(select(AuthorizationCodeRow.__table__)).all() == []
    assert "code.issued" not in house.events()


def test_no_code_is_issued_beyond_the_absolute_limit(house: House) -> None:
    session = house.session()
    house.clock.advance(86400)
    with pytest.raises(AuthorizationError, match="ended"):
        issue(house, session)


@pytest.mark.parametrize("status", ["disabled", "gone"])
def test_security_18_no_code_for_an_officer_who_is_not_active(house: House, status: str) -> None:
    session = house.session()
    house.disable(status=status)
    with pytest.raises(AuthorizationError) as caught:
        issue(house, session)
    assert caught.value.code == "access_denied"


def test_security_18_no_code_for_an_officer_outside_the_applications_groups(house: House) -> None:
    house.client(allowed_groups=frozenset({"van-thu"}))
    with pytest.raises(AuthorizationError) as caught:
        issue(house)
    assert caught.value.code == "access_denied"
    assert issue(house, house.session(house.officer(groups=("can-bo", "van-thu")))).parameters


def test_what_the_registration_no_longer_allows_is_refused_when_the_code_is_issued(house: House) -> None:
    asked, session = house.asked(), house.session()
    house.client(scope=frozenset({"openid"}))
    with pytest.raises(AuthorizationError) as caught:
        house.provider.issue_code(asked, session=session, caller=CALLER)
    assert caught.value.code == "invalid_scope"
    house.client(redirect_uris=(OTHER_URI,))
    with pytest.raises(UnsafeRequestError):
        house.provider.issue_code(asked, session=session, caller=CALLER)
    house.client(disabled=True)
    with pytest.raises(UnsafeRequestError):
        house.provider.issue_code(asked, session=session, caller=CALLER)


def test_pkce_that_became_required_is_asked_for_when_the_code_is_issued(house: House) -> None:
    house.client(require_pkce=False)
    asked = house.asked(code_challenge=None, code_challenge_method=None)
    house.client(require_pkce=True)
    with pytest.raises(AuthorizationError) as caught:
        house.provider.issue_code(asked, session=house.session(), caller=CALLER)
    assert caught.value.code == "invalid_request"


# Refused when it is redeemed

@pytest.mark.parametrize("changes", [
    {"redirect_uri": OTHER_URI}, {"redirect_uri": None}, {"redirect_uri": REDIRECT_URI + "/"}, {"code": "x" * 43},
    {"code": "đ"}, {"code": "x" * 60000},
])
def test_rfc6749_s4_1_3_a_wrong_code_or_redirect_uri_is_refused_and_uses_nothing_up(house: House, changes) -> None:
    code = house.code()
    assert house.redeem(code, **changes).error == "invalid_grant"
    assert house.redeem(code).status == 200


def test_rfc6749_s5_2_a_missing_code_is_an_invalid_request(house: House) -> None:
    assert house.redeem("", code=None).error == "invalid_request"


def test_rfc6749_s4_1_3_a_code_is_bound_to_its_client(house: House) -> None:
    house.client("other")
    house.client("public", token_endpoint_auth_method="none")
    code = house.code()
    assert house.redeem(code, client_id="other").error == "invalid_grant"
    assert house.redeem(code, client_id="public", secret=None).error == "invalid_grant"
    tokens = house.redeem(code).json
    # A stranger who shows the used code does not end what it gave.
    assert house.redeem(code, client_id="other").error == "invalid_grant"
    assert house.is_active(tokens["access_token"])


def test_rfc6749_s4_1_2_a_code_lives_for_a_minute(house: House) -> None:
    code = house.code()
    house.clock.advance(59)
    assert house.redeem(code).status == 200
    code = house.code()
    house.clock.advance(60)
    assert house.redeem(code).error == "invalid_grant"


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_security_7_a_code_is_bound_to_its_session(house: House, scope: str) -> None:
    session = house.session()
    code = house.code(session, scope=scope)
    house.sessions.end(session.sid, "logout", CALLER)
    assert house.redeem(code).error == "invalid_grant"


def test_security_18_a_code_of_an_officer_disabled_meanwhile_gives_nothing(house: House) -> None:
    code = house.code()
    house.disable()
    assert house.redeem(code).error == "invalid_grant"


def test_a_client_without_the_code_grant_is_unauthorized(house: House) -> None:
    code = house.code()
    house.client(grant_types=("client_credentials",))
    assert house.redeem(code).error == "unauthorized_client"


def test_a_shorter_family_shortens_its_tokens(database: Database) -> None:
    house = House(database, lifetimes=Lifetimes(refresh_token_seconds=200))
    assert house.tokens_for(scope="openid offline_access")["expires_in"] == 200


def test_public_clients_redeem_by_their_name_alone(house: House) -> None:
    house.client("spa", token_endpoint_auth_method="none")
    assert house.tokens_for(client_id="spa", secret=None)["access_token"]
    code = house.code(client_id="spa")
    assert house.redeem(code, client_id="spa", secret=SECRET).status == 401
