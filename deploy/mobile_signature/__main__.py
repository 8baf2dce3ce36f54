"""``python -m deploy.mobile_signature``: the service and its phones, until it is told to stop.

The phones are on ``http://localhost:PORT/``, the service on the next port,
``https://127.0.0.1:PORT+1/soap/services/``. What a client needs is in the folder (``authority``).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import authority
from .envelope import Schema
from .hands import Hands
from .phones import Phones
from .service import Service
from .signings import Signings
from .soap_server import SoapServer, server_tls
from .store import Store
from .subscribers import Subscribers
from .web_server import WebServer

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "idp" / "adapters" / "mssp" / "core.xsd"
APPLICATION = "http://localhost/province"


class Simulator:
    """One folder, two ports.

    Args:
        folder: State, certificates, password; made where it is missing.
        port: Of the pages; the service takes the next one.
        application: ``AP_ID`` of the one client.
        schema: XSD of the messages.
        now: Gives the time, in seconds since 1970.

    Raises:
        OSError: a port or the folder is taken.
    """

    def __init__(self, folder: Path, port: int, application: str = APPLICATION, schema: Path = SCHEMA,
                 now: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.fdopen(os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise
        authority.make(folder)
        self.store = Store(folder / "state.sqlite3")
        self.signings = Signings(self.store, now)
        self.phones = Phones(self.store, self.signings, now)
        self._hands = Hands(self.store, self.signings, now)
        password = (folder / authority.PASSWORD).read_text(encoding="ascii").strip()
        self.service = Service(self.store, Schema(schema), application, password, self.signings, now)
        tls = server_tls(folder / authority.SERVER, folder / authority.SERVER_KEY, folder / authority.CLIENT_AUTHORITY)
        self._web = WebServer(port, self.store, self.phones)
        try:
            self._soap = SoapServer(port + 1, tls, self.service, self.store)
        except OSError:
            self._web.server_close()
            raise

    def start(self) -> Simulator:
        """Answer on both ports, each in a thread."""
        for server in (self._soap, self._web):
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        self._hands.start()
        return self

    def stop(self) -> None:
        """Close everything."""
        self._soap.stopping.set()
        self._hands.stop()
        for server in (self._soap, self._web):
            server.shutdown()
            server.server_close()
        self.store.close()
        self._lock.close()


def main() -> int:
    """Run until SIGTERM or SIGINT; 0 then, 1 when it does not start."""
    parser = argparse.ArgumentParser(prog="python -m deploy.mobile_signature",
                                     description="A mobile signature service with its phones.")
    parser.add_argument("--port", type=int, default=8090, help="of the phones; the service takes the next one")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "mssp")
    parser.add_argument("--sims", type=Path, help="numbers and SIMs to add where they are missing (JSON)")
    parser.add_argument("--application", default=APPLICATION, help="AP_ID of the one client")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        simulator = Simulator(given.folder, given.port, given.application)
        if given.sims is not None:
            Subscribers(simulator.store).add_file(given.sims)
    except (OSError, ValueError) as err:
        print(f"The mobile signature service does not start: {err}", file=sys.stderr, flush=True)
        return 1
    # Before they answer, so that it is the first line; both ports are taken already, and whoever comes now waits a moment.
    print(f"phones http://localhost:{given.port}/, service https://127.0.0.1:{given.port + 1}/soap/services/", flush=True)
    simulator.start()
    stop.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
