"""What a change of an officer is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.directory.changes import ChangeKind, kind_of
from idp.directory.mirror import MirroredOfficer, Status
from idp.directory.officer import Officer, Post
from tests.fakes.directory import make_officer

HERE = Post("H30.2", "000.00.02.H30", "Sở Nội vụ", "Chuyên viên")
THERE = Post("H30.14", "000.00.14.H30", "Sở Thông tin và Truyền thông", "Chuyên viên")
AN = replace(make_officer("an"), posts=(HERE,))


def mirrored(officer: Officer = AN, status: Status = "active") -> MirroredOfficer:
    return MirroredOfficer("subject-of-an", officer, status)


def test_somebody_seen_for_the_first_time_joined_in_whatever_state() -> None:
    assert kind_of(None, mirrored()) is ChangeKind.JOINED
    assert kind_of(None, mirrored(status="disabled")) is ChangeKind.JOINED


def test_the_same_facts_are_no_change() -> None:
    assert kind_of(mirrored(), mirrored(replace(AN))) is None
    assert kind_of(mirrored(status="gone"), mirrored(status="gone")) is None


@pytest.mark.parametrize(("before", "after", "kind"), [
    ("active", "disabled", ChangeKind.DISABLED), ("gone", "disabled", ChangeKind.DISABLED),
    ("active", "gone", ChangeKind.REMOVED), ("disabled", "gone", ChangeKind.REMOVED),
    ("disabled", "active", ChangeKind.RETURNED), ("gone", "active", ChangeKind.RETURNED)])
def test_another_status_outweighs_everything_else(before: Status, after: Status, kind: ChangeKind) -> None:
    assert kind_of(mirrored(status=before), mirrored(replace(AN, name="Khác", posts=(THERE,)), after)) is kind


@pytest.mark.parametrize(("posts", "kind"), [
    ((THERE,), ChangeKind.MOVED), ((HERE, THERE), ChangeKind.MOVED), ((), ChangeKind.MOVED),
    ((replace(HERE, title="Phó Giám đốc"),), ChangeKind.CHANGED), ((replace(HERE, unit_name="Sở Mới"),), ChangeKind.CHANGED)])
def test_other_agencies_are_a_move_and_another_title_is_not(posts: tuple[Post, ...], kind: ChangeKind) -> None:
    assert kind_of(mirrored(), mirrored(replace(AN, posts=posts))) is kind


def test_another_main_post_is_a_move() -> None:
    assert kind_of(mirrored(replace(AN, posts=(HERE, THERE))), mirrored(replace(AN, posts=(THERE, HERE)))) is ChangeKind.MOVED


@pytest.mark.parametrize(("facts", "kind"), [
    ({"uid": "an2"}, ChangeKind.RENAMED), ({"name": "Nguyễn An"}, ChangeKind.RENAMED),
    ({"name": "Nguyễn An", "posts": (THERE,)}, ChangeKind.MOVED), ({"groups": ("lanhdao",)}, ChangeKind.CHANGED),
    ({"dn": "uid=an,ou=elsewhere"}, ChangeKind.CHANGED), ({"phone": "+842930000099"}, ChangeKind.CHANGED)])
def test_names_and_other_facts(facts: dict[str, object], kind: ChangeKind) -> None:
    assert kind_of(mirrored(), mirrored(replace(AN, **facts))) is kind  # type: ignore[arg-type]
