"""oidcc-3rdparty-init-login-certification-test-plan: the provider lets a relying party begin a sign-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.errors import ConfigurationError

from .suite import BASIC, ISSUER, RP, Suite

START = f"{RP}/initiate"


def test_oidcc_3rd_party_init_login(database_file: str, tmp_path: Path) -> None:
    suite = Suite(tmp_path, database_file, {**BASIC, "initiate_login_uri": START})
    person = suite.person()
    visit = person.go(f"{ISSUER}/")
    assert visit.page is not None
    assert f'href="{START}?iss=https%3A%2F%2Fsso.haugiang.example"' in visit.page.text
    _, tokens = suite.flow(person)
    assert tokens["claims"]["sub"]


def test_oidcc_3rd_party_init_login_nohttps(database_file: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="initiate_login_uri"):
        Suite(tmp_path, database_file, {**BASIC, "initiate_login_uri": "http://rp.example/initiate"})
