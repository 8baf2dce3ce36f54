"""What is to be done next about one officer, who does it, and by when: the headline of the officer's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext

from ....pki.enrollment.desk import RENEWAL_DAYS
from ....pki.enrollment.states import State
from ....pki.enrollment.working_days import start_of
from ....rollout.campaign import Campaign, Goal
from ....rollout.steps import OWNERS, Owner, Step
from ..rollout.words import date_text
from ..rollout.words import owners as owner_words
from ..tasks import task_words
from ..words import day, request_words, turns
from ..words import next_steps as state_words

_STATES: Final[Mapping[Step, str]] = {
    Step.SUBMIT: State.DRAFT, Step.CORRECT: State.RETURNED, Step.APPROVE: State.SUBMITTED,
    Step.APPROVE_FOR_PROVINCE: State.AGENCY_APPROVED, Step.SEND: State.PROVINCE_APPROVED, Step.ISSUE: State.SENT,
    Step.RECEIVE: State.ISSUED, Step.HAND_OVER: State.READY, Step.ACTIVATE: State.HANDED_OVER, Step.UNLOCK: State.LOCKED}
_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing that is to be done.

    Attributes:
        key: What it is, so that it is said once.
        due: Seconds since the epoch, or ``_NEVER``.
        by: Until when, as people write it; "" for none.
        about: Of what it is a part; with ``url``.
    """

    key: str
    what: str
    who: str
    due: int = _NEVER
    by: str = ""
    about: str = ""
    url: str = ""
    overdue: bool = False


def next_steps(found: Mapping[str, Any], campaigns: Sequence[tuple[Campaign, Step]], units: Mapping[str, str],
               now: int) -> list[NextStep]:
    """Give what is to be done about an officer, that first which is due first.

    Args:
        found: The officer (``administration.people.officers``).
        campaigns: Open ones in which the officer is missing, with the step.
        units: Names of agencies.
        now: Seconds since the epoch.
    """
    steps = [*_tasks(found, units), *_requests(found, now)]
    if found["status"] == "active":
        steps += [*_of_campaigns(campaigns), *_own(found)]
    once: dict[str, NextStep] = {}
    for step in sorted(steps, key=lambda one: one.due):
        once.setdefault(step.key, step)
    return list(once.values())


def headline(steps: Sequence[NextStep]) -> dict[str, Any]:
    """Give the first as pages show it, with what comes after it: ``what who by about url overdue after``."""
    first = steps[0]
    return {"what": first.what, "who": first.who, "by": first.by, "about": first.about, "url": first.url,
            "overdue": first.overdue, "after": [f"{one.what} ({one.who})" for one in steps[1:]]}


def _tasks(found: Mapping[str, Any], units: Mapping[str, str]) -> Iterator[NextStep]:
    for one in found["tasks"] or ():
        words = task_words(one, units)
        yield NextStep(f"task {one['id']}", words["kind"], words["owner"], one["due_at"],
                       gettext("trước %(moment)s", moment=words["due"]),
                       gettext("Xem việc này"), f"/admin/tasks/{one['id']}", one["overdue"])
    for one in found["devices"] or ():
        if one["overdue"]:
            yield NextStep(f"device {one['id']}", gettext("Trả thiết bị %(serial)s", serial=one["serial"]), turns()["holder"],
                           one["due_at"], _before(one["due_at"]), gettext("Xem thiết bị"), f"/admin/devices/{one['id']}", True)


def _requests(found: Mapping[str, Any], now: int) -> Iterator[NextStep]:
    every = found["certificates"] or ()
    followed = {one["replaces"] for one in every if one["state"] != State.CANCELLED}
    for one in every:
        words, key, url = request_words(one), f"request {one['id']}", f"/admin/certificates/{one['id']}"
        about = gettext("Đề nghị %(number)s", number=one["id"])
        if words["next"]:
            due = one["due_at"] if one["due_at"] is not None else _NEVER
            yield NextStep(key, words["next"], words["turn"], due, _before(one["due_at"]), about, url, one["overdue"])
        elif (one["state"] == State.ACTIVE and one["not_after"] is not None and one["id"] not in followed
                and one["not_after"] - now < RENEWAL_DAYS * 86400 and found["status"] == "active"):
            yield NextStep(key, gettext("Đề nghị gia hạn chứng thư số"), turns()["agency"], one["not_after"],
                           gettext("trước ngày %(day)s", day=day(one["not_after"])), about, url)


def _of_campaigns(campaigns: Sequence[tuple[Campaign, Step]]) -> Iterator[NextStep]:
    for campaign, step in campaigns:
        # A request that stands says the rest itself, with its own day.
        if campaign.goal is Goal.CERTIFICATE and step is not Step.ASK:
            continue
        owner = gettext("Cán bộ này") if OWNERS[step] is Owner.OFFICER else owner_words()[OWNERS[step]]
        yield NextStep(f"{campaign.goal} {step}" if step is Step.ASK else step, _asked(campaign.goal, step), owner,
                       start_of(campaign.deadline), gettext("đến hết ngày %(day)s", day=date_text(campaign.deadline)),
                       campaign.name, f"/admin/rollout/{campaign.campaign_id}")


def _own(found: Mapping[str, Any]) -> Iterator[NextStep]:
    if not found["last_sign_in_at"]:
        yield NextStep(Step.SIGN_IN, _asked(Goal.SIGNED_IN, Step.SIGN_IN), gettext("Cán bộ này"))
    if not found["has_factor"]:
        yield NextStep(Step.ENROL_FACTOR, _asked(Goal.SECOND_FACTOR, Step.ENROL_FACTOR), gettext("Cán bộ này"))


def _before(due_at: int | None) -> str:
    return str(gettext("trước 17 giờ ngày %(day)s", day=day(due_at))) if due_at is not None else ""


def _asked(goal: Goal, step: Step) -> str:
    """Say what is to be done, as an order."""
    known = {Step.SIGN_IN: gettext("Đăng nhập lần đầu"), Step.ENROL_FACTOR: gettext("Bật xác thực hai lớp"),
             Step.OPEN_MAILBOX: gettext("Mở hộp thư công vụ"), Step.RESUME: gettext("Cho dùng lại"),
             Step.ASK: gettext("Lập đề nghị SIM ký số") if goal is Goal.SIM else gettext("Lập đề nghị chứng thư số")}
    return str(known.get(step) or state_words()[_STATES[step]])
