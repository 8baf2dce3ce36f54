"""Networks that the province has named."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authn.networks import OUTSIDE, Networks, UnreadableNetworkError, read_networks

PROVINCE = read_networks(("tinh=10.0.0.0/8,2001:db8::/32", "so-noi-vu=10.1.0.0/16", "so-y-te=10.2.0.0/16,2001:db8:2::/48",
                          "bo=192.0.2.0/24"))


@pytest.mark.parametrize(("source", "name"), [
    ("10.1.2.3", "so-noi-vu"), ("10.2.0.1", "so-y-te"), ("10.3.0.1", "tinh"), ("192.0.2.200", "bo"), ("192.0.3.1", OUTSIDE),
    ("::ffff:10.1.2.3", "so-noi-vu"), ("2001:db8:2::9", "so-y-te"), ("2001:db8:3::9", "tinh"), ("cli", OUTSIDE), ("", OUTSIDE)])
def test_an_address_is_in_the_narrowest_network_that_holds_it(source: str, name: str) -> None:
    assert PROVINCE.name_of(source) == name


@pytest.mark.parametrize(("here", "there", "unrelated"), [
    ("10.1.0.1", "10.2.0.1", True), ("10.2.0.1", "10.1.0.1", True), ("10.1.0.1", "192.0.2.1", True),
    ("10.1.0.1", "10.1.0.9", False), ("10.1.0.1", "10.3.0.1", False), ("10.3.0.1", "10.1.0.1", False),
    ("10.1.0.1", "203.0.113.5", False), ("203.0.113.5", "198.51.100.5", False), ("10.2.0.1", "2001:db8:2::9", False),
    ("10.1.0.1", "2001:db8:2::9", True), ("cli", "10.1.0.1", False)])
def test_networks_with_names_are_unrelated_when_neither_lies_in_the_other(here: str, there: str, unrelated: bool) -> None:
    assert PROVINCE.unrelated(here, there) is unrelated


@pytest.mark.parametrize("word", [
    "10.0.0.0/8", "=10.0.0.0/8", "tinh=", "tinh=10.0.0.1/8", "tinh=10.0.0.0/33", "Tinh=10.0.0.0/8", "tinh=10.0.0.0/8,",
    "outside=10.0.0.0/8", "t_n=10.0.0.0/8", f"{'a' * 33}=10.0.0.0/8", "tinh=x"])
def test_what_cannot_be_read_is_refused_with_the_word(word: str) -> None:
    with pytest.raises(UnreadableNetworkError):
        read_networks((word,))


def test_one_network_has_one_name() -> None:
    with pytest.raises(UnreadableNetworkError, match="is in a and in b"):
        read_networks(("a=10.0.0.0/8", "b=10.0.0.0/8"))
    assert read_networks(("a=10.0.0.0/8", "a=10.0.0.0/8")) == Networks(((ipaddress.ip_network("10.0.0.0/8"), "a"),))


@given(st.text(max_size=60))
def test_any_word_is_read_or_refused(word: str) -> None:
    try:
        found = read_networks((word,))
    except UnreadableNetworkError:
        return
    assert len(found.known) >= 1


@given(st.ip_addresses())
def test_every_address_has_one_name_and_nothing_is_unrelated_to_itself(address: object) -> None:
    assert PROVINCE.name_of(str(address)) in {OUTSIDE, "tinh", "so-noi-vu", "so-y-te", "bo"}
    assert not PROVINCE.unrelated(str(address), str(address))
