"""docs/operations/: what an operator copies from the pages line by line is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idp import settings

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "operations"
PROGRAMS = {"sudo": "sudo", "git": "git", "nginx": "nginx", "psql": "postgresql", "openssl": "openssl", "curl": "curl"}
"""Program that the page runs, and the Debian package that brings it; everything else is in the smallest Debian."""


def _blocks(name: str) -> list[str]:
    """Give the command blocks of a page, continued lines joined."""
    text = (PAGES / name).read_text().replace("\\\n", " ")
    return re.findall(r"(?:^ {4,}\S.*\n)+", text, re.MULTILINE)


def test_what_the_page_on_deploying_runs_it_installs() -> None:
    commands = "".join(_blocks("deploy.md"))
    [line] = re.findall(r"apt-get install (.*)", commands)
    installed = set(line.split())
    steps = (ROOT / "deploy" / "setup" / "steps.sh").read_text()
    found = re.findall(r"python3-venv|(?<=Python.h\" )\S+|(?<=missing gcc ).*|(?<=/ldap.h )\S+|(?<=/sasl.h )\S+", steps)
    for_python = set(" ".join(found).split())
    assert for_python == {"gcc", "libc6-dev", "python3-venv", "python3-dev", "libldap2-dev", "libsasl2-dev"}
    run = set(re.findall(r"(?:^|&&|\(|;|sudo -u postgres) *([a-z-]+)\b", commands, re.MULTILINE))
    assert {"sudo", "git", "nginx", "openssl", "curl"} <= run
    wanted = for_python | {package for program, package in PROGRAMS.items() if program in run}
    assert wanted - installed == set()
    for path in re.findall(r"(?<= )(?:deploy|requirements)/[\w./*-]+", commands):
        assert list(ROOT.glob(path)), path


def test_the_settings_on_the_page_on_deploying_are_taken_and_none_is_left_another_provinces(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    [given] = re.findall(r"```toml\n(env = .*?)```", (PAGES / "deploy.md").read_text(), re.DOTALL)
    (tmp_path / "idp.toml").write_text(given)
    monkeypatch.setenv("IDP_CONFIG", str(tmp_path / "idp.toml"))
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"IDP_{name.upper()}", raising=False)
    taken = settings.load()
    names = [value for name, value in taken if name.startswith("ldap_") and name.endswith("_dn") and value]
    assert [name for name in names if not name.endswith(taken.ldap_base_dn)] == []
    said = (PAGES / "deploy.md").read_text()
    for name, value in taken:
        if name != "product_name" and re.search(r"haugiang|Hậu Giang|0293", str(value)):
            assert f"`{name}`" in said, name


def test_a_block_names_the_settings_it_keeps_and_who_may_use_the_database_and_its_copy_is_nobody_elses() -> None:
    blocks = [(path.name, block) for path in sorted(PAGES.glob("*.md")) for block in _blocks(path.name)]
    assert {name for name, block in blocks if "--preserve-env=IDP_CONFIG" in block} >= {"deploy.md", "backup.md"}
    assert {name for name, block in blocks if "pg_dump" in block} >= {"backup.md"}
    for name, block in blocks:
        before, kept, _ = block.partition("--preserve-env=IDP_CONFIG")
        assert not kept or "export IDP_CONFIG=/etc/idp/idp.toml" in before, (name, block)
        assert "pg_dump" not in block or "umask 077" in block, (name, block)
        for line in block.splitlines():
            theirs = re.search(r"\b(?:psql|createdb|createuser|pg_dump|pg_restore)\b", line)
            assert not theirs or "sudo -u postgres" in line, (name, line)
