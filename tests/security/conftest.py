"""The whole application for attacks on it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from tests.whole import make_app


@pytest.fixture(scope="module")
def fuzz_app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with one open sign-in: its id, browser cookie and form token are among the extensions."""
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copy(sqlite_template, folder / "idp.sqlite3")
    app = make_app(folder, f"sqlite:///{folder / 'idp.sqlite3'}")
    client = app.test_client()
    answer = client.get("/", headers={"Host": "localhost:8000"})
    app.extensions["fuzz_interaction"] = answer.location.removeprefix("/login/").partition("?")[0]
    page = client.get(answer.location, headers={"Host": "localhost:8000"})
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    cookie = client.get_cookie("browser", domain="localhost")
    assert found is not None
    assert cookie is not None
    app.extensions["fuzz_csrf"] = found[1]
    app.extensions["fuzz_cookie"] = f"browser={cookie.value}"
    return app
