"""An application that is not the province's own: what it learns is asked about once, and its officers may read English."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.receivers import Receivers

from .conftest import Place
from .deployments import Deployment
from .person import Person

CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()


class Survey:
    """An application that is registered on the command line, and is asked for consent by default."""

    def __init__(self, deployment: Deployment, receivers: Receivers) -> None:
        self._issuer = deployment.issuer
        self.callback = receivers.url("/status-200/callback", host="localhost")
        registered = deployment.register({
            "client_name": "Khảo sát công vụ", "redirect_uris": [self.callback], "scope": "openid profile email phone",
            "token_endpoint_auth_method": "none", "province": {"owner": "Sở Nội vụ", "consent": "ask"}})
        self.client_id = registered["client_id"]

    def url(self, **changes: str) -> str:
        given = {"client_id": self.client_id, "redirect_uri": self.callback, "response_type": "code", "scope": "openid profile",
                 "state": "st", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return f"{self._issuer}/authorize?{urlencode({**given, **changes})}"

    def answer(self, person: Person) -> dict[str, str]:
        """Give what arrived at the callback."""
        assert person.url.startswith(self.callback), person.text
        return dict(parse_qsl(urlsplit(person.url).query))


@pytest.fixture(scope="module")
def survey(small: Place) -> Iterator[Survey]:
    receivers = Receivers()
    try:
        yield Survey(small[0], receivers)
    finally:
        receivers.stop()


def test_consent_is_asked_once_and_remembered(here: Place, survey: Survey) -> None:
    deployment, person = here
    person.open(survey.url())
    person.sign_in("canbo")
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"
    assert {"Khảo sát công vụ", "Sở Nội vụ", "Nguyễn Văn Mẫu"} <= set(person.text.splitlines())
    person.press("button[value=accept]")
    assert survey.answer(person).keys() == {"code", "state", "iss"}

    person.open(survey.url(state="again"))
    assert survey.answer(person)["state"] == "again"
    person.open(survey.url(scope="openid profile email"))  # more than was agreed to
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"
    person.begin_anew()
    person.open(survey.url())
    person.sign_in("canbo")
    assert survey.answer(person)["iss"] == deployment.issuer


def test_refusing_consent_tells_the_application_access_denied_and_is_asked_again(here: Place, survey: Survey) -> None:
    deployment, person = here
    person.open(survey.url(scope="openid phone"))
    person.sign_in("vanthu")
    person.press("button[value=deny]")
    answer = survey.answer(person)
    assert {name: answer[name] for name in ("error", "state", "iss")} == {
        "error": "access_denied", "state": "st", "iss": deployment.issuer}
    assert "code" not in answer
    person.open(survey.url(scope="openid phone"))
    assert person.heading == "Chia sẻ thông tin với ứng dụng này?"


def test_ui_locales_makes_every_page_english(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url(ui_locales="fr en-GB vi", scope="openid email"))
    assert (person.language, person.heading) == ("en", "Sign in")
    person.sign_in("vanthu", "Sai-mat-khau-2026!")
    assert person.language == "en"
    assert "The user name or the password is not right" in person.text
    person.sign_in("vanthu")
    assert (person.language, person.heading) == ("en", "Share information with this application?")
    person.press("button[value=accept]")
    assert survey.answer(person)["code"]


def test_without_ui_locales_the_browser_decides_and_the_officer_may_choose(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url())
    assert (person.language, person.heading) == ("vi", "Đăng nhập")
    person.leave_by(lambda: person.find("a[hreflang=en]").click())
    assert (person.language, person.heading) == ("en", "Sign in")
    person.sign_in("kiemtoan")
    assert person.language == "en"


def test_form_post_arrives_in_a_browser_under_the_content_security_policy(here: Place, survey: Survey) -> None:
    _, person = here
    person.open(survey.url(response_mode="form_post", prompt="none"))
    assert person.url == survey.callback  # the script pressed the button; nothing stands in the address
