"""What was made is there after a kill -9: a signature is stored before it is answered, and no transaction is made twice."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.mobile_signature.__main__ import ROOT, Simulator
from deploy.mobile_signature.authority import CLIENT, CLIENT_KEY, PASSWORD, SERVICE_AUTHORITY
from deploy.ports import free_ports
from tests.allowance import allowed

from . import messages
from .conftest import ICCID, NUMBERS
from .messages import APPLICATION
from .test_signatures import check

KILLS = 6
NUMBER = NUMBERS["p-256"]


class Process:
    """The simulator as a program of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, _ = free_ports(2)
        self.process: subprocess.Popen[str] | None = None
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(folder / SERVICE_AUTHORITY)
        self.session.cert = (str(folder / CLIENT), str(folder / CLIENT_KEY))

    def start(self, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.mobile_signature", "--port", str(self.port), "--folder", str(self.folder),
             "--application", APPLICATION, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("phones http://localhost"), first
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def ask(self, operation: str, body: bytes) -> messages.Answer | None:
        """Ask, or give None where no answer came."""
        with contextlib.suppress(requests.RequestException):
            found = self.session.post(f"https://127.0.0.1:{self.port + 1}/soap/services/{operation}Port", body,
                                      headers={"Content-Type": "application/soap+xml"}, timeout=60)
            return messages.answer(found.status_code, found.content)
        return None


@pytest.fixture
def process(made: Path, tmp_path: Path) -> Iterator[Process]:
    shutil.copytree(made, tmp_path / "mssp")
    process = Process(tmp_path / "mssp")
    try:
        yield process
    finally:
        # Also where the test did not come to its end.
        if process.process is not None and process.process.poll() is None:
            process.end(signal.SIGKILL)


def test_kill_9_at_any_moment_loses_nothing_and_makes_nothing_twice(process: Process) -> None:
    """A client that asks again after each lost answer; hands that sign at once; a kill every so many requests."""
    password = (process.folder / PASSWORD).read_text().strip()
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    names: dict[str, str] = {}
    answered: dict[str, bytes] = {}
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            name = f"t{len(names)}"
            while not stop.is_set() and name not in names:
                asked = process.ask("MSS_Signature", messages.signature(name, password, NUMBER))
                if asked is not None and asked.code == 100:
                    names[name] = asked.transaction
            while not stop.is_set() and name not in answered:
                done = process.ask("MSS_StatusQuery", messages.request(
                    "MSS_StatusQuery", f"q{secrets.token_hex(8)}", password, attributes=f'MSSP_TransID="{names[name]}"'))
                if done is not None and done.code == 500 and done.signature:
                    answered[name] = done.signature

    process.start()
    sim = f'<ext:SimCard xmlns:ext="{messages.NAMES["ext"]}"><ext:ICCID>{ICCID[NUMBER]}</ext:ICCID></ext:SimCard>'
    body = messages.request("MSS_Registration", "tR", password, messages.user(NUMBER) + sim)
    registered = process.ask("MSS_Registration", body)
    assert registered is not None
    assert registered.code == 100
    door = f"http://localhost:{process.port}/api/phones/{NUMBER}"
    assert process.session.post(door, json={"act": "automatic"}, timeout=60).status_code == 200
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for kill in range(KILLS):
        before = len(answered)
        until = time.monotonic() + allowed(60)
        while len(answered) < before + 1:
            assert time.monotonic() < until
            time.sleep((seed >> kill) % 7 / 100)
        process.end(signal.SIGKILL)
        process.start()
    stop.set()
    worker.join(60)
    process.end(signal.SIGTERM)

    simulator = Simulator(process.folder, process.port, APPLICATION)
    stored = simulator.phones.transactions()
    key = simulator.phones.one(NUMBER)
    assert key is not None
    row = simulator.store.row("SELECT key FROM card WHERE iccid = ?", key["iccid"])
    simulator.start()
    simulator.stop()
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    assert row is not None
    public = load_der_private_key(row["key"], None).public_key()
    assert len(answered) >= KILLS
    assert len({one["name"] for one in stored}) == len(stored)
    by_name = {one["name"]: one for one in stored}
    assert {name: by_name[name]["id"] for name in names} == names
    for name, signature in answered.items():
        assert base64.b64decode(by_name[name]["signature"]) == signature
        check("p-256", public, signature, messages.DOCUMENT)


def test_a_folder_has_one_simulator_and_a_restart_keeps_keys_and_password(process: Process, tmp_path: Path) -> None:
    sims = tmp_path / "sims.json"
    sims.write_text(json.dumps({"phones": [{"msisdn": NUMBER, "cards": [{"iccid": "8984990000000000999"}]},
                                           {"msisdn": "84993000001", "cards": [{"iccid": "8984993000000000001"}]}]}))
    password = (process.folder / PASSWORD).read_text()
    process.start("--sims", str(sims))
    second = subprocess.run([sys.executable, "-m", "deploy.mobile_signature", "--port", str(free_ports(2)[0]), "--folder",
                             str(process.folder)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 1
    assert "does not start" in second.stderr
    phones = process.session.get(f"http://localhost:{process.port}/api/phones", timeout=60).json()["phones"]
    iccids = {phone["msisdn"]: phone["iccid"] for phone in phones}
    assert iccids[NUMBER] == ICCID[NUMBER]
    assert iccids["84993000001"] == "8984993000000000001"
    assert process.end(signal.SIGTERM) == 0
    assert (process.folder / PASSWORD).read_text() == password
    for file in process.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.parametrize("content", ["nonsense", "{}", '{"phones": [{"msisdn": "09"}]}', '{"phones": 5}', '{"phones": [7]}'])
def test_a_file_of_sims_that_is_none_is_said(process: Process, tmp_path: Path, content: str) -> None:
    from deploy.mobile_signature.store import Store
    from deploy.mobile_signature.subscribers import Subscribers

    file = tmp_path / "sims.json"
    file.write_text(content)
    store = Store(tmp_path / "state.sqlite3")
    with pytest.raises(ValueError, match=r"\w"):
        Subscribers(store).add_file(file)
    store.close()


def test_nothing_of_the_provider_is_used_and_the_provider_knows_nothing_of_it() -> None:
    own = [path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "mobile_signature").rglob("*.py")]
    assert own
    assert [text for text in own if "import idp" in text or "from idp" in text] == []
    theirs = [str(path) for path in (ROOT / "idp").rglob("*.py") if "deploy.mobile_signature" in path.read_text(encoding="utf-8")]
    assert theirs == []
