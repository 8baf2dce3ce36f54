"""/tsa as other programs ask it: who may, how often, and what they get."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.database import Database
from idp.authn.lockout import Limits, Lockout, Rule
from idp.endpoints.time_stamps import TimeStampEndpoint
from idp.endpoints.wsgi import Dispatcher, Route
from idp.oauth.proof.holder import Holders
from idp.oauth.tokens.resource_access import ResourceAccess
from idp.pki.timestamp.admission import Admission
from tests.fakes.guess_counter import FakeGuessCounter
from tests.pki.timestamp.test_time_stamps import House, question, said
from tests.provider import ASSURANCE, ISSUER
from tests.provider import House as Provider

Call = Callable[..., Any]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def door(house: House, admission: Admission, access: Any = None, *, limit: int = 1000) -> Call:
    endpoint = TimeStampEndpoint(house.stamps, admission, access, Lockout(FakeGuessCounter(), house.clock, Limits(
        pair=Rule(limit), account=Rule(limit), source=Rule(limit)), kind="t"), (f"{ISSUER}/tsa",))
    app = Dispatcher([Route("/tsa", "time_stamps", endpoint)], fallback=lambda environ, start: [])

    def call(body: bytes = b"", *, kind: str = "application/timestamp-query", source: str = "127.0.0.1", method: str = "POST",
             query: str = "", **headers: str) -> Any:
        answer = SimpleNamespace(status=0, headers={}, body=b"")

        def start(status: str, sent: list[tuple[str, str]]) -> None:
            answer.status, answer.headers = int(status[:3]), dict(sent)

        answer.body = b"".join(app({
            "REQUEST_METHOD": method, "PATH_INFO": "/tsa", "QUERY_STRING": query, "CONTENT_TYPE": kind, "REMOTE_ADDR": source,
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body), **headers}, start))
        return answer

    return call


def test_rfc3161_3_4_over_http(house: House) -> None:
    call = door(house, Admission("networks"))
    answer = call(question(nonce=9))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/timestamp-reply")
    assert answer.headers["Cache-Control"] == "no-store"
    assert said(answer.body)["nonce"] == 9
    assert call(b"x").status == 200
    assert call(b"x").body[:2] != b"{"
    assert call(question(), kind="application/octet-stream").status == 415
    assert call(b"x" * 70_000).status == 413
    assert call(method="GET").status == 405


def test_only_loopback_and_named_networks(house: House) -> None:
    call = door(house, Admission("networks", ("10.1.0.0/16", "2001:db8::/32")))
    for source, status in (("127.0.0.1", 200), ("::1", 200), ("10.1.2.3", 200), ("2001:db8::7", 200), ("10.2.0.1", 403),
                           ("::ffff:10.1.2.3", 200), ("unknown", 403), ("192.0.2.1", 403)):
        assert call(question(), source=source).status == status, source
    # Whoever may not ask learns nothing of the token either, and one that is sent opens nothing.
    assert call(question(), source="192.0.2.1", HTTP_AUTHORIZATION="Bearer x").status == 403


def test_where_nobody_signs_there_is_no_such_address(house: House) -> None:
    house.stamps = house.another(offered=False)
    assert door(house, Admission("off"))(question()).status == 404


def test_security_27_not_without_end(house: House) -> None:
    call = door(house, Admission("networks"), limit=3)
    assert [call(question()).status for _ in range(4)] == [200, 200, 200, 429]
    assert int(call(question()).headers["Retry-After"]) > 0


def test_rfc6750_with_a_token_of_the_scope_alone(house: House, database: Database) -> None:
    provider = Provider(database)
    access = ResourceAccess(provider.tokens, SqlAdministrationTokens(database, provider.clock), provider.registry,
                            provider.clock, ASSURANCE, Holders(provider.proofs), idle_limit_seconds=3600)
    call = door(house, Admission("token"), access)
    bare = call(question())
    assert (bare.status, bare.headers["WWW-Authenticate"]) == (401, 'Bearer realm="tsa"')
    assert call(question(), HTTP_AUTHORIZATION="Bearer nothing").status == 401
    without = provider.machine(scope="service").json["access_token"]
    assert call(question(), HTTP_AUTHORIZATION=f"Bearer {without}").status == 403
    token = provider.machine(scope="time_stamp").json["access_token"]
    answer = call(question(), source="192.0.2.1", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert said(answer.body)["message_imprint"]["hashed_message"] == b"\x07" * 32
    assert house.audit.records[-1].client_id == "qlvb"
    assert call(question(), query=f"access_token={token}").status == 400
    provider.client(disabled=True)
    assert call(question(), HTTP_AUTHORIZATION=f"Bearer {token}").status == 401
