"""A recovery code, typed from paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext, ngettext

from ....authn.recovery_codes import RecoveryCodes
from ....authn.second_factor import Standing
from ....directory.mirror import MirroredOfficer
from ....sessions.interaction import Interaction


class RecoveryForm:
    """Ten signs, however they are written."""

    factor: Final = RecoveryCodes.name
    field: Final = "recovery_code"
    template: Final = "login/factors/recovery.html"

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Give nothing: the field says it all."""
        return {}

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Pick the code."""
        return {"recovery_code": form.get("recovery_code", "")}

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Name the codes and how many are left."""
        left = next((standing.left or 0 for standing in standings if standing.factor == self.factor), 0)
        note = ngettext("Dùng khi không có điện thoại bên mình. Bạn còn %(num)d mã.",
                        "Dùng khi không có điện thoại bên mình. Bạn còn %(num)d mã.", left)
        return {"name": gettext("Mã khôi phục"), "note": note, "icon": "codes"}
