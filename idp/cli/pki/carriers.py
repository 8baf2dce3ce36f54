"""``flask doctor``: whether the carriers' mobile signature services are there and let us in, and what they say of many SIMs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from ...errors import UnavailableError
from ...services import Services
from ...signing.outcome import Outcome
from ...signing.sims.brake import REMEDY, sentence


def look(house: Services) -> Iterator[tuple[str, str, str]]:
    """Ask each carrier's service; gives state, what was found and the remedy. Nothing is said where there is none."""
    for name, service in house.mobile_signatures.carriers.items() if house.mobile_signatures is not None else ():
        try:
            said = service.handshake(f"h{secrets.token_hex(16)}")
        except UnavailableError as err:
            yield ("failed", f"the service of {name} does not answer: {err.debug}".rstrip(".") + ".",
                   "See its address, certificates and the network (docs/operations/mobile-signature.md).")
            continue
        if said.outcome is Outcome.ACCEPTED:
            yield "ok", f"the service of {name} answers.", ""
        else:
            yield ("failed", f"the service of {name} refuses us: {said.code} {said.message}".rstrip(".") + ".",
                   "Compare ap_id, mssp_id and the application password with what the carrier gave.")


def doubts(house: Services) -> Iterator[tuple[str, str, str]]:
    """Say whether SIMs are in doubt, likewise."""
    if house.mobile_signatures is None:
        return
    found = house.mobile_signatures.brake.open()
    yield from (("failed", sentence(one), REMEDY) for one in found)
    if not found:
        yield "ok", "no SIM is in doubt.", ""
