"""``python -m tests.faults [--only F-01 ...] [--short]``: run the faults, one JSON line each; 1 when a demand does not hold."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from idp.adapters.sql import schema
from tests.postgresql import PostgreSQL

from .authority import Deaths, copied, f15
from .copies import copies, f04
from .mirror import ALL, FEW, Followed, f25
from .runs import Found, Length, f01, f02, f03, f05, rig
from .signing import Signed, f22

FULL = {"F-01": Length(30, 300, 30), "F-02": Length(30, 120, 30), "F-03": Length(30, 600, 30, 10), "F-04": Length(20, 60, 20),
        "F-05": Length(20, 60, 20)}
SHORT = {"F-01": Length(0.7, 2, 0.5), "F-02": Length(0.7, 1.6, 0.5), "F-03": Length(0.7, 4, 0.5, 1),
         "F-04": Length(0.7, 0.5, 0.3), "F-05": Length(0.7, 1.2, 0.5)}
KILLS, FEW_KILLS = 200, 10
"""F-15: so many deaths at each place."""
_RUNS: dict[str, Callable[..., Found]] = {"F-01": f01, "F-02": f02, "F-03": f03, "F-05": f05}


def main() -> int:
    """Run on PostgreSQL, each fault on a product and a database of its own."""
    parser = argparse.ArgumentParser(description="Run the faults of the directory, of the certification authority and of signing")
    names = sorted([*FULL, "F-15", "F-22", "F-25"])
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes")
    chosen = parser.parse_args()
    lengths, form = (SHORT, "short") if chosen.short else (FULL, "full")
    good = True
    database = PostgreSQL(durable=True).start()
    try:
        for fault in chosen.only:
            url = database.create()
            schema.upgrade(url)
            with tempfile.TemporaryDirectory(prefix="idp-faults-") as folder:
                found: Found | Deaths | Followed | Signed
                if fault == "F-15":
                    found = f15(url, Path(folder), form, FEW_KILLS if chosen.short else KILLS,
                                partial(copied, url, Path(folder), database.create))
                elif fault == "F-22":
                    sims, each, kills = (4, 2, 1) if chosen.short else (40, 25, 50)
                    found = f22(url, Path(folder), form, sims=sims, each=each, kills=kills)
                elif fault == "F-25":
                    found = f25(url, form, FEW if chosen.short else ALL)
                elif fault == "F-04":
                    with copies(Path(folder) / "rig", url) as pair:
                        found = f04(pair, form, lengths[fault])
                else:
                    with rig(Path(folder) / "rig", url) as place:
                        found = _RUNS[fault](place, form, lengths[fault])
            good = good and not found.demands
            print(json.dumps(found.line(), ensure_ascii=False), flush=True)
    finally:
        database.remove()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
