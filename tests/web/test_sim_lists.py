"""Lists of SIMs: tried, taken and taken again, sent to the carrier and taken back with what the carrier says."""

from __future__ import annotations

from typing import Any

from idp.adapters.sheets import SheetFiles
from idp.audit import AuditEvent
from idp.audit.search import Wanted
from idp.signing.sims.sim import Act, State
from idp.web import api
from tests.administration.office import CALLER, IT
from tests.signing.sims.house import DESK as PROVINCE
from tests.signing.sims.house import ICCID, SECOND

from .phones import DESK, SIM, Phones

IMPORT = "/admin/certificates/import"
HEAD = "Họ và tên;Địa chỉ thư điện tử công vụ;Số điện thoại di động;Nhà mạng;Số ICCID của SIM;Chính chủ"


def sheet(*rows: str) -> bytes:
    return "\n".join((HEAD, *rows)).encode()


def row(phones: Phones, uid: str, number: str, carrier: str = "mang", iccid: str = "", match: str = "", name: str = "") -> str:
    known = phones.office.services.mirror.by_uid(uid)
    assert known is not None
    return ";".join((name or known.officer.name, known.officer.mail, number, carrier, iccid, match))


def take(phones: Phones, who: Any, content: bytes, *, dry: bool = False) -> Any:
    return phones.office.services.administration.enrollment_lists.take(
        who, content, form="sim_dang_ky", dry=dry, submit=True, caller=CALLER)


def test_a_list_goes_out_to_the_carrier_and_comes_back(phones: Phones) -> None:
    first, second = (phones.officer(uid) for uid in ("mot", "hai"))
    agency = phones.person("quantri.coquan", "quantri-coquan", unit=IT)
    asked = sheet(row(phones, "mot", "0912 345 678"), row(phones, "hai", "+84912345679", "MANG"),
                  row(phones, "hai", "0912345670", "không có"), row(phones, "mot", "0912345671", iccid=ICCID),
                  row(phones, "mot", "12"), row(phones, "mot", "0912345672", name="Người Khác"))
    tried = agency.post(IMPORT, IMPORT, form="sim_dang_ky", step="try", file=asked)
    assert "2 dòng tốt, trong đó 0 dòng đã có từ trước. 4 dòng cần sửa." in tried.text
    for why in ("Nhà mạng này không có ở đây", "Trả lời của nhà mạng do tỉnh ghi", "Số điện thoại không đúng", "họ tên khác"):
        assert why in tried.text, why
    assert phones.house.store.of_officer(first) == [], "a trial writes nothing"
    for already in (0, 2):
        done = agency.post(IMPORT, IMPORT, form="sim_dang_ky", step="take", file=asked)
        assert f"2 dòng tốt, trong đó {already} dòng đã có từ trước" in done.text
    assert [len(phones.house.store.of_officer(sub)) for sub in (first, second)] == [1, 1]
    assert phones.house.inbox.sent == [], "a code of ten minutes is of no use to whoever is on a list"
    holder = phones.person("mot", unit=IT)
    assert "678: đơn vị đã đề nghị cho bạn" in holder.get("/account/notices").text
    assert "Gửi mã mới” để nhận mã" in holder.get(SIM).text
    sim = phones.house.store.of_officer(first)[0]
    assert holder.post(f"{SIM}/{sim.sim_id}/send", SIM).status_code == 303
    phones.house.sims.verify(first, sim.sim_id, phones.house.inbox.code, CALLER)

    desk = phones.person("quantri", "quantri-tinh")
    out = SheetFiles().read(desk.get(f"{DESK}list/xlsx").data)
    assert [str(one[3]) for one in out[1:]] == ["0912345678"], "whose number is not proven waits for nobody"
    search = phones.office.services.administration.audit._search
    records, _ = search.page(Wanted(event=AuditEvent.PERSONAL_DATA_READ), before=None, limit=9)
    assert [one.sub for one in records] == [first]
    assert agency.get(f"{DESK}list/xlsx").status_code == 403
    assert desk.get(f"{DESK}list/pdf").status_code == 404
    who = PROVINCE.administrator
    early = take(phones, who, sheet(row(phones, "mot", "0912345678", iccid=ICCID)))
    assert (early["good"], "chưa được tỉnh duyệt" in early["problems"][0]["reason"]) == (0, True)
    noted = sheet(row(phones, "mot", "0912345678", match="có"), row(phones, "hai", "0912345679", match="không"),
                  row(phones, "mot", "0912345699", match="có"))
    answer = take(phones, who, noted)
    assert (answer["good"], answer["already"], [one["line"] for one in answer["problems"]]) == (2, 0, [4])
    assert take(phones, who, noted)["already"] == 2
    assert phones.house.store.of_officer(first)[0].owner_match is True
    assert phones.house.store.of_officer(second)[0].owner_match is False
    phones.house.sims.approve(SECOND, sim.sim_id, CALLER)
    phones.house.sims.approve(PROVINCE, sim.sim_id, CALLER)
    card = sheet(row(phones, "mot", "0912345678", iccid=ICCID), row(phones, "hai", "0912345679", iccid="8984990000000000041"))
    assert take(phones, who, card, dry=True)["good"] == 1
    assert phones.house.store.of_officer(first)[0].state is State.APPROVED
    given = take(phones, who, card)
    assert (given["good"], "người khác" in given["problems"][0]["reason"]) == (1, True)
    assert phones.house.store.of_officer(first)[0].state is State.CARD_GIVEN
    assert "register" not in phones.house.carrier.calls, "the worker registers the card"
    assert phones.house.sims.settle(CALLER, most=5) == 1
    assert phones.house.store.of_officer(first)[0].state is State.BOUND
    assert take(phones, who, card)["already"] == 1
    acts = [entry.act for entry in phones.house.store.history(sim.sim_id)]
    assert acts.count(Act.NOTE_OWNER) == acts.count(Act.GIVE_CARD) == 1
    nothing = desk.get(f"{DESK}list/csv")
    assert (nothing.status_code, "Không có đề nghị SIM nào" in nothing.text) == (409, True)


def test_the_api_takes_and_gives_the_list_to_the_same(phones: Phones) -> None:
    office = phones.office
    office.client = api.create(office.services).test_client(use_cookies=False)
    sub = phones.officer("mot")
    agency, province, auditor = office.agency(), office.province(), office.auditor()
    content = sheet(row(phones, "mot", "0912345678"))
    address = "/enrollments/lists?form=sim_dang_ky&dry_run=false"
    assert office.call("POST", address, auditor, content, media_type="text/csv").status_code == 403
    assert office.call("POST", address, agency, content, media_type="text/csv").json["good"] == 1
    assert office.call("GET", "/sims/lists/csv", province).json["code"] == "nothing_to_send"
    sim = phones.house.sims.send_code(SECOND, phones.house.store.of_officer(sub)[0].sim_id, CALLER)
    phones.house.sims.verify(sub, sim.sim_id, phones.house.inbox.code, CALLER)
    assert '"0912345678"' in office.call("GET", "/sims/lists/csv", province).data.decode()
    for token in (agency, auditor, office.machine()):
        assert office.call("GET", "/sims/lists/csv", token).status_code == 403
    assert office.call("GET", "/sims/lists/pdf", province).status_code == 404
