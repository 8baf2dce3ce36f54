"""Processes that are killed on the way: python dying.py DATABASE FOLDER real|fake WHERE=COUNT ...

One process forks each of them before it opens anything, so that a death costs a few tenths of a second. What a death leaves is in
the database; what it gave away stands on standard output, a line for each: ``-9 WHERE`` for a death that gave nothing away.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from cryptography.hazmat.primitives.asymmetric import ec

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.status import SqlStatusStore
from idp.clock import SystemClock
from idp.pki.status.crl import RevocationListMaker
from tests.fakes.clock import FakeClock
from tests.pki.authority.house import ADDRESSES, House

SIGNATURE, RECORD, LIST = PLACES = "before the signature", "before the record", "before the list"


def die(*_args: Any, **_named: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def act(url: str, folder: str, where: str, clock: Any) -> str:
    """Issue a certificate, or make a list, and die; gives what came of it when the death did not."""
    house = House(Database(url), Path(folder), clock=clock)
    if where == LIST:
        status = SqlStatusStore(Database(url))
        status.put_list = die  # type: ignore[method-assign]
        made = RevocationListMaker(house.store, status, house.keys, ADDRESSES, clock).make(house.issuance.authority(), 0)
        return f"list {made.number}"
    if where == SIGNATURE:
        house.issuance._signer = type("Dying", (), {"sign": die})()
    else:
        house.store.issued = die  # type: ignore[method-assign]
    return f"certificate {house.issue(public_key=ec.derive_private_key(4711, ec.SECP256R1()).public_key()).record.serial}"


def main(url: str, folder: str, clock: str, *deaths: str) -> None:
    for where in [where for one in deaths for where in [one.split("=")[0]] * int(one.split("=")[1])]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                os.write(writing, act(url, folder, where, SystemClock() if clock == "real" else FakeClock()).encode())
            except BaseException as err:
                os.write(writing, repr(err).encode())
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as said:
            given = said.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(f"{status} {given or where}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
