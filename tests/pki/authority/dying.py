"""A process that issues a certificate and is killed on the way: python dying.py DATABASE FOLDER WHERE."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from cryptography.hazmat.primitives.asymmetric import ec

from idp.adapters.sql.database import Database
from tests.pki.authority.house import House


def die(*_args: Any, **_named: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, folder: str, where: str) -> None:
    house = House(Database(url), Path(folder))
    if where == "before the signature":
        house.issuance._signer = type("Dying", (), {"sign": die})()
    else:
        house.store.issued = die  # type: ignore[method-assign]
    print("certificate", house.issue(public_key=ec.derive_private_key(4711, ec.SECP256R1()).public_key()))


if __name__ == "__main__":
    main(*sys.argv[1:])
