"""oidcc-rp-initiated-logout-certification-test-plan, and the plans for back-channel and front-channel logout and
session management."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.app import build_services
from idp.worker.outbox import OutboxPump
from tests.receivers import Receivers

from .suite import BASIC, ISSUER, OUT, RP, SECOND, Person, Suite, Visit, read_segment

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MODULES = (
    *(f"oidcc-rp-initiated-logout{what}" for what in (
        "-discovery-endpoint-verification", "", "-bad-post-logout-redirect-uri", "-modified-id-token-hint", "-bad-id-token-hint",
        "-query-added-to-post-logout-redirect-uri", "-no-id-token-hint", "-no-params", "-no-post-logout-redirect-uri",
        "-no-state", "-only-state")),
    *(f"oidcc-{kind}{what}" for kind, what in (
        ("backchannel", "-logout-discovery-endpoint-verification"), ("backchannel", "-rp-initiated-logout"),
        ("frontchannel", "-logout-discovery-endpoint-verification"), ("frontchannel", "-rp-initiated-logout"),
        ("session-management", "-discovery-endpoint-verification"), ("session-management", "-rp-initiated-logout"))),
)
"""The modules of the four plans; those about discovery are in test_config_plan.py."""


def test_every_module_of_the_logout_plans_has_its_test() -> None:
    sources = "".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in (
        "test_logout_plans.py", "test_config_plan.py"))
    assert [module for module in MODULES if f"def test_{module.replace('-', '_')}(" not in sources] == []
    assert len(MODULES) == 17


def ask(suite: Suite, person: Person, **parameters: str) -> Visit:
    """Open the end-session endpoint and answer nothing."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return person.open(suite.discovery["end_session_endpoint"] + query)


def accept(person: Person, visit: Visit) -> Visit:
    """Press the button of the question that is shown."""
    assert visit.page is not None
    form = visit.page.form_with("answer")
    assert form is not None, visit.page.heading
    return person.fill(visit, form, {"answer": "accept"})


def signed_out(suite: Suite, person: Person) -> bool:
    """Tell by prompt=none, as the modules do at their end."""
    request = suite.request(prompt="none")
    visit = person.open(suite.url(request))
    assert visit.shown == ()
    return visit.answer.get("error") == "login_required"


def stays_with_us(visit: Visit) -> bool:
    return visit.page is not None and visit.page.status in (200, 400) and visit.address == ""


def test_oidcc_rp_initiated_logout(suite: Suite) -> None:
    person = suite.person()
    _, tokens = suite.flow(person)
    visit = ask(suite, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=OUT, state="abc+d e")
    assert (visit.address, dict(visit.answer), visit.shown) == (OUT, {"state": "abc+d e"}, ())
    assert signed_out(suite, person)


