"""The line that is needed, the forecast, next steps, the picture and the page: worked out by hand for a small campaign."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date, timedelta

import pytest

from idp.pki.enrollment.states import ON_THE_WAY, State
from idp.pki.enrollment.working_days import WorkingDays, start_of
from idp.rollout.campaign import Campaign, CampaignEntry, Goal, MemberAct, MemberEntry, Population
from idp.rollout.chart import LARGE, PAPER, SMALL, draw
from idp.rollout.coverage import Coverage, Day, Tally, follow, needed
from idp.rollout.crowd import Change
from idp.rollout.lines import Lines
from idp.rollout.report import Issuer, is_low, missing_rows, number_text, paper, rate_text, table
from idp.rollout.steps import OWNERS, Owner, Step, next_step

from .course import DEADLINE, FIRST, course

ISSUER = Issuer("Tỉnh Hậu Giang", "Sở Thông tin và Truyền thông")


def test_the_line_that_is_needed_is_straight_and_ends_with_everybody() -> None:
    assert needed(400, 0, FIRST, DEADLINE, FIRST) == 0
    assert needed(400, 0, FIRST, DEADLINE, date(2026, 11, 23)) == 283
    assert needed(400, 100, FIRST, DEADLINE, FIRST) == 100
    assert needed(400, 0, FIRST, DEADLINE, DEADLINE) == needed(400, 0, FIRST, DEADLINE, date(2027, 1, 1)) == 400
    assert needed(50, 100, FIRST, DEADLINE, FIRST) == 50
    assert needed(0, 0, FIRST, DEADLINE, date(2026, 11, 1)) == 0


def test_the_forecast_goes_on_at_the_pace_of_fourteen_days() -> None:
    found = course(268)
    assert (found.last.done, found.last.counted, found.last.needed) == (268, 400, 283)
    more, span = found.pace
    assert (more, span) == (found.last.done - found.days[-15].done, 14)
    assert found.forecast == date(2026, 11, 23) + timedelta(days=-(-132 * 14 // more))
    assert course(400).forecast == date(2026, 11, 23)
    assert course(0).forecast is None
    short = course(10, days=5)
    assert short.pace == (10 - short.days[0].done, 5)
    assert course(0, days=0).pace == (0, 0)


def test_no_agency_is_late_by_the_fraction_of_a_person() -> None:
    day = Day(FIRST, 400, 1, 1, {})
    assert not is_low(Tally(20, 0), day)
    half = replace(day, needed=200)
    assert [is_low(Tally(3, done), half) for done in range(4)] == [True, False, False, False]
    assert [is_low(Tally(20, done), half) for done in (9, 10)] == [True, False]
    assert is_low(Tally(3, 2), replace(day, needed=400))


def test_a_day_ends_at_midnight_here_to_the_second() -> None:
    at, midnight = start_of(FIRST) + 3600, start_of(FIRST + timedelta(days=1))
    members = [MemberEntry(f"s{n}", at, MemberAct.INCLUDED, f"s{n}", "", "H30.1", "Sở", "H30.1", "Sở") for n in range(3)]
    members.append(MemberEntry("s2", midnight, MemberAct.LEFT, "s2", "", "H30.1", "Sở", "H30.1", "Sở", "gone"))
    changes = [Change("s0", midnight - 1, "", "1"), Change("s1", midnight, "", "1")]
    history = (CampaignEntry(at, "created", "", DEADLINE),)
    campaign = Campaign("CD-2026-0001", "x", Goal.MAILBOX, Population(), "", at, "", history)
    found = follow(campaign, members, changes, until=FIRST + timedelta(days=1), now=midnight + 3600)
    assert [(day.counted, day.done) for day in found.days] == [(3, 1), (2, 2)]


def test_a_course_takes_so_little_memory_for_each_that_100_000_fit_into_100_mb() -> None:
    """Measured by what Python lends out; a course in objects took 990 bytes for each, and kept 720."""
    many, at = 2000, start_of(FIRST) + 3600
    campaign = Campaign("CD-2026-0001", "x", Goal.CERTIFICATE, Population(), "", at, "", (
        CampaignEntry(at, "created", "", DEADLINE),))
    changes = (Change(f"s{n:021}", at + 60, f"2026-{n:08}", stage) for stage in ("draft", "submitted", "active")
               for n in range(many // 2))
    tracemalloc.start()
    try:
        members = Lines(MemberEntry(f"s{n:021}", at, MemberAct.INCLUDED, f"Nguyễn Văn Mẫu {n:06}", "Chuyên viên", f"H30.{n % 9}",
                                    "Sở", f"H30.{n % 9}", "Sở") for n in range(many))
        found = follow(campaign, members, changes, until=FIRST, now=start_of(FIRST) + 86400)
        del members
        kept, most = (size / many for size in tracemalloc.get_traced_memory())
    finally:
        tracemalloc.stop()
    assert (found.last.counted, found.last.done) == (many, many // 2)
    assert kept < 450
    assert most < 650


@pytest.mark.parametrize(("stages", "step", "owner"), [
    ((), Step.ASK, Owner.AGENCY), (("draft",), Step.SUBMIT, Owner.AGENCY), (("submitted",), Step.APPROVE, Owner.AGENCY),
    (("agency_approved",), Step.APPROVE_FOR_PROVINCE, Owner.DESK), (("sent_to_ca",), Step.ISSUE, Owner.AUTHORITY),
    (("handed_over", "submitted"), Step.ACTIVATE, Owner.OFFICER), (("revoked",), Step.ASK, Owner.AGENCY),
    (("revoked", "ready_for_handover"), Step.HAND_OVER, Owner.DESK), (("device_locked",), Step.UNLOCK, Owner.DESK)])
def test_decree_68_2024_the_request_that_came_farthest_says_what_is_next(
        stages: tuple[str, ...], step: Step, owner: Owner) -> None:
    assert next_step(Goal.CERTIFICATE, stages) is step
    assert OWNERS[step] is owner


def test_every_state_on_the_way_has_a_step_of_its_own_and_an_owner() -> None:
    assert len({next_step(Goal.SIM, (state,)) for state in ON_THE_WAY}) == len(ON_THE_WAY)
    assert {OWNERS[step] for step in Step} == set(Owner)
    assert next_step(Goal.MAILBOX, ("0",)) is Step.OPEN_MAILBOX
    assert Goal.CERTIFICATE.reached.isdisjoint([State.SUSPENDED, State.REVOKED, "1"])


def test_decree_30_2020_nobody_stands_over_the_committee_of_the_province() -> None:
    own = paper(course(268), Issuer("Tỉnh Hậu Giang", "Ủy ban nhân dân tỉnh Hậu Giang"), WorkingDays())
    assert (own.over, own.agency) == ("", "ỦY BAN NHÂN DÂN TỈNH HẬU GIANG")
    assert "Ủy ban nhân dân" not in own.to, "nobody reports to themselves"
    assert own.signer == ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")


def test_decree_30_2020_the_page_says_what_the_figures_say() -> None:
    made = paper(course(268), ISSUER, WorkingDays())
    assert (made.over, made.agency, made.place_and_day) == (
        "UBND TỈNH HẬU GIANG", "SỞ THÔNG TIN VÀ TRUYỀN THÔNG", "Hậu Giang, ngày 23 tháng 11 năm 2026")
    text = " ".join(f"{head} {words}" for head, words in made.sections)
    for said in ("268/400 người hoàn thành (đạt 67,0%)", "mức cần có (283 người) còn thiếu 15 người", "ngày 15/12/2026, còn 16",
                 "132 người chưa có hộp thư", "Chốt 400 người ngày 01/10/2026"):
        assert said in text
    assert "tuần 48 năm 2026" in made.subject
    assert (made.to, made.signer) == ("Kính gửi: Ủy ban nhân dân tỉnh Hậu Giang.", ("THỦ TRƯỞNG ĐƠN VỊ",))
    assert len(made.agencies) == 1 + 8 + 1
    assert made.agencies[-1] == ["", "Tổng số", "400", "268", "132", "67,0%"]
    assert made.weeks[0][-1] == "23/11"
    assert made.weeks[1][-1], made.weeks[2][-1] == ("268", "283")
    ended = " ".join(words for _head, words in paper(course(400), ISSUER, WorkingDays()).sections)
    assert "Không còn ai phải thực hiện." in ended
    stuck = " ".join(words for _head, words in paper(course(0), ISSUER, WorkingDays()).sections)
    assert "không hoàn thành được" in stuck
    late = " ".join(words for _head, words in paper(course(30, deadline=date(2026, 11, 1)), ISSUER, WorkingDays()).sections)
    assert "đã quá 22 ngày" in late
    assert "sau thời hạn" in late


@pytest.mark.parametrize(("agency", "goal", "name", "shown"), [
    ("Sở", Goal.MAILBOX, "Hộp thư", 8), ("Sở", Goal.CERTIFICATE, "x " * 59, 8),
    ("Văn phòng Điều phối Chương trình mục tiêu quốc gia xây dựng nông thôn mới số", Goal.MAILBOX, "Hộp thư", 6)])
def test_decree_30_2020_of_sixty_agencies_as_many_stand_on_the_page_as_leave_room_to_sign(
        agency: str, goal: Goal, name: str, shown: int) -> None:
    made = paper(course(700, people=1200, agency=agency, goal=goal, name=name), ISSUER, WorkingDays())
    assert len(made.agencies) == 1 + shown + 1
    assert made.agencies[-1][1:4] == ["Tổng số", "1.200", "700" if goal is Goal.MAILBOX else "0"]
    assert "Số liệu của cả 60 đơn vị ở tệp kèm theo." in made.sections[1][1]


def test_security_41_files_have_every_agency_and_no_formula() -> None:
    rows = table(course(268, name="=HYPERLINK(1)"))
    assert len(rows) == 1 + 20 + 2
    assert rows[1] == ["'=HYPERLINK(1)", "23/11/2026", "H30.1", "'=Sở 1", "20", "20", "0", "100,0", "",
                       "20", "0", "0", "0", "0", "0"]
    assert rows[-2][3:8] == ["Tổng số", "400", "268", "132", "67,0"]
    names = list(map(list, missing_rows(course(268))))
    assert len(names) == 1 + 132
    assert names[1][1:] == ["Nguyễn Văn Mẫu 268", "Chuyên viên", "'=Sở 14", "H30.14", "chưa có hộp thư", "Văn thư đơn vị",
                            "01/10/2026"]


def test_shares_are_rounded_down_so_that_only_all_is_all() -> None:
    assert [rate_text(*pair) for pair in ((1999, 2000), (2000, 2000), (0, 7), (0, 0), (1, 3))] == [
        "99,9%", "100,0%", "0,0%", "–", "33,3%"]
    assert number_text(12345) == "12.345"


@pytest.mark.parametrize("frame", [LARGE, SMALL, PAPER])
@pytest.mark.parametrize("made", [
    course(268), course(0, days=0), course(400, deadline=FIRST + timedelta(days=1)), course(3, people=3)],
    ids=["usual", "first-day", "late", "few"])
def test_every_point_of_the_picture_is_in_its_frame(frame: object, made: Coverage) -> None:
    chart = draw(made, frame)  # type: ignore[arg-type]
    points = [tuple(map(float, point.split(","))) for line in (chart.real, chart.area, chart.need) for point in line.split()]
    box = chart.frame
    assert all(box.left <= x <= box.right and box.top <= y <= box.bottom for x, y in points)
    assert chart.levels[0].value == 0
    assert chart.levels[-1].value >= made.last.counted
    assert len(chart.levels) <= 6
    gaps = [after.at - before.at for before, after in zip(chart.days, chart.days[1:], strict=False)]
    assert all(gap > 40 for gap in gaps)
    assert made.last.day in [mark.day for mark in chart.days] or made.last.day > chart.days[-1].day or len(chart.days) < 3
