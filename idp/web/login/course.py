"""The course of one sign-in: what was proven in it, what is missing, and where it goes when nothing is."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flask import Response

from ...authn.assurance import PASSWORD, PWD, REMEMBERED, TWO_FACTORS, level_reached, missing, own_level
from ...directory.mirror import MirroredOfficer
from ...oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ...oauth.client import Client
from ...oauth.requests.fresh_sign_in import asks_afresh
from ...oidc.claims_request import acr_asked
from ...oidc.prompts import Prompt, hint_agrees
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ..onward import Onward, address_of, see_other
from ..security import caller, change_session, device_cookie, session_cookie, with_device, with_session
from .remembered import keep_remembered, remembered_cookie


class Course:
    """What the pages of a sign-in have in common.

    Args:
        services: Wired rooms.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.onward = Onward(services)

    def take_language(self, interaction: Interaction) -> None:
        """Speak as the application asked."""
        if interaction.kind == "authorize":
            self.onward.take_language(AuthorizationRequest.from_json(interaction.request), interaction.id)

    def proven(self, interaction: Interaction) -> MirroredOfficer | None:
        """Give the officer whose password was right here just now."""
        entry_uuid = self._services.interactions.proven_officer(interaction)
        officer = self._services.mirror.by_entry_uuid(entry_uuid) if entry_uuid else None
        return officer if officer is not None and officer.status == "active" else None

    def client(self, interaction: Interaction) -> Client | None:
        """Give the application that the officer is on the way to; None for our own pages."""
        return self._services.clients.find(interaction.client_id) if interaction.client_id else None

    def missing(self, interaction: Interaction, officer: MirroredOfficer, amr: tuple[str, ...]) -> tuple[str, ...]:
        """Name the factors that are to be proven after these."""
        return missing(level_reached(amr), self.required(interaction, officer, amr))

    def required(self, interaction: Interaction, officer: MirroredOfficer, amr: Collection[str] = ()) -> int:
        """Give the level that this sign-in has to reach. One that nobody can reach is refused by ``oidc.prompts`` later.

        Args:
            interaction: The sign-in.
            officer: Whose.
            amr: What lets the officer in: a mark among it may spare something (``AssurancePolicy.spares``).
        """
        now = self._services.clock.now()
        if interaction.kind == "authorize":
            asked, client = AuthorizationRequest.from_json(interaction.request), self.client(interaction)
            wish, _ = acr_asked(asked)
            level = self.onward.required_level(officer, client, wish, spared=client is not None and (
                self._services.assurance.spares(amr, now, sub=officer.sub, afresh=asks_afresh(asked, client))))
        else:
            level = self._level_of_page(interaction, officer, amr)
        return min(level, self._services.assurance.highest)

    def may_remember(self, interaction: Interaction, officer: MirroredOfficer) -> bool:
        """Tell whether a remembered device would spare this officer the second factor on the way to where they are going."""
        return bool(self._services.remembered_devices.days) and self.required(interaction, officer) == TWO_FACTORS and (
            self.required(interaction, officer, (REMEMBERED,)) == PASSWORD)

    def recalled(self, interaction: Interaction, officer: MirroredOfficer) -> tuple[str, ...]:
        """Give what counts as proven after a right password: with a remembered device that spares the second factor, its mark.

        Who has no second factor, or whose are frozen, is not spared it: both are told so on its page.
        """
        factors, entry_uuid = self._services.second_factors, officer.officer.entry_uuid
        if not self.may_remember(interaction, officer) or factors.within_reach(entry_uuid) < TWO_FACTORS:
            return (PWD,)
        kept = self._services.remembered_devices.recall(
            officer.sub, device_cookie(self._services), remembered_cookie(self._services), caller())
        keep_remembered(self._services, kept)
        return (PWD, REMEMBERED) if kept is not None else (PWD,)

    def prompt(self, interaction: Interaction, signed_in: tuple[Session, MirroredOfficer]) -> Prompt:
        """Tell what a signed-in officer is asked next."""
        client = self.client(interaction)
        if interaction.kind != "authorize" or client is None:
            session, officer = signed_in
            if interaction.fresh and not self._services.freshness.recent(session.auth_time):
                return Prompt.LOGIN
            level = self._level_of_page(interaction, officer, session.amr)
            reached = own_level(session.acr, session.amr) if interaction.fresh else session.acr
            return Prompt.STEP_UP if reached < level else Prompt.DONE
        try:
            return self.onward.prompt(AuthorizationRequest.from_json(interaction.request), client, interaction, signed_in)
        except AuthorizationError:
            return Prompt.DONE  # Onward.proceed asks again and tells the application.

    def expected(self, interaction: Interaction, signed_in: tuple[Session, MirroredOfficer]) -> MirroredOfficer | None:
        """Give the officer who is asked to sign in again; None when the application expects somebody else."""
        client = self.client(interaction)
        if client is None or interaction.kind != "authorize":
            return signed_in[1]
        asked = AuthorizationRequest.from_json(interaction.request)
        return signed_in[1] if hint_agrees(asked, self._services.subjects.of(client, signed_in[0].sub)) else None

    def complete(self, interaction: Interaction, officer: MirroredOfficer, amr: tuple[str, ...], *,
                 remember: bool = False, last: Callable[[str], Response] | None = None,
                 until: int | None = None) -> Response:
        """Open the session, now that everything asked was proven, and go where the officer was going.

        Args:
            interaction: The sign-in.
            officer: Who signed in.
            amr: What was proven.
            remember: The officer does not want to be asked for the second factor here again for a while, and may.
            last: Makes a page that is shown before, from the address that it is to lead to.
            until: When the session ends at the latest; None for no such end.
        """
        cookie, session = self._services.sessions.open(
            officer.sub, acr=level_reached(amr), amr=amr, caller=caller(), cookie=session_cookie(self._services),
            client_id=interaction.client_id, until=until)
        change_session(session)
        device = self._services.known_devices.signed_in(session, device_cookie(self._services), caller())
        if remember:
            keep_remembered(self._services, self._services.remembered_devices.keep(session, device, caller()))
        self._services.mirror.signed_in(officer.sub, now=self._services.clock.now())
        noted = self._services.interactions.authenticated(interaction, session.sid, amr)
        if noted is None:
            answer = self.onward.lead_on(interaction.client_id)
        else:
            ends = noted.grace_left == 0 or (noted.password_expires_at is not None
                                             and self._services.password_notices.due(officer.officer.entry_uuid))
            if last is not None:
                answer = last(address_of("login.expiring" if ends else "login.ask", noted))
            else:
                answer = see_other(address_of("login.expiring", noted)) if ends else self.arrive(noted)
        return with_device(with_session(answer, self._services, cookie), self._services, device)

    def arrive(self, interaction: Interaction) -> Response:
        """Go where the officer was going."""
        if interaction.kind == "authorize":
            return self.onward.proceed(interaction)
        self._services.interactions.finish(interaction)
        return see_other(interaction.return_to)

    def _level_of_page(self, interaction: Interaction, officer: MirroredOfficer, amr: Collection[str]) -> int:
        """Give the level that a page of ours asks for: a fresh one the highest that the officer can reach."""
        level = self.onward.required_level(officer, None, (), spared=self._services.assurance.spares(
            amr, self._services.clock.now(), sub=officer.sub, afresh=interaction.fresh))
        return max(level, self._services.freshness.level(officer.officer.entry_uuid)) if interaction.fresh else level
