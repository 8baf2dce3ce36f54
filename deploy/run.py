"""``make run``: everything on loopback in the foreground, until Ctrl-C.

Environment: ``PORT`` (8000; the applications take the next two), ``LDAP_PORT`` (3890; LDAPS on the next), ``MSSP_PORT`` (8090;
the simulated phones, their service on the next), and the ``IDP_*`` settings, which win over those made here and are written to
``var/idp.toml`` with them. At an officer's first sign-in the sample notice about personal data is shown; an empty
``IDP_PERSONAL_DATA_NOTICE_FILE`` leaves it out.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from .plan import LDAP_PORT, MSSP_PORT, PORT, Plan
from .processes import StartError
from .sample_province import NOTICE, SampleProvince


def main(plan: Plan | None = None) -> int:
    """Run until interrupted; 0 then, 1 when something does not start or ends by itself.

    Args:
        plan: Where and on what ports; read from the environment by default.
    """
    interrupted = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # While everything is still starting, leave at once; afterwards the loop below sees it.
        if not interrupted.is_set():
            interrupted.set()
            if not started:
                raise KeyboardInterrupt

    started = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    caller = _Make()
    province: SampleProvince | None = None
    try:
        province = SampleProvince(plan or plan_from_environment(), say=lambda line: print(f"==> {line}", flush=True),
                                  interrupted=lambda: caller.interrupted)
        province.start()
        started = True
        print(f"\n{province.block()}", flush=True)
        while not interrupted.wait(0.3):
            if caller.interrupted:
                break
            ended = province.dead()
            if ended is not None:
                print(f"\n{ended}\nEverything else is stopped.", file=sys.stderr, flush=True)
                return 1
    except StartError as err:
        print(f"\n{err.message}\n  What to do: {err.remedy}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        if province is not None:
            province.stop()
    print("\nStopped.", flush=True)
    return 0


def plan_from_environment() -> Plan:
    """Read PORT, LDAP_PORT, MSSP_PORT and IDP_* as ``make run`` documents them.

    Raises:
        StartError: a port is not a number.
    """
    ports = []
    for name, default in (("PORT", PORT), ("LDAP_PORT", LDAP_PORT), ("MSSP_PORT", MSSP_PORT)):
        text = os.environ.get(name) or str(default)
        if not text.isascii() or not text.isdigit():
            raise StartError(f"{name} is {text!r}, which is not a port.", f"Give a number, for example {name}={default}.")
        ports.append(int(text))
    settings = {name.removeprefix("IDP_").lower(): value for name, value in os.environ.items()
                if name.startswith("IDP_") and name != "IDP_CONFIG"}
    settings.setdefault("personal_data_notice_file", str(NOTICE))
    return Plan(port=ports[0], ldap_port=ports[1], mssp_port=ports[2], settings={
        name: value for name, value in settings.items() if value or name != "personal_data_notice_file"})


class _Make:
    """Whether the make that started us was told to stop, or killed, though nobody told us.

    A terminal sends Ctrl-C to both. A program that sends SIGINT to make alone would wait for ever, because make waits for its
    children and passes SIGTERM on but not SIGINT. Once it is ending it no longer catches the signal, and that can be seen.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._status = Path(f"/proc/{self._pid}/status")
        self._was_catching = self._catches() and "make" in self._name()

    @property
    def interrupted(self) -> bool:
        return self._was_catching and (os.getppid() != self._pid or not self._catches())

    def _name(self) -> str:
        return self._field("Name:")

    def _catches(self) -> bool:
        mask = self._field("SigCgt:")
        return bool(mask) and bool(int(mask, 16) >> (signal.SIGINT - 1) & 1)

    def _field(self, name: str) -> str:
        try:
            lines = self._status.read_text().splitlines()
        except OSError:
            return ""
        return next((line.split(None, 1)[1] for line in lines if line.startswith(name)), "")


if __name__ == "__main__":
    raise SystemExit(main())
