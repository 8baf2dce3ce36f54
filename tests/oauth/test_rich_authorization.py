"""RFC 9396: what an officer allows beyond scopes is of a known type, is agreed to each time, and only shrinks."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AccessTokenRow
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.client import Client
from idp.oauth.requests.rich_authorization import DEEPEST, LONGEST, MOST, InvalidDetailsError, narrowed, read, spell
from idp.oauth.requests.signing_details import LONGEST_LABEL, MOST_DOCUMENTS, SigningDetails
from tests.provider import CALLER, ISSUER, SIGNING, House, json_segment

SHA256 = "2.16.840.1.101.3.4.2.1"
TYPES = {SIGNING: SigningDetails()}
CLIENT = Client(client_id="qlvb", client_name="Q", authorization_details_types=(SIGNING,))


def document(label: str = "Quyết định số 12/QĐ-UBND", name: str = "sha256") -> dict[str, str]:
    return {"hash": base64.b64encode(hashlib.new(name, label.encode()).digest()).decode(), "label": label}


def wish(*labels: str, **members: Any) -> dict[str, Any]:
    """Ask for signatures on documents of these names."""
    documents = [document(label) for label in labels or ("Quyết định số 12/QĐ-UBND",)]
    return {"type": SIGNING, "documentDigests": documents, "hashAlgorithmOID": SHA256} | members


def found(*details: Any) -> list[dict[str, Any]]:
    return read(json.dumps(details), CLIENT, TYPES)


def is_refused(text: str, client: Client = CLIENT) -> bool:
    with pytest.raises(InvalidDetailsError) as refused:
        read(text, client, TYPES)
    assert refused.value.description.isascii()
    assert not set('"\\') & set(refused.value.description)
    return True


# Reading

def test_s2_details_of_a_known_type_are_kept_in_one_spelling() -> None:
    decomposed = "Quye\u0302\u0301t \u0111i\u0323nh"
    detail, = found(wish(decomposed, "B", credentialID="chung-thu-1"))
    assert detail["documentDigests"][0]["label"] == "Quyết định"
    assert detail["numSignatures"] == 2
    assert detail["credentialID"] == "chung-thu-1"
    assert found(detail) == [detail]
    assert found(wish("B"), wish("C", numSignatures=1)) == found(wish("B", numSignatures=1), wish("C"))


@pytest.mark.parametrize(("oid", "name"), [(SHA256, "sha256"), ("2.16.840.1.101.3.4.2.2", "sha384"),
                                           ("2.16.840.1.101.3.4.2.3", "sha512")])
def test_digests_are_as_long_as_their_algorithm_says(oid: str, name: str) -> None:
    assert found(wish(hashAlgorithmOID=oid, documentDigests=[document("A", name)]))
    for other in {"sha1", "sha256", "sha384", "sha512"} - {name}:
        assert is_refused(json.dumps([wish(hashAlgorithmOID=oid, documentDigests=[document("A", other)])]))


@pytest.mark.parametrize("text", ["", "x", "null", "7", '"x"', "{}", "[]", "[[]]", "[null]", '[{"type": "x"}, NaN]', "[Infinity]",
                                  json.dumps(wish()), "[" * 100000, "[" * 2000 + "]" * 2000, "9" * 8000,
                                  json.dumps([wish(str(number)) for number in range(MOST + 1)]), json.dumps([wish(), wish()]),
                                  json.dumps([wish()]) + " " * LONGEST, '[{"type":"a","type":"b"}]'])
def test_s5_what_is_no_list_of_objects_or_beyond_the_limits_is_refused(text: str) -> None:
    assert is_refused(text)


def test_a_member_that_stands_twice_is_refused() -> None:
    once = json.dumps([wish()])
    assert read(once, CLIENT, TYPES)
    assert is_refused(once.replace('"hashAlgorithmOID"', f'"hashAlgorithmOID": "{SHA256}", "hashAlgorithmOID"'))


def test_security_44_the_depth_is_bounded_before_the_type_is_looked_at() -> None:
    deep: Any = "x"
    for _ in range(DEEPEST):
        deep = [deep]
    with pytest.raises(InvalidDetailsError, match="too deep"):
        read(json.dumps([deep]), CLIENT, TYPES)


def test_security_12_what_is_kept_fits_into_a_token(house: House) -> None:
    fitting = wish(documentDigests=[document(f"{number:02}" + "\u1ebf" * 30) for number in range(20)])
    assert found(fitting)
    assert is_refused(json.dumps([wish(documentDigests=[document(f"{number:02}" + "\u1ebf" * 40) for number in range(20)])],
                                 ensure_ascii=False))
    house.client(access_token_format="jwt", authorization_details_types=(SIGNING,))
    told = house.redeem(code_for(house, fitting)).json
    assert len(told["access_token"]) < 10 * 1024
    assert house.is_active(told["access_token"])


@pytest.mark.parametrize("name", [None, "", "signing", "urn:haugiang:authorization:payment", 7, ["x"], {}, SIGNING.upper()])
def test_s5_an_unknown_type_is_refused(name: Any) -> None:
    assert is_refused(json.dumps([wish(type=name)]))
    assert is_refused(json.dumps([{key: value for key, value in wish().items() if key != "type"}]))


def test_s10_a_type_that_is_not_registered_for_the_application_is_refused() -> None:
    assert is_refused(json.dumps([wish()]), replace(CLIENT, authorization_details_types=()))


@pytest.mark.parametrize("members", [
    {"locations": ["https://a.example"]}, {"actions": []}, {"": 1}, {"documentdigests": []},
    {"hashAlgorithmOID": "1.3.14.3.2.26"},
    {"hashAlgorithmOID": None}, {"hashAlgorithmOID": [SHA256]}, {"documentDigests": None}, {"documentDigests": []},
    {"documentDigests": {}}, {"documentDigests": ["x"]},
    {"documentDigests": [document(str(n)) for n in range(MOST_DOCUMENTS + 1)]},
    {"documentDigests": [document("A"), document("A")]}, {"documentDigests": [document("A"), document("A") | {"label": "B"}]},
    {"documentDigests": [document("A") | {"url": "x"}]}, {"documentDigests": [{"hash": document("A")["hash"]}]},
    {"documentDigests": [{"label": "A"}]}, {"numSignatures": 2}, {"numSignatures": 0}, {"numSignatures": True},
    {"numSignatures": "1"}, {"numSignatures": 1.0}, {"numSignatures": None}, {"credentialID": ""}, {"credentialID": 7},
    {"credentialID": "a b"}, {"credentialID": "x" * 161}, {"credentialID": "đ"}])
def test_s5_unknown_members_and_values_are_refused(members: dict[str, Any]) -> None:
    assert is_refused(json.dumps([wish(**members)]))


@pytest.mark.parametrize("value", [None, 7, "", "x", "=" * 44, document("A")["hash"][:-1], document("A")["hash"] + "\n",
                                   base64.urlsafe_b64encode(b"\xff" * 32).decode(), "A" * 42 + "B=", "đ" * 44])
def test_a_digest_has_one_form(value: Any) -> None:
    assert is_refused(json.dumps([wish(documentDigests=[{"hash": value, "label": "A"}])]))


@pytest.mark.parametrize("label", [None, 7, "", "   ", "x" * (LONGEST_LABEL + 1), "a\nb", "a\u202eb", "a\u200bb", "a\u2028b",
                                   "a\x00", "\ud800", "\ufeffa", "a\x7f", "\u3164", "\u2800", "a\ufe0f",
                                   "x" + 5 * "\u0301"])
def test_a_label_shows_all_that_it_holds(label: Any) -> None:
    assert is_refused(json.dumps([wish(documentDigests=[{"hash": document("A")["hash"], "label": label}])]))


_json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                     lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20) | st.sampled_from(
                         ["type", "hash", "label", "documentDigests", "hashAlgorithmOID", "numSignatures"]), inner, max_size=5),
                     max_leaves=20)


@given(st.text(max_size=200) | st.lists(_json | st.builds(lambda more: wish() | (more if isinstance(more, dict) else {}), _json),
                                        max_size=6).map(json.dumps))
def test_any_text_is_read_or_refused_and_reads_the_same_again(text: str) -> None:
    try:
        details = read(text, CLIENT, TYPES)
    except InvalidDetailsError:
        return
    assert read(spell(details), CLIENT, TYPES) == details


# Narrowing

def test_s6_1_a_part_of_what_was_granted_may_be_asked_for() -> None:
    granted = found(wish("A", "B"), wish("C", credentialID="c-1"))
    assert narrowed(None, granted, CLIENT, TYPES) == granted
    assert narrowed("", granted, CLIENT, TYPES) == granted
    for asked in ([wish("A", "B")], [wish("B")], [wish("B", credentialID="c-9")], [wish("C", credentialID="c-1"), wish("A")]):
        assert narrowed(json.dumps(asked), granted, CLIENT, TYPES) == found(*asked)


@pytest.mark.parametrize("asked", [
    [wish("D")], [wish("A", "D")], [wish("C")], [wish("C", credentialID="c-2")], [wish("A"), wish("B")], [wish("A", "C")],
    [wish(documentDigests=[document("A") | {"label": "Other"}])],
    [wish(hashAlgorithmOID="2.16.840.1.101.3.4.2.3", documentDigests=[document("A", "sha512")])]])
def test_s6_1_nothing_else_may(asked: list[Any]) -> None:
    with pytest.raises(InvalidDetailsError):
        narrowed(json.dumps(asked), found(wish("A", "B"), wish("C", credentialID="c-1")), CLIENT, TYPES)


def test_what_an_operator_takes_back_is_not_given_any_more() -> None:
    with pytest.raises(InvalidDetailsError):
        narrowed(None, found(wish()), replace(CLIENT, authorization_details_types=()), TYPES)


# At the endpoints

@pytest.fixture
def signing(house: House) -> House:
    house.client(authorization_details_types=(SIGNING,))
    return house


def code_for(house: House, *details: dict[str, Any], **changes: str | None) -> str:
    """Issue a code after the officer has agreed."""
    session = house.session()
    asked = house.asked(authorization_details=json.dumps(details, ensure_ascii=False), **changes)
    answer = house.provider.issue_code(replace(asked, agreed_by=session.sub), session=session, caller=CALLER)
    return dict(answer.parameters)["code"]


def test_s7_s9_what_was_agreed_to_is_told_by_answer_token_and_introspection(signing: House, database: Database) -> None:
    told = signing.redeem(code_for(signing, wish())).json
    assert told["authorization_details"] == found(wish())
    assert signing.introspect(told["access_token"]).json["authorization_details"] == found(wish())
    again = signing.refresh(told["refresh_token"]).json
    assert again["authorization_details"] == found(wish())
    signing.client(access_token_format="jwt")
    jwt = signing.refresh(again["refresh_token"]).json["access_token"]
    assert json_segment(jwt.split(".")[1])["authorization_details"] == found(wish())
    rows = database.read(select(AccessTokenRow.__table__)).all()
    assert {row.details for row in rows} == {spell(found(wish()))}


def test_nothing_is_told_where_nothing_was_asked_for(signing: House) -> None:
    told = signing.tokens_for()
    assert "authorization_details" not in told
    assert "authorization_details" not in signing.introspect(told["access_token"]).json


def test_s6_codes_and_refresh_tokens_narrow_and_never_widen(signing: House) -> None:
    code = code_for(signing, wish("A", "B"))
    refused = signing.redeem(code, authorization_details=json.dumps([wish("C")]))
    assert (refused.status, refused.error) == (400, "invalid_authorization_details")
    told = signing.redeem(code, authorization_details=json.dumps([wish("A")])).json
    assert signing.introspect(told["access_token"]).json["authorization_details"] == found(wish("A"))
    assert signing.refresh(told["refresh_token"], authorization_details="[]").error == "invalid_authorization_details"
    assert signing.refresh(told["refresh_token"]).json["authorization_details"] == found(wish("A", "B"))


def test_s6_a_grant_without_details_gives_none(signing: House) -> None:
    told = signing.tokens_for()
    reply = signing.refresh(told["refresh_token"], authorization_details=json.dumps([wish()]))
    assert reply.error == "invalid_authorization_details"


def test_a_type_taken_back_by_the_operator_stops_codes_and_refresh_tokens(signing: House) -> None:
    code, other = code_for(signing, wish()), code_for(signing, wish())
    token = signing.redeem(other).json["refresh_token"]
    signing.client(authorization_details_types=())
    assert signing.redeem(code).error == "invalid_authorization_details"
    assert signing.refresh(token).error == "invalid_authorization_details"


def test_a_machine_has_no_officer_who_could_agree(signing: House) -> None:
    assert signing.machine(authorization_details=json.dumps([wish()])).error == "invalid_authorization_details"


@pytest.mark.parametrize("text", ["[]", "x", json.dumps([wish(type="urn:x")]), json.dumps([wish(actions=["sign"])])])
def test_s5_the_application_is_told_what_is_wrong(signing: House, text: str) -> None:
    with pytest.raises(AuthorizationError) as refused:
        signing.asked(authorization_details=text)
    assert refused.value.code == "invalid_authorization_details"
    assert refused.value.redirect_uri


def test_no_code_without_the_agreement_of_the_very_officer(signing: House) -> None:
    session = signing.session()
    asked = signing.asked(authorization_details=json.dumps([wish()]))
    for agreed_by in ("", signing.officer("vanthu")):
        with pytest.raises(AuthorizationError) as refused:
            signing.provider.issue_code(replace(asked, agreed_by=agreed_by), session=session, caller=CALLER)
        assert refused.value.code == "consent_required"
    assert "code.issued" not in signing.events()


def test_details_never_travel_through_the_browser(database: Database) -> None:
    house = House(database, front_channel=True)
    house.client(authorization_details_types=(SIGNING,), grant_types=("authorization_code", "implicit"),
                 response_types=("code", "id_token", "code id_token", "id_token token"))
    for response_type in ("id_token", "code id_token", "id_token token"):
        with pytest.raises(AuthorizationError) as refused:
            house.asked(authorization_details=json.dumps([wish()]), response_type=response_type)
        assert refused.value.code == "invalid_authorization_details"


def test_s10_discovery_lists_the_types(house: House) -> None:
    assert house.call("GET", "/.well-known/oauth-authorization-server").json["authorization_details_types_supported"] == [SIGNING]


def test_details_go_with_resources_and_claims(signing: House) -> None:
    signing.client(resources=(("urn:ky-so", ""),))
    code = code_for(signing, wish(), resource="urn:ky-so", claims='{"id_token":{"email":null}}')
    told = signing.redeem(code).json
    assert signing.introspect(told["access_token"]).json["aud"] == "urn:ky-so"
    assert told["authorization_details"] == found(wish())
    assert signing.id_claims(told["id_token"])["email"]
    assert ISSUER not in told["authorization_details"]
