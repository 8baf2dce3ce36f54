"""Who may ask for a time-stamp: nobody, callers of named networks, or holders of an access token; and how often.

RFC 3161 leaves it open. A time-stamp tells nothing and costs a signature and a record, so it is not for everybody: by default
the service is off. ``networks`` is for machines that cannot show a token (loopback, and what ``IDP_TSA_NETWORKS`` names);
``token`` for applications with the scope ``time_stamp``. Counted per application and address (security checklist 27).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from ...errors import RefusedError

SCOPE: Final = "time_stamp"
Access = Literal["off", "networks", "token"]


class Admission:
    """The rule of a deployment.

    Args:
        access: Who may ask.
        networks: Addresses and networks besides loopback.
    """

    def __init__(self, access: Access, networks: Sequence[str] = ()) -> None:
        self.access = access
        self._networks = tuple(ip_network(text, strict=False) for text in networks)

    def check_address(self, source: str) -> None:
        """See that an address may ask. Raises RefusedError, 403 ``forbidden``."""
        try:
            address = ip_address(source)
        except ValueError:
            address = None
        if address is None or not (address.is_loopback or any(address in network for network in self._networks)):
            raise RefusedError("Time-stamps are given to named networks only.", code="forbidden", status=403)
