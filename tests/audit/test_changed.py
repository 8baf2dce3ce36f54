"""What an act changed, as its record holds it."""

from __future__ import annotations

from idp.audit.changed import LONGEST, MOST, changed


def test_what_differs_stands_with_before_and_after_and_nothing_else() -> None:
    before = {"scope": "openid", "redirect_uris": ["https://a.example/cb"], "province": {"owner": "Sở A", "consent": "ask"}}
    after = {"scope": "openid", "redirect_uris": ["https://a.example/cb", "https://b.example/cb"],
             "province": {"owner": "Sở B", "consent": "ask"}, "disabled": True}
    assert changed(before, after) == {
        "redirect_uris": ['["https://a.example/cb"]', '["https://a.example/cb", "https://b.example/cb"]'],
        "province.owner": ["Sở A", "Sở B"], "disabled": ["", "true"]}
    assert changed(before, before) == {}


def test_long_values_and_many_members_are_cut() -> None:
    (told,) = changed({"a": "x" * 500}, {"a": "y" * LONGEST}).values()
    assert told == ["x" * (LONGEST - 1) + "…", "y" * LONGEST]
    assert len(changed({}, {f"m{n}": "1" for n in range(100)})) == MOST
