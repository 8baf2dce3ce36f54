"""A province of a few people whom a test knows by number."""

from __future__ import annotations

import dataclasses
from typing import Any

from idp.adapters.sql.database import Database
from idp.rollout.campaign import Campaign, standings
from idp.rollout.coverage import Coverage

from .world import GROUP, Province


class Town(Province):
    """A province of a few people whom a test knows by number."""

    def __init__(self, database: Database, people: int = 4) -> None:
        super().__init__(database, people)
        for one in self.people:
            self._note(one, disabled=False, guest="", groups=(GROUP,),
                       posts=(dataclasses.replace(one.officer.main_post, unit_code="H30.1", title="Chuyên viên"),))

    def note(self, number: int, **facts: Any) -> None:
        self._note(self.people[number], **facts)

    def moved(self, number: int, unit: str) -> None:
        self.note(number, posts=(dataclasses.replace(self.people[number].officer.main_post, unit_code=unit),))

    def hours(self, many: int) -> None:
        self.clock.advance(many * 3600)

    def acts(self, campaign: Campaign, number: int) -> list[tuple[str, str]]:
        found = self.store.members(campaign.campaign_id, before=self.clock.now() + 1)
        return [(one.act.value, one.reason) for one in found if one.subject == self.people[number].sub]

    def now(self, campaign: Campaign) -> Coverage:
        known = self.store.find(campaign.campaign_id)
        assert known is not None
        return self.coverage(known, self.today)

    def place(self, campaign: Campaign, number: int) -> Any:
        return standings(self.store.members(campaign.campaign_id, before=self.clock.now() + 1))[self.people[number].sub]
