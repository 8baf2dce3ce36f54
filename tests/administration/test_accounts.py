"""/api/v1/accounts: who never came, who no longer comes, who has no mailbox, and applications that never heard of a sign-out."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import pytest
from sqlalchemy import literal_column, select, update

from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.tables import OfficerRow, RolloutFactRow
from idp.audit import Caller
from idp.roles import Administrator, Role
from tests.audit_desk import events_of

from .office import HOME, IT, PLENTY, Office

DAY = 86400
PROVINCE, AGENCY = (
    Administrator(role=Role.PROVINCE, client_id="console"), Administrator(role=Role.AGENCY, client_id="console", unit=IT))
LISTS = ("dormant", "never_signed_in", "without_mailbox", "without_logout")


@pytest.fixture
def office(database: Database) -> Office:
    """An office whose people came long ago, yesterday or never."""
    office = Office(database.url.render_as_string(hide_password=False), rates=PLENTY)
    subs = {uid: office.officer(uid, unit=unit) for uid, unit in (
        ("xua", IT), ("vua", IT), ("chua", f"{IT}.2"), ("chua.nha", HOME), ("khongthu", HOME))}
    office.officer("nghi", unit=IT, disabled=True)
    now = office.clock.now()
    for uid, at in (("xua", now - 46 * DAY), ("vua", now - 44 * DAY), ("khongthu", now)):
        office.services.mirror.signed_in(subs[uid], now=at)
    table: Any = OfficerRow.__table__
    office.database.write(update(table).where(table.c.uid == literal_column("'khongthu'")).values(
        mail=literal_column("''"))).run()
    return office


def names(office: Office, token: str, which: str, query: str = "") -> list[str]:
    found, cursor = [], ""
    while True:
        answer = office.call("GET", f"/accounts?list={which}&limit=1{query}{cursor and f'&cursor={cursor}'}", token)
        assert answer.status_code == 200, answer.text
        found += [one["subject"] for one in answer.json["items"]]
        cursor = answer.json["next"]
        if not cursor:
            known = {row.sub: row.uid for row in office.database.read(select(OfficerRow.__table__)).all()}
            return sorted(known.get(one, one) for one in found)


def test_each_list_holds_whom_it_says_and_an_agency_sees_its_own(office: Office) -> None:
    province = office.machine(scope="admin:read")
    assert names(office, province, "dormant") == ["xua"]
    assert names(office, province, "never_signed_in") == ["chua", "chua.nha"]
    assert names(office, province, "without_mailbox") == ["khongthu"]
    agency = office.agency()
    for query in ("", f"&unit={HOME}", f"&unit={IT}"):
        assert names(office, agency, "dormant", query) == ["xua"]
        assert names(office, agency, "never_signed_in", query) == ["chua", "quantri.coquan"]
        assert names(office, agency, "without_mailbox", query) == []
    assert names(office, agency, "never_signed_in", f"&unit={IT}.2") == ["chua"]
    # An application leaves its list with the first logout token.
    assert names(office, province, "without_logout") == ["console", "qlvb"]
    office.database.write(insert_row(RolloutFactRow)).run(kind="logout", subject="qlvb", at=1, value="1")
    assert names(office, province, "without_logout") == ["console"]
    assert names(office, office.agency(), "without_logout") == []
    # Files are the lists whole, and what is no list is refused.
    for which in LISTS:
        answer = office.call("POST", "/accounts/file", province, {"list": which, "purpose": "Đối soát quý IV"})
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert len(rows) - 1 == len(names(office, province, which))
        told = [detail for _, _, detail in events_of(office.database, "accounts.exported")][-2:]
        assert [one["list"] for one in told] == [which, which]
        assert (told[0]["purpose"], told[0]["by_client"], "rows" in told[0]) == ("Đối soát quý IV", "console", False)
        assert (told[1]["rows"], told[1]["sha256"]) == (len(rows) - 1, hashlib.sha256(answer.data).hexdigest())
        for who, unit in ((PROVINCE, ""), (PROVINCE, f"{IT}.2"), (AGENCY, HOME)):
            asked = {"list": which, "purpose": "Đối soát", "unit": unit}
            file = office.services.administration.accounts.file(who, asked, Caller("x", "y"))
            assert b"".join(file.chunks).count(b"\n") - 1 == file.total, (which, unit)
    ask = {"purpose": "Đối soát", "file": "xlsx"}
    assert office.call("POST", "/accounts/file", province, ask).data.startswith(b"PK")
    # Nothing leaves without a purpose, or by a look.
    before = len(events_of(office.database, "accounts.exported"))
    for body in ({}, {"purpose": " "}, {"purpose": "a\0b"}, {"purpose": "x" * 301}, {"purpose": 1},
                 ask | {"file": "pdf"}, ask | {"file": ""}, ask | {"list": "all"}, ask | {"unit": "x"}, ask | {"more": "1"}):
        assert office.call("POST", "/accounts/file", province, body).status_code == 422, body
    assert office.call("GET", "/accounts/file?list=dormant", province).status_code == 405
    assert len(events_of(office.database, "accounts.exported")) == before
    for wrong in ("list=all", "cursor=x", "unit=x", "limit=0", "more=1"):
        assert office.call("GET", f"/accounts?{wrong}", province).status_code == 400
