"""A passkey after the password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from ....authn.passkeys import PASSKEY
from ....authn.second_factor import Standing
from ....directory.mirror import MirroredOfficer
from ....sessions.interaction import Interaction
from ...onward import address_of


class PasskeyForm:
    """What the browser answers."""

    factor: Final = PASSKEY
    field: Final = PASSKEY
    template: Final = "login/factors/passkey.html"

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Tell where the script asks what is to be proven."""
        return {"options_url": address_of("login.ask_second", interaction)}

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Pick the browser's answer; which interaction was asked is ours to say, not the form's."""
        return {"passkey": form.get(self.field, ""), "within": interaction.id}

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Name the way."""
        return {"name": gettext("Khóa truy cập"), "icon": "passkey",
                "note": gettext("Vân tay, khuôn mặt hoặc mã PIN của máy này")}
