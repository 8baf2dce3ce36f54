"""The registration files that people copy: those of the sample applications, and the one in the README."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from idp.oauth.client import Client
from idp.oauth.clients.registration import RegistrationPolicy, parse

ROOT = Path(__file__).parents[2]


def _client(members: dict[str, Any], *, development: bool) -> Client:
    client_id = members.pop("client_id")
    return parse(members, RegistrationPolicy(development=development), client_id=client_id, source="file")


@pytest.mark.parametrize(("name", "port"), [("qlvb", 8001), ("cong-thong-tin", 8002)])
def test_sample_applications_are_registered_as_they_are_run(name: str, port: int) -> None:
    client = _client(tomllib.loads((ROOT / "clients" / name / "client.toml").read_text()), development=True)
    assert client.client_id == name
    assert client.redirect_uris == (f"http://localhost:{port}/oidc/callback",)
    assert client.backchannel_logout_uri == f"http://localhost:{port}/oidc/backchannel-logout"
    assert client.post_logout_redirect_uris == (f"http://localhost:{port}/logged-out",)
    assert client.secret_file == f"{name}.secret"
    assert client.consent == "implied"
    assert client.require_pkce


def test_the_readme_s_example_is_accepted_in_production() -> None:
    found = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert len(found[1].splitlines()) <= 11
    client = _client(tomllib.loads(found[1]), development=False)
    assert client.client_id == "hop-thu"
    assert client.owner == "Sở Thông tin và Truyền thông"