def test_oidcc_rp_initiated_logout_by_post(suite: Suite) -> None:
    """RP-Initiated Logout §2: the endpoint takes POST as well."""
    person = suite.person()
    _, tokens = suite.flow(person)
    visit = person.open(suite.discovery["end_session_endpoint"],
                        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": OUT, "state": "s"})
    assert (visit.address, dict(visit.answer)) == (OUT, {"state": "s"})
    assert signed_out(suite, person)


def test_oidcc_rp_initiated_logout_no_state(suite: Suite) -> None:
    person = suite.person()
    _, tokens = suite.flow(person)
    visit = ask(suite, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=OUT)
    assert (visit.address, dict(visit.answer)) == (OUT, {})
    assert signed_out(suite, person)


def refused(suite: Suite, change: Callable[[str], dict[str, str]]) -> None:
    """Ask for a logout with something wrong: a question or an error, and never a redirection, not even after a yes."""
    person = suite.person()
    _, tokens = suite.flow(person)
    visit = ask(suite, person, state="s", **change(tokens["id_token"]))
    assert stays_with_us(visit)
    assert not signed_out(suite, person)
    done = accept(person, visit)
    assert stays_with_us(done)
    assert signed_out(suite, person)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(suite: Suite) -> None:
    refused(suite, lambda hint: {"id_token_hint": hint, "post_logout_redirect_uri": f"{OUT}/other"})


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(suite: Suite) -> None:
    refused(suite, lambda hint: {"id_token_hint": hint, "post_logout_redirect_uri": f"{OUT}?foo=bar"})


def test_oidcc_rp_initiated_logout_modified_id_token_hint(suite: Suite) -> None:
    def modified(hint: str) -> dict[str, str]:
        head, _, signature = hint.rpartition(".")
        return {"id_token_hint": f"{head}.{signature[::-1]}", "post_logout_redirect_uri": OUT}
    refused(suite, modified)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(suite: Suite) -> None:
    refused(suite, lambda _hint: {"id_token_hint": "not-a-token", "post_logout_redirect_uri": OUT})


def test_oidcc_rp_initiated_logout_no_id_token_hint(suite: Suite) -> None:
    refused(suite, lambda _hint: {"post_logout_redirect_uri": OUT})


def test_oidcc_rp_initiated_logout_no_params(suite: Suite) -> None:
    person = suite.person()
    suite.flow(person)
    done = accept(person, ask(suite, person))
    assert done.page is not None
    assert done.page.heading == "Bạn đã đăng xuất"
    assert signed_out(suite, person)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(suite: Suite) -> None:
    person = suite.person()
    _, tokens = suite.flow(person)
    done = ask(suite, person, id_token_hint=tokens["id_token"])
    assert done.page is not None
    assert done.page.heading == "Bạn đã đăng xuất"
    assert signed_out(suite, person)


def test_oidcc_rp_initiated_logout_only_state(suite: Suite) -> None:
    person = suite.person()
    suite.flow(person)
    done = accept(person, ask(suite, person, state="s"))
    assert done.page is not None
    assert done.page.heading == "Bạn đã đăng xuất"
    assert signed_out(suite, person)


# Back-channel logout

@pytest.fixture
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture
def told(database_file: str, tmp_path: Path, receivers: Receivers) -> Suite:
    """A suite whose two clients are told of logouts."""
    clients = [{**client, "backchannel_logout_uri": receivers.url(f"/status-200/{client['client_id']}"),
                "backchannel_logout_session_required": True} for client in (BASIC, SECOND)]
    return Suite(tmp_path, database_file, *clients)


def deliver(suite: Suite) -> None:
    """Let a worker send what is due, with rooms of its own on the same database."""
    services = build_services(suite.settings, directory=suite.directory, clock=suite.clock)
    pump = OutboxPump(services.outbox, services.logout_delivery, suite.clock)
    pump.round()
    pump.drain()
    pump.close()


def check_logout_token(suite: Suite, form: dict[str, list[str]], tokens: dict[str, Any], client_id: str) -> str:
    """Validate a logout token as Back-Channel Logout §2.6 says; gives its jti."""
    assert form.keys() == {"logout_token"}
    token, = form["logout_token"]
    header = read_segment(token, 0)
    assert (header["alg"], header["typ"]) == ("RS256", "logout+jwt")
    keys = KeySet.import_key_set(suite.http("GET", suite.discovery["jwks_uri"]).json)
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    now = suite.clock.now()
    assert claims["iss"] == ISSUER
    assert claims["aud"] in (client_id, [client_id])
    assert claims["iat"] <= now < claims["exp"] <= now + 120
    assert claims["events"] == {EVENT: {}}
    assert (claims["sid"], claims["sub"]) == (tokens["claims"]["sid"], tokens["claims"]["sub"])
    assert "nonce" not in claims
    return str(claims["jti"])


def test_oidcc_backchannel_rp_initiated_logout(told: Suite, receivers: Receivers) -> None:
    person = told.person()
    _, tokens = told.flow(person)
    visit = ask(told, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=OUT, state="s")
    assert (visit.address, dict(visit.answer)) == (OUT, {"state": "s"})
    deliver(told)
    (path, form, headers, _), = receivers.received
    assert path == "/status-200/basic"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert check_logout_token(told, form, tokens, "basic")
    assert signed_out(told, person)


def test_oidcc_backchannel_rp_initiated_logout_tells_every_client_of_the_session_once(told: Suite, receivers: Receivers) -> None:
    person, somebody = told.person(), told.person("vanthu")
    told.flow(somebody)
    _, first = told.flow(person)
    _, second = told.flow(person, SECOND)
    assert first["claims"]["sid"] == second["claims"]["sid"]
    ask(told, person, id_token_hint=second["id_token"])
    deliver(told)
    deliver(told)
    assert sorted(receivers.paths()) == ["/status-200/basic", "/status-200/second"]
    seen = {check_logout_token(told, form, first, path.rpartition("/")[2]) for path, form, *_ in receivers.received}
    assert len(seen) == 2
    assert not signed_out(told, somebody)


# Front-channel logout

@pytest.fixture
def framed(database_file: str, tmp_path: Path) -> Suite:
    """A suite whose two clients are told of logouts in frames."""
    clients = [{**client, "frontchannel_logout_uri": f"{RP}/out/{client['client_id']}?keep=1",
                "frontchannel_logout_session_required": True} for client in (BASIC, SECOND)]
    return Suite(tmp_path, database_file, *clients)


def test_oidcc_frontchannel_rp_initiated_logout(framed: Suite) -> None:
    person = framed.person()
    _, tokens = framed.flow(person)
    visit = ask(framed, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=OUT, state="s")
    frame, = visit.frames
    assert frame.partition("?")[0] == f"{RP}/out/basic"
    assert dict(parse_qsl(urlsplit(frame).query)) == {"keep": "1", "iss": ISSUER, "sid": tokens["claims"]["sid"]}
    assert (visit.address, dict(visit.answer)) == (OUT, {"state": "s"})
    assert signed_out(framed, person)


def test_oidcc_frontchannel_rp_initiated_logout_frames_every_client_of_the_session_once(framed: Suite) -> None:
    person = framed.person()
    framed.flow(framed.person("vanthu"), SECOND)
    _, tokens = framed.flow(person)
    framed.flow(person, SECOND)
    visit = accept(person, ask(framed, person))
    assert visit.page is not None
    assert visit.page.heading == "Bạn đã đăng xuất"
    assert sorted(frame.partition("?")[0] for frame in visit.frames) == [f"{RP}/out/basic", f"{RP}/out/second"]
    assert {dict(parse_qsl(urlsplit(frame).query))["sid"] for frame in visit.frames} == {tokens["claims"]["sid"]}
    assert ask(framed, person).frames == ()


# Session management: the frame's own script runs in tests/flows/test_session_management.py

def test_oidcc_session_management_rp_initiated_logout(suite: Suite) -> None:
    person = suite.person()
    visit, tokens = suite.flow(person)
    state = visit.answer["session_state"]
    assert " " not in state
    assert person.frame_says("basic", state) == "unchanged"
    visit = ask(suite, person, id_token_hint=tokens["id_token"], post_logout_redirect_uri=OUT, state="s")
    assert (visit.address, dict(visit.answer)) == (OUT, {"state": "s"})
    assert person.frame_says("basic", state) == "changed"
    assert signed_out(suite, person)


def test_oidcc_session_management_rp_initiated_logout_of_another_client_is_seen_too(suite: Suite) -> None:
    person = suite.person()
    first, _ = suite.flow(person)
    second, tokens = suite.flow(person, SECOND)
    for client_id, visit in (("basic", first), ("second", second)):
        assert person.frame_says(client_id, visit.answer["session_state"]) == "unchanged"
    ask(suite, person, id_token_hint=tokens["id_token"])
    for client_id, visit in (("basic", first), ("second", second)):
        assert person.frame_says(client_id, visit.answer["session_state"]) == "changed"
