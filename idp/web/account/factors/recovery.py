"""Recovery codes on the security page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext

from ....authn.recovery_codes import RecoveryCodes
from ....authn.second_factor import Standing


class RecoveryPart:
    """One set per officer; it has a panel of its own on the page, with its own way to a new set."""

    factor: Final = RecoveryCodes.name

    def words(self, standing: Standing) -> dict[str, str]:
        """Name the codes."""
        return {"name": gettext("Mã khôi phục"), "icon": "codes",
                "loss": gettext("Các mã đã in sẽ không còn dùng được để đăng nhập.")}

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Give nothing: the panel has it."""
        return None
