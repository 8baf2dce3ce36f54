"""An officer's own second factor in a real browser: enrolled from the secret on the page, used, replaced by a code on paper."""

from __future__ import annotations

import time

import pyotp

from tests.browser.chromium import axe
from tests.browser.test_pages import LOOK, faults

from .conftest import Place
from .person import Person

OFFICER = "vanthu"


def code(seed: str, steps: int) -> str:
    """Give a code of now or of the step to come, which is taken too, so that nobody has to wait for the next one."""
    return pyotp.TOTP(seed).at(int(time.time()) + 30 * steps)


def looked_at(person: Person) -> list[str]:
    person.driver.execute_script(axe())
    return faults(person.driver.execute_async_script(LOOK))


def sign_out(person: Person, issuer: str) -> None:
    person.open(f"{issuer}/logout")
    person.press()


def test_enrol_an_app_sign_in_with_it_and_with_a_recovery_code(here: Place) -> None:
    deployment, person = here
    security = f"{deployment.issuer}/account/security"
    person.open(security)
    person.sign_in(OFFICER)
    assert person.heading == "Bảo mật"
    assert "Chưa bật xác thực hai lớp" in person.text
    person.press("a[href='/account/security/app']")
    person.press()
    assert person.sees(".qr svg")
    seed = person.find("p.mono strong").text.replace(" ", "")
    assert looked_at(person) == []
    person.fill(otp="000000")
    person.press()
    assert "Mã 6 số chưa đúng" in person.text
    first = code(seed, 0)
    person.fill(otp=first)
    person.press()
    assert "Đã bật xác thực hai lớp" in person.text
    assert looked_at(person) == []

    sign_out(person, deployment.issuer)
    person.open(f"{security}/recovery-codes")
    person.sign_in(OFFICER)
    assert person.heading == "Xác thực lớp thứ hai"
    person.fill(otp=first)
    person.press()
    assert "Mã này đã được dùng" in person.text
    person.fill(otp=code(seed, +1))
    person.press()
    assert person.heading == "Tạo bộ mã khôi phục?"
    person.press()
    codes = [item.text for item in person.driver.find_elements("css selector", ".codes li")]
    assert len(codes) == 10
    assert looked_at(person) == []

    sign_out(person, deployment.issuer)
    person.open(f"{security}/remove?factor=otp&id=")
    person.sign_in(OFFICER)
    person.press(".choice__go")
    assert looked_at(person) == []
    person.fill(recovery_code=codes[0].upper().replace("-", " "))
    person.press()
    assert person.heading == "Gỡ Ứng dụng tạo mã 6 số?"
    person.press()
    assert "Chưa bật xác thực hai lớp" in person.text
    assert "Mã khôi phục" not in person.text, "the codes go with the last factor that lasts"
