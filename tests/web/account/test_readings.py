"""Who read an officer's personal data, for that officer alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from idp.audit import AuditEvent, AuditRecord
from tests.administration.office import IT, PLENTY, Office
from tests.web.console import Console

PAGE = "/account/readings"


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("readings") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    yield Console(office)
    office.close()


def read(console: Console, sub: str, by: str, why: str = "console", event: AuditEvent = AuditEvent.PERSONAL_DATA_READ) -> None:
    console.office.services.audit.record(AuditRecord(event, console.office.clock.now(), sub=sub, source="192.0.2.7",
                                                     detail={"number": "2026-00000007", "why": why, "by": by}))


def test_security_39_an_officer_sees_who_read_their_data_and_nobody_elses(console: Console) -> None:
    mine, other = console.person("canbo", unit=IT), console.person("vanthu", unit=IT)
    subs = {uid: console.office.services.mirror.by_uid(uid) for uid in ("canbo", "vanthu")}
    desk = console.office.officer("nguoixem", "quantri-tinh")
    sub = subs["canbo"].sub  # type: ignore[union-attr]
    assert "Chưa có ai mở xem" in mine.get(PAGE).text
    read(console, sub, desk)
    read(console, sub, sub)
    read(console, sub, "gone" * 5 + "xx", "batch 2026-7")
    read(console, sub, desk, event=AuditEvent.TASK_OPENED)
    shown = mine.get(PAGE).text
    reader = console.office.services.mirror.by_sub(desk)
    assert reader is not None
    for said in (reader.officer.name, "Chính bạn", "Không còn trong danh bạ", "Mở trên trang quản trị", "Lập danh sách gửi"):
        assert said in shown, said
    assert shown.count("2026-00000007") == 3
    assert "192.0.2.7" not in shown
    assert "Chưa có ai mở xem" in other.get(f"{PAGE}?sub={sub}").text
    assert "Ai đã xem" in mine.get("/account/profile").text


def test_older_ones_stand_on_further_pages(console: Console) -> None:
    mine = console.person("nhieu", unit=IT)
    found = console.office.services.mirror.by_uid("nhieu")
    assert found is not None
    for _ in range(55):
        read(console, found.sub, found.sub)
    first = mine.get(PAGE).text
    link = first.partition('rel="next"')[0].rpartition('href="')[2].rpartition('"')[0]
    assert [page.count("rows__name") for page in (first, mine.get(link).text)] == [50, 5]
    assert mine.get(f"{PAGE}?cursor=x").status_code == 400
