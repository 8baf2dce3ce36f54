"""Lines 61 and 62: every event once, chained, newline-safe, and never a secret; what cannot be recorded does not happen.

That the chain finds changes, additions and deletions stands in tests/adapters/sql/test_audit_seals.py.
"""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select, text

from idp.adapters import json_log
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow
from idp.adapters.sql.trail.seals import SqlSealStore
from idp.app import AFTERWARDS_SECONDS
from idp.audit.chain import AuditChain
from idp.clock import SystemClock
from tests.fakes.directory import PASSWORD
from tests.fakes.seals import MemorySealHeads, MemorySealSigner
from tests.web.site import CHALLENGE, VERIFIER
from tests.whole import CLIENT, make_app, secret_of

HOST = "http://localhost:8000"
WRONG = "Sai-Mat-Khau-2026!"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class Story:
    """One officer's day over HTTP, with every secret that was used on the way."""

    def __init__(self, folder: Path, url: str, log: io.StringIO) -> None:
        self.app = make_app(folder, url)
        json_log.configure("DEBUG", SystemClock(), stream=log)
        self.browser: FlaskClient = self.app.test_client()
        self.client_secret = secret_of(folder, "qlvb")
        self.secrets = [PASSWORD, WRONG, self.client_secret, VERIFIER]

    def _page(self, path: str) -> tuple[str, str]:
        answer = self.browser.get(path, base_url=HOST)
        while answer.status_code == 303:
            answer = self.browser.get(answer.headers["Location"], base_url=HOST)
        action, csrf = (re.search(pattern, answer.text) for pattern in (
            r'<form method="post" action="([^"]*)"', r'name="csrf_token" value="([^"]+)"'))
        assert action is not None
        assert csrf is not None
        self.secrets.append(csrf[1])
        return action[1], csrf[1]

    def sign_in(self, password: str) -> str:
        asked = "&".join(f"{name}={value}" for name, value in {
            "client_id": "qlvb", "redirect_uri": CLIENT["redirect_uris"][0], "response_type": "code",
            "scope": "openid%20profile%20offline_access", "state": "st", "nonce": "n-1", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256"}.items())
        action, csrf = self._page("/authorize?" + asked)
        answer = self.browser.post(action, base_url=HOST, data={"csrf_token": csrf, "username": "canbo", "password": password})
        location = answer.headers.get("Location", "")
        while location.startswith("/") and not location.startswith("/login"):
            location = self.browser.get(location, base_url=HOST).headers.get("Location", "")
        code = parse_qs(urlsplit(location).query).get("code", [""])[0]
        if code:
            cookie = self.browser.get_cookie("sso")
            assert cookie is not None
            self.secrets += [code, cookie.value]
        return code

    def token(self, **form: str) -> tuple[int, dict]:
        answer = self.browser.post("/token", base_url=HOST, data=form, auth=("qlvb", self.client_secret))
        found = answer.get_json()
        self.secrets += [found[name] for name in ("access_token", "refresh_token", "id_token") if name in found]
        return answer.status_code, found


def test_line_61_a_day_is_recorded_event_by_event_without_a_secret_in_trail_or_log(
    database: Database, database_url: str, tmp_path: Path, log: io.StringIO, capsys: pytest.CaptureFixture[str],
) -> None:
    story = Story(tmp_path, database_url, log)
    before = Counter(row.event for row in database.read(select(AuditRow.event)).all())
    assert story.sign_in(WRONG) == ""
    code = story.sign_in(PASSWORD)
    redeem = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLIENT["redirect_uris"][0],
              "code_verifier": VERIFIER}
    status, tokens = story.token(**redeem)
    assert status == 200
    status, fresh = story.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200
    assert story.token(**redeem)[0] == 400
    assert story.browser.get("/userinfo", base_url=HOST, headers={"Authorization": f"Bearer {fresh['access_token']}"})
    story.browser.post("/introspect", base_url=HOST, data={"token": fresh["access_token"]}, auth=("qlvb", story.client_secret))
    story.browser.post("/revoke", base_url=HOST, data={"token": fresh["refresh_token"]}, auth=("qlvb", story.client_secret))
    action, csrf = story._page("/logout")
    story.browser.post(action, base_url=HOST, data={"csrf_token": csrf, "answer": "accept"})
    story.browser.get("/authorize?client_id=nobody&password=" + PASSWORD, base_url=HOST)

    rows = database.read(select(AuditRow.__table__).order_by(AuditRow.id)).all()
    counted = Counter(row.event for row in rows) - before
    for event in ("sign_in", "sign_in.refused", "code.issued", "token.issued", "token.refreshed", "code.replayed",
                  "session.ended"):
        assert counted[event] == 1, (event, counted)
    trail = "\n".join(str(tuple(row)) for row in rows)
    said, give_up = "", time.monotonic() + 60
    while (said + log.getvalue()).count('"event":"request"') <= 12:  # request lines leave in bundles
        assert time.monotonic() < give_up, said + log.getvalue()
        time.sleep(2 * AFTERWARDS_SECONDS)
        said += capsys.readouterr().err
    time.sleep(2 * AFTERWARDS_SECONDS)
    logged = said + capsys.readouterr().err + log.getvalue()
    for secret in story.secrets:
        assert len(secret) > 8
        assert secret not in trail
        assert secret not in logged
    for line in logged.splitlines():
        json.loads(line)
    for row in rows:
        assert all("\n" not in value for value in row if isinstance(value, str))
        assert isinstance(json.loads(row.detail), dict)

    chain = AuditChain(SqlSealStore(database), MemorySealSigner(), MemorySealHeads(), SystemClock())
    while chain.seal(limit=5).records:
        pass
    report = chain.verify()
    assert (report.records, report.unsealed, report.broken) == (len(rows), 0, None)


def test_line_62_what_cannot_be_recorded_does_not_happen(
    database: Database, database_url: str, tmp_path: Path, log: io.StringIO,
) -> None:
    story = Story(tmp_path, database_url, log)
    code = story.sign_in(PASSWORD)
    with database.durable.connect() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO audit_gone"))
    try:
        redeem = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLIENT["redirect_uris"][0],
                  "code_verifier": VERIFIER}
        answer = story.browser.post("/token", base_url=HOST, data=redeem, auth=("qlvb", story.client_secret))
        assert answer.status_code >= 500
        assert "access_token" not in answer.text
    finally:
        with database.durable.connect() as connection:
            connection.execute(text("ALTER TABLE audit_gone RENAME TO audit"))
    status, _tokens = story.token(**redeem)
    assert status == 200
