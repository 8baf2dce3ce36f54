"""Line 11: access, ID, logout and refresh tokens, codes and signed answers do not pass for one another."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.errors import RefusedError
from idp.jose import jwt
from tests.provider import CALLER, House


@pytest.fixture(params=["opaque", "jwt"])
def house(request: pytest.FixtureRequest, database: Database) -> House:
    house = House(database)
    house.client(access_token_format=request.param, id_token_signed_response_alg="ES256")
    return house


def test_line_11_each_place_takes_its_own_kind_only(house: House) -> None:
    tokens = house.tokens_for(scope="openid offline_access")
    kinds = {name: tokens[f"{name}_token"] for name in ("access", "refresh", "id")}
    kinds["code"] = house.code(scope="openid offline_access")
    claims = house.id_claims(tokens["id_token"])
    kinds["logout"] = jwt.sign({name: claims[name] for name in ("iss", "aud", "iat", "exp", "sub", "sid")} | {
        "jti": "j", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, house.keys.signing("ES256"),
        typ="logout+jwt")
    asked = house.asked(response_mode="jwt")
    kinds["answer"] = house.provider.issue_code(asked, session=house.session(), caller=CALLER).parameters[0][1]
    for kind, value in kinds.items():
        assert (house.userinfo(value).status == 200) is (kind == "access"), kind
        assert house.is_active(value) is (kind in {"access", "refresh"}), kind
        if kind != "refresh":
            assert house.refresh(value).error == "invalid_grant", kind
        if kind != "code":
            assert house.redeem(value).error == "invalid_grant", kind
        if kind != "id":
            with pytest.raises(RefusedError):
                house.id_tokens.read_hint(value)
    assert house.id_tokens.read_hint(kinds["id"]).client_id == "qlvb"
