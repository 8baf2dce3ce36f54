"""The part of the tour in which a document is signed by phone: the leader first, the agency's seal second.

The phones of the simulator answer through its JSON door. Two programs look at the file in the end, poppler and pyHanko; pyHanko
asks the provider how the certificates stand.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from .browser import Browser, Page
from .sample_sims import PIN

SECONDS = 90
"""For one signature, on a machine that has much to do."""
NUMBER, TITLE = "57/STTTT-CNTT", "V/v rà soát danh sách cán bộ được cấp SIM ký số"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Hold = Callable[[bool, str, Page | None], None]
"""Prints a step that holds; raises for one that does not (with the page that was seen instead)."""


class DocumentTour:
    """One document, from upload to seal.

    Args:
        application: Address of the document management system, with the slash at its end.
        phones: Address of the simulated phones, with the slash at its end.
        folder: Where the signed file is left.
        hold: See there.
    """

    def __init__(self, application: str, phones: str, folder: Path, hold: Hold) -> None:
        self._application, self._phones, self._folder, self._hold = application, phones, folder, hold

    def walk(self, leader: Browser, leader_phone: str, clerk: Browser, clerk_phone: str) -> Path:
        """Go through all steps; both officers are signed in.

        Returns:
            The signed file.
        """
        page = self._upload(leader)
        address = page.url
        page = self._sign(leader, page, leader_phone, "The leader")
        self._hold(page.document.get("state") == "Chờ văn thư đóng dấu",
                   f"… and the leader's signature is in the file; now: {page.document.get('state')}", page)
        page = self._sign(clerk, clerk.open(address), clerk_phone, "The clerk who keeps the agency's seal")
        self._hold(page.document.get("state") == "Đã ký xong" and page.text.count('data-holds="yes"') == 2,
                   "… and both signatures hold, says the page", page)
        file = self._folder / "signed.pdf"
        file.write_bytes(clerk.fetch(f"{address}/file.pdf"))
        return file

    def verify(self, file: Path, roots: list[Certificate]) -> None:
        """Have two other programs look at the file.

        Args:
            file: Signed twice.
            roots: Whom they believe.
        """
        said = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
        names = re.findall(r"Signer Certificate Common Name: (.*)", said)
        self._hold(said.count("Signature is Valid.") == len(names) == 2,
                   f"pdfsig finds both signatures valid: {', '.join(names)}", None)
        context = ValidationContext(trust_roots=roots, allow_fetching=True, revocation_mode="hard-fail")
        reader = PdfFileReader(BytesIO(file.read_bytes()))
        found = [validate_pdf_signature(one, context) for one in reader.embedded_regular_signatures]
        stamped = [one for one in found if one.timestamp_validity is not None and one.timestamp_validity.trusted]
        self._hold(len(found) == len(stamped) == 2 and all(one.bottom_line for one in found),
                   "pyHanko, which asks how the certificates stand, finds both valid, time-stamped, nothing else changed", None)

    def _upload(self, leader: Browser) -> Page:
        document = leader.fetch(f"{self._application}sample.pdf")
        page = leader.open(self._application)
        form = page.form_with("number")
        self._hold(form is not None and document.startswith(b"%PDF"), "The leader has a document that is to be signed", page)
        assert form is not None
        page = leader.submit(page, form, {"kind": "issued", "copy_form": "SAO Y", "number": NUMBER, "title": TITLE},
                             files={"file": ("van-ban.pdf", document, "application/pdf")})
        state = page.document.get("state")
        self._hold(state == "Chờ lãnh đạo ký", f"… uploads it: {page.heading}, {state}", page)
        return page

    def _sign(self, officer: Browser, page: Page, phone: str, who: str) -> Page:
        """Have one signature made, and give the page that tells what came of it."""
        address, form = page.url, page.form_with("form_token")
        self._hold(form is not None, f"{who} opens it: {page.document.get('state')}", page)
        assert form is not None
        role = re.findall(r'name="role" value="([a-z]+)"', page.text)
        page = officer.submit(page, form, {"role": role[0] if role else ""})
        page = self._until(officer, address, lambda seen: "code" in seen.document or "problem" in seen.document)
        code = page.document.get("code", "")
        self._hold(bool(code), f"… has it signed by phone; the page shows {code}", page)
        shown = self._shown(phone)
        self._hold(shown["code"] == code and shown["text"].endswith(code), f"… the phone shows: {shown['text']}", None)
        self._phone(phone, {"act": "accept", "pin": PIN})
        return self._until(officer, address, lambda seen: "code" not in seen.document)

    def _until(self, officer: Browser, address: str, there: Callable[[Page], bool]) -> Page:
        ends = time.monotonic() + SECONDS
        while not there(page := officer.open(address)) and time.monotonic() < ends:
            time.sleep(0.3)
        return page

    def _shown(self, phone: str) -> dict[str, str]:
        """Wait for what a phone shows."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            with _OPENER.open(f"{self._phones}api/phones/{phone}", timeout=20) as answer:
                shown = json.load(answer).get("shows")
            if shown:
                return dict(shown)
            time.sleep(0.3)
        return {"code": "", "text": ""}

    def _phone(self, phone: str, act: dict[str, str]) -> None:
        request = urllib.request.Request(f"{self._phones}api/phones/{phone}", data=json.dumps(act).encode(),
                                         headers={"Content-Type": "application/json"})
        with _OPENER.open(request, timeout=20):
            pass
