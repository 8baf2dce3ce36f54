"""Enrols the signing SIMs of the sample province at the first start, by the same steps and people as everybody else's.

``python -m deploy.sample_signers --phones http://localhost:8090``: an authority of the province's own is founded where there is
none; the leader gets a SIM, the records clerk one with the agency's seal. Codes are read from the simulated phones, and the
phones accept the first signatures. Whatever has been done by an earlier start is not done again.
Then the campaigns are begun (``sample_campaigns``), and the acting deputy is named (``sample_deputies``).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from deploy import sample_campaigns, sample_deputies, sample_sims

SIGNERS: Final = (("lanhdao", False), ("vanthu", True))
"""uid, and whether the SIM signs with the agency's seal."""
APPROVERS: Final = ("quantri", "pheduyet")
SECONDS: Final = 120


def main() -> int:
    """Enrol them; 0 when all have a SIM that signs and the campaigns are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", required=True, help="Where the simulated phones are")
    phones = parser.parse_args().phones

    from idp.app.wiring import build_services
    from idp.audit import Caller
    from idp.settings import load

    house = build_services(load())
    _found(house)
    if house.certificate_protocols.time_stamps.signer() is None:
        house.certificate_protocols.time_stamps.make_signer(Caller("sample", "sample"))
    for uid, seal in SIGNERS:
        _enrol(house, phones, uid, seal=seal)
    sample_campaigns.begin(house, _until)
    sample_deputies.name(house, partial(_officer, house), _until)
    return 0


def _found(house: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    from idp.adapters.key_files import write_once
    from idp.audit import Caller

    if any(one.kind == "issuing" for one in house.certification.authorities()):
        return
    # As ``ca init`` does it; an operator would take this file off the machine now. ``make clean`` leaves it.
    file, new = house.settings.keys_dir / "root.pem", ec.generate_private_key(ec.SECP384R1())
    write_once(file, new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    # ``make clean`` leaves the keys of authorities too, which the new database does not know: the next one has another name.
    taken = {one.stem for one in (house.settings.keys_dir / "ca").glob("*.pem")}
    name = next(name for name in ("pilot", *(f"pilot{number}" for number in range(2, 1000))) if name not in taken)
    house.certification.found(name, Caller("sample", "sample"), root_key=load_pem_private_key(file.read_bytes(), None))
    house.ocsp.renew_due(Caller("sample", "sample"))  # the worker's next look is minutes away


def _enrol(house: Any, phones: str, uid: str, *, seal: bool) -> None:
    from idp.audit import Caller
    from idp.pki.enrollment.moves import Actor
    from idp.roles import Administrator, Role
    from idp.signing.sims.sim import LIVE, State

    caller, rooms = Caller("sample", "sample"), house.mobile_signatures.sims
    number, carrier = next((number, carrier) for name, number, _, carrier in sample_sims.SIMS if name == uid)
    holder = _officer(house, uid)
    desks = [Actor(sub, Administrator(role=Role.PROVINCE, client_id="sample", sub=sub))
             for sub in (_officer(house, name) for name in APPROVERS)]
    sim = next((one for one in rooms.store.of_number(number) if one.state in LIVE), None)
    if sim is None:
        # A seal is asked for by an administrator: by one who is none of the two that approve it.
        asker = Actor(_officer(house, "quantri.coquan"), Administrator(
            role=Role.PROVINCE, client_id="sample", sub=_officer(house, "quantri.coquan"))) if seal else Actor(holder)
        sim = rooms.ask(asker, holder, f"0{number[2:]}", sample_sims.CARRIERS[carrier], caller, seal=seal)
    if sim.state is State.REQUESTED:
        text = _call(f"{phones}/api/phones/{number}")["messages"][0]["text"]
        sim = rooms.verify(holder, sim.sim_id, "".join(sign for sign in text if sign.isdigit()), caller)
    for state, desk in ((State.NUMBER_VERIFIED, desks[0]), (State.AGENCY_APPROVED, desks[1])):
        if sim.state is state:
            sim = rooms.approve(desk, sim.sim_id, caller, owner_match=True)
    if sim.state is State.APPROVED:
        sim = rooms.give_card(desks[1], sim.sim_id, sample_sims.card_of(number), caller)
    sim = _until(lambda: rooms.advance(rooms.store.find(sim.sim_id), caller), lambda one: one.state is not State.CARD_GIVEN)
    if sim.state is State.BOUND:
        sim = rooms.test(holder, sim.sim_id, caller)
        _until(lambda: _accepts(phones, number), bool)
        sim = _until(lambda: rooms.advance(rooms.store.find(sim.sim_id), caller), lambda one: one.state is not State.BOUND)
    if sim.state is not State.ACTIVE:
        raise SystemExit(f"The SIM of {uid} is {sim.state.value}: {sim.reason}")


def _officer(house: Any, uid: str) -> str:
    """Give an officer's subject, once the worker has mirrored the directory."""
    return str(_until(lambda: house.mirror.by_uid(uid), lambda one: one is not None).sub)


def _accepts(phones: str, number: str) -> bool:
    """Type the PIN on a phone that shows something."""
    phone = _call(f"{phones}/api/phones/{number}")
    if not phone.get("shows"):
        return any(one["state"] == "signed" for one in phone["transactions"])
    _call(f"{phones}/api/phones/{number}", {"act": "accept", "pin": sample_sims.PIN})
    return True


def _call(url: str, body: dict[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def _until(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + SECONDS
    while not good(found := look()):
        if time.monotonic() > end:
            raise SystemExit(f"The sample SIMs and campaigns were not there within {SECONDS} s.")
        time.sleep(0.2)
    return found


if __name__ == "__main__":
    sys.exit(main())
