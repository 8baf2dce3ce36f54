"""Campaigns are wired: the room, its stores, and what administrators call."""

from __future__ import annotations

from dataclasses import dataclass

from ..adapters.sheets import SheetFiles
from ..adapters.sql.database import Database
from ..adapters.sql.directory.units import SqlUnits
from ..adapters.sql.rollout.campaigns import SqlCampaigns
from ..adapters.sql.rollout.facts import SqlObserver
from ..adapters.sql.rollout.records import SqlCandidates, SqlRecords
from ..administration.rollout.campaigns import RolloutAdministration
from ..administration.rollout.reports import RolloutReports
from ..clock import Clock
from ..oauth.client import ClientRegistry
from ..pki.enrollment.working_days import WorkingDays
from ..rollout.campaigns import Campaigns
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class RolloutRooms:
    """What is built here.

    Attributes:
        campaigns: For the worker.
        administration: For administrators; so ``reports``.
    """

    campaigns: Campaigns
    administration: RolloutAdministration
    reports: RolloutReports


def rollout_rooms(settings: Settings, database: Database, clients: ClientRegistry, calendar: WorkingDays,
                  clock: Clock) -> RolloutRooms:
    """Build them."""
    units = SqlUnits(database)
    campaigns = Campaigns(SqlCampaigns(database), SqlCandidates(database, clients.all, clock), units, SqlObserver(database),
                          clock)
    administration = RolloutAdministration(campaigns, SqlRecords(database), clock)
    return RolloutRooms(campaigns, administration,
                        RolloutReports(administration, units, SheetFiles(), calendar, settings.province_name))
