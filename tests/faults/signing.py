"""F-22 and the deaths of signing: asker, worker and the carrier's service are killed at random; no signature is lost or doubled.

Every signature that the cards made is kept, once; none is given out twice, to another application or over another hash; and every
question that was asked comes to its end.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from deploy.mobile_signature import authority
from deploy.mobile_signature.store import Store
from deploy.mobile_signature.subscribers import Subscribers, luhn
from deploy.ports import free_ports
from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.signing.signature import verified
from idp.signing.transaction import State
from tests.signing import dying
from tests.signing.cards import certified

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("asker", "worker", "service")


@dataclass
class Signed:
    """What a run found; one JSON line.

    Attributes:
        seed: Of the moments of the deaths.
        killed: How often each was killed.
        asked: Transactions.
        made: Signatures that cards made.
        lost: Of them, those that are not kept once.
        released: Signatures that were given out and seen by who asked; ``twice``, ``wrong`` of them.
        unseen: Given out in the moment in which who asked was killed: released once all the same.
        demands: What was not as it must be.
    """

    fault: str = "F-22"
    form: str = "full"
    database: str = ""
    duration: float = 0.0
    seed: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    asked: int = 0
    states: dict[str, int] = field(default_factory=dict)
    made: int = 0
    lost: int = 0
    released: int = 0
    twice: int = 0
    wrong: int = 0
    unseen: int = 0
    demands: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """Give it for JSON."""
        known = asdict(self)
        return {**{name: value for name, value in known.items() if name != "demands"}, "failed_demands": known["demands"]}


class Province:
    """The three processes on one database and in one folder."""

    def __init__(self, url: str, folder: Path, sims: int, each: int) -> None:
        self.url, self.folder, self.each = url, folder, each
        self.port = free_ports(2)[0]
        self.said = folder / "said"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.lines: dict[str, Path] = {}
        self.phones: list[dict[str, Any]] = [
            {"msisdn": f"849900{number:05}", "cards": [{"iccid": luhn(f"8984990{number:011}")}]} for number in range(sims)]
        (folder / "sims.json").write_text(json.dumps({"phones": self.phones}))
        (folder / "url").write_text(f"https://127.0.0.1:{self.port + 1}/soap/services")

    def prepare(self) -> None:
        """Make SIMs, register them, certify their keys, and let the phones answer by themselves."""
        authority.make(self.folder)
        store = Store(self.folder / "state.sqlite3")
        Subscribers(store).add(self.phones)
        with store.writing() as database:
            database.execute("UPDATE phone SET automatic = 'accept', automatic_after = 0.1")
        store.close()
        self.start("service")
        client = dying.client_of(self.folder)
        for phone in self.phones:
            iccid = phone["cards"][-1]["iccid"]
            registered = client.register(f"r{iccid}", str(phone["msisdn"]), iccid)
            assert registered.public_key is not None
            der = certified(load_der_public_key(registered.public_key)).public_bytes(Encoding.DER)
            (self.folder / f"{iccid}.der").write_bytes(der)

    def start(self, part: str) -> None:
        """Start a process and wait until it works."""
        command = [sys.executable, "-m", "deploy.mobile_signature", "--port", str(self.port), "--folder", str(self.folder)]
        if part != "service":
            command = [sys.executable, dying.__file__, "ask" if part == "asker" else "look", self.url, str(self.folder),
                       str(self.each)]
        said = self.folder / f"{part}-{len(list(self.folder.glob(f'{part}-*')))}"
        with said.open("wb") as out:
            self.running[part] = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        self.lines[part] = said
        until = time.monotonic() + 60
        while not said.stat().st_size:
            assert self.running[part].poll() is None, (part, said.read_text())
            assert time.monotonic() < until, part
            time.sleep(0.02)

    def kill(self, part: str) -> None:
        """Kill a process outright, and start it anew."""
        self.running[part].kill()
        self.running[part].wait()
        self.start(part)

    def finish(self) -> None:
        """Let the asker come to its end, and the others stop."""
        until = time.monotonic() + 600
        while self.running["asker"].poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        for process in self.running.values():
            process.kill()
            process.wait()

    def printed(self) -> list[list[str]]:
        """Give what was released and seen."""
        lines = [line.split() for said in self.folder.glob("asker-*") for line in said.read_text().splitlines()]
        return [line for line in lines if len(line) == 3 and len(line[1]) == 64]


def f22(url: str, folder: Path, form: str, *, sims: int, each: int, kills: int, seed: int | None = None) -> Signed:
    """Have ``sims`` times ``each`` documents signed, and kill each of the three ``kills`` times meanwhile."""
    found = Signed(form=form, database=url.partition(":")[0].partition("+")[0],
                   seed=random.SystemRandom().randrange(1 << 32) if seed is None else seed)
    chance, began = random.Random(found.seed), time.monotonic()
    place = Province(url, folder, sims, each)
    place.prepare()
    for part in ("worker", "asker"):
        place.start(part)
    order = [part for part in PARTS for _ in range(kills)]
    chance.shuffle(order)
    for part in order:
        time.sleep(chance.uniform(0, 0.4))
        place.kill(part)
    found.killed = dict(Counter(order))
    place.finish()
    _examine(place, found)
    found.duration = round(time.monotonic() - began, 1)
    return found


def _examine(place: Province, found: Signed) -> None:
    """Hold what is kept against what the cards made, and what was given out against what was asked."""
    store = SqlTransactions(Database(place.url))
    certificates = {phone["msisdn"]: x509.load_der_x509_certificate(
        (place.folder / f"{phone['cards'][-1]['iccid']}.der").read_bytes()) for phone in place.phones}
    asked = {}
    for sim in range(len(place.phones)):
        for number in range(place.each):
            order = dying.order_of(sim, number)
            one = store.by_key(order.client_id, order.idempotency_key)
            if one is None:
                found.demands.append(f"{order.idempotency_key} was never asked")
                continue
            asked[one.transaction_id] = (one, order)
    found.asked = len(asked)
    found.states = dict(Counter(one.state.value for one, _ in asked.values()))
    with closing(sqlite3.connect(place.folder / "state.sqlite3")) as database:
        made = dict(database.execute("SELECT name, signature FROM signing WHERE signature IS NOT NULL"))
    found.made = len(made)
    for name, signature in made.items():
        kept = [event for event in store.events(name) if "signature" in event.proofs]
        found.lost += len(kept) != 1 or store.blob(kept[0].proofs["signature"]) != signature
    seen = Counter(line[0] for line in place.printed())
    found.released, found.twice = len(seen), sum(count > 1 for count in seen.values())
    for name, digest, signature in place.printed():
        one, order = asked[name]
        verified(certificates[one.msisdn], "sha256", bytes.fromhex(digest), bytes.fromhex(signature))
        found.wrong += (bytes.fromhex(digest), one.client_id, one.state) != (order.digest, order.client_id, State.RELEASED)
    found.unseen = sum(one.state is State.RELEASED and name not in seen for name, (one, _) in asked.items())
    if set(found.states) - {State.RELEASED.value}:
        found.demands.append(f"every question comes to its end: {found.states}")
    for what in ("lost", "twice", "wrong"):
        if getattr(found, what):
            found.demands.append(f"nothing is {what}")
    if found.asked != found.made:
        found.demands.append("the cards made as many signatures as were asked for")
