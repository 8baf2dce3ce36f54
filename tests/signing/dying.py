"""A process that asks for signatures, or looks after them, until it is killed: ``python dying.py ask|look URL FOLDER [PER_SIM]``.

The folder is that of the simulated service, with a file for each SIM beside it (``sims.json``, ``<iccid>.der``). What is released
is printed, one line each: the transaction, the hash and the signature.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from idp.adapters.mssp import Account, MobileSignatureClient  # noqa: E402
from idp.adapters.outbound import Outbound  # noqa: E402
from idp.adapters.sql.database import Database  # noqa: E402
from idp.adapters.sql.signing.transactions import SqlTransactions  # noqa: E402
from idp.audit import Caller  # noqa: E402
from idp.clock import SystemClock  # noqa: E402
from idp.errors import RefusedError, UnavailableError  # noqa: E402
from idp.signing.following import Rules  # noqa: E402
from idp.signing.outcome import Outcome  # noqa: E402
from idp.signing.ports import BoundSim  # noqa: E402
from idp.signing.signing import Order, Signing  # noqa: E402
from idp.signing.transaction import State, Transaction  # noqa: E402
from tests.signing.cards import Known  # noqa: E402

CALLER = Caller("192.0.2.7", "r-1")
CLIENTS = ("qlvb", "cong-thong-tin")
RULES = Rules(asker_seconds=2, first_seconds=1, again_seconds=1)


class Sims:
    """The SIMs of the folder: the officer ``sub-<n>`` has the n-th."""

    def __init__(self, folder: Path) -> None:
        self.phones = json.loads((folder / "sims.json").read_text())["phones"]
        self.folder = folder

    def all(self, sub: str) -> list[BoundSim]:
        return [self.signing(sub)]

    def signing(self, sub: str, *, testing: bool = False, iccid: str = "") -> BoundSim:
        phone = self.phones[int(sub.removeprefix("sub-"))]
        iccid = phone["cards"][-1]["iccid"]
        return BoundSim(phone["msisdn"], iccid, "mang", (self.folder / f"{iccid}.der").read_bytes())

    def told(self, sub: str, iccid: str, outcome: Outcome) -> None:
        raise AssertionError((sub, iccid, outcome))


def client_of(folder: Path) -> MobileSignatureClient:
    """Give the client of the service in a folder."""
    line = Outbound(development=True, ca_file=folder / "service-authority.pem", timeout_seconds=10,
                    client_certificate=(folder / "client.pem", folder / "client.key"))
    password = (folder / "application.password").read_text().strip()
    account = Account((folder / "url").read_text(), "http://localhost/province", password,
                      "http://localhost/mobile-signature", "http://alauda.mobi/nonRepudiation")
    kind = "application/soap+xml; charset=utf-8"
    return MobileSignatureClient(account, lambda url, octets: line.post_octets(url, octets, content_type=kind), SystemClock())


def signing_of(url: str, folder: Path) -> tuple[Signing, SqlTransactions]:
    """Give signing on a database with the service in a folder."""
    store = SqlTransactions(Database(url))
    return Signing(store, Sims(folder), Known(), {"mang": client_of(folder)}, SystemClock(), RULES), store


def order_of(sim: int, number: int) -> Order:
    """Give the order that has this number at a SIM: the same whenever it is asked."""
    digest = hashlib.sha256(f"{sim}-{number}".encode()).digest()
    return Order(client_id=CLIENTS[(sim + number) % 2], idempotency_key=f"{sim}-{number}", sub=f"sub-{sim}", unit_code="H30.1",
                 title="Giám đốc", digest_name="sha256", digest=digest, document=f"{number}/CV", subject="Công văn")


def one(signing: Signing, store: SqlTransactions, order: Order) -> None:
    """Have an order signed, and print what is released; whatever was done for it before is not done again."""
    found: Transaction | None = None
    while found is None or found.state in (State.CREATED, State.SENT, State.READY):
        with contextlib.suppress(RefusedError, UnavailableError):
            found = signing.ask(order, CALLER) if found is None else store.find(found.transaction_id)
            if found is not None and found.state is State.READY:
                signature = signing.release(order.client_id, found.transaction_id, order.digest, CALLER)
                # In one piece: others write too, and this may be the last thing that is done.
                os.write(1, f"{found.transaction_id} {order.digest.hex()} {signature.hex()}\n".encode())
                return
        time.sleep(0.05)


def main() -> None:
    """Work until everything is done or it is killed."""
    what, url, folder, *rest = sys.argv[1:]
    signing, store = signing_of(url, Path(folder))
    if what == "look":
        print("ready", flush=True)
        while True:
            with contextlib.suppress(UnavailableError):
                signing.go_on(CALLER, most=50)
            time.sleep(0.05)

    def all_of(sim: int) -> None:
        for number in range(int(rest[0])):
            one(signing, store, order_of(sim, number))

    threads = [threading.Thread(target=all_of, args=(sim,)) for sim in range(len(Sims(Path(folder)).phones))]
    print("ready", flush=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("done", flush=True)


if __name__ == "__main__":
    main()
