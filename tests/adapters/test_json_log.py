"""The log holds one JSON object a line and no secret."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.json_log import MASK, RequestLines, configure, mask_text, secret_name
from idp.audit import Caller
from tests.fakes.clock import FakeClock


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    found = io.StringIO()
    configure("INFO", FakeClock(), stream=found)
    RequestLines(stream=io.BytesIO()).begin(Caller("", ""))  # an earlier test's request may have run in this thread
    yield found
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_own_and_foreign_loggers_write_json_with_time_and_level(stream: io.StringIO) -> None:
    structlog.get_logger("idp.worker").warning("worker started", sent=3, tên="Đỗ")
    logging.getLogger("some.library").error("failed: %s", "disk\nfull")
    first, second = lines(stream)
    assert first == {"time": "2023-11-14T22:13:20.000+00:00", "level": "warning", "event": "worker started",
                     "logger": "idp.worker", "sent": 3, "tên": "Đỗ"}
    assert (second["level"], second["logger"], second["event"]) == ("error", "some.library", "failed: disk\nfull")


def test_levels_below_the_set_one_and_details_of_libraries_are_not_written(stream: io.StringIO) -> None:
    structlog.get_logger("idp").debug("no")
    logging.getLogger("idp").debug("no")
    configure("DEBUG", FakeClock(), stream=stream)
    logging.getLogger("authlib.oauth2").debug("token: %r", {"access_token": "x"})
    logging.getLogger("urllib3.connection").warning("https://app.example/secret")
    assert stream.getvalue() == ""


def test_a_traceback_is_one_line_and_masked(stream: io.StringIO) -> None:
    try:
        raise ValueError("Authorization: Basic cWx2YjpzZWNyZXQtc2VjcmV0")
    except ValueError:
        structlog.get_logger("idp").exception("failed")
        logging.getLogger("library").exception("failed too")
    for line in lines(stream):
        assert "ValueError" in str(line["exception"])
        assert "cWx2" not in str(line)


def test_security_61_members_with_a_secrets_name_are_masked_at_any_depth(stream: io.StringIO) -> None:
    structlog.get_logger("idp").info("x", password="p1", client_secret="p2", headers={"Authorization": "p3", "Accept": "json"},
                                     items=[{"refresh_token": "p4"}], otp=123456, sealed=b"p5", status_code=200)
    text = stream.getvalue()
    assert not any(secret in text for secret in ("p1", "p2", "p3", "p4", "p5", "123456"))
    assert lines(stream)[0]["status_code"] == 200


SECRETS = [
    ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln and more", "eyJhbGci"),
    ("Authorization: Bearer 0123456789abcdef", "0123456789abcdef"),
    ("basic cWx2YjpzZWNyZXQ=", "cWx2Yjpz"),
    ("postgresql+psycopg://idp:h%40rd@db.example/idp", "h%40rd"),
    ("GET /callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0if HTTP/1.1", "SplxlOBe"),
    ("grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA", "tGzv3JOk"),
    ("password=HauGiang-2026!", "HauGiang"),
    ("password: HauGiang-2026!", "HauGiang"),
    ("-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----", "MIGH"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_security_61_what_looks_like_a_secret_is_masked_in_any_text(text: str, secret: str) -> None:
    assert secret not in mask_text(text)
    assert MASK in mask_text(text)


@pytest.mark.parametrize("text", ["eyJ" * 5000, "eyJ." * 4000, "password " * 1700, "password" + " " * 15_000, "://" * 5000,
                                  "-----BEGIN PRIVATE KEY-----" * 500, "?code=" * 2600, "basic " * 2600])
def test_security_45_the_search_is_quick_on_hostile_text(text: str) -> None:
    start = time.thread_time()
    mask_text(text)
    assert time.thread_time() - start < 0.5


@pytest.mark.parametrize("text", ["directory unavailable", "HTTP 500", "at 10:32: closed", "https://sso.example/authorize",
                                  "No connection.", "a = b", "error_code: invalid_grant"])
def test_ordinary_text_stays(text: str) -> None:
    assert mask_text(text) == text


def test_names() -> None:
    assert all(map(secret_name, ("Password", "new_password", "Set-Cookie", "id_token", "csrf_token", "user_code")))
    assert not any(map(secret_name, ("event", "client_id", "status_code", "unit_code", "error", "keys")))


@given(st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.binary() | st.none()))
def test_nothing_that_is_logged_breaks_the_line(text: str, members: dict[str, object]) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure("INFO", FakeClock(), stream=stream)
    try:
        structlog.get_logger("idp").info(text.replace("%", ""), members=members)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    assert stream.getvalue().count("\n") == 1
    json.loads(stream.getvalue())


def test_a_request_is_one_line(stream: io.StringIO) -> None:
    raw = io.BytesIO()
    log = RequestLines(FakeClock(), stream=raw)
    caller = Caller("10.0.0.1", "r-1234567", "agent")
    log.begin(caller)
    log.line(caller=caller, method="POST", endpoint="token", status=400, seconds=0.0123, client_id="qlvb\udc80",
             error="invalid_grant")
    assert json.loads(raw.getvalue()) == {
        "time": "2023-11-14T22:13:20.000+00:00", "level": "info", "event": "request", "request_id": "r-1234567",
        "source": "10.0.0.1", "method": "POST", "endpoint": "token", "status": 400, "milliseconds": 12.3,
        "client_id": "qlvb\udc80", "error": "invalid_grant"}
    configure("WARNING", FakeClock(), stream=stream)
    log.line(caller=caller, method="GET", endpoint="jwks", status=200, seconds=0, client_id="", error="")
    assert raw.getvalue().count(b"\n") == 1
    configure("INFO", FakeClock(), stream=stream)
    structlog.get_logger("idp").info("inside")
    assert lines(stream)[0]["request_id"] == "r-1234567"
    log.begin(Caller("", "", ""))
