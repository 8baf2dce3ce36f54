"""Front-Channel Logout 1.0 §2, §3: one frame for every application that registered for it, with iss and sid."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.oauth.client import Client
from idp.oidc.frontchannel_logout import LogoutFrame, logout_frames

ISSUER = "https://sso.example"


def client(client_id: str, uri: str = "", **members: object) -> Client:
    return Client(client_id=client_id, client_name=client_id, frontchannel_logout_uri=uri, **members)  # type: ignore[arg-type]


def test_s3_each_application_that_registered_an_address_gets_one_frame_in_the_order_given() -> None:
    frames = logout_frames([client("a", "https://a.example/out"), client("b"), client("c", "https://c.example:8443/out")],
                           issuer=ISSUER, sid_of=lambda _client: "s-1")
    assert frames == (
        LogoutFrame("a", "https://a.example/out?iss=https%3A%2F%2Fsso.example&sid=s-1", "https://a.example"),
        LogoutFrame("c", "https://c.example:8443/out?iss=https%3A%2F%2Fsso.example&sid=s-1", "https://c.example:8443"))


@pytest.mark.parametrize(("uri", "kept"), [
    ("https://a.example/out", []), ("https://a.example/out?", []), ("https://a.example/out?x=1", [("x", "1")]),
    ("https://a.example/out?x=1&", [("x", "1")]), ("https://a.example?x=a%26b", [("x", "a&b")]),
    ("https://a.example/out?x=1&x=2&y", [("x", "1"), ("x", "2"), ("y", "")]),
])
def test_s2_the_query_of_the_address_is_kept(uri: str, kept: list[tuple[str, str]]) -> None:
    frame, = logout_frames([client("a", uri)], issuer=ISSUER, sid_of=lambda _client: "s-1")
    assert parse_qsl(urlsplit(frame.src).query, keep_blank_values=True) == [*kept, ("iss", ISSUER), ("sid", "s-1")]
    assert frame.src.startswith(uri)


def test_s2_iss_and_sid_go_along_whether_they_are_required_or_not() -> None:
    required, free = (logout_frames([client("a", "https://a.example/out", frontchannel_logout_session_required=value)],
                                    issuer=ISSUER, sid_of=lambda _client: "s-1") for value in (True, False))
    assert required == free


def test_back_channel_addresses_are_never_framed() -> None:
    assert logout_frames([client("a", backchannel_logout_uri="https://a.example/bcl")], issuer=ISSUER,
                         sid_of=lambda _client: "s") == ()


def test_a_pairwise_application_is_told_the_session_under_its_own_name() -> None:
    frames = logout_frames([client(name, f"https://{name}.example/out") for name in ("a", "b")], issuer=ISSUER,
                           sid_of=lambda asked: f"s-{asked.client_id}")
    assert [frame.src.rpartition("sid=")[2] for frame in frames] == ["s-a", "s-b"]
