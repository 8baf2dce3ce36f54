"""/account/certificates/<number>/key: the key of an approved pilot certificate, made once, for its holder alone."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from idp.errors import RefusedError
from idp.pki.authority.portable import Portable
from idp.pki.authority.ports import Status
from idp.roles import Administrator, Role
from tests.administration.office import CALLER, IT, PLENTY, Office
from tests.administration.test_enrollments import asked
from tests.audit_desk import events_of

from .console import Browser, Console


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    target = tmp_path_factory.mktemp("keys") / "idp.sqlite3"
    copy(sqlite_template, target)
    office = Office(f"sqlite:///{target}", rates=PLENTY)
    office.services.certification.found(f"khoa-{secrets.token_hex(4)}", CALLER, root_key=None)
    yield Console(office)
    office.close()


def approved(console: Console, uid: str, *, sent: bool = True) -> tuple[Browser, str]:
    """Let a pilot certificate in software be asked for, approved and sent; gives the holder's browser and the number."""
    office = console.office
    holder = console.person(uid, unit=IT)
    mirrored = office.services.mirror.by_uid(uid)
    assert mirrored is not None
    number = str(asked(office, office.token("vanthu", "quantri-coquan", unit=IT), mirrored.sub, device_kind="software",
                       submit=True, identity_number="093080000001").json["id"])
    desk = office.services.administration
    one, two, three = (Administrator(role=Role.PROVINCE, client_id="console", sub=office.officer(name, "quantri-tinh"))
                       for name in ("pd1", "pd2", "pd3"))
    desk.enrollments.act(one, number, {"act": "approve"}, CALLER)
    desk.enrollments.act(two, number, {"act": "approve_for_province"}, CALLER)
    if sent:
        answer = desk.enrollment_lists.send(three, {"document": "1/X", "authority": "internal"}, caller=CALLER)
        assert (answer["sent"] > 0, answer["issued"]) == (True, 0)
    return holder, f"/account/certificates/{number}"


def state(console: Console, page: str) -> str:
    found = console.office.services.certificate_desk.moves.store.find(page.rpartition("/")[2])
    assert found is not None
    return str(found.state)


def test_the_holder_gets_the_key_once_and_it_is_the_certificates(console: Console) -> None:
    holder, page = approved(console, "chukhoa")
    shown = holder.get(page).text
    assert f"{page}/key" in shown
    assert "chưa phải làm gì" not in shown
    assert "chờ tạo khóa" in holder.get("/account/notices").text, "who acts next is told"
    assert "chỉ hiện một lần ở trang sau" in holder.get(f"{page}/key").text
    made = holder.post(f"{page}/key", f"{page}/key")
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    file = re.search(r'href="data:application/x-pkcs12;base64,([^"]+)" download', made.text)
    password = re.search(r'<dd class="mono">([a-z0-9-]{29})</dd>', made.text)
    assert file is not None
    assert password is not None
    opened = load_pkcs12(base64.b64decode(file[1]), password[1].encode())
    assert opened.cert is not None
    assert opened.key is not None
    assert opened.key.public_key() == opened.cert.certificate.public_key()
    found = console.office.services.certificate_desk.moves.store.find(page.rpartition("/")[2])
    assert found is not None
    assert (found.state, found.serial) == ("issued", f"{opened.cert.certificate.serial_number:x}")
    trail = str(events_of(console.office.database, "key_file.made")) + str(events_of(console.office.database, "enrollment.moved"))
    assert password[1] not in trail
    again = holder.post(f"{page}/key", page.rpartition("/")[0] + "/new")
    assert again.status_code == 409
    assert "x-pkcs12" not in again.text
    assert holder.get(f"{page}/key").status_code == 303
    assert f"{page}/key" not in holder.get(page).text


def test_nobody_else_gets_it_and_nobody_before_it_was_sent_nor_without_a_fresh_sign_in(console: Console) -> None:
    holder, page = approved(console, "chukhoa2")
    for other in (console.person("nguoikhac", unit=IT), console.person("vanthu", "quantri-coquan", unit=IT),
                  console.person("pd3", "quantri-tinh")):
        assert other.get(f"{page}/key").status_code == 404
        assert other.post(f"{page}/key", "/account/certificates/new").status_code == 404
    early, waiting = approved(console, "chukhoa3", sent=False)
    assert early.get(f"{waiting}/key").status_code == 303
    assert early.post(f"{waiting}/key", "/account/certificates/new").status_code == 409
    assert state(console, waiting) == "province_approved"
    token = re.search(r'name="csrf_token" value="([^"]+)"', holder.get(f"{page}/key").text)
    assert token is not None
    console.office.clock.advance(console.office.settings.fresh_authentication_seconds + 1)
    for answer in (holder.get(f"{page}/key"), holder.client.post(
            f"{page}/key", data={"csrf_token": token[1]}, headers={"Host": "localhost:8000"})):
        assert (answer.status_code, answer.headers["Location"][:7]) == (303, "/login/")
    assert state(console, page) == "sent_to_ca"


def test_of_two_at_the_same_moment_one_gets_a_file_and_the_others_certificate_is_revoked(console: Console) -> None:
    _, page = approved(console, "chukhoa4")
    services, number = console.office.services, page.rpartition("/")[2]
    mirrored = services.mirror.by_uid("chukhoa4")
    assert mirrored is not None
    issuance, gate = services.certification, threading.Barrier(2)
    given: list[Portable] = []
    rooms = services.certificate_protocols.key_files
    inner = rooms._portable

    class Together:
        def of_request(self, *args: object) -> Portable:
            made = inner.of_request(*args)  # type: ignore[arg-type]
            gate.wait()
            return made

    def make() -> None:
        try:
            given.append(rooms.make(mirrored.sub, number, CALLER)[1])
        except RefusedError as err:
            refused.append(err.code)

    refused: list[str] = []
    rooms._portable = Together()  # type: ignore[assignment]
    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rooms._portable = inner
    assert (len(given), refused) == (1, ["changed"])
    store = vars(issuance)["_store"]
    standing = {one.serial: one.status for one in store.of_holder(mirrored.sub)}
    assert len(standing) == 2
    assert [serial for serial, status in standing.items() if status is Status.GOOD] == [given[0].issued.record.serial]
