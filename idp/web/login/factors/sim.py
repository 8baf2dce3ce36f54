"""The signing SIM after the password: the phone is asked by a form, and the page shows what the phone shows.

Spec: security checklist 29 and 57. A look at the page asks no phone; it only goes on with what was asked. What the phone has
confirmed opens the sign-in by a form again, in the browser that asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from ....authn.mobile_id import BINDING, MobileId, binding_of
from ....authn.second_factor import FactorStep, Standing
from ....directory.mirror import MirroredOfficer
from ....errors import RefusedError, UnavailableError
from ....services import Services
from ....sessions.interaction import Interaction
from ....signing.ports import IN_DOUBT
from ....signing.transaction import OPEN, State, Transaction
from ...onward import address_of
from ...presentation import application_words, hidden_number
from ...security import browser_id, caller, device
from ...signature_words import FINAL, on_the_phone


class SimForm:
    """The phone, asked and waited for."""

    factor: Final = MobileId.name
    field: Final = MobileId.name
    template: Final = "login/factors/sim.html"

    def __init__(self, services: Services) -> None:
        self._services = services

    def context(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any]:
        """Tell what the phone shows, that it has confirmed, or why it has not."""
        one = self._asked(interaction, officer)
        sim = self._services.mobile_id.phones.sim(officer.sub) if self._services.mobile_id.phones is not None else None
        found: dict[str, Any] = {"phone": hidden_number(sim.msisdn) if sim is not None else ""}
        if sim is None and self._services.mobile_id.in_doubt(officer.sub):
            return {**found, **_why(IN_DOUBT)}
        if one is None or one.state is State.RELEASED:
            return found
        if one.state is State.READY:
            return {**found, "confirmed": True}
        if one.state in OPEN:
            return {**found, "waiting": self.waiting(interaction, officer),
                    "here": address_of("login.ask", interaction, way=self.factor),
                    "state_url": address_of("login.phone", interaction)}
        return {**found, **_why(one.outcome)}

    def waiting(self, interaction: Interaction, officer: MirroredOfficer) -> dict[str, Any] | None:
        """Tell the digits and the seconds that are left, while the phone is asked; None else."""
        one = self._asked(interaction, officer)
        if one is None or one.state not in OPEN:
            return None
        left = max(0, one.created_at + one.timeout_seconds - self._services.clock.now())
        return {"number": 1, "code": one.code, "left": left, "whole": one.timeout_seconds}

    def begin(self, interaction: Interaction, officer: MirroredOfficer, form: Mapping[str, str]) -> FactorStep | None:
        """Ask the phone where a form says so; None where it has confirmed, and there is something to be verified.

        Raises:
            RefusedError: the phone is not asked now.
            UnavailableError: the carrier or the database does not answer.
        """
        one = self._asked(interaction, officer)
        if one is not None and one.state is State.READY:
            return None
        if form.get(self.field) != "ask" or (one is not None and one.state in OPEN):
            return FactorStep("asked")
        app = application_words(self._services.clients.find(interaction.client_id) if interaction.client_id else None)
        words = str(app["name"]) if app is not None else self._services.settings.product_name
        binding = self._binding(interaction)
        return self._services.second_factors.begin(
            officer, self.factor, lambda: self._services.mobile_id.ask(officer, words, binding, caller()), caller(),
            client_id=interaction.client_id, device=device(self._services))

    def answer(self, interaction: Interaction, form: Mapping[str, str]) -> dict[str, str]:
        """Give which sign-in it has to be for, which is ours to say, not the form's."""
        return {BINDING: self._binding(interaction)}

    def words(self, standings: Sequence[Standing]) -> dict[str, str]:
        """Name the way."""
        return {"name": gettext("SIM ký số"), "note": gettext("Xác nhận trên điện thoại bằng mã PIN của SIM"), "icon": "sim"}

    def trouble(self, refused: RefusedError | UnavailableError) -> dict[str, Any]:
        """Say why the phone is not asked now."""
        busy = refused.code in {"sim_busy", "refused_too_often"} if isinstance(refused, RefusedError) else False
        word = ("away" if isinstance(refused, UnavailableError) else "busy" if busy else
                refused.code if refused.code == IN_DOUBT else "no_credential")
        return dict(_why(word)["error"])

    def _asked(self, interaction: Interaction, officer: MirroredOfficer) -> Transaction | None:
        return self._services.mobile_id.state(officer.sub, self._binding(interaction), caller())

    @staticmethod
    def _binding(interaction: Interaction) -> str:
        return binding_of(interaction.id, browser_id())


def _why(word: str) -> dict[str, Any]:
    said = on_the_phone().get(word) or gettext("Điện thoại chưa xác nhận được việc đăng nhập.")
    return {"error": {"code": word or "other", "why": said}, "again": word not in FINAL}
