"""Every list of the API with few of everything, as ``bench.lists`` measures it with 100,000 officers."""

from __future__ import annotations

import time

from bench.lists import LIST_MS, SEARCH_MS, run


def test_every_list_answers_within_its_time_and_files_within_their_memory(database_url: str) -> None:
    figures = list(run(database_url, officers=240, applications=60, records=600, tries=1, ways=1, clock=time.process_time))
    assert [one for one in figures if not one.holds] == []
    names = [one.name for one in figures]
    assert len(names) == len(set(names))
    for path in ("/officers", "/audit", "/clients", "/grants client_id=qlvb", "/enrollments", "/sims", "/tasks", "/agencies"):
        assert any(name == path for name in names), path
    behind = {name.split(" ")[0].rstrip(",") for name in names if "the page behind" in name}
    assert behind >= {"/officers", "/audit", "/clients", "/grants", "/enrollments", "/sims", "/devices", "/tasks", "/signatures",
                      "/jobs", "/deputies", "/temporary-passes", "/factor-resets", "/announcements", "/clients/qlvb/officers",
                      "/role-holders"}
    assert {one.most for one in figures if name_of(one.name) == "/officers?q"} == {SEARCH_MS}
    assert {one.most for one in figures if one.name.startswith("/audit")} == {LIST_MS}


def name_of(name: str) -> str:
    path, _, asked = name.partition(" ")
    return f"{path}?{asked.partition('=')[0]}"
