"""Tables of campaigns: what they are, who is in their lists, what was seen of officers, and who was reminded."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .column_types import Base, Epoch, RowId, Subject, Words


class CampaignRow(Base):
    """A campaign (``rollout.campaign.Campaign``); rows are never deleted."""

    __tablename__ = "campaign"
    campaign_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[Words]
    goal: Mapped[str] = mapped_column(String(32))
    population: Mapped[Words]
    """JSON object: unit, groups, titles."""
    owner: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Epoch]
    created_by: Mapped[Subject]
    open_name: Mapped[str | None] = mapped_column(String(400), unique=True)
    """The name while it is not closed: there is one of a name."""
    entries: Mapped[Epoch]
    """How many lines its history has; whoever decided on fewer has lost."""


class CampaignEntryRow(Base):
    """One line of a campaign's history; lines are only added."""

    __tablename__ = "campaign_entry"
    id: Mapped[RowId]
    campaign_id: Mapped[str] = mapped_column(String(16), index=True)
    at: Mapped[Epoch]
    act: Mapped[str] = mapped_column(String(16))
    actor: Mapped[Subject]
    deadline: Mapped[str] = mapped_column(String(10))
    """Day, YYYY-MM-DD."""
    reason: Mapped[Words]


class CampaignMemberRow(Base):
    """One line of a campaign's list; lines are only added."""

    __tablename__ = "campaign_member"
    id: Mapped[RowId]
    campaign_id: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(255))
    at: Mapped[Epoch]
    act: Mapped[str] = mapped_column(String(16))
    name: Mapped[Words]
    title: Mapped[Words]
    unit_code: Mapped[str] = mapped_column(String(64))
    unit_name: Mapped[Words]
    agency_code: Mapped[str] = mapped_column(String(64))
    agency_name: Mapped[Words]
    reason: Mapped[str] = mapped_column(String(32))
    note: Mapped[Words]
    actor: Mapped[Subject]
    __table_args__ = (Index("ix_campaign_member_campaign_id_subject", "campaign_id", "subject"),
                      Index("ix_campaign_member_campaign_id_at", "campaign_id", "at"))


class CampaignCourseRow(Base):
    """The course of a long campaign, kept so that nobody waits until it is followed (``rollout.courses``)."""

    __tablename__ = "campaign_course"
    campaign_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Code of the agency; "" for everybody."""
    at: Mapped[Epoch]
    """Up to when it has all lines."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON, deflated."""


class RolloutFactRow(Base):
    """What was seen of an officer or an application; lines are only added, with the moment at which it was seen."""

    __tablename__ = "rollout_fact"
    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(16))
    """mailbox | second_factor | connected | logout."""
    subject: Mapped[str] = mapped_column(String(255))
    at: Mapped[Epoch]
    value: Mapped[str] = mapped_column(String(1))
    """1 | 0."""
    __table_args__ = (Index("ix_rollout_fact_kind_subject_id", "kind", "subject", "id"),
                      Index("ix_rollout_fact_kind_at", "kind", "at"))


class CampaignReminderRow(Base):
    """When an officer was last reminded of a campaign; of one, whatever their number."""

    __tablename__ = "campaign_reminder"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    told_on: Mapped[str] = mapped_column(String(10))
    """Day, YYYY-MM-DD."""


class CampaignRemindingRow(Base):
    """One line of who was reminded of a campaign (``rollout.reminders.Reminding``); lines are only added."""

    __tablename__ = "campaign_reminding"
    id: Mapped[RowId]
    campaign_id: Mapped[str] = mapped_column(String(16))
    sub: Mapped[Subject]
    at: Mapped[Epoch]
    step: Mapped[str] = mapped_column(String(32))
    """Of an officer the step; "" of an agency's administrator."""
    cases: Mapped[int]
    nth: Mapped[int]
    """How often they were reminded of this campaign, with this time."""
    name: Mapped[Words]
    title: Mapped[Words]
    unit_code: Mapped[str] = mapped_column(String(64))
    unit_name: Mapped[Words]
    actor: Mapped[Subject]
    __table_args__ = (Index("ix_campaign_reminding_campaign_id_id", "campaign_id", "id"),
                      Index("ix_campaign_reminding_sub_id", "sub", "id"))


class CampaignDigestRow(Base):
    """When an agency's administrator was last told who is missing there."""

    __tablename__ = "campaign_digest"
    sub: Mapped[Subject] = mapped_column(primary_key=True)
    told_on: Mapped[str] = mapped_column(String(10))
    """Day, YYYY-MM-DD."""
