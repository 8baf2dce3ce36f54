"""Whose phone has a signing SIM in the sample province: what the simulated carriers are told at their first start.

Numbers are those of the sample directory, from a block that no carrier holds; carriers are invented. Each kind of key that SIMs
have is there, and a number whose SIM was exchanged once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PIN, PUK = "1234", "12345678"
SIMS = (
    ("canbo", "84990000001", "p-256", 1), ("vanthu", "84990000002", "rsa-3072", 0), ("lanhdao", "84990000003", "rsa-2048", 0),
    ("quantri.coquan", "84990000004", "rsa-2048-pss", 1), ("quantri", "84990000005", "p-256", 0),
    ("pheduyet", "84990000006", "p-256", 1), ("haisim", "84990000901", "p-256", 0), ("haisim", "84990000902", "rsa-2048", 1),
)
"""uid, number, kind of key, carrier."""
CARRIERS = ("Mạng mẫu Một", "Mạng mẫu Hai")
MSSP_ID, PROFILE = "http://localhost/mobile-signature", "http://alauda.mobi/nonRepudiation"
LOGIN_PROFILE, LOGIN_KEY = "http://alauda.mobi/digitalSignature", "p-256"
WITHOUT_LOGIN = {"84990000006"}
"""Numbers whose SIM has one key only, as older cards have: it signs and does not sign in."""
HANDED_OVER = {"password_file": "application.password", "client_certificate": "client.pem", "client_key": "client.key",
               "authority": "service-authority.pem"}
"""Files that the service makes for its one client."""
EXCHANGED = {"84990000902": "p-256"}
"""Numbers that had another SIM before, with the kind of its key."""


def described(names: dict[str, str]) -> list[dict[str, Any]]:
    """Describe the phones.

    Args:
        names: Of the officers, by uid; shown beside their phones.
    """
    found = []
    for uid, number, kind, carrier in SIMS:
        cards = [{"iccid": _iccid(number, carrier, 2), "key": kind}]
        if number not in WITHOUT_LOGIN:
            cards[0]["login_key"] = LOGIN_KEY
        if number in EXCHANGED:
            cards.insert(0, {"iccid": _iccid(number, carrier, 1), "key": EXCHANGED[number]})
        found.append({"msisdn": number, "carrier": CARRIERS[carrier], "holder": names.get(uid, uid), "pin": PIN, "puk": PUK,
                      "cards": cards})
    return found


def card_of(number: str) -> str:
    """Give the number of the card that is in a phone now."""
    return next(str(phone["cards"][-1]["iccid"]) for phone in described({}) if phone["msisdn"] == number)


def carriers(folder: Path, port: int) -> str:
    """Give the file of carriers (``IDP_MSSP_FILE``) for the simulated service on a port; ``folder`` holds what it hands over."""
    lines = ["# Written by every start of the sample province.", "[rules]", "first_seconds = 2", "again_seconds = 2"]
    for name in CARRIERS:
        lines += [f'[carriers."{name}"]', f'url = "https://127.0.0.1:{port + 1}/soap/services"', 'ap_id = "http://localhost/province"',
                  f'mssp_id = "{MSSP_ID}"', f'profile = "{PROFILE}"', f'authentication_profile = "{LOGIN_PROFILE}"',
                  f'short_messages = "http://127.0.0.1:{port}/api/messages"',
                  *(f"{member} = {json.dumps(str(folder / file))}" for member, file in HANDED_OVER.items())]
    return "\n".join([*lines, ""])


def write(path: Path, names: dict[str, str]) -> None:
    """Write the description to a file, for its owner alone: it holds PINs."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps({"phones": described(names)}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _iccid(number: str, carrier: int, place: int) -> str:
    """Make the number of a card: 89, Viet Nam, a carrier that there is not, the subscriber's last digits (ITU-T E.118)."""
    digits = f"898499{carrier}{place}{int(number[2:]):010}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"
