"""Guarded calls, against real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.ports import free_port
from idp.adapters.outbound import AddressRefusedError, Outbound, ReceiverError, Recorded
from tests.receivers import Receivers, make_certificate


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    found = Receivers()
    yield found
    found.stop()


def development(**options: object) -> Outbound:
    return Outbound(development=True, **options)  # type: ignore[arg-type]


def production(**options: object) -> Outbound:
    return Outbound(development=False, **options)  # type: ignore[arg-type]


def test_a_document_is_fetched(receivers: Receivers) -> None:
    answer = development().get(receivers.url("/json"))
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b'{"keys":[]}')


def test_a_form_is_posted_and_the_status_given(receivers: Receivers) -> None:
    assert development().post_form(receivers.url("/status-204/a"), {"logout_token": "abc"}) == 204
    _path, form, headers, _at = receivers.received[0]
    assert form == {"logout_token": ["abc"]}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Host"] == f"127.0.0.1:{receivers.port}"


def test_a_redirect_is_not_followed(receivers: Receivers) -> None:
    assert development().post_form(receivers.url("/redirect"), {"a": "b"}) == 302
    with pytest.raises(ReceiverError, match="redirects"):
        development().get(receivers.url("/redirect"))
    assert receivers.paths() == ["/redirect", "/redirect"]


@pytest.mark.parametrize("path", ["/slow-30", "/drip-header", "/drip-body"])
def test_a_call_takes_no_longer_than_its_time_whatever_is_dripped(receivers: Receivers, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(ReceiverError, match="in time"):
        development(timeout_seconds=0.7).get(receivers.url(path))
    assert time.monotonic() - start < 15


def test_a_huge_answer_is_cut(receivers: Receivers) -> None:
    start = time.monotonic()
    with pytest.raises(ReceiverError, match="too large"):
        development().get(receivers.url("/huge"))
    assert development().post_form(receivers.url("/huge"), {}) == 200
    assert time.monotonic() - start < 15


def test_a_compressed_answer_is_not_unpacked(receivers: Receivers) -> None:
    with pytest.raises(ReceiverError, match="compressed"):
        development().get(receivers.url("/gzip"))


def test_a_closed_port_is_no_connection() -> None:
    with pytest.raises(ReceiverError, match="No connection"):
        development().post_form(f"http://127.0.0.1:{free_port()}/", {})


def test_an_unknown_host_is_said_so() -> None:
    with pytest.raises(ReceiverError, match="not known"):
        production(resolve=lambda _host, _port: []).get("https://nowhere.example/")


def test_a_resolver_that_hangs_is_left() -> None:
    let_go = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        let_go.wait(30)
        return ["203.0.113.1"]

    start = time.monotonic()
    with pytest.raises(ReceiverError, match="not resolved in time"):
        production(resolve=hang, timeout_seconds=0.3).get("https://slow.example/")
    assert time.monotonic() - start < 15
    let_go.set()


@pytest.mark.parametrize("url", [
    "http://qlvb.example/", "ftp://qlvb.example/", "file:///etc/passwd", "https://", "https:///x", "https://user@qlvb.example/",
    "https://user:pw@qlvb.example/", "https://qlvb.example:port/", "https://qlvb.example:99999/", "https://qlvb.example/a b",
    "https://qlvb.example/\n", "https://qlvb.example\\@127.0.0.1/", "https://[::1", "https://[fe80::1%25lo]/", "//qlvb.example/",
    "https://qlvb.example/\u00e1", "", "https://qlvb.example/" + "x" * 3000])
def test_security_19_only_well_formed_https_urls(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        production(resolve=lambda _host, _port: ["8.8.8.8"]).get(url)


PRIVATE = ["127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
           "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1",
           "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
           "64:ff9b::a00:1", "2001:db8::1", "fe80::1%eth0"]


@pytest.mark.parametrize("address", PRIVATE)
def test_security_19_non_public_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError):
        production(resolve=lambda _host, _port: [address]).get("https://qlvb.example/")


@pytest.mark.parametrize("address", [a for a in PRIVATE if not a.endswith(("127.0.0.1", "127.8.8.8")) and a != "::1"
                                     and "7f00" not in a])
def test_security_19_development_opens_loopback_only(address: str) -> None:
    for url in ("https://qlvb.example/", "http://qlvb.example/"):
        with pytest.raises(AddressRefusedError):
            development(resolve=lambda _host, _port: [address]).get(url)


def test_security_19_one_private_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(AddressRefusedError):
        production(resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"]).get("https://qlvb.example/")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "localhost."])
def test_security_19_other_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises((AddressRefusedError, ReceiverError)):
        production().get(f"https://{host}/")


def test_security_19_http_to_a_public_address_is_refused_in_development_too() -> None:
    with pytest.raises(AddressRefusedError):
        development(resolve=lambda _host, _port: ["8.8.8.8"]).get("http://qlvb.example/")


@pytest.mark.parametrize("allow", [("qlvb.haugiang.example",), ("127.0.0.0/8",), ("127.0.0.1",), ("QLVB.haugiang.example.",)])
def test_security_19_a_listed_host_or_network_may_be_private_and_keeps_its_name(tmp_path: Path, allow: tuple[str, ...]) -> None:
    trust, context = make_certificate(tmp_path, "qlvb.haugiang.example")
    server = Receivers(context)
    try:
        outbound = production(allow=allow, ca_file=trust, resolve=lambda _host, _port: ["127.0.0.1"])
        assert outbound.post_form(server.url("/status-200", "qlvb.haugiang.example", "https"), {"a": "b"}) == 200
        assert server.received[0][2]["Host"] == f"qlvb.haugiang.example:{server.port}"
    finally:
        server.stop()


def test_security_19_the_name_is_resolved_once(tmp_path: Path) -> None:
    trust, context = make_certificate(tmp_path, "rebind.example")
    server, asked = Receivers(context), []

    def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    try:
        outbound = production(allow=("127.0.0.1",), ca_file=trust, resolve=rebind)
        assert outbound.get(server.url("/json", "rebind.example", "https")).status == 200
        assert asked == ["rebind.example"]
    finally:
        server.stop()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_must_be_trusted_and_fit_the_name(tmp_path: Path, trusted: bool) -> None:
    trust, context = make_certificate(tmp_path, "other.example")
    server = Receivers(context)
    try:
        outbound = production(allow=("127.0.0.1",), ca_file=trust if trusted else None,
                              resolve=lambda _host, _port: ["127.0.0.1"])
        host = "qlvb.example" if trusted else "other.example"
        with pytest.raises(ReceiverError, match="certificate"):
            outbound.get(server.url("/json", host, "https"))
        assert server.received == []
    finally:
        server.stop()


def test_a_handshake_that_hangs_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(ReceiverError, match="in time"):
            development(timeout_seconds=0.5).get(f"https://127.0.0.1:{silent.getsockname()[1]}/")
        assert time.monotonic() - start < 15


def test_old_protocol_versions_are_refused(tmp_path: Path) -> None:
    assert development()._tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert development()._tls.verify_mode == ssl.CERT_REQUIRED
    assert development()._tls.check_hostname


def test_the_next_address_is_tried_when_the_first_is_dead(receivers: Receivers) -> None:
    outbound = development(resolve=lambda _host, _port: ["127.0.0.9", "127.0.0.1"])
    assert outbound.post_form(receivers.url("/status-200", "app.example"), {}) == 200


def test_proxies_and_netrc_of_the_environment_are_ignored(receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert development().post_form(receivers.url("/status-200"), {}) == 200


def test_a_rehearsal_gives_what_it_was_told_and_calls_nobody() -> None:
    recorded = Recorded({"https://app.example/jwks": b"{}"})
    assert recorded.document("https://app.example/jwks") == b"{}"
    with pytest.raises(ReceiverError):
        recorded.document("https://app.example/other")
    with pytest.raises(ReceiverError):
        recorded.post_form("https://app.example/jwks", {})
