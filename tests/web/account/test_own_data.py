"""The officer's own data as a file: fresh sign-in, a form with its token, a notice, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile

from idp.adapters.sql.own_data import SECTIONS
from idp.web.account.own_data import section_words
from tests.web.site import STRICT, Site, form_of


def test_every_section_has_words(site: Site) -> None:
    with site.app.test_request_context("/"):
        assert section_words().keys() == {section.name for section in SECTIONS} | {"readings"}


def test_security_39_an_officer_takes_the_own_data_after_a_fresh_sign_in_and_is_told(site: Site) -> None:
    site.enrol("canbo")
    browser, other = site.browser(), site.browser()
    other.sign_in(uid="vanthu")
    page = browser.follow(browser.submit(browser.follow(browser.sign_in(STRICT)), otp=site.otp()))
    page = browser.get("/account/data")
    assert "Nhật ký về bạn" in page.text
    action, hidden = form_of(page)
    assert browser.post(action, {}).status_code == 400, "without the form's token"
    answer = browser.post(action, {**hidden, "sub": site.sub("vanthu")})
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert "no-store" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        found = json.loads(archive.read("du-lieu.json"))
        text = archive.read("du-lieu.html").decode()
    assert found["sub"] == site.sub("canbo")
    assert found["sections"].keys() == {section.name for section in SECTIONS} | {"readings"}
    assert found["sections"]["officer"][0]["uid"] == "canbo"
    assert [row["created_at"] for row in found["sections"]["totp"]] == [site.clock.now()]
    assert "personal_data.exported" in [row["event"] for row in found["sections"]["audit"]]
    assert "NRSWCZDFOJ2G65DQ" not in json.dumps(found)
    assert "vanthu" not in json.dumps(found)
    assert "<h1>Dữ liệu về Nguyễn Văn Mẫu</h1>" in text
    assert "<h2>SIM ký số</h2>" in text
    assert "<script" not in text
    assert site.events()[-1] == "personal_data.exported"
    assert "Dữ liệu về bạn vừa được tải về" in browser.get("/account/notices").text
    site.clock.advance(3000)
    late = browser.post(action, hidden)
    assert (late.status_code, late.headers.get("Content-Type", "").startswith("application/zip")) == (303, False)
    assert site.events().count("personal_data.exported") == 1
