"""Line 36: back-channel logout tokens follow the standard; delivery is queued, retried and visible when dead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from idp.adapters.outbound import Outbound
from idp.adapters.sql.database import Database
from idp.adapters.sql.outbox import SqlOutbox
from idp.audit import Caller
from idp.jose import jwt
from idp.oidc.backchannel_logout import EVENT, LogoutDelivery
from idp.outbox import GIVE_UP_SECONDS
from idp.worker.outbox import OutboxPump
from tests.fakes.client_keys import response_encryption
from tests.fakes.subjects import SUBJECTS
from tests.receivers import Receivers
from tests.web.site import QLVB, SURVEY, Site


class Desk:
    """Pages, sessions and the outbox over one database; two applications that listen."""

    def __init__(self, database: Database) -> None:
        self.site, self.receivers = Site(database), Receivers()
        for client in (QLVB, replace(SURVEY, consent="implied")):
            uri = self.receivers.url(f"/status-200/{client.client_id}")
            self.site.client_store.put(replace(client, backchannel_logout_uri=uri))
        self.site.services.clients.reload()
        self.outbox = SqlOutbox(database)
        services = self.site.services
        delivery = LogoutDelivery(self.outbox, Outbound(development=True, timeout_seconds=2), services.clients, services.keys,
                                  self.site.clock, subjects=SUBJECTS, encryption=response_encryption(self.site.clock),
                                  issuer=self.site.settings.issuer, lifetime_seconds=120, heard=lambda *_: None)
        self.pump = OutboxPump(self.outbox, delivery, self.site.clock)

    def deliver(self) -> None:
        self.pump.round()
        self.pump.drain()

    def tokens(self) -> list[dict]:
        return [jwt.verify(form["logout_token"][0], self.site.services.keys.verification(), algorithms=["RS256"],
                           typ="logout+jwt", issuer=self.site.settings.issuer, audience=path.rsplit("/", 1)[1],
                           now=self.site.clock.now()) for path, form, *_rest in self.receivers.received]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    found.receivers.stop()
    found.pump.close()


def test_line_36_every_application_of_the_session_is_told_with_the_sid_it_knows(desk: Desk) -> None:
    browser = desk.site.browser()
    answer = browser.sign_in()
    claims = desk.site.id_token_claims(desk.site.tokens(answer.headers["Location"])["id_token"])
    browser.authorize(replace(SURVEY, consent="implied"))
    desk.site.sessions.end(claims["sid"], "logout", Caller("192.0.2.9", "r"))
    desk.deliver()
    tokens = desk.tokens()
    assert sorted(token["aud"] for token in tokens) == ["khaosat", "qlvb"]
    for token in tokens:
        assert (token["sub"], token["sid"], token["events"]) == (claims["sub"], claims["sid"], {EVENT: {}})
        assert token["exp"] - token["iat"] <= 120
        assert "nonce" not in token
    assert len({token["jti"] for token in tokens}) == 2
    assert desk.outbox.state().waiting == 0
    assert desk.site.events().count("logout_notice.sent") == 2


def test_line_36_a_dead_application_never_blocks_the_logout_nor_the_other_application(desk: Desk) -> None:
    desk.receivers.kinds["/status-200/khaosat"] = "slow-30"
    browser = desk.site.browser()
    claims = desk.site.id_token_claims(desk.site.tokens(browser.sign_in().headers["Location"])["id_token"])
    browser.authorize(replace(SURVEY, consent="implied"))
    start = time.monotonic()
    desk.site.sessions.end(claims["sid"], "logout", Caller("192.0.2.9", "r"))
    assert time.monotonic() - start < 15
    desk.deliver()
    arrived = {path: at for path, _form, _headers, at in desk.receivers.received}
    assert arrived["/status-200/qlvb"] - start < 20
    state = desk.outbox.state()
    assert [(f.client_id, f.waiting, f.dead) for f in state.failing] == [("khaosat", 1, 0)]


def test_line_36_retries_go_on_for_a_day_and_then_the_notice_is_dead_and_visible(desk: Desk) -> None:
    desk.receivers.kinds["/status-200/qlvb"] = "status-500"
    browser = desk.site.browser()
    claims = desk.site.id_token_claims(desk.site.tokens(browser.sign_in().headers["Location"])["id_token"])
    desk.site.sessions.end(claims["sid"], "logout", Caller("192.0.2.9", "r"))
    start = desk.site.clock.now()
    while not desk.outbox.state().dead:
        desk.deliver()
        desk.site.clock.advance(900 if desk.site.clock.now() - start > 1800 else 60)
        assert desk.site.clock.now() - start < GIVE_UP_SECONDS + 3600
    assert desk.site.clock.now() - start >= GIVE_UP_SECONDS
    assert len(desk.receivers.paths()) > 20
    assert desk.site.events().count("logout_notice.dead") == 1
    assert [(f.client_id, f.dead, f.last_error) for f in desk.outbox.state().failing] == [("qlvb", 1, "HTTP 500")]
    desk.receivers.kinds["/status-200/qlvb"] = "status-200"
    assert desk.outbox.revive("qlvb", now=desk.site.clock.now()) == 1
    desk.deliver()
    assert desk.outbox.state().failing == ()


def test_line_36_a_logout_token_opens_nothing(desk: Desk) -> None:
    browser = desk.site.browser()
    claims = desk.site.id_token_claims(desk.site.tokens(browser.sign_in().headers["Location"])["id_token"])
    desk.site.sessions.end(claims["sid"], "logout", Caller("192.0.2.9", "r"))
    desk.deliver()
    token = desk.receivers.received[0][1]["logout_token"][0]
    assert desk.site.services.end_session is not None
    answer = desk.site.browser().get("/logout?id_token_hint=" + token)
    assert answer.status_code == 200
    hinted = desk.site.browser().authorize(id_token_hint=token, prompt="none", follow=False)
    assert "code=" not in hinted.headers.get("Location", "")
