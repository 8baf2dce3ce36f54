"""Front-Channel Logout 1.0 in a real browser: the frame is asked for with iss and sid, and no frame keeps the officer."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.allowance import allowed
from tests.receivers import Receivers

from .application import Application, claims_of
from .conftest import Place
from .person import Person, person_at


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.stop()


@pytest.fixture(scope="module")
def impatient(small: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Somebody whose browser reports what it shows while frames are still loading."""
    with person_at(tmp_path_factory.mktemp("impatient"), patient=False) as person:
        yield small[0], person


def told_in_a_frame(place: Place, receivers: Receivers, path: str) -> Application:
    return Application(place[0], receivers, frontchannel_logout_session_required=True,
                       frontchannel_logout_uri=receivers.url(path, host="localhost"))


def is_out(person: Person, application: Application) -> bool:
    return person.url == f"{application.out}?state=bye"


def test_the_frame_is_loaded_with_iss_and_sid_and_the_browser_goes_back(place: Place, receivers: Receivers) -> None:
    deployment, person = place
    application = told_in_a_frame(place, receivers, "/status-200/frame?keep=1")
    token = application.id_token(application.sign_in(person))
    person.driver.get_log("browser")
    person.open(application.logout_url(token))
    person.wait(lambda: is_out(person, application), "the application")
    assert application.frames() == [{"keep": "1", "iss": deployment.issuer, "sid": claims_of(token)["sid"]}]
    assert [entry for entry in person.driver.get_log("browser") if deployment.issuer in entry["message"]] == []
    person.open(f"{deployment.issuer}/")
    assert person.is_asked_for_password


def test_a_frame_that_never_answers_holds_nobody_for_more_than_three_seconds(impatient: Place, receivers: Receivers) -> None:
    _, person = impatient
    application = told_in_a_frame(impatient, receivers, "/slow-60/frame")
    token = application.id_token(application.sign_in(person))
    began = time.monotonic()
    person.open(application.logout_url(token))
    person.wait(lambda: is_out(person, application), "the application")
    assert 2 < time.monotonic() - began < allowed(6)
    assert len(application.frames()) == 1


def test_without_scripts_the_browser_goes_on_by_itself(here: Place, receivers: Receivers) -> None:
    _, person = here
    application = told_in_a_frame(here, receivers, "/status-200/frame")
    token = application.id_token(application.sign_in(person))
    person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.open(application.logout_url(token))
        person.wait(lambda: is_out(person, application), "the application")
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert len(application.frames()) == 1


def test_without_scripts_a_link_leads_past_a_frame_that_never_answers(impatient: Place, receivers: Receivers) -> None:
    _, person = impatient
    application = told_in_a_frame(impatient, receivers, "/slow-60/frame")
    token = application.id_token(application.sign_in(person))
    person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.open(application.logout_url(token))
        person.wait(lambda: person.sees("a[data-leave]") and application.frames(), "the page and its frame")
        person.find("a[data-leave]").click()
        person.wait(lambda: is_out(person, application), "the application")
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_an_application_cannot_lead_the_page_away(here: Place, receivers: Receivers) -> None:
    deployment, person = here
    application = told_in_a_frame(here, receivers, "/frame")
    receivers.pages["/frame"] = "<script>top.location.href = 'about:blank#led-away'; window.open('about:blank')</script>"
    application.sign_in(person)
    person.open(f"{deployment.issuer}/logout")
    person.press("button[value=accept]")
    person.wait(lambda: application.frames(), "the frame")
    time.sleep(0.5)
    assert person.url.startswith(deployment.issuer)
    assert person.heading == "Bạn đã đăng xuất"
    assert len(person.driver.window_handles) == 1
