"""Lists under several hands at once: of two who do the same one does it, and what is closed or over does not change."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.enrollments import SqlEnrollments
from idp.adapters.sql.rollout.courses import SqlCourses
from idp.adapters.sql.rollout.records import SqlCandidates
from idp.administration.audit.actors import Actors
from idp.administration.rollout.campaigns import RolloutAdministration
from idp.administration.tasks import OPERATOR
from idp.audit import AuditEvent, AuditRecord
from idp.errors import RefusedError
from idp.pki.enrollment.record import DeviceKind, Entry
from idp.pki.enrollment.states import Act, Part, State
from idp.pki.enrollment.working_days import start_of
from idp.roles import RoleGroups
from idp.rollout.campaign import Campaign, Candidate, Goal, MemberAct, Reason
from idp.rollout.courses import CampaignCourses
from idp.rollout.report import missing_rows, table
from tests.audit_desk import events_of

from .town import Town
from .world import CALLER, request_row


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do them in threads; gives the codes of those that were refused."""
    refused: list[str] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except RefusedError as err:
            refused.append(err.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def known(town: Town, campaign: Campaign) -> Campaign:
    found = town.store.find(campaign.campaign_id)
    assert found is not None
    return found


def test_of_several_who_take_somebody_out_one_does_and_so_back(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    acts = ((partial(town.campaigns.exclude, reason=Reason.SECONDED, note="", caller=CALLER), "campaign.excluded", "excluded"),
            (partial(town.campaigns.restore, caller=CALLER), "campaign.restored", "restored"))
    for act, event, expected in acts:
        place = town.place(campaign, 0)
        assert at_once(*[partial(act, campaign, place)] * 6) == ["changed_meanwhile"] * 5
        assert town.acts(campaign, 0)[-1][0] == expected
        assert len(events_of(town.database, event)) == 1
    assert [act for act, _ in town.acts(campaign, 0)] == ["included", "excluded", "restored"]


def test_two_workers_write_each_change_once(town: Town) -> None:
    town.note(3, groups=())
    campaign = town.begin(Goal.MAILBOX)
    town.hours(24)
    town.note(0, disabled=True)
    town.moved(1, "H30.2")
    town.note(3, groups=("canbo-qlvb",))
    at_once(*[town.campaigns.follow] * 4)
    assert [town.acts(campaign, number)[1:] for number in (0, 3)] == [[("left", "disabled")], []]
    assert town.acts(campaign, 3) == [("joined", "")]
    found = town.now(campaign)
    assert (found.joined, found.left, found.last.counted) == (1, 1, 3)


def test_nothing_is_written_in_the_list_of_one_that_was_closed_meanwhile(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    place = town.place(campaign, 0)
    town.hours(1)
    town.campaigns.close(campaign, "Xong", CALLER)
    before = list(town.store.members(campaign.campaign_id, before=2**62))
    with pytest.raises(RefusedError) as refused:
        town.campaigns.exclude(campaign, place, Reason.SECONDED, "", CALLER)  # as it was read before
    assert refused.value.code == "changed_meanwhile"
    line = place.entry._replace(act=MemberAct.LEFT, at=town.clock.now())
    assert not town.store.follow(campaign.campaign_id, [line])
    assert list(town.store.members(campaign.campaign_id, before=2**62)) == before
    assert events_of(town.database, "campaign.excluded") == []


def test_closing_and_following_at_once_leave_a_list_that_ends_with_the_campaign(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    for number in range(4):
        town.note(number, disabled=True)
    at_once(town.campaigns.follow, lambda: town.campaigns.close(campaign, "Xong", CALLER), town.campaigns.follow)
    lines = list(town.store.members(campaign.campaign_id, before=2**62))
    assert len(lines) in (4, 8)
    town.hours(1)
    town.campaigns.follow()
    assert list(town.store.members(campaign.campaign_id, before=2**62)) == lines


class Slow(SqlCandidates):
    """Reads the directory while hours pass."""

    def __init__(self, town: Town) -> None:
        super().__init__(town.database, lambda: [], town.clock)
        self.town = town

    def officers(self) -> Iterator[Candidate]:
        for one in super().officers():
            self.town.hours(6)
            yield one


def test_a_line_that_is_written_after_midnight_is_none_of_yesterday(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = town.begin(Goal.MAILBOX)
    yesterday = town.today
    town.note(0, disabled=True)
    monkeypatch.setattr(town.campaigns, "_candidates", Slow(town))
    assert town.campaigns.follow() == 1
    assert town.today > yesterday
    assert town.coverage(campaign, yesterday).last.counted == 4
    assert town.now(campaign).last.counted == 3
    assert town.store.members(campaign.campaign_id, before=2**62)[-1].at == town.clock.now()


def test_a_day_is_over_a_minute_after_its_end(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    room, first = RolloutAdministration(
        town.campaigns, CampaignCourses(town.store, town.records, SqlCourses(town.database)),
        Actors(town.mirror, RoleGroups()), town.clock), town.today
    town.clock.advance(start_of(first + timedelta(days=2)) - 1 - town.clock.now())
    # Somebody's mailbox was seen a second before midnight, and the line is still on its way.
    late = town.clock.now()
    for seconds, newest, over in ((1, 1, 0), (59, 1, 0), (1, 2, 1)):
        town.clock.advance(seconds)
        one = room.one(OPERATOR, campaign.campaign_id)
        assert one["figures"]["day"] == str(first + timedelta(days=newest))
        assert room.default_day(campaign) == first + timedelta(days=over)
    assert town.clock.now() - late == 61
    at_night = town.begin(Goal.SECOND_FACTOR)
    assert room.one(OPERATOR, at_night.campaign_id)["figures"]["counted"] == 4


def test_who_leaves_has_left_where_they_were_and_who_moves_joins_where_they_go(town: Town) -> None:
    town.moved(1, "H30.1.7")
    inside, all_ = town.begin(Goal.MAILBOX, unit="H30.1"), town.begin(Goal.SECOND_FACTOR)
    town.hours(24)
    town.moved(0, "H30.2")  # out of one campaign, from agency to agency in the other
    town.moved(1, "H30.1.8")
    town.note(2, disabled=True, posts=(dataclasses.replace(town.people[2].officer.main_post, unit_code="H30.3"),))
    town.campaigns.follow()

    def turnover(campaign: Campaign, scope: str) -> tuple[int, int, int]:
        found = town.coverage(campaign, town.today, scope=scope)
        return found.listed, found.joined, found.left

    assert [turnover(inside, scope) for scope in ("", "H30.1", "H30.2", "H30.1.7", "H30.1.8")] == [
        (4, 0, 2), (4, 0, 2), (0, 0, 0), (1, 0, 1), (0, 1, 0)]
    assert [turnover(all_, scope) for scope in ("", "H30.1", "H30.2", "H30.3")] == [(4, 0, 1), (4, 0, 2), (0, 1, 0), (0, 0, 0)]
    out = town.coverage(inside, town.today, scope="H30.1").excluded
    assert [(one.entry.unit_code, one.reason) for one in out] == [("H30.1", "elsewhere")] * 2
    line = town.store.lines_of(inside.campaign_id, town.people[0].sub)[-1]
    assert (line.act, line.unit_code, line.agency_code) == ("left", "H30.1", "H30.1")


def test_who_was_taken_out_keeps_reason_and_words_wherever_they_go(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    stale = town.place(campaign, 0)
    town.moved(0, "H30.2")
    town.campaigns.follow()
    town.campaigns.exclude(campaign, stale, Reason.SECONDED, "Đến hết năm", CALLER)  # on what was read before
    town.moved(0, "H30.3")
    town.campaigns.follow()
    (out,) = town.now(campaign).excluded
    assert (out.entry.unit_code, out.excluded, out.note) == ("H30.3", "seconded", "Đến hết năm")
    assert town.campaigns.follow() == 0


def test_a_past_day_stays_whatever_is_changed_of_a_request_later(town: Town) -> None:
    both = [town.begin(goal) for goal in (Goal.CERTIFICATE, Goal.SIM)]
    town._request.run(**request_row("2026-00000001", town.people[0].sub, "H30.1", 1, device_kind="sim"))
    for state in ("draft", "handed_over", "active"):
        town._entry.run(enrollment_id="2026-00000001", at=town.clock.now(), act="activate", before="", after=state, actor="",
                        part="holder", detail="{}")
    day = town.today
    then = _papers(town, both, day)
    assert [town.coverage(one, day).last.done for one in both] == [1, 1]
    town.hours(48)
    store = SqlEnrollments(town.database)
    before = store.find("2026-00000001")
    assert before is not None
    now = town.clock.now()
    after = dataclasses.replace(before, holder=town.people[1].sub, device_kind=DeviceKind.SOFTWARE, state=State.SUSPENDED,
                                revision=before.revision + 1)
    assert store.move(before, after, Entry(before.enrollment_id, now, Act.SUSPEND, "active", State.SUSPENDED, "", Part.DESK, {}),
                      AuditRecord(AuditEvent.ENROLLMENT_MOVED, now), None)
    assert _papers(town, both, day) == then
    assert [town.now(one).last.done for one in both] == [0, 0]
    found = store.find("2026-00000001")
    assert found is not None
    assert (found.holder, found.device_kind, found.state) == (before.holder, DeviceKind.SIM, State.SUSPENDED)


def _papers(town: Town, campaigns: list[Campaign], day: Any) -> list[Any]:
    found = [town.coverage(one, day) for one in campaigns]
    return [(table(one), list(missing_rows(one))) for one in found]
