"""What time is granted, and what a sign-in asks of an officer without a factor; pure (security checklist 29, 30)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authn.assurance import PWD, AssurancePolicy, level_reached, published, with_factor
from idp.authn.enrolment.first_factor import TrustedNetworks
from idp.authn.enrolment.grace import DAY, MARK, Due, Grace, days_left, deadline_of, decide, mark_of
from idp.authn.networks import read_networks

NOW = 1_800_000_000


@pytest.mark.parametrize(("required", "spared", "deadline", "due"), [
    (1, 1, None, Due.NOTHING), (1, 1, NOW + 1, Due.NOTHING),
    (2, 1, None, Due.MUST), (2, 1, NOW, Due.MUST), (2, 1, NOW - 1, Due.MUST), (2, 1, NOW + 1, Due.OFFER),
    (2, 2, NOW + DAY, Due.MUST), (3, 1, NOW + DAY, Due.OFFER), (3, 3, NOW + DAY, Due.MUST)])
def test_what_is_asked(required: int, spared: int, deadline: int | None, due: Due) -> None:
    assert decide(required=required, spared=spared, reached=1, deadline=deadline, now=NOW) is due


def test_days_count_from_the_first_time_or_from_the_day_that_was_set() -> None:
    assert Grace(14).deadline(NOW) == NOW + 14 * DAY
    assert Grace(14, since=NOW + DAY).deadline(NOW) == NOW + 15 * DAY
    assert Grace(14, since=NOW - DAY).deadline(NOW) == NOW + 14 * DAY
    assert Grace(0, since=NOW + DAY).deadline(NOW) == NOW + DAY, "a day alone is a deadline for everybody"


@pytest.mark.parametrize(("grace", "deadline", "honoured"), [
    (Grace(), NOW + 1, False), (Grace(7), NOW + 7 * DAY, True), (Grace(7), NOW + 7 * DAY + 1, False), (Grace(7), NOW, False),
    (Grace(7), None, False), (Grace(0, NOW + 5), NOW + 5, True), (Grace(0, NOW + 5), NOW + 6, False)])
def test_no_more_is_honoured_than_is_granted_today(grace: Grace, deadline: int | None, honoured: bool) -> None:
    assert grace.honours(deadline, NOW) is honoured


@pytest.mark.parametrize(("left", "days"), [(1, 1), (DAY, 1), (DAY + 1, 2), (14 * DAY, 14), (0, 0), (-5, 0)])
def test_the_last_day_counts_whole(left: int, days: int) -> None:
    assert days_left(NOW + left, NOW) == days


@given(st.lists(st.text(max_size=30)))
def test_a_mark_is_read_or_is_none_and_never_counts_as_a_proof(values: list[str]) -> None:
    found = deadline_of(values)
    assert found is None or any(value.startswith(MARK) for value in values)
    assert deadline_of([*values[:0], mark_of(NOW)]) == NOW
    amr = (PWD, mark_of(NOW))
    assert level_reached(amr) == 1
    assert published(amr) == [PWD]
    assert with_factor(amr, "otp") == (PWD, "otp", "mfa"), "and goes with the first factor"


@pytest.mark.parametrize("value", ["grace.", "grace.-1", "grace.1e9", "grace.²", f"grace.{'9' * 13}", "grace.99 "])
def test_what_is_no_deadline_grants_nothing(value: str) -> None:
    assert deadline_of([value]) is None


GROUPS = st.sets(st.sampled_from(["lanhdao", "quantri-tinh", "kiemtoan", "khac"]))
UNITS = st.sets(st.sampled_from(["H30", "H30.3", "H30.3.1", "H30.30", "H30.4"]))
PLACES = st.sampled_from(["10.0.0.1", "203.0.113.1", None])
POLICY = AssurancePolicy(
    "urn:x:", frozenset({"lanhdao", "quantri-tinh", "kiemtoan"}), frozenset({"H30.3"}), frozenset({"outside"}),
    read_networks(["tinh=10.0.0.0/8"]), administrators=frozenset({"quantri-tinh", "kiemtoan"}), grace=Grace(14))


@given(GROUPS, UNITS, PLACES, st.sampled_from([0, 2]))
def test_grace_spares_groups_and_agencies_only_and_words_name_what_demands(
        groups: set[str], units: set[str], source: str | None, client: int) -> None:
    demands = list(POLICY.demands(groups, units=units, source=source))
    assert (POLICY.demanded(groups, 0, units=units, source=source) == 2) is bool(demands)
    spared = POLICY.demanded(groups, client, units=units, source=source,
                             spared=POLICY.spares((PWD, mark_of(NOW + DAY)), NOW, sub="s", afresh=True))
    assert spared == (2 if client == 2 or any(demand.kind in {"role", "network"} for demand in demands) else 1)
    over = POLICY.spares((PWD, mark_of(NOW)), NOW, sub="s")
    assert POLICY.demanded(groups, client, units=units, source=source, spared=over) == POLICY.demanded(
        groups, client, units=units, source=source)


@pytest.mark.parametrize(("names", "strict", "well", "word"), [
    ((), (), False, "takes a code"), (("tinh",), ("outside",), True, "enrolled from tinh"),
    (("tinh", "khach"), ("khach",), False, "from khach two factors"), (("outside",), (), False, "from anywhere"),
    (("outside",), ("outside",), False, "whoever has a password has both")])
def test_operators_are_told_what_does_not_go_together(
        names: tuple[str, ...], strict: tuple[str, ...], well: bool, word: str) -> None:
    found = list(TrustedNetworks(read_networks(["tinh=10.0.0.0/8", "khach=10.9.0.0/16"]), frozenset(names)).examined(strict))
    assert any(word in sentence for _, sentence, _ in found)
    assert all(state is well and bool(remedy) is not well for state, _, remedy in found)
