"""What a client answers, and the registry that keeps clients in memory."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.errors import UnavailableError
from idp.oauth.client import SPARE_LOOKS, Client, ClientRegistry, secret_digest

from ..contracts.client_records import CALLER, CLIENT
from ..fakes.client_store import FakeClientStore
from ..fakes.clock import FakeClock

NATIVE = Client(client_id="app", client_name="App", application_type="native", token_endpoint_auth_method="none",
                redirect_uris=("http://127.0.0.1/cb?x=1", "http://[::1]:3000/cb", "http://localhost:3000/cb",
                "https://app.example/cb",
                               "vn.gov.example.app:/cb", "http://127.0.0.1"))


def test_rfc9700_s2_1_redirect_uris_match_as_strings() -> None:
    client = replace(NATIVE, application_type="web", redirect_uris=("https://a.example/cb?x=1", "http://127.0.0.1:80/cb"))
    assert client.check_redirect_uri("https://a.example/cb?x=1")
    for sent in ("https://a.example/cb", "https://a.example/cb?x=1&y=2", "https://a.example/cb?x=1#f", "https://A.example/cb?x=1",
                 "https://a.example:443/cb?x=1", "http://a.example/cb?x=1", "https://a.example/cb/?x=1",
                 "https://a.example/cb?x=%31",
                 "https://a.example/./cb?x=1", "https://a.example.evil.example/cb?x=1", " https://a.example/cb?x=1", "",
                 "https://u@a.example/cb?x=1", "http://127.0.0.1:81/cb", "http://127.0.0.1/cb"):
        assert not client.check_redirect_uri(sent)


@pytest.mark.parametrize("sent", ["http://127.0.0.1:49152/cb?x=1", "http://127.0.0.1/cb?x=1", "http://127.0.0.1:1/cb?x=1",
                                  "http://[::1]:65535/cb", "http://[::1]/cb", "http://127.0.0.1:8080"])
def test_rfc8252_s7_3_a_native_client_may_vary_the_port_of_a_loopback_address(sent: str) -> None:
    assert NATIVE.check_redirect_uri(sent)
    assert replace(NATIVE, application_type="web").check_redirect_uri(sent) == (sent in NATIVE.redirect_uris)


@pytest.mark.parametrize("sent", [
    "http://127.0.0.1:0/cb?x=1", "http://127.0.0.1:65536/cb?x=1", "http://127.0.0.1:99999/cb?x=1",
    "http://127.0.0.1:123456/cb?x=1",
    "http://127.0.0.1:/cb?x=1", "http://127.0.0.1:+1/cb?x=1", "http://127.0.0.1:1 /cb?x=1", "http://127.0.0.1:\u0661/cb?x=1",
    "http://127.0.0.1:1/cb?x=1\n", "http://127.0.0.1:1/cb\n?x=1", "http://127.0.0.1:1/cb", "http://127.0.0.1:1/CB?x=1",
    "http://127.0.0.1:1/cb?x=1#",
    "http://127.0.0.1:1@evil.example/cb?x=1", "http://127.0.0.1.evil.example/cb?x=1", "http://127.0.0.2:1/cb?x=1",
    "http://127.1:1/cb?x=1",
    "http://0x7f000001/cb?x=1", "https://127.0.0.1:1/cb?x=1", "HTTP://127.0.0.1:1/cb?x=1", "http://localhost:3001/cb",
    "http://localhost/cb", "https://app.example:444/cb", "http://[::1]:1/cb?x=1", "http://[0:0:0:0:0:0:0:1]/cb",
    "http://127.0.0.1:1evil",
    "vn.gov.example.app:1/cb", "http://127.0.0.1:1\\@evil.example/cb?x=1",
])
def test_rfc8252_s7_3_nothing_but_the_port_varies(sent: str) -> None:
    assert not NATIVE.check_redirect_uri(sent)


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=80) | st.from_regex(r"http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{0,6})?[ -~]{0,12}", fullmatch=True))
def test_whatever_matches_a_native_client_differs_in_the_port_at_most(sent: str) -> None:
    if NATIVE.check_redirect_uri(sent) and sent not in NATIVE.redirect_uris:
        host = "[::1]" if sent.startswith("http://[::1]") else "127.0.0.1"
        rest = sent.removeprefix(f"http://{host}")
        port = rest[1:].split("/")[0].split("?")[0] if rest.startswith(":") else ""
        assert rest.removeprefix(f":{port}" if port else "") in {"/cb?x=1", "/cb", ""}
        assert not port or 1 <= int(port) <= 65535


def test_security_client_secrets_are_compared_as_digests_and_any_text_is_taken() -> None:
    client = replace(CLIENT, secret_digest=secret_digest("right-secret"))
    assert client.check_client_secret("right-secret")
    for wrong in ("", "right-secret ", "Right-secret", "đúng", "\ud800", "x" * 100_000, "\x00"):
        assert not client.check_client_secret(wrong)
    assert not replace(client, secret_digest=None).check_client_secret("")
    assert not replace(client, secret_digest=secret_digest("")).check_client_secret("")


def test_the_registered_method_is_the_only_one_at_every_endpoint() -> None:
    for endpoint in ("token", "introspection", "revocation"):
        assert CLIENT.check_endpoint_auth_method("client_secret_post", endpoint)
        for method in ("client_secret_basic", "none", "private_key_jwt", ""):
            assert not CLIENT.check_endpoint_auth_method(method, endpoint)


def test_grant_types_response_types_and_scopes_are_the_registered_ones() -> None:
    assert CLIENT.check_grant_type("refresh_token")
    assert not CLIENT.check_grant_type("password")
    assert CLIENT.check_response_type("code")
    assert not CLIENT.check_response_type("token")
    assert CLIENT.get_allowed_scope("unit admin openid  groups") == "unit openid groups"
    assert CLIENT.get_allowed_scope("") == CLIENT.get_allowed_scope(None) == ""


def test_rfc6749_s3_1_2_3_a_default_redirect_uri_exists_where_one_is_registered() -> None:
    assert CLIENT.get_default_redirect_uri() is None
    assert replace(CLIENT, redirect_uris=("https://a.example/",)).get_default_redirect_uri() == "https://a.example/"
    assert replace(CLIENT, redirect_uris=()).get_default_redirect_uri() is None


@pytest.mark.parametrize(("logo", "redirects", "shown"), [
    ("https://a.example/l.png", ("https://a.example/cb",), True),
    ("https://a.example:8443/l.png", ("https://a.example/cb",), True),
    ("https://a.example/l.png", ("https://b.example/cb", "https://A.example/cb"), True),
    ("https://b.example/l.png", ("https://a.example/cb",), False),
    ("https://a.example.evil/l.png", ("https://a.example/cb",), False),
    ("https://sub.a.example/l.png", ("https://a.example/cb",), False),
    ("https://a.example/l.png", ("vn.example.app:/cb",), False),
    ("https://a.example/l.png", (), False), ("", ("https://a.example/cb",), False), ("", ("vn.example.app:/cb",), False),
])
def test_registration_s9_1_a_logo_is_shown_from_the_applications_own_host_only(
        logo: str, redirects: tuple[str, ...], shown: bool) -> None:
    assert replace(CLIENT, logo_uri=logo, redirect_uris=redirects).shown_logo == (logo if shown else "")


def test_a_client_with_nothing_optional_has_nothing_that_is_none_where_others_iterate() -> None:
    client = Client(client_id="x", client_name="x")
    assert client.get_allowed_scope("openid") == ""
    assert not client.check_redirect_uri("https://a.example/")
    assert (client.scope, client.contacts, client.allowed_groups, client.post_logout_redirect_uris) == (frozenset(), (),
    frozenset(), ())


def test_a_client_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        CLIENT.client_name = "x"  # type: ignore[misc]


class TestClientRegistry:
    @pytest.fixture
    def store(self) -> FakeClientStore:
        return FakeClientStore(CLIENT)

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def registry(self, store: FakeClientStore, clock: FakeClock) -> ClientRegistry:
        return ClientRegistry(store, clock)

    def test_security_18_unknown_and_disabled_clients_are_not_found(self, registry: ClientRegistry,
    store: FakeClientStore) -> None:
        assert registry.find("qlvb") == CLIENT
        assert registry.find("QLVB") is None
        assert registry.find("") is None
        store.put(replace(CLIENT, disabled=True))
        registry.reload()
        assert registry.find("qlvb") is None
        assert [client.disabled for client in registry.all()] == [True]

    def test_a_change_in_another_process_is_seen_within_a_second(
            self, registry: ClientRegistry, store: FakeClientStore, clock: FakeClock) -> None:
        assert registry.find("qlvb")
        store.set_disabled("qlvb", True, now=1, caller=CALLER)
        clock.advance(1)
        assert registry.find("qlvb") is None

    def test_the_version_is_looked_at_once_a_second(self, registry: ClientRegistry, store: FakeClientStore,
    clock: FakeClock) -> None:
        registry.find("qlvb")
        looks = store.looks
        for _ in range(50):
            registry.find("qlvb")
        assert store.looks == looks
        clock.advance(1)
        for _ in range(50):
            registry.find("qlvb")
        assert store.looks == looks + 1

    def test_a_client_that_another_process_registered_in_this_second_is_found(
            self, registry: ClientRegistry, store: FakeClientStore) -> None:
        assert registry.find("qlvb")
        store.create(replace(CLIENT, client_id="new"), now=1, caller=CALLER)
        assert registry.find("new")

    def test_strangers_cost_some_looks_a_second_and_no_more(
            self, registry: ClientRegistry, store: FakeClientStore, clock: FakeClock) -> None:
        registry.find("qlvb")
        looks = store.looks
        for _ in range(100):
            assert registry.find("unknown") is None
        assert store.looks == looks + SPARE_LOOKS
        clock.advance(1)
        registry.find("unknown")
        assert store.looks == looks + SPARE_LOOKS + 2
        store.down = True
        assert registry.find("unknown") is None

    def test_unchanged_clients_are_the_same_objects(self, registry: ClientRegistry, clock: FakeClock) -> None:
        before = registry.find("qlvb")
        clock.advance(10)
        assert registry.find("qlvb") is before

    def test_clients_last_seen_stay_while_the_database_is_down(
            self, registry: ClientRegistry, store: FakeClientStore, clock: FakeClock) -> None:
        assert registry.find("qlvb")
        store.down = True
        clock.advance(60)
        assert registry.find("qlvb")
        store.down = False
        store.set_disabled("qlvb", True, now=1, caller=CALLER)
        clock.advance(1)
        assert registry.find("qlvb") is None

    def test_a_database_that_was_never_there_is_told(self, registry: ClientRegistry, store: FakeClientStore) -> None:
        store.down = True
        with pytest.raises(UnavailableError):
            registry.find("qlvb")
