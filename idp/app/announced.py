"""What everybody is told is wired: announcements, the notice about personal data, and what is held about oneself."""

from __future__ import annotations

from ..adapters import notice_file
from ..adapters.sql.announcements import SqlAnnouncements
from ..adapters.sql.database import Database
from ..adapters.sql.own_data import SqlOwnData
from ..adapters.sql.personal_data import SqlReadings
from ..administration.audit.readings import OwnReadings
from ..administration.operation.announcements import AnnouncementAdministration
from ..administration.own.data import OwnData
from ..clock import Clock
from ..notices import Notices
from ..notices.announcements import Announcements
from ..notices.personal_data import PersonalDataNotice
from ..settings import Settings


def announcement_rooms(database: Database, clock: Clock) -> tuple[Announcements, AnnouncementAdministration]:
    """Build what pages show, and what administrators write by."""
    store = SqlAnnouncements(database)
    return Announcements(store, clock), AnnouncementAdministration(store, clock)


def personal_data(settings: Settings, database: Database, clock: Clock) -> PersonalDataNotice:
    """Build the notice about personal data. Raises ConfigurationError for a file that cannot be read."""
    return PersonalDataNotice(notice_file.read(settings.personal_data_notice_file), SqlReadings(database), clock)


def own_data(database: Database, readings: OwnReadings, notices: Notices, clock: Clock) -> OwnData:
    """Build what gives officers everything that is held about them."""
    return OwnData(SqlOwnData(database), readings, notices, clock)
