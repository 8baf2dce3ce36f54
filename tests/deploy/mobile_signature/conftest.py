"""A simulator for each module, with keys that are made once; its clock is moved by hand, and most is asked without a line."""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from deploy.mobile_signature import authority, disturbances
from deploy.mobile_signature.__main__ import Simulator
from deploy.mobile_signature.store import Store
from deploy.mobile_signature.subscribers import Subscribers, luhn
from deploy.ports import free_ports

from . import messages
from .messages import APPLICATION, Answer

NUMBERS = {"rsa-2048": "84990000003", "rsa-3072": "84990000002", "rsa-2048-pss": "84990000004", "p-256": "84990000001"}
OLD, SPARE, STRANGER = "84990000902", "84990000901", "84990009999"
ICCID = {number: luhn(f"8984990{int(number[-6:]):011}") for number in (*NUMBERS.values(), OLD, SPARE)}


def described() -> list[dict[str, object]]:
    """Describe the SIMs of the tests."""
    found: list[dict[str, object]] = [
        {"msisdn": number, "carrier": "Mạng mẫu A", "holder": "Nguyễn Văn Mẫu",
         "cards": [{"iccid": ICCID[number], "key": kind}]}
        for kind, number in NUMBERS.items()]
    found.append({"msisdn": SPARE, "carrier": "Mạng mẫu B", "cards": [{"iccid": ICCID[SPARE]}]})
    found.append({"msisdn": OLD, "carrier": "Mạng mẫu B",
                  "cards": [{"iccid": luhn("898499000000000777")}, {"iccid": ICCID[OLD]}]})
    return found


@dataclass
class Clock:
    """A clock that stands still."""

    moment: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.moment

    def pass_(self, seconds: float) -> None:
        self.moment += seconds


@dataclass
class Carrier:
    """A simulator and the province's side of it, without the line between them."""

    simulator: Simulator
    folder: Path
    port: int
    clock: Clock
    password: str
    _names: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))

    def name(self) -> str:
        return f"t{next(self._names)}"

    def ask(self, operation: str, body: bytes) -> Answer:
        reply = self.simulator.service.take(operation, body)
        return messages.answer(reply.status, reply.body)

    def sign(self, msisdn: str, name: str = "", **more: Any) -> Answer:
        return self.ask("MSS_Signature", messages.signature(name or self.name(), self.password, msisdn, **more))

    def status(self, transaction: str) -> Answer:
        return self.ask("MSS_StatusQuery", messages.request("MSS_StatusQuery", self.name(), self.password,
                                                            attributes=f'MSSP_TransID="{transaction}"'))

    def profile(self, msisdn: str) -> Answer:
        body = messages.request("MSS_ProfileQuery", self.name(), self.password, messages.user(msisdn))
        return self.ask("MSS_ProfileQuery", body)

    def register(self, msisdn: str, iccid: str = "", certificate: str = "") -> Answer:
        more = f"<mss:X509Certificate>{certificate}</mss:X509Certificate>" if certificate else ""
        sim = f'<ext:SimCard xmlns:ext="{messages.NAMES["ext"]}"><ext:ICCID>{iccid or ICCID[msisdn]}</ext:ICCID></ext:SimCard>'
        return self.ask("MSS_Registration", messages.request("MSS_Registration", self.name(), self.password,
                                                             messages.user(msisdn) + more + sim))

    def public_key(self, msisdn: str) -> Any:
        """Register a number with the SIM that is in it, and give the key that the answer holds."""
        phone = self.simulator.phones.one(msisdn)
        assert phone is not None
        found = self.register(msisdn, phone["iccid"]).message.findtext("mss:PublicKey", namespaces=messages.NAMES)
        return load_der_public_key(base64.b64decode(found, validate=True))

    def hand(self, msisdn: str, act: str = "accept", pin: str = "1234") -> str:
        return self.simulator.phones.act(msisdn, act, {"pin": pin})

    @contextlib.contextmanager
    def disturbed(self, name: str, value: str = "", msisdn: str = "") -> Iterator[None]:
        disturbances.switch(self.simulator.store, name, value, msisdn)
        try:
            yield
        finally:
            disturbances.switch(self.simulator.store, name, None, msisdn)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates and keys, to copy."""
    folder = tmp_path_factory.mktemp("mssp")
    authority.make(folder)
    store = Store(folder / "state.sqlite3")
    Subscribers(store).add(described())
    store.close()
    return folder


@pytest.fixture(scope="module")
def carrier(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    """A simulator that runs, with every number registered that is not for strangers."""
    folder = tmp_path_factory.mktemp("carrier") / "mssp"
    shutil.copytree(made, folder)
    clock = Clock()
    [port, _] = free_ports(2)
    simulator = Simulator(folder, port, APPLICATION, now=clock)
    password = (folder / authority.PASSWORD).read_text().strip()
    carrier = Carrier(simulator, folder, port, clock, password)
    for number in (*NUMBERS.values(), OLD):
        assert carrier.register(number).code == 100
    simulator.start()
    yield carrier
    simulator.stop()


@pytest.fixture
def number(carrier: Carrier) -> str:
    """A phone that nobody else uses, of the cheapest kind, registered."""
    number = f"84991{next(carrier._names):06}"
    iccid = luhn(f"898499{number[-8:]}0000")
    carrier.simulator.phones.add({"msisdn": number, "carrier": "Mạng mẫu C", "cards": [{"iccid": iccid}]})
    assert carrier.register(number, iccid).code == 100
    return number
