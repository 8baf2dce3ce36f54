"""The notice about personal data: the file that it is read from, and that each officer reads each version once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from idp.adapters import notice_file
from idp.adapters.sql.database import Database
from idp.adapters.sql.personal_data import SqlReadings
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.errors import ConfigurationError
from idp.notices.personal_data import PersonalDataNotice, PersonalDataText, Reading, Section
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock

SHIPPED = Path(__file__).parents[2] / "deploy" / "personal-data-notice.toml"
TEXT = PersonalDataText("1", date(2026, 11, 23), {"vi": (Section("Giữ gì", ("Họ tên.",)),)})
CALLER = Caller("192.0.2.1", "request-1")
GOOD = 'version = "1"\nsince = 2026-11-23\n[[vi.sections]]\nheading = "Giữ gì"\ntext = """\nHọ\ntên.\n\nĐơn vị."""\n'


def test_a_file_gives_the_text(tmp_path: Path) -> None:
    file = tmp_path / "notice.toml"
    file.write_text(GOOD, encoding="utf-8")
    text = notice_file.read(file)
    assert text == replace(TEXT, sections={"vi": (Section("Giữ gì", ("Họ tên.", "Đơn vị.")),)})
    assert text is not None
    assert text.in_language("en")[0] == "vi"
    assert notice_file.read(None) is None


def test_the_sample_text_answers_what_the_decree_asks_in_both_languages() -> None:
    text = notice_file.read(SHIPPED)
    assert text is not None
    assert [len(text.sections[lang]) for lang in ("vi", "en")] == [5, 5]
    assert "13/2023/NĐ-CP" in text.sections["vi"][4].paragraphs[0]


@pytest.mark.parametrize("wrong", [
    "", "not toml", "version = 1", GOOD.replace('"1"', '""'), GOOD.replace('"1"', '"' + "x" * 33 + '"'),
    GOOD.replace("2026-11-23", '"today"'),
    GOOD.replace("vi.sections", "en.sections"), GOOD.replace("vi.sections", "vi.parts"), GOOD.replace('"Giữ gì"', '" "'),
    GOOD + 'more = "x"\n', GOOD.replace('"1"', "'a\tb'"), GOOD + "[fr]\n",
    'version = "1"\nsince = 2026-11-23\n[vi]\nsections = []\n'])
def test_a_file_that_is_not_such_is_refused_with_its_remedy(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "notice.toml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="notice about personal data"):
        notice_file.read(file)
    with pytest.raises(ConfigurationError):
        notice_file.read(tmp_path / "none.toml")


def test_each_version_is_read_once_however_often_the_button_is_pressed(database: Database) -> None:
    room = PersonalDataNotice(TEXT, SqlReadings(database), FakeClock())
    assert room.unread("u")
    threads = [threading.Thread(target=room.read, args=["u", "1", CALLER], kwargs={"sid": "s"}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SqlAuditTrail(database)
    assert [(sub, sid, detail["version"]) for sub, sid, detail in events_of(database, "personal_data.notice_read")] == [
        ("u", "s", "1")]
    assert (room.unread("u"), room.unread("v"), room.of("u")) == (False, True, [Reading("1", FakeClock().now())])
    newer = PersonalDataNotice(replace(TEXT, version="2"), SqlReadings(database), FakeClock())
    assert newer.unread("u")
    assert [newer.read("u", version, CALLER, sid="s") for version in ("1", "", "2")] == [False, False, True]
    assert not newer.unread("u")
    nothing = PersonalDataNotice(None, SqlReadings(database), FakeClock())
    assert not nothing.unread("v")
    assert not nothing.read("v", "1", CALLER, sid="s")
