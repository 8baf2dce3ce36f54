"""What is personal in a certificate request, for administrators: the end of a number for everybody, the whole for few.

Source: Law 91/2025 on personal data; trust-services D.9. Whoever reads an identity number whole is recorded before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...audit import AuditTrail, Caller
from ...pki.enrollment.desk import Desk
from ...pki.enrollment.moves import Actor
from ...roles import Administrator, ForbiddenError, Role
from ..people.reason import purpose_of


class PersonalData:
    """Opens what is sealed.

    Args:
        desk: Holds it.
        audit: Where readings are recorded.
    """

    def __init__(self, desk: Desk, audit: AuditTrail) -> None:
        self._desk, self._audit = desk, audit

    def masked(self, who: Administrator, enrollment_id: str, caller: Caller) -> str:
        """Give the identity number with its middle hidden; "" where none is known. Raises RefusedError (404)."""
        actor = Actor(who.sub, who)
        # Nobody learns the number from this, so it is no reading.
        values, _ = self._desk.personal(actor, self._desk.one(actor, enrollment_id)[0], why="masked", caller=caller)
        return hidden(values.get("identity_number", ""))

    def read(self, who: Administrator, enrollment_id: str, body: Mapping[str, Any], caller: Caller) -> Mapping[str, str]:
        """Give what is personal; the reading is recorded before, with what it is for, which the holder reads too.

        Args:
            who: The province's desk, or an auditor.
            enrollment_id: The request.
            body: ``purpose``, a line.
            caller: Who asks.

        Raises:
            RefusedError: 404; 422 ``bad_purpose``.
            ForbiddenError: neither the province's desk nor an auditor.
        """
        if who.role not in (Role.PROVINCE, Role.AUDITOR):
            raise ForbiddenError("The province's desk and auditors read identity numbers.")
        actor = Actor(who.sub, who)
        found, purpose = self._desk.one(actor, enrollment_id)[0], purpose_of(body)
        values, record = self._desk.personal(actor, found, why="console", caller=caller)
        self._audit.record(replace(record, detail={**record.detail, "purpose": purpose}))
        return values


def hidden(number: str) -> str:
    """Give an identity number as it may be shown: ``0930******01``."""
    return f"{number[:4]}{'*' * max(0, len(number) - 6)}{number[-2:]}" if len(number) > 6 else "*" * len(number)
