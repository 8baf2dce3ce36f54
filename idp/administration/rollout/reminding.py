"""The people of an agency who are missing in a campaign are reminded at once, because an administrator asks for it.

Whom a reminder reaches is the rule of those by the calendar (``rollout.reminders``): officers of their own step, administrators
of what is the agency's. Nobody is told twice a day, whoever asks. Who looks after a part of an agency has that part reminded, and
tells no administrator of more than that; nobody reminds themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...audit import Caller
from ...errors import RefusedError
from ...roles import Administrator, Right
from ...rollout.campaign import Campaign
from ...rollout.reminders import AgencyAdministrators, Reminders
from ...rollout.roll import Roll
from .campaigns import RolloutAdministration

MOST_AT_ONCE: Final = 200
"""Officers whom one request reminds; each is an act of its own."""


class CampaignReminding:
    """Has people reminded.

    Args:
        rollout: Shows campaigns.
        reminders: Reminds.
        administrators: Who looks after agencies.
    """

    def __init__(self, rollout: RolloutAdministration, reminders: Reminders, administrators: AgencyAdministrators) -> None:
        self._rollout, self._reminders, self._administrators = rollout, reminders, administrators

    @staticmethod
    def may(who: Administrator, campaign: Campaign) -> bool:
        """Tell whether somebody may have people of a campaign reminded."""
        return who.may(Right.CHANGE) and campaign.closed_at is None

    def keepers(self, who: Administrator) -> Mapping[str, Sequence[str]]:
        """Give the subjects of the administrators whom somebody oversees, by the code of their agency."""
        found: dict[str, list[str]] = {}
        for one in self._administrators.all():
            if who.oversees(one.unit):
                found.setdefault(one.unit, []).append(one.sub)
        return found

    def due(self, who: Administrator, campaign_id: str, agency: str) -> dict[str, Any]:
        """Give whom a reminder would reach: ``name`` of the agency, ``officers`` (a number), ``administrators`` (subject, cases).

        Raises:
            ForbiddenError: no right to it.
            RefusedError: 404 ``unknown_campaign``, ``unknown_agency`` (nobody of theirs counts there); 409 ``closed``.
        """
        campaign, name, people = self._found(who, campaign_id, agency)
        due = self._reminders.due(campaign, people, _may_tell(who))
        return {"name": name, "officers": len(due.officers), "already": due.already,
                "administrators": [{"sub": one.sub, "cases": cases} for one, cases in due.administrators]}

    def remind(self, who: Administrator, campaign_id: str, body: Mapping[str, Any], caller: Caller) -> dict[str, int]:
        """Remind them, and give how many were: ``officers``, ``administrators``, and ``left``, whom another request reminds.

        Args:
            who: An administrator of the province or of an agency, or a program that may change.
            campaign_id: The campaign.
            body: ``agency``: the code that the figures of the campaign have.
            caller: Who asks.

        Raises:
            ForbiddenError: as ``due``; so RefusedError.
            RefusedError: 409 ``already_done`` (all were told today), ``nobody_to_remind`` (others have to act); 422.
        """
        agency = body.get("agency")
        if body.keys() != {"agency"} or not isinstance(agency, str) or not 0 < len(agency) <= 64:
            raise RefusedError("The body holds agency: the code of one in the campaign.", code="invalid_body", status=422)
        campaign, _, people = self._found(who, campaign_id, agency)
        done = self._reminders.remind_now(campaign, people, _may_tell(who), caller, most=MOST_AT_ONCE)
        if not done.officers and not done.administrators:
            if self._reminders.due(campaign, people, _may_tell(who)).already:
                raise RefusedError("All of them were reminded today.", code="already_done", status=409)
            raise RefusedError("Nobody here can take the next step.", code="nobody_to_remind", status=409)
        return {"officers": done.officers, "administrators": done.administrators, "left": done.left}

    def _found(self, who: Administrator, campaign_id: str, agency: str) -> tuple[Campaign, str, Roll]:
        who.demand(Right.CHANGE)
        campaign = self._rollout.seen(who, campaign_id)
        if campaign.closed_at is not None:
            raise RefusedError("This campaign is closed.", code="closed", status=409)
        coverage = self._rollout.coverage(who, campaign_id)
        if agency not in coverage.last.agencies:
            raise RefusedError("Nobody of yours counts in this agency.", code="unknown_agency", status=404)
        return campaign, coverage.names.get(agency) or agency, coverage.missing.of_agency(agency)


def _may_tell(who: Administrator) -> Callable[[Administrator], bool]:
    return lambda one: who.oversees(one.unit) and one.sub not in who.persons
