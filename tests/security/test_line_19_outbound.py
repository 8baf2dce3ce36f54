"""Line 19: our own fetches go only to checked addresses, through one client, without redirects, within time and size.

What each address is answered with stands in tests/adapters/test_outbound.py; here, that nothing goes round that client, and
what a logout notice to a forbidden address comes to.
"""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.adapters.outbound import Outbound
from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.outbox import SqlOutbox
from idp.adapters.sql.tables import OutboxRow
from idp.oidc.backchannel_logout import LogoutDelivery
from idp.worker.outbox import OutboxPump
from tests.fakes.client_keys import response_encryption
from tests.fakes.clock import FakeClock
from tests.fakes.notices import MemoryClients, application, key_ring
from tests.fakes.subjects import SUBJECTS
from tests.receivers import Receivers

IDP = Path(__file__).parents[2] / "idp"
CLIENTS = {"requests", "urllib3", "http", "urllib.request", "httpx", "aiohttp", "socket", "ftplib", "smtplib"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_line_19_there_is_one_http_client_one_for_mail_and_one_for_syslog() -> None:
    others = {}
    for path in IDP.rglob("*.py"):
        names = {name for name in imported(path) if name in CLIENTS or name.split(".")[0] in CLIENTS - {"http"}
                 or name == "http.client"} - {"urllib.parse", "http"}
        if names and path != IDP / "adapters" / "outbound.py":
            others[str(path.relative_to(IDP))] = names
    assert others == {"adapters/mail.py": {"smtplib", "socket"}, "adapters/head_sinks.py": {"socket"}}


@pytest.mark.parametrize(("development", "allow", "uri", "expected"), [
    (False, (), "http://127.0.0.1:{port}/status-200", ("waiting", "The address is not https.")),
    (False, (), "https://127.0.0.1:{port}/status-200", ("waiting", "The host has an address that is not allowed.")),
    (False, (), "https://localhost:{port}/status-200", ("waiting", "The host has an address that is not allowed.")),
    (False, (), "https://169.254.169.254/latest", ("waiting", "The host has an address that is not allowed.")),
    (False, (), "https://10.0.0.1/", ("waiting", "The host has an address that is not allowed.")),
    (True, (), "https://10.0.0.1/", ("waiting", "The host has an address that is not allowed.")),
    (True, (), "http://127.0.0.1:{port}/status-200", ("sent", "")),
    (True, (), "http://127.0.0.1:{port}/redirect", ("waiting", "HTTP 302")),
])
def test_line_19_a_notice_to_a_forbidden_address_never_leaves_and_is_shown(
    database: Database, development: bool, allow: tuple[str, ...], uri: str, expected: tuple[str, str],
) -> None:
    receivers, clock, outbox = Receivers(), FakeClock(), SqlOutbox(database)
    clients = MemoryClients(application("app", uri.format(port=receivers.port), id_token_signed_response_alg="ES256"))
    delivery = LogoutDelivery(outbox, Outbound(development=development, allow=allow), clients, key_ring(clock), clock,
                              subjects=SUBJECTS, encryption=response_encryption(clock),
                              issuer="https://sso.example", lifetime_seconds=120, heard=lambda *_: None)
    pump = OutboxPump(outbox, delivery, clock)
    now = clock.now()
    database.write(insert_row(OutboxRow)).run(
        kind="backchannel_logout", receiver="app", payload='{"sid":"s","sub":"u"}', state="waiting", attempts=0,
        next_attempt_at=now, created_at=now, finished_at=None, last_error="")
    start = time.monotonic()
    pump.round()
    pump.drain()
    pump.close()
    assert time.monotonic() - start < 30
    row, = database.read(select(OutboxRow.state, OutboxRow.last_error)).all()
    assert (row.state, row.last_error) == expected
    assert [path for path in receivers.paths() if "redirected" in path] == []
    if expected[0] == "waiting":
        assert [f.client_id for f in outbox.state().failing] == ["app"]
        assert expected[1].startswith("HTTP") or receivers.paths() == []
    receivers.stop()
