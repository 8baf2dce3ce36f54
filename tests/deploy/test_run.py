"""``make run`` and ``make demo`` without make: started, watched and stopped in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyotp
import pytest

from deploy.browser import Browser, Page
from deploy.demo import Tour
from deploy.keys_and_database import prepare
from deploy.plan import APPLICATIONS, ROOT, Plan
from deploy.ports import free_ports, require_free
from deploy.processes import StartError
from deploy.run import plan_from_environment
from deploy.sample_deputies import DAYS
from deploy.sample_province import ROLES, TOTP_SEEDS, SampleProvince
from deploy.sample_sims import PIN, SIMS
from tests.administration.matrix.expected import PAGES
from tests.allowance import allowed
from tests.flows.person import Person, person_at

CONSOLE = {"kiemtoan": "auditor", "hotro": "help_desk", "thietbi": "clerk", "dangky": "registration", "quantri.coquan": "agency",
           "quantri": "province", "uyquyen": "agency"}
"""Accounts of the console with their column in the table of who gets what; the last one is a deputy."""
COLUMNS = ("nobody", "auditor", "help_desk", "clerk", "registration", "agency", "province")
READY_SECONDS = 10
"""In which a second start has to be ready (docs/README.md)."""

LAUNCH = ("import json, sys; from pathlib import Path; from deploy.run import main; from deploy.plan import Plan; "
          "given = json.loads(sys.argv[1]); "
          "folders = {name: Path(given.pop(name)) for name in ('folder', 'keys')}; sys.exit(main(Plan(**folders, **given)))")


@dataclass
class Running:
    """One run in a process of its own, and what it has printed."""

    plan: Plan
    process: subprocess.Popen[str]
    lines: list[str]
    reader: threading.Thread

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, word: str, seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while word not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < until, self.text
            time.sleep(0.05)

    def end(self) -> int:
        status = self.process.wait(40)
        self.reader.join(10)
        return status


def _run(plan: Plan) -> Running:
    given = json.dumps({"folder": str(plan.folder), "keys": str(plan.keys), "port": plan.port, "ldap_port": plan.ldap_port,
                        "mssp_port": plan.mssp_port})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    process = subprocess.Popen([sys.executable, "-c", LAUNCH, given], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    return Running(plan, process, lines, reader)


def _family(running: Running) -> list[psutil.Process]:
    return psutil.Process(running.process.pid).children(recursive=True)


def _worked(process: psutil.Process) -> float:
    """Give the seconds of a processor that a process and what it waited for have used."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _gone(family: list[psutil.Process]) -> None:
    """What has ended stays a zombie where nobody reaps it: in a container without an init."""
    _, left = psutil.wait_procs(family, timeout=10)
    assert [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("Đăng nhập một lần")        # a checkout may stand in a folder of such a name
    port, _, _, ldap_port, _, mssp_port, _ = free_ports(7)
    return Plan(folder=folder / "var", keys=folder / "keys", port=port, ldap_port=ldap_port, mssp_port=mssp_port)


@pytest.fixture(scope="module")
def running(plan: Plan) -> Iterator[Running]:
    running = _run(plan)
    try:
        running.wait_for("Ctrl-C stops everything")
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(40)


def test_one_block_begins_with_ready_and_lists_what_a_person_needs(running: Running) -> None:
    block = running.text.partition("READY ")[2]
    plan = running.plan
    assert f"\nREADY http://localhost:{plan.port}\n" in running.text
    addresses = [f"http://localhost:{port}/" for port in (*plan.ports.values(), plan.mssp_port)]
    for text in (*addresses, "HauGiang-2026!", *APPLICATIONS.values(), *ROLES, *TOTP_SEEDS.values()):
        assert text in block


def test_the_phones_of_officers_are_there_with_their_sims(running: Running) -> None:
    with urllib.request.urlopen(f"http://localhost:{running.plan.mssp_port}/api/phones", timeout=60) as answer:
        phones = json.load(answer)["phones"]
    assert {(phone["msisdn"], phone["key"]) for phone in phones} == {(number, kind) for _, number, kind, _ in SIMS}
    assert "Phạm Văn Minh Họa" in [phone["holder"] for phone in phones]


def test_tour_of_make_demo_holds(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    Tour(SampleProvince(running.plan)).walk()
    shown = capsys.readouterr().out
    assert "lets nobody in any more" in shown
    assert "pdfsig finds both signatures valid: Phạm Văn Minh Họa, Sở Thông tin và Truyền thông" in shown
    assert "pyHanko, which asks how the certificates stand, finds both valid" in shown


def test_leader_clerk_and_phone_sign_a_document_in_three_windows(running: Running, tmp_path: Path) -> None:
    """What the tour does without a browser, in two browsers and the page that plays the phones; after it, so notices are read."""
    plan = running.plan
    application, phones = (f"http://localhost:{port}/" for port in (plan.ports["qlvb"], plan.mssp_port))
    numbers = {uid: number for uid, number, _, _ in SIMS}
    file = tmp_path / "van-ban.pdf"

    def state(who: Person) -> str:
        return who.find("[data-document=state]").text

    def signs(who: Person, uid: str, act: str = "accept") -> None:
        """Press the button, compare the four digits in both windows, and answer on the phone."""
        who.press("form[action$='/sign'] button")
        who.wait(lambda: who.sees("[data-document=code]"), "four digits")
        code = who.find("[data-document=code]").text
        phone.open(f"{phones}phones/{numbers[uid]}")
        phone.wait(lambda: phone.sees("[data-shown=code]"), "what the phone shows")
        assert phone.find("[data-shown=code]").text == code
        assert phone.find("[data-shown=text]").text == f"KY 58/STTTT-CNTT {code}"
        phone.find("#pin").send_keys(PIN)
        phone.press(f"button[name=act][value={act}]")
        who.wait(lambda: not who.sees("[data-document=code]"), "an end")

    with person_at(tmp_path / "leader") as leader, person_at(tmp_path / "clerk") as clerk, person_at(tmp_path / "phone") as phone:
        leader.open(application)
        leader.sign_in("lanhdao")
        # The tour has used the digits of this moment.
        leader.fill(otp=pyotp.TOTP(TOTP_SEEDS["lanhdao"]).at(int(time.time()) + 30))
        leader.press()
        assert leader.name_in_application == "Phạm Văn Minh Họa"
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in leader.driver.get_cookies())
        sample = urllib.request.Request(f"{application}sample.pdf", headers={"Cookie": cookies})
        with urllib.request.urlopen(sample, timeout=60) as answer:
            file.write_bytes(answer.read())
        leader.fill(number="58/STTTT-CNTT", title="V/v rà soát danh sách cán bộ được cấp SIM ký số")
        leader.find("#file").send_keys(str(file))
        leader.press("form[action='/documents'] button")
        signs(leader, "lanhdao", "cancel")
        assert "đã từ chối trên điện thoại" in leader.find("[role=alert]").text
        signs(leader, "lanhdao")
        assert state(leader) == "Chờ văn thư đóng dấu"
        clerk.open(application)
        clerk.sign_in("vanthu")
        clerk.leave_by(clerk.driver.find_element("link text", "58/STTTT-CNTT").click)
        assert clerk.url == leader.url
        signs(clerk, "vanthu")
        assert state(clerk) == "Đã ký xong"
        assert len(clerk.driver.find_elements("css selector", "[data-holds=yes]")) == 2


def test_flask_commands_use_the_same_settings_and_database(running: Running) -> None:
    environment = SampleProvince(running.plan).environment()
    result = subprocess.run([str(Path(sys.executable).parent / "flask"), "--app", "wsgi", "clients", "list", "--json"], cwd=ROOT,
                            env=environment, capture_output=True, text=True, check=True)
    assert {"qlvb", "cong-thong-tin"} <= {client["client_id"] for client in json.loads(result.stdout)["clients"]}


def _at_the_console(plan: Plan, uid: str) -> tuple[Browser, Page]:
    browser = Browser()
    page = browser.open(f"{plan.issuer}/admin/")
    for field, values in (("password", {"username": uid, "password": "HauGiang-2026!"}),
                          ("otp", {"otp": pyotp.TOTP(TOTP_SEEDS[uid]).now()})):
        form = page.form_with(field)
        assert form is not None, page.heading
        page = browser.submit(page, form, values)
    return browser, page


def test_each_role_of_the_console_has_an_account_that_reaches_its_places_and_no_other(running: Running) -> None:
    """Places are what stands in the menus of all; which are whose is told by the table that the rules are tested by."""
    plan = running.plan
    signed_in = {uid: _at_the_console(plan, uid) for uid in CONSOLE}
    menus = {uid: re.findall(r'href="(/admin/[^"]*)"', page.text.partition('class="side__nav"')[2].partition("</ul>")[0])
             for uid, (_, page) in signed_in.items()}
    places = {place for menu in menus.values() for place in menu if f"GET {place.removeprefix('/admin')}" in PAGES}
    assert len(places) > 15
    statuses = {}
    for uid, role in CONSOLE.items():
        browser, page = signed_in[uid]
        row = {place: PAGES[f"GET {place.removeprefix('/admin')}"].split()[COLUMNS.index(role)] for place in places}
        statuses |= {(uid, place): browser.first_answer(f"{plan.issuer}{place}") for place in sorted(places - {"/admin/"})}
        assert {place: statuses[uid, place] for place in places - {"/admin/"}} == {
            place: 200 if cell == "+" else 403 for place, cell in row.items() if place != "/admin/"}, uid
        assert all(statuses.get((uid, place), 200) == 200 for place in menus[uid]), "no link of the menu is refused"
        assert page.status == 200
        assert page.url != f"{plan.issuer}/admin/deputies/", "the day begins with one's own work"
    for uid, status in {"quantri": 200, "kiemtoan": 200, "quantri.coquan": 404, "uyquyen": 404, "hotro": 403}.items():
        assert signed_in[uid][0].first_answer(f"{plan.issuer}/admin/agencies/H30.12") == status, uid
    assert signed_in["uyquyen"][0].first_answer(f"{plan.issuer}/admin/deputies/new") == 403, "nobody lends what was lent to them"
    with contextlib.closing(sqlite3.connect(plan.folder / "idp.sqlite3")) as connection:
        [(made_at, ends_at)] = connection.execute("SELECT made_at, ends_at FROM deputy").fetchall()
        assert connection.execute("SELECT count(*) FROM audit WHERE event = 'deputy.named'").fetchone() == (1,)
    assert DAYS * 86400 < ends_at - made_at <= (DAYS + 1) * 86400


def test_two_campaigns_are_begun_once_the_directory_is_known(running: Running) -> None:
    result = subprocess.run([str(Path(sys.executable).parent / "flask"), "--app", "wsgi", "rollout", "list", "--json"], cwd=ROOT,
                            env=SampleProvince(running.plan).environment(), capture_output=True, text=True, check=True)
    listed = json.loads(result.stdout)["campaigns"]
    found = {one["goal"]: (one["figures"]["counted"], one["figures"]["done"]) for one in listed}
    assert found.keys() == {"mailbox", "sim"}
    assert all(0 < done < counted for counted, done in found.values()), found


def test_private_files_are_for_the_owner_only(running: Running) -> None:
    plan = running.plan
    files = [file for folder in (plan.keys, plan.folder / "mssp") for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 12
    for file in [*files, plan.folder / "idp.toml", plan.folder / "demo-totp.json"]:
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_second_start_in_the_same_checkout_is_refused_with_a_remedy(running: Running) -> None:
    second = _run(running.plan)
    assert second.end() == 1
    assert f"already running in this checkout (process {running.process.pid})" in second.text
    assert "What to do:" in second.text


def test_what_ends_by_itself_is_named_and_everything_else_stops(running: Running) -> None:
    family = _family(running)
    [port] = [port for name, port in running.plan.ports.items() if name == "qlvb"]
    [victim] = [process for process in family if process.ppid() == running.process.pid and str(port) in process.cmdline()]
    victim.kill()
    assert running.end() == 1
    assert "qlvb has ended by itself" in running.text
    _gone(family)


def test_a_second_start_is_quick_and_ctrl_c_stops_all_of_it(plan: Plan, running: Running) -> None:
    assert running.process.poll() is not None
    again = _run(plan)
    began = time.monotonic()
    again.wait_for("Ctrl-C stops everything")
    took = time.monotonic() - began
    family = _family(again)
    worked = sum(_worked(process) for process in [psutil.Process(again.process.pid), *family])
    print(f"READY after {took:.1f} s, {worked:.1f} s of a processor")
    assert took < allowed(READY_SECONDS)
    assert worked < 2 * READY_SECONDS, "more than two processors give in that time, whatever else they do"
    assert len(family) > 4
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 0
    assert "Stopped." in again.text
    _gone(family)
    for port in (plan.port, *plan.ports.values(), plan.ldap_port, *plan.mssp_ports):
        require_free(port, "PORT")


def test_a_new_database_with_the_keys_of_the_one_before_is_accepted_without_hands(plan: Plan) -> None:
    """As after ``make clean``, which leaves the keys: the audit chain begins anew, on the record, and holds."""
    before = json.loads((plan.keys / "audit-head.json").read_text())
    for left in plan.folder.glob("idp.sqlite3*"):
        left.unlink()
    province = SampleProvince(plan).start()
    try:
        flask = [str(Path(sys.executable).parent / "flask"), "--app", "wsgi", "audit", "verify", "--json"]
        until = time.monotonic() + 60
        while True:
            done = subprocess.run(flask, cwd=ROOT, env=province.environment(), capture_output=True, text=True, check=False)
            report = json.loads(done.stdout)
            if report["records"] and not report["unsealed"]:
                break
            assert time.monotonic() < until, done.stdout
        assert (done.returncode, report["broken"]) == (0, None)
        assert report["chain"] not in before
    finally:
        province.stop()
    with contextlib.closing(sqlite3.connect(plan.folder / "idp.sqlite3")) as connection:
        [(reason,)] = connection.execute("SELECT detail FROM audit WHERE event = 'audit.chain_accepted'").fetchall()
    assert "made anew" in reason
    assert list(json.loads((plan.keys / "audit-head.json").read_text())) == [*before, report["chain"]]


def test_a_port_in_use_is_said_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match="already in use") as raised:
            require_free(port, "PORT")
    assert "PORT=... make run" in raised.value.remedy


@pytest.mark.parametrize("more", [{"ldap_port": 21002}, {"mssp_port": 21002}, {"ldap_port": 21010, "mssp_port": 21011}])
def test_a_port_that_two_programs_would_have_is_said(more: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"would have the port 210\d\d") as raised:
        SampleProvince(Plan(folder=tmp_path / "var", keys=tmp_path / "keys", port=21000, **more)).start()
    assert "LDAP_PORT" in raised.value.remedy


@pytest.mark.parametrize("url", ["nonsense", "postgresql+psycopg://idp@127.0.0.1:1/idp"])
def test_a_database_that_cannot_be_prepared_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be prepared") as raised:
        prepare(tmp_path / "keys", url)
    assert "IDP_DATABASE_URL" in raised.value.remedy


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("PORT", "-1"), ("LDAP_PORT", "٣٨٩"), ("MSSP_PORT", "x")])
def test_a_port_that_is_none_is_said(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StartError, match="not a port"):
        plan_from_environment()


def test_settings_from_outside_win_and_are_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISSUER", "http://localhost:9999")
    monkeypatch.setenv("IDP_SECURITY_LEVEL", "3")
    monkeypatch.setenv("PORT", "9000")
    plan = plan_from_environment()
    assert plan.issuer == "http://localhost:9999"
    assert plan.settings["security_level"] == "3"
    assert plan.ports == {"qlvb": 9001, "cong-thong-tin": 9002}
    assert plan.mssp_ports == (8090, 8091)
