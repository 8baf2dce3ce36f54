"""The whole provider with its signing keys in SoftHSM: sign-in, what is shown, and a token that goes away and comes back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from idp.adapters.sql.database import Database
from idp.app import build_services
from idp.cli import keys as keys_command
from idp.errors import ConfigurationError
from idp.jose.keyset import ALGORITHMS
from tests.conformance.suite import BASIC, ISSUER, Suite, read_segment
from tests.softhsm import MODULE, PIN, SoftHSM
from tests.whole import make_settings

CLIENTS = [{**BASIC, "client_id": alg.lower(), "id_token_signed_response_alg": alg} for alg in ALGORITHMS]


@pytest.fixture
def softhsm(tmp_path: Path) -> Iterator[SoftHSM]:
    before = os.environ.get("SOFTHSM2_CONF")
    hsm = SoftHSM(tmp_path / "softhsm")
    hsm.token("province")
    hsm.module()
    yield hsm
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def in_token(softhsm: SoftHSM, tmp_path: Path) -> dict[str, object]:
    """The settings that put signing keys into the token."""
    pin_file = tmp_path / "pkcs11.pin"
    pin_file.write_text(PIN)
    pin_file.chmod(0o600)
    return {"signing_keys": "pkcs11", "pkcs11_module": MODULE, "pkcs11_token_label": "province", "pkcs11_pin_file": pin_file}


def within(suite: Suite, method: str, url: str, form: Mapping[str, str] | None = None, **headers: str) -> Any:
    """Call an endpoint without a network."""
    return suite.app.test_client(use_cookies=False).open(
        url.removeprefix(ISSUER), method=method, data=dict(form) if form else None, base_url=ISSUER, headers=headers)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_officers_sign_in_with_keys_that_never_leave_the_token_and_bear_its_absence(
        database_url: str, tmp_path: Path, softhsm: SoftHSM, in_token: dict[str, object],
        monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Suite(tmp_path, database_url, *CLIENTS, **in_token)
    person = suite.person()
    tokens = {}
    for client in CLIENTS:
        _visit, tokens[client["client_id"]] = suite.flow(person, client, scope="openid offline_access")
        header = read_segment(tokens[client["client_id"]]["id_token"], 0)
        assert header["alg"] == client["id_token_signed_response_alg"]
    with Database(database_url).durable.connect() as connection:
        rows = connection.execute(text("SELECT sealed_private, token_uri FROM signing_key"
                                       " WHERE alg NOT IN ('RSA-OAEP-256', 'ECDH-ES')")).all()  # those to encrypt to are sealed
    assert {(bytes(sealed), uri.partition(";")[0]) for sealed, uri in rows} == {(b"", "pkcs11:token=province")}
    assert suite.app.test_client().get("/readyz", base_url=ISSUER).json["dependencies"]["key_token"] == {"state": "up"}

    # Without the token nothing is signed, the client is told to come again, and everything else goes on.
    # SoftHSM leaves errors behind in the OpenSSL of this process, which a TLS connection of ours would take for its own.
    monkeypatch.setattr(suite, "http", partial(within, suite))
    softhsm.take_away()
    suite.clock.advance(2)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["rs256"]["refresh_token"]}
    refused = suite.token(CLIENTS[1], **refresh)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert "province" not in refused.text
    assert suite.userinfo(tokens["rs256"]["access_token"]).status_code == 200
    assert suite.http("GET", f"{ISSUER}/jwks").status_code == 200
    softhsm.bring_back()
    suite.clock.advance(1)
    assert suite.check_tokens(suite.token(CLIENTS[1], **refresh), CLIENTS[1])["claims"]["sub"]


def test_list_says_that_private_parts_are_in_the_token(
        database_url: str, tmp_path: Path, in_token: dict[str, object]) -> None:
    suite = Suite(tmp_path, database_url, **in_token)
    services = build_services(suite.settings, directory=suite.directory, clock=suite.clock)
    suite.app.cli.add_command(keys_command.commands(lambda: services, lambda: ()), "keys")
    assert suite.app.test_cli_runner().invoke(args=["keys", "list"]).output.count("private part: in the PKCS #11 token") == 8


def test_without_the_optional_package_the_remedy_is_named(
        tmp_path: Path, in_token: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idp.adapters.pkcs11_keys", None)
    with pytest.raises(ConfigurationError, match="python-pkcs11 is not installed") as caught:
        build_services(make_settings(tmp_path, f"sqlite:///{tmp_path / 'idp.sqlite3'}", **in_token))
    assert "requirements/pkcs11.txt" in caught.value.remedy


def test_a_start_without_the_token_that_has_the_keys_says_what_to_set(
        database_url: str, tmp_path: Path, in_token: dict[str, object]) -> None:
    Suite(tmp_path, database_url, **in_token)
    with pytest.raises(ConfigurationError, match="lies in a PKCS #11 token") as caught:
        Suite(tmp_path, database_url)
    assert "IDP_PKCS11_MODULE" in caught.value.remedy
