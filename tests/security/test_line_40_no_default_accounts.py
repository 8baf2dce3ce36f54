"""Line 40: there is no default account, no default password, and no set-up that a stranger could find open.

People are the directory's, and nothing here ever makes one; a password is set by its owner, or by an administrator for a day.
What an installation needs is made by commands on the machine, at random, and the first start leaves nothing behind that lets
anybody in.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Literal, get_origin

import pytest
from flask import Flask
from sqlalchemy import literal_column, select

from idp.adapters.key_files import KeyFolder
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import Base
from idp.directory.officer import Directory
from idp.settings import Settings
from tests.whole import make_app, secret_of

ROOT = Path(__file__).parents[2]
MADE_AT_START = {"client", "signing_key", "version", "audit"}
PUBLIC = {"/static/<path:name>", "/language/<code>", "/login", "/login/", "/logout", "/authorize", "/check-session", "/device",
          "/help/", "/help/officials", "/help/administrators", "/help/vendors", "/gallery"}
"""Pages that need no session: the guides are nobody's data, and so is the gallery, which only development has;
/authorize and /logout read a request first (lines 4 and 35), /check-session is a script, and on /device a code comes before
anything else."""

NOT_OFFERED = {"/certificate/<ticket>", "/account/security/certificate", "/account/security/sim", "/personal-data"}
"""Where certificates are not asked for, no carrier asks SIMs, and no notice about personal data is named."""


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Flask:
    shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    return make_app(tmp_path, f"sqlite:///{tmp_path / 'idp.sqlite3'}")


def test_line_40_a_first_start_makes_keys_and_clients_and_nobody(database_url: str, tmp_path: Path) -> None:
    make_app(tmp_path, database_url)
    database = Database(database_url)
    count = literal_column("count(*)").label("n")
    filled = {table.name for table in Base.metadata.sorted_tables
              if database.read(select(count).select_from(table)).one().n}  # type: ignore[union-attr]
    assert filled == MADE_AT_START
    database.dispose()


def test_line_40_no_verb_of_the_directory_makes_an_account() -> None:
    verbs = {name for name in vars(Directory) if not name.startswith("_")}
    assert verbs == {"find_by_login", "find", "check_password", "change_password", "everyone", "contact", "health", "check",
                     "resets_passwords", "reset_password"}
    writing = re.compile(r"connection\.(?:add|modify|delete|rename|passwd)\w*\(")
    found = {(path.name, match[0]) for path in (ROOT / "idp" / "adapters" / "ldap").rglob("*.py")
             for match in writing.finditer(path.read_text(encoding="utf-8"))}
    assert found == {("openldap.py", "connection.passwd("), ("openldap.py", "connection.modify_ext_s("),
                     ("active_directory.py", "connection.modify_ext(")}, "a password, and that it must be changed, is all"


def test_line_40_two_installations_share_no_secret(tmp_path: Path, sqlite_template: Path) -> None:
    made: list[dict[str, bytes]] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(sqlite_template, folder / "idp.sqlite3")
        make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}")
        assert len(secret_of(folder, "qlvb")) >= 43
        made.append({str(path.relative_to(folder)): path.read_bytes() for path in (folder / "keys").rglob("*") if path.is_file()})
    one, two = made
    assert len(one) >= 4
    assert one.keys() == two.keys()
    assert not [name for name in one if one[name] == two[name]]


def test_line_40_making_keys_a_second_time_changes_nothing(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    assert keys.make()
    before = {path: path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file()}
    assert keys.make() == ()
    assert {path: path.read_bytes() for path in before} == before


def test_line_40_no_setting_has_a_secret_as_its_default() -> None:
    secret = re.compile(r"password|secret|token|key")
    for name, field in Settings.model_fields.items():
        if secret.search(name) and field.default and isinstance(field.default, (str, Path)) \
                and get_origin(field.annotation) is not Literal:
            assert isinstance(field.default, Path), f"{name}: a secret is a file, and its default a place"
            # Nothing in keys/ is shipped (tests/architecture/test_repository.py); what `make run` has made there is random.
            assert field.default.parts[0] == "keys", name


@pytest.mark.parametrize("path", ["/setup", "/install", "/init", "/admin/setup", "/bootstrap", "/first-run",
                                  "/signup", "/debug", "/console", "/.env"])
def test_line_40_there_is_no_set_up_in_the_browser(app: Flask, path: str) -> None:
    for method in ("GET", "POST"):
        answer = app.test_client().open(path, method=method, base_url="http://localhost:8000")
        assert answer.status_code in ({404} if method == "GET" else {400, 404, 405})


def test_line_40_every_page_leads_a_stranger_to_the_sign_in_or_says_that_it_is_over(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert rules >= PUBLIC | {"/", "/login/<interaction_id>", "/consent/<interaction_id>"}
    for rule in sorted(rules - PUBLIC):
        path = re.sub("<[^>]*>", "x" * 43, re.sub(r"<any\('?([^',)]*)[^>]*>", r"\1", rule))
        answer = app.test_client().get(path, base_url="http://localhost:8000")
        if rule == "/recovery/<token>":  # a link that is none
            assert answer.status_code == 404
            continue
        if rule == "/device/<interaction_id>":  # nothing of that name is asked (any more)
            assert answer.status_code == 410
            continue
        if rule in {"/signing/<interaction_id>/state", "/login/<interaction_id>/phone"}:  # what a page's script asks
            assert (answer.status_code, answer.json) == (200, {"waiting": False})
            continue
        if rule in NOT_OFFERED:
            assert answer.status_code == 404, rule
            continue
        assert answer.status_code == 303, rule
        location = answer.headers["Location"]
        assert location in {"/", "/logout", "/account/security"} or location.startswith("/login/"), rule
        assert not [name for name in answer.headers.getlist("Set-Cookie") if name.startswith("sso=")]
