"""Who signs in how: with a one-time code where the officer's role demands it, and with any way of writing one's name."""

from __future__ import annotations

import pyotp
import pytest

from deploy.sample_province import TOTP_SEEDS

from .conftest import Place
from .person import PASSWORD


def test_an_administrator_gives_a_one_time_code_and_nothing_opens_before(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in("quantri")
    assert person.heading == "Xác thực lớp thứ hai"
    code = person.find("input[name=otp]")
    assert (code.get_attribute("autocomplete"), code.get_attribute("inputmode")) == ("one-time-code", "numeric")
    page = person.url
    person.open(deployment.portal)
    assert not person.name_in_application
    person.open(page)
    due = pyotp.TOTP(TOTP_SEEDS["quantri"])
    person.fill(otp=f"{(int(due.now()) + 1) % 1_000_000:06}")
    person.press()
    assert "Mã 6 số chưa đúng" in person.text
    person.fill(otp=due.now())
    person.press()
    assert person.url == deployment.qlvb
    assert person.find("[data-officer=acr]").text == "urn:haugiang:acr:2"
    person.open(deployment.portal)
    assert person.find("[data-officer=acr]").text == "urn:haugiang:acr:2"


@pytest.mark.parametrize("name", ["canbo@haugiang.gov.vn", "CANBO", "  canbo  ", "  CanBo@HauGiang.gov.VN "])
def test_official_mail_capitals_and_stray_spaces_are_the_same_name(here: Place, name: str) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in(name)
    assert (person.url, person.name_in_application) == (deployment.qlvb, "Nguyễn Văn Mẫu")


def test_a_password_typed_with_caps_lock_gets_a_hint_and_nobody_in(here: Place) -> None:
    deployment, person = here
    person.open(deployment.qlvb)
    person.sign_in("canbo", PASSWORD.swapcase())
    assert "Caps Lock đang bật" in person.text
    person.sign_in("canbo")
    assert person.url == deployment.qlvb
