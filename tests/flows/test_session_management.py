"""Session Management 1.0 in a real browser: the frame's own script, asked by pages of an application from outside."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.receivers import Receivers

from .application import Application
from .conftest import Place
from .person import Person, person_at

WATCH = """<!doctype html><title>Watch</title>
<iframe id="op" src="{issuer}/check-session" hidden></iframe><iframe id="rp" src="/rp" hidden></iframe>"""
RP = "<!doctype html><title>Application</title>"
ASK = """
const [where, text, done] = arguments, op = document.getElementById("op").contentWindow;
const asking = where === "page" ? window : document.getElementById("rp").contentWindow;
asking.addEventListener("message", function heard(event) {
  if (event.source === op) { asking.removeEventListener("message", heard); done([event.origin, event.data]); }
});
asking.eval("(op, text) => op.postMessage(text, '*')")(op, text);
"""


class Watcher:
    """The page of an application that watches the officer's session."""

    def __init__(self, place: Place, receivers: Receivers) -> None:
        self.deployment, self.person = place
        self.person.driver.set_script_timeout(5)
        self.application = Application(self.deployment, receivers)
        receivers.pages |= {"/watch": WATCH.format(issuer=self.deployment.issuer), "/rp": RP}

    def open(self, home: str = "") -> None:
        self.person.open(f"{home or self.application.home}/watch")

    def hears(self, text: Any, *, where: str = "page") -> str:
        """Post a message to the frame, from the page or from a frame beside it, and give the answer."""
        origin, word = self.person.driver.execute_async_script(ASK, where, text)
        assert origin == self.deployment.issuer
        return str(word)

    def asks(self, session_state: str, *, where: str = "page") -> str:
        return self.hears(f"{self.application.client_id} {session_state}", where=where)


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture(scope="module")
def lenient(large: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An https issuer, which is another site than the applications here, and a browser that lets framed pages have cookies."""
    with person_at(tmp_path_factory.mktemp("lenient"), *large[0].browser_flags, cookies_in_frames=True) as person:
        yield large[0], person


@pytest.fixture(params=["one-site-http", "two-sites-https"])
def watched(request: pytest.FixtureRequest) -> Place:
    deployment, person = request.getfixturevalue("small" if request.param == "one-site-http" else "lenient")
    person.begin_anew()
    return deployment, person


def in_another_tab(person: Person, url: str) -> None:
    first = person.tab()
    person.open(url)
    person.driver.close()
    person.to(first)


def test_unchanged_while_signed_in_and_changed_after_rp_initiated_logout(watched: Place, receivers: Receivers) -> None:
    watcher = Watcher(watched, receivers)
    answer = watcher.application.sign_in(watcher.person)
    token = watcher.application.id_token(answer)
    watcher.open()
    for where in ("page", "frame"):
        assert watcher.asks(answer["session_state"], where=where) == "unchanged"
    in_another_tab(watcher.person, f"{watcher.deployment.issuer}/")
    assert watcher.asks(answer["session_state"]) == "unchanged"
    in_another_tab(watcher.person, watcher.application.logout_url(token))
    for where in ("page", "frame"):
        assert watcher.asks(answer["session_state"], where=where) == "changed"
    again = watcher.application.sign_in(watcher.person)
    watcher.open()
    assert watcher.asks(answer["session_state"]) == "changed"
    assert watcher.asks(again["session_state"]) == "unchanged"


def test_the_frame_hashes_as_the_provider_does_whatever_the_length(here: Place, receivers: Receivers) -> None:
    watcher = Watcher(here, receivers)
    watcher.application.sign_in(watcher.person)
    watcher.open()
    cookies = watcher.person.driver.execute_cdp_cmd("Network.getCookies", {"urls": [watcher.deployment.issuer]})["cookies"]
    state = next(cookie["value"] for cookie in cookies if cookie["name"] == "browser-state")
    for length in range(1, 129, 3):
        client_id, salt = ("a" + secrets.token_urlsafe(128))[:length], secrets.token_urlsafe(16)
        text = f"{client_id} {watcher.application.home} {state} {salt}"
        made = hashlib.sha256(text.encode()).hexdigest()
        assert watcher.hears(f"{client_id} {made}.{salt}") == "unchanged", text
        assert watcher.hears(f"b{client_id[1:]} {made}.{salt}") == "changed"
        assert watcher.hears(f"{client_id} {made}.{salt}x") == "changed"


def test_malformed_messages_are_an_error(here: Place, receivers: Receivers) -> None:
    watcher = Watcher(here, receivers)
    state = watcher.application.sign_in(watcher.person)["session_state"]
    client_id = watcher.application.client_id
    watcher.open()
    for message in ("", " ", client_id, state, f" {state}", f"{client_id} ", f"{client_id} x.y", f"{client_id} {state} x",
                    f"{client_id}  {state}", f"{client_id} {state}\n", f"{client_id} {state.partition('.')[0]}",
                    f"{client_id} {state.upper()}", f"đ {state}", f"{'a' * 129} {state}", f"{client_id} undefined",
                    None, 7, True, [f"{client_id} {state}"], {"a": 1}, "x" * 100_000):
        assert watcher.hears(message) == "error", message
    assert watcher.asks(state) == "unchanged"


def test_another_origin_is_never_told_unchanged(here: Place, receivers: Receivers) -> None:
    watcher = Watcher(here, receivers)
    state = watcher.application.sign_in(watcher.person)["session_state"]
    watcher.open(receivers.url("", host="127.0.0.1"))
    assert watcher.asks(state) in {"changed", "error"}
    watcher.open()
    assert watcher.asks(state) == "unchanged"


def test_a_browser_without_the_cookie_has_changed(here: Place, receivers: Receivers) -> None:
    watcher = Watcher(here, receivers)
    state = watcher.application.sign_in(watcher.person)["session_state"]
    watcher.open()
    watcher.person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    assert watcher.asks(state) == "changed"


def test_a_browser_that_keeps_cookies_from_framed_pages_is_an_error_and_no_change(large: Place, receivers: Receivers) -> None:
    large[1].begin_anew()
    watcher = Watcher(large, receivers)
    state = watcher.application.sign_in(watcher.person)["session_state"]
    watcher.open()
    assert watcher.asks(state) == "error"


def test_line_22_no_other_page_of_ours_opens_in_a_frame(here: Place, receivers: Receivers) -> None:
    deployment, person = here
    home = receivers.url("", host="localhost")
    for number, path in enumerate(("/", "/logout", "/login", "/khong-co", "/check-session/x")):
        receivers.pages[f"/framing{number}"] = f'<iframe src="{deployment.issuer}{path}"></iframe>'
        person.open(f"{home}/framing{number}")
        person.wait(lambda: any("frame" in entry["message"] for entry in person.driver.get_log("browser")), "the refusal")
