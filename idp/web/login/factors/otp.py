"""The code of an authenticator app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from ....authn.assurance import OTP
from ....authn.second_factor import Standing
from ....directory.mirror import MirroredOfficer
from ....sessions.interaction import Interaction


class OtpForm:
    """Six digits."""

    factor: Final = OTP
    field: Final = "otp"
    template: Final = "login/factors/otp.html"

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Give nothing: the field says it all."""
        return {}

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Pick the code."""
        return {"otp": form.get("otp", "")}

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Name the app."""
        return {"name": gettext("Mã 6 số"), "note": gettext("Mở ứng dụng tạo mã trên điện thoại của bạn"), "icon": "phone"}
