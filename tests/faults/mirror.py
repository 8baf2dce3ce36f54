"""F-25: a directory of a hundred thousand officers is followed, changed, and answers with a tenth missing and with nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench.directory import run
from idp.adapters.sql.database import Database
from tests.allowance import allowed

ALL, FEW = 100_000, 400


@dataclass
class Followed:
    """What a run found; one JSON line.

    Attributes:
        officers: In the directory; a twentieth of them changes.
        figures: As ``bench.directory`` names them: seconds, milliseconds, and officers who were lost.
        demands: Figures that were not as they must be.
    """

    fault: str = "F-25"
    form: str = "full"
    database: str = ""
    officers: int = ALL
    duration: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    demands: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """Give it for JSON."""
        return {"fault": self.fault, "form": self.form, "database": self.database, "officers": self.officers,
                "duration": self.duration, **self.figures, "failed_demands": self.demands}


def f25(url: str, form: str, officers: int) -> Followed:
    """Import everybody, let one in twenty change, compare, and lose a tenth and all of them without losing one.

    Args:
        url: An empty database with its schema.
        form: ``full`` or ``short``.
        officers: How many.
    """
    began, database = time.monotonic(), Database(url)
    try:
        figures = run(database, officers)
    finally:
        database.dispose()
    return Followed(form=form, database=url.split(":")[0].split("+")[0], officers=officers,
                    duration=round(time.monotonic() - began, 1), figures={one.name: round(one.value, 2) for one in figures},
                    demands=[one.name for one in figures if one.value > allowed(one.most)])
