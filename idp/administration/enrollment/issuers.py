"""Who may issue what: the Government's authority, or one of the province's own, whose key is in a file or in a token.

Source: Decree 68/2024 (certificates for official use are the Government's; so are agencies' seals and signing SIMs, whose keys
are made by others), trust-services 0.3: what the province issues itself is for pilots, devices and services, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ...errors import RefusedError
from ...pki.authority.issuance import Issuance
from ...pki.authority.keys import IN_TOKEN
from ...pki.enrollment.record import DeviceKind, Enrollment, Kind

GOVERNMENT: Final = "government"
INTERNAL: Final = "internal"
AUTHORITIES: Final = (GOVERNMENT, INTERNAL)

Place = Literal["", "software", "pkcs11"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority to which requests may be sent.

    Attributes:
        authority: One of ``AUTHORITIES``.
        name: Of one of the province's own; empty for the Government's.
        place: Where its key is; empty for the Government's.
    """

    authority: str
    name: str = ""
    place: Place = ""


class Issuers:
    """Knows the authorities that issue.

    Args:
        issuance: The province's own.
    """

    def __init__(self, issuance: Issuance) -> None:
        self._issuance = issuance

    def all(self) -> Sequence[Issuer]:
        """Give them: the Government's first, then the province's own that issue, the newest first."""
        own = [one for one in self._issuance.authorities() if one.kind == "issuing" and one.retired_at is None]
        return [Issuer(GOVERNMENT), *(Issuer(INTERNAL, one.name, "pkcs11" if one.key.startswith(IN_TOKEN) else "software")
                                      for one in reversed(own))]

    def chosen(self, authority: str, name: str) -> Issuer:
        """Give the one that is meant; the newest of the province's own where none is named.

        Raises:
            RefusedError: 409 ``no_authority``: there is none of the province's own; 422 ``unknown_authority``: none of that name
                issues.
        """
        found = [one for one in self.all() if one.authority == authority]
        if not found:
            raise RefusedError("The province has no authority of its own yet (flask ca init).", code="no_authority", status=409)
        named = [one for one in found if name in ("", one.name)]
        if not named:
            raise RefusedError("No authority of this name issues.", code="unknown_authority", status=422)
        return named[0]


def unfit(enrollment: Enrollment, authority: str) -> str:
    """Say why an authority does not issue what is asked for; "" where it does.

    Returns:
        ``must_go_to_government``: seals, and keys in signing SIMs; ``no_key``: the request brings none, and
        none is made here but officers' own in software (``pki.enrollment.key_files``); ``pilot_only``: an officer's key in
        software.
    """
    if authority == GOVERNMENT:
        return "pilot_only" if enrollment.kind is Kind.PERSON and enrollment.device_kind is DeviceKind.SOFTWARE else ""
    if enrollment.kind is Kind.SEAL or enrollment.device_kind is DeviceKind.SIM:
        return "must_go_to_government"
    to_be_made = enrollment.kind is Kind.PERSON and enrollment.device_kind is DeviceKind.SOFTWARE
    return "" if enrollment.request or to_be_made else "no_key"
