"""Software statements: whose word counts, and for what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.errors import RefusedError
from idp.oauth.clients.keys import read_jwks
from idp.oauth.clients.registration import RegistrationPolicy, parse
from idp.oauth.clients.software_statement import (
    InvalidSoftwareStatementError,
    SoftwareStatements,
    UnapprovedSoftwareStatementError,
)

from ...fakes.client_keys import jwks_of, pair, signed
from ...fakes.clock import FakeClock

ISSUER = "https://software.example"
CLOCK = FakeClock()
STATEMENTS = SoftwareStatements({ISSUER: read_jwks(json.loads(jwks_of(pair("ES256"), pair("RS256")))),
                                 "https://other.example": read_jwks(json.loads(jwks_of(pair("ES256", 1))))}, CLOCK)


def statement(key: Any = None, *, alg: str | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    told = {"iss": ISSUER, "iat": CLOCK.now(), "exp": CLOCK.now() + 60, **claims}
    return signed(told, key or pair("ES256"), alg=alg, **(header or {}))


def vouched(text: Any, required_issuer: str = "", **metadata: Any) -> dict[str, Any]:
    return STATEMENTS.vouched({**metadata, "software_statement": text}, required_issuer=required_issuer)


def test_rfc7591_s3_1_1_a_statement_goes_before_plain_members_and_only_with_members() -> None:
    text = statement(client_name="Khảo sát", **{"client_name#en": "Survey"}, contacts=None, jti="x", sub="y",
                     province={"owner": "z"}, client_secret="mine", software_statement="again")
    assert vouched(text, client_name="x", contacts=["a"]) == {
        "client_name": "Khảo sát", "client_name#en": "Survey", "contacts": ["a"], "software_statement": text}


def test_each_key_of_the_issuer_counts_with_and_without_its_name() -> None:
    for key in (pair("ES256"), pair("RS256")):
        assert vouched(statement(key, software_id="x"))["software_id"] == "x"
        assert vouched(statement(key, header={"kid": None}, software_id="x"))["software_id"] == "x"


def test_without_a_statement_nothing_is_vouched_for() -> None:
    assert STATEMENTS.vouched({"client_name": "x"}) == {"client_name": "x"}
    with pytest.raises(InvalidSoftwareStatementError, match="is needed"):
        STATEMENTS.vouched({"client_name": "x"}, required_issuer=ISSUER)


@pytest.mark.parametrize("text", [
    "", "x", "a.b.c", 7, None, ["x"], {"a": 1}, True, "x" * 20_000, statement(iss=None), statement(iss=""),
    statement(iss=7), statement(exp=None), statement(exp=CLOCK.now() - 61), statement(iat=CLOCK.now() + 100),
    statement(nbf=CLOCK.now() + 100), statement(pair("ES256", 1)), statement(pair("EdDSA")), statement(header={"kid": "RS256-0"}),
    statement(header={"typ": "at+jwt"}), statement(header={"jwk": pair("ES256").as_dict(private=False)}),
    statement()[:-4] + "AAAA", statement().rpartition(".")[0] + ".",
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3NvZnR3YXJlLmV4YW1wbGUifQ.", statement().replace(".", "..", 1),
])
def test_rfc7591_s3_2_2_what_proves_nothing_is_invalid(text: Any) -> None:
    with pytest.raises(InvalidSoftwareStatementError) as caught:
        vouched(text)
    assert caught.value.code == "invalid_software_statement"
    assert caught.value.message.isascii()


def test_a_shared_key_is_no_proof() -> None:
    text = statement().split(".")
    header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"  # {"alg":"HS256","typ":"JWT"}
    with pytest.raises(InvalidSoftwareStatementError, match="algorithm"):
        vouched(".".join([header, *text[1:]]))


def test_rfc7591_s3_2_2_another_issuers_word_does_not_count() -> None:
    for text in (statement(iss="https://unknown.example"), statement(iss=f"{ISSUER}/")):
        with pytest.raises(UnapprovedSoftwareStatementError):
            vouched(text)
    other = statement(pair("ES256", 1), iss="https://other.example", software_id="x")
    assert vouched(other)["software_id"] == "x"
    with pytest.raises(UnapprovedSoftwareStatementError, match="asks for"):
        vouched(other, required_issuer=ISSUER)
    with pytest.raises(InvalidSoftwareStatementError):
        vouched(statement(pair("ES256"), iss="https://other.example"))


def test_files_and_operators_bring_no_statements() -> None:
    with pytest.raises(RefusedError, match="software_statement"):
        parse({"redirect_uris": ["https://a.example/"], "software_statement": statement()}, RegistrationPolicy(), client_id="x",
              source="registered")
