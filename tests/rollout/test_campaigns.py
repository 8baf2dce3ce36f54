"""Lists: who counts and why not, and that what an administrator decided outlives what the directory does."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.database import Database, insert_row
from idp.adapters.sql.tables import ClientRow, GrantRow, OutboxRow, RolloutFactRow, TotpRow
from idp.audit import Caller
from idp.errors import RefusedError
from idp.oauth.client import Client
from idp.rollout.campaign import Campaign, Goal, MemberAct, Population, Reason
from tests.audit_desk import events_of

from .town import Town
from .world import CALLER, GROUP, request_row


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def test_the_list_says_why_somebody_does_not_count(town: Town) -> None:
    town.note(1, disabled=True)
    town.note(2, guest="intern")
    town.note(3, groups=())
    found = town.campaigns.preview(Goal.MAILBOX, Population(groups=(GROUP,)))
    assert (found.counted, dict(found.left_out), dict(found.agencies)) == (1, {"disabled": 1, "guest": 1}, {"H30.1": 1})
    campaign = town.begin(Goal.MAILBOX)
    assert campaign.campaign_id == "CD-2026-0001"
    assert [town.acts(campaign, number) for number in range(4)] == [
        [("included", "")], [("left_out", "disabled")], [("left_out", "guest")], []]
    ((_sub, _sid, record),) = events_of(town.database, "campaign.created")
    assert (record["counted"], record["left_out"], record["by_officer"]) == (1, 2, "quantri")


def test_who_comes_goes_moves_and_returns_is_a_line_each_and_changes_nothing_before(town: Town) -> None:
    town.note(3, groups=())
    campaign = town.begin(Goal.MAILBOX)
    first = town.today
    town.hours(24)
    town.note(0, disabled=True)
    town.moved(1, "H30.2.1")
    town.note(3, groups=(GROUP,))
    town.mirror.ledger.remove(town.people[2].officer.entry_uuid, now=town.clock.now())
    assert town.campaigns.follow() == 4
    assert town.campaigns.follow() == 0
    town.hours(24)
    town.note(0, disabled=False)
    town.campaigns.follow()
    assert [town.acts(campaign, number)[1:] for number in range(4)] == [
        [("left", "disabled"), ("joined", "")], [("moved", "")], [("left", "gone")], []]
    found = town.now(campaign)
    assert [day.counted for day in found.days] == [3, 2, 3]
    assert {code: tally.counted for code, tally in found.days[1].agencies.items()} == {"H30.1": 1, "H30.2": 1}
    assert found.names["H30.2"] == "Sở 2"
    assert (found.listed, found.joined, found.left) == (3, 2, 2)
    assert [day.counted for day in town.coverage(campaign, first).days] == [3]


def test_nobody_counts_outside_the_agency_or_without_the_title(town: Town) -> None:
    town.moved(0, "H30.11")
    town.note(1, posts=(dataclasses.replace(town.people[1].officer.main_post, title="Phó Trưởng phòng"),))
    campaign = town.begin(Goal.MAILBOX, unit="H30.1", titles=("truong phong",))
    assert [town.acts(campaign, number) for number in (0, 1, 2)] == [[], [("included", "")], []]
    town.moved(1, "H30.10")
    town.campaigns.follow()
    assert town.acts(campaign, 1)[-1] == ("left", "elsewhere")


def test_what_an_administrator_took_out_stays_out_until_it_is_let_in(town: Town) -> None:
    campaign = town.begin(Goal.MAILBOX)
    town.campaigns.exclude(campaign, town.place(campaign, 0), Reason.SECONDED, "Biệt phái 2 năm", CALLER)
    for facts in ({"disabled": True}, {"disabled": False}):
        town.hours(1)
        town.note(0, **facts)
        town.campaigns.follow()
        assert town.now(campaign).last.counted == 3
    with pytest.raises(RefusedError, match="already"):
        town.campaigns.exclude(campaign, town.place(campaign, 0), Reason.SECONDED, "", CALLER)
    town.campaigns.restore(campaign, town.place(campaign, 0), CALLER)
    assert town.now(campaign).last.counted == 4
    with pytest.raises(RefusedError, match="Nobody has"):
        town.campaigns.restore(campaign, town.place(campaign, 0), CALLER)
    for reason, note in ((Reason.DISABLED, "x"), (Reason.OTHER, ""), (Reason.OTHER, "x" * 301), (Reason.OTHER, "a\x00b")):
        with pytest.raises(RefusedError) as caught:
            town.campaigns.exclude(campaign, town.place(campaign, 1), reason, note, CALLER)
        assert caught.value.status == 422
    assert [one[2]["reason"] for one in events_of(town.database, "campaign.excluded")] == ["seconded"]


def test_a_past_day_keeps_the_deadline_that_it_had(town: Town) -> None:
    campaign = town.begin(Goal.SECOND_FACTOR, days=2)
    town.hours(24)
    before = [day.needed for day in town.now(campaign).days]
    town.hours(24)
    town.campaigns.move_deadline(campaign, town.today + timedelta(days=30), "Chờ thiết bị", CALLER)
    moved = town.store.find(campaign.campaign_id)
    assert moved is not None
    assert before == [0, 2]
    assert [day.needed for day in town.now(campaign).days] == [0, 2, 1]
    with pytest.raises(RefusedError, match="meanwhile"):
        town.campaigns.move_deadline(campaign, town.today + timedelta(days=31), "Lần hai", CALLER)
    for wrong in (0, -1, 1101):
        with pytest.raises(RefusedError) as caught:
            town.campaigns.move_deadline(moved, town.today + timedelta(days=wrong), "x", CALLER)
        assert caught.value.status == 422
    town.campaigns.close(moved, "Đã xong", CALLER)
    closed = town.store.find(campaign.campaign_id)
    assert closed is not None
    for act in (lambda: town.campaigns.close(closed, "x", CALLER),
                lambda: town.campaigns.exclude(closed, town.place(campaign, 0), Reason.SECONDED, "", CALLER)):
        with pytest.raises(RefusedError, match="closed"):
            act()
    town.note(0, disabled=True)
    assert town.campaigns.follow() == 0
    assert len(events_of(town.database, "campaign.changed")) == len(events_of(town.database, "campaign.closed")) == 1


def test_of_two_who_begin_one_name_at_once_one_does_and_its_list_is_whole(town: Town) -> None:
    begun: list[object] = []

    def begin() -> None:
        try:
            begun.append(town.begin(Goal.MAILBOX))
        except RefusedError as err:
            begun.append(err.code)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one for one in begun if isinstance(one, str)) == ["name_taken"] * 3
    (made,) = [one for one in begun if isinstance(one, Campaign)]
    assert [one.act for one in town.store.members(made.campaign_id, before=town.clock.now() + 1)] == [MemberAct.INCLUDED] * 4
    town.campaigns.close(made, "x", CALLER)
    assert town.begin(Goal.MAILBOX).campaign_id == "CD-2026-0002"


def test_an_empty_question_and_a_name_of_nothing_are_refused(town: Town) -> None:
    for asked in ({"unit": "H30.99"}, {"groups": ("khong-co",)}):
        with pytest.raises(RefusedError, match="Nobody"):
            town.begin(Goal.MAILBOX, **asked)
    with pytest.raises(RefusedError, match="name"):
        town.campaigns.begin(name=" ", goal=Goal.MAILBOX, population=Population(), deadline=town.today + timedelta(days=1),
                             owner="", caller=Caller("cli", "cli"))
    assert town.store.all() == []


def test_mailboxes_and_factors_are_written_down_when_they_are_seen_and_never_before(town: Town) -> None:
    town.note(0, mail="")
    mailbox, factor = town.begin(Goal.MAILBOX), town.begin(Goal.SECOND_FACTOR)
    totp: Any = TotpRow.__table__
    town.hours(24)
    town.note(0, mail="u1@haugiang.gov.vn")
    town.note(1, mail="")
    town.database.write(insert_row(totp)).run(entry_uuid=town.people[2].officer.entry_uuid, sealed_seed=b"", last_step=0,
                                              created_at=1)
    town.campaigns.follow()
    town.campaigns.follow()
    assert [day.done for day in town.now(mailbox).days] == [3, 3]
    assert [day.done for day in town.now(factor).days] == [0, 1]
    town.hours(24)
    town.database.write(totp.delete()).run()
    town.campaigns.follow()
    assert [day.done for day in town.now(factor).days] == [0, 1, 0]
    facts: Any = RolloutFactRow.__table__
    assert len(town.database.read(select(facts)).all()) == 3 + 2 + 2


def test_a_first_sign_in_is_written_once(town: Town) -> None:
    campaign = town.begin(Goal.SIGNED_IN)
    town.hours(24)
    for _ in range(2):
        town.mirror.signed_in(town.people[0].sub, now=town.clock.now())
        town.hours(24)
    assert [day.done for day in town.now(campaign).days] == [0, 1, 1, 1]


def test_a_sim_is_a_sim_and_a_pilot_in_software_or_a_seal_is_no_certificate(town: Town) -> None:
    both = [town.begin(goal) for goal in (Goal.CERTIFICATE, Goal.SIM)]
    rows = [("token", "person"), ("sim", "person"), ("software", "person"), ("token", "seal")]
    for number, (device, kind) in enumerate(rows):
        town._request.run(**request_row(f"2026-{number:08}", town.people[number].sub, "H30.1", 1, device_kind=device, kind=kind))
        town._entry.run(enrollment_id=f"2026-{number:08}", at=town.clock.now(), act="activate", before="", after="active",
                        actor="", part="holder", detail="{}")
    assert [town.now(campaign).last.done for campaign in both] == [2, 1]
    assert [one.entry.subject for one in town.now(both[1]).missing] == [town.people[number].sub for number in (0, 2, 3)]


def test_applications_are_connected_once_somebody_came_and_proven_once_they_took_a_logout_token(town: Town) -> None:
    town.clients = [Client(client_id=name, client_name=name, redirect_uris=(), owner="Sở 1", owner_unit=unit)
                    for name, unit in (("a", "H30.1"), ("b", "H30.2"))]
    rows: Any = {row: row.__table__ for row in (ClientRow, GrantRow, OutboxRow)}
    for name in ("a", "b"):
        town.database.write(insert_row(rows[ClientRow])).run(**dict.fromkeys(rows[ClientRow].c.keys()) | {
            "client_id": name, "metadata": "{}", "source": "file", "created_at": 1, "updated_at": 1})
    connected, logout = town.begin(Goal.CONNECTED, groups=()), town.begin(Goal.LOGOUT, groups=())
    town.hours(24)
    town.database.write(insert_row(rows[GrantRow])).run(
        grant_id="g", client_id="a", sub="s", sid="", scope="", offline=False, auth_time=1, acr=1, amr="", nonce="", created_at=1,
        expires_at=2, revoked_at=None, revoke_reason="", details="")
    for client_id, state in (("a", "waiting"), ("b", "sent")):
        town.database.write(insert_row(rows[OutboxRow])).run(**dict.fromkeys(rows[OutboxRow].c.keys()) | {
            "kind": "backchannel_logout", "receiver": client_id, "payload": "{}", "state": state, "attempts": 0,
            "created_at": 1, "next_attempt_at": 1, "last_error": ""})
    town.campaigns.follow()
    for row in (GrantRow, OutboxRow):
        town.database.write(rows[row].delete()).run()  # housekeeping, one day
    town.hours(24)
    town.campaigns.follow()
    assert [(day.counted, day.done) for day in town.now(connected).days] == [(2, 0), (2, 1), (2, 1)]
    assert [(day.counted, day.done) for day in town.now(logout).days] == [(2, 0), (2, 1), (2, 1)]
    assert [one.entry.subject for one in town.now(connected).missing] == ["b"]
    town.clients = town.clients[1:]
    town.campaigns.follow()
    assert [(one.entry.subject, one.reason) for one in town.now(connected).excluded] == [("a", "gone")]
