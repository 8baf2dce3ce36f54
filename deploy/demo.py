"""``make demo``: a tour without hands. One sign-in opens two applications, one sign-out closes both, phones sign a document.

Everything runs from ``var/demo`` on free ports, beside a ``make run`` if there is one. Each step is printed as it is proved; the
exit status is 0 when all of them hold.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import pyotp
from asn1crypto.x509 import Certificate

from .browser import Browser, Page
from .directory.server import SampleDirectory
from .document_tour import DocumentTour
from .ports import free_ports
from .processes import StartError
from .sample_province import APPLICATIONS, NOTICE, ROOT, TOTP_SEEDS, Plan, SampleProvince
from .sample_sims import SIMS

TOLD_WITHIN_SECONDS = 5


class TourError(Exception):
    """A step did not hold."""


class Tour:
    """The steps, in the order in which they are shown."""

    def __init__(self, province: SampleProvince) -> None:
        self._province = province
        self._issuer = province.plan.issuer
        self._urls = {name: f"http://localhost:{port}/" for name, port in province.plan.ports.items()}
        self._leader = Browser()
        self._step = 0

    def walk(self) -> None:
        """Go through all steps.

        Raises:
            TourError: the first that does not hold.
        """
        first, second = APPLICATIONS
        officer = Browser()
        page = officer.open(self._urls[first])
        self._hold(page.url.startswith(self._issuer) and page.form_with("password") is not None,
                   f'An officer opens "{APPLICATIONS[first]}" and is asked to sign in: {page.heading}', page)
        page = self._sign_in(officer, page, "canbo")
        self._hold(page.url == self._urls[first] and "name" in page.marked,
                   f'… signs in as canbo and is in it: {page.marked.get("name")}, {page.marked.get("title")}, '
                   f'{page.marked.get("unit")}', page)
        page = officer.open(self._urls[second])
        self._hold(page.url == self._urls[second] and "name" in page.marked,
                   f'… opens "{APPLICATIONS[second]}" and is in it without a password: {page.marked.get("name")}', page)
        page = officer.open(f"{self._issuer}/")
        self._hold(all(name in page.text for name in APPLICATIONS.values()),
                   "… sees both in the portal", page)
        self._sign_out(officer, first, second)
        self._two_factors()
        self._document()
        self._audit()

    def _sign_in(self, browser: Browser, page: Page, uid: str) -> Page:
        form = page.form_with("password")
        assert form is not None
        return self._read_notice(browser, browser.submit(page, form, {"username": uid, "password": SampleDirectory.password}))

    def _read_notice(self, browser: Browser, page: Page) -> Page:
        """Read the notice about personal data, where this deployment has one and the officer has not."""
        form = page.form_with("version")
        if form is None:
            return page
        self._hold("answer" in dict(form.buttons), f"… reads the notice about personal data, once: {page.heading}", page)
        return browser.submit(page, form, {"answer": "accept"})

    def _sign_out(self, officer: Browser, first: str, second: str) -> None:
        page = officer.open(self._urls[second])
        form = page.form_with("form_token")
        assert form is not None
        page = officer.submit(page, form)
        began = time.monotonic()
        self._hold(page.url.partition("?")[0] == f"{self._urls[second]}logged-out",
                   f'… signs out in "{APPLICATIONS[second]}": {page.heading}', page)
        while officer.first_answer(self._urls[first]) == 200 and time.monotonic() - began < TOLD_WITHIN_SECONDS:
            time.sleep(0.05)
        took = time.monotonic() - began
        page = officer.open(self._urls[first])
        self._hold(took < TOLD_WITHIN_SECONDS and page.form_with("password") is not None,
                   f'… and "{APPLICATIONS[first]}", which was told, lets nobody in any more after {took:.1f} s', page)

    def _two_factors(self) -> None:
        leader = self._leader
        page = leader.open(self._urls["qlvb"])
        page = self._sign_in(leader, page, "lanhdao")
        form = page.form_with("otp")
        self._hold(form is not None, f"A leader gives the password and is asked for a one-time code: {page.heading}", page)
        assert form is not None
        page = self._read_notice(leader, leader.submit(page, form, {"otp": pyotp.TOTP(TOTP_SEEDS["lanhdao"]).now()}))
        self._hold(page.marked.get("acr", "").endswith(":2"),
                   f'… gives it and is in: {page.marked.get("name")}, {page.marked.get("acr")}', page)

    def _document(self) -> None:
        clerk = Browser()
        page = self._sign_in(clerk, clerk.open(self._urls["qlvb"]), "vanthu")
        self._hold("name" in page.marked, f'A records clerk, who keeps the seal, signs in: {page.marked.get("name")}', page)
        numbers = {uid: number for uid, number, _, _ in SIMS}
        tour = DocumentTour(self._urls["qlvb"], f"http://localhost:{self._province.plan.mssp_port}/", self._province.plan.folder,
                            self._hold)
        file = tour.walk(self._leader, numbers["lanhdao"], clerk, numbers["vanthu"])
        listed = self._leader.json(f"{self._issuer}/.well-known/trust-services")["ca_certificates"]
        known = [Certificate.load(clerk.fetch(address)) for address in listed]
        tour.verify(file, [one for one in known if one.self_signed != "no"])

    def _audit(self) -> None:
        command = [str(Path(sys.executable).parent / "flask"), "--app", "wsgi", "audit", "verify"]
        environment = self._province.environment()
        for _ in range(20):  # the worker seals once in a while
            result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            if result.returncode == 0:
                break
            time.sleep(0.5)
        said = (result.stdout or result.stderr).strip().splitlines()
        self._hold(result.returncode == 0, f"The record of all this is sealed and unbroken: {said[-1] if said else ''}", None)

    def _hold(self, true: bool, what: str, page: Page | None) -> None:
        self._step += 1
        if not true:
            seen = "" if page is None else f"\n   seen instead: {page.status} {page.url}: {page.heading or page.text[:300]}"
            raise TourError(f"{self._step}. DOES NOT HOLD: {what}{seen}")
        print(f"{self._step}. {what}", flush=True)


def main() -> int:
    """Walk the tour; 0 when every step holds."""
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    folder = ROOT / "var" / "demo"
    for left in folder.glob("idp.sqlite3*"):  # a new record for every tour; the directory is kept, it takes the longest
        left.unlink()
    port, _, _, ldap_port, _, mssp_port, _ = free_ports(7)
    plan = Plan(folder=folder, keys=folder / "keys", port=port, ldap_port=ldap_port, mssp_port=mssp_port, workers=1,
                settings={"personal_data_notice_file": str(NOTICE)})
    province = SampleProvince(plan, say=lambda line: print(f"==> {line}", flush=True))
    try:
        began = time.monotonic()
        province.start()
        print(f"==> Running at {province.plan.issuer} after {time.monotonic() - began:.0f} s; the tour begins\n", flush=True)
        Tour(province).walk()
        print("\nEvery step holds. Everything is stopped.", flush=True)
    except (StartError, TourError) as err:
        print(f"\n{err}" + (f"\n  What to do: {err.remedy}" if isinstance(err, StartError) else f"\nLogs: {folder / 'log'}"),
              file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 1
    finally:
        province.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
