"""Line 37: a registration sets only listed members, and never trust, consent or rights.

Those are in the table ``province``, which operators alone write.
No application registers itself: no door takes a registration, and the rooms' ``Registrar`` is called by operators' commands and
at the start, from clients/, and by nothing else. tests/oauth/test_registration.py tries every member.
"""

from __future__ import annotations

import ast
import json
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from idp.oauth.client import Client
from idp.oauth.clients.registration import InvalidClientMetadataError, RegistrationPolicy, parse, standard_metadata, to_metadata
from idp.oauth.proof import certificate
from tests.provider import REGISTERED
from tests.whole import make_app

ROOT = Path(__file__).parents[2]
LEAST = {"client_name": "Ứng dụng", "redirect_uris": ["https://app.example/cb"]}
TRUST: dict[str, Any] = {
    "owner": "Văn phòng", "allowed_groups": ["lanhdao"], "required_acr": "urn:haugiang:acr:1", "required_level": 1,
    "consent": "implied", "profile": "fapi2", "require_pkce": False, "access_token_format": "jwt", "login_name_attribute": "mail",
    "exchange_from": ["qlvb"], "assertion_audience": "token_endpoint", "secret_file": "qlvb.secret", "show_groups": True}


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Flask:
    shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    return make_app(tmp_path, f"sqlite:///{tmp_path / 'idp.sqlite3'}")


def test_line_37_every_right_of_a_client_is_in_the_table_of_operators() -> None:
    table = set(to_metadata(REGISTERED)["province"])
    assert table == set(TRUST)
    assert table.isdisjoint(standard_metadata(REGISTERED))
    told = table | set(standard_metadata(REGISTERED)) | {"client_id", "source", "secret_digest", "disabled", "created_at"}
    optional = {"client_uri", "logo_uri", "policy_uri", "tos_uri", "contacts", "software_id", "software_version",
                "post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_uri", "initiate_login_uri",
                "default_max_age", "sector_identifier_uri", "jwks", "jwks_uri", "token_endpoint_auth_signing_alg",
                *certificate.NAMES}
    assert {field.name for field in fields(Client)} - told == optional


@pytest.mark.parametrize("member", [*TRUST, "trusted", "admin", "role", "client_id", "client_secret", "disabled", "source"])
def test_line_37_trust_is_no_member_that_an_application_could_send(member: str) -> None:
    with pytest.raises(InvalidClientMetadataError) as refused:
        parse({**LEAST, member: TRUST.get(member, True)}, RegistrationPolicy(), client_id="x", source="registered")
    assert refused.value.message.startswith(f"{member}:")


def test_line_37_without_the_table_a_registration_has_no_right_at_all() -> None:
    client = parse(LEAST, RegistrationPolicy(), client_id="x", source="registered")
    assert client.consent == "ask"
    assert client.require_pkce
    assert not client.show_groups
    assert not client.exchange_from
    assert not {"groups", "service", "unit"} & client.scope


def test_line_37_only_operators_commands_and_the_start_register() -> None:
    callers = {str(path.relative_to(ROOT)) for path in (ROOT / "idp").rglob("*.py")
               for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
               if isinstance(node, ast.Attribute) and node.attr == "registrar"}
    assert callers == {"idp/cli/clients.py", "idp/app.py"}


def test_line_37_no_door_takes_a_registration(app: Flask) -> None:
    client = app.test_client()
    document = client.get("/.well-known/openid-configuration", headers={"Host": "localhost:8000"}).json
    assert "registration_endpoint" not in document
    body = json.dumps({**LEAST, "province": TRUST})
    for path in ("/register", "/registration", "/clients", "/connect/register", "/oauth/register", "/clients/qlvb"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.open(path, method=method, data=body, content_type="application/json", base_url="http://localhost:8000")
            assert answer.status_code in {400, 404}
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert not {rule for rule in rules if "regist" in rule or "client" in rule}
