"""OpenID Connect Core §6.2, RFC 9101 §5.2: a request object that stands where the application registered that it would."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from idp.adapters.outbound import Outbound
from idp.adapters.sql.database import Database
from idp.errors import RefusedError, UnavailableError
from idp.jose import jwe
from idp.oauth.authorization_request import AuthorizationError, AuthorizationRequest, UnsafeRequestError
from idp.oauth.client import Client
from idp.oauth.requests.published import MOST_AT_ONCE, PublishedRequests
from idp.oauth.requests.request_object import InvalidRequestObjectError
from tests.fakes.client_keys import pair
from tests.provider import REDIRECT_URI, House
from tests.receivers import Receivers

from .test_request_object import Desk, encrypted, segment

PLACE = "https://qlvb.example/request.jwt"
CLIENT = Client(client_id="qlvb", client_name="x", request_uris=(PLACE,))


class Stand(Desk):
    """A house that fetches request objects; its client has registered where they stand."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        house.client(request_uris=(PLACE,))

    def publish(self, token: str | None = None, place: str = PLACE) -> None:
        self.house.documents[place] = (token or self.object()).encode()

    def ask(self, request_uri: str | None = PLACE, **more: str | None) -> AuthorizationRequest:
        given = {"client_id": "qlvb", "request_uri": request_uri, **more}
        return self.house.provider.parse_authorization({name: [value] for name, value in given.items() if value is not None})

    def why(self, request_uri: str = PLACE, **more: str | None) -> str:
        """Why the application is told that its request is refused."""
        with pytest.raises(AuthorizationError) as caught:
            self.ask(request_uri, **{"redirect_uri": REDIRECT_URI, "state": "outside"} | more)
        assert (caught.value.redirect_uri, caught.value.state) == (REDIRECT_URI, "outside")
        assert caught.value.message.isascii()
        return caught.value.code


@pytest.fixture
def stand(database: Database) -> Stand:
    house = House(database, request_uris=True)
    house.officer()
    return Stand(house)


# What is asked

def test_core_s6_2_a_published_request_is_read(stand: Stand) -> None:
    stand.publish()
    assert stand.ask() == stand.house.asked()


def test_core_s6_2_a_file_may_end_with_a_new_line(stand: Stand) -> None:
    stand.publish(stand.object() + "\r\n")
    assert stand.ask() == stand.house.asked()


def test_rfc9101_s6_1_it_may_be_encrypted(stand: Stand) -> None:
    stand.publish(encrypted(stand, stand.object()))
    assert stand.ask() == stand.house.asked()


def test_rfc9101_s6_3_only_what_was_signed_counts(stand: Stand) -> None:
    stand.publish(stand.object(state=None, prompt=None))
    asked = stand.ask(state="outside", prompt="none", scope="openid email", redirect_uri="https://evil.example/")
    assert (asked.state, asked.prompt, asked.scope, asked.redirect_uri) == (None, (), ("openid", "profile"), REDIRECT_URI)


def test_core_s6_2_3_nothing_is_kept(stand: Stand) -> None:
    stand.publish()
    stand.ask()
    stand.publish(stand.object(state="second"))
    assert stand.ask().state == "second"
    del stand.house.documents[PLACE]
    assert stand.why() == "invalid_request_uri"


@pytest.mark.parametrize("registered", [PLACE, f"{PLACE}#old"])
@pytest.mark.parametrize("asked", [PLACE, f"{PLACE}#new"])
def test_core_s6_2_3_a_fragment_only_tells_caches_that_the_content_changed(stand: Stand, registered: str, asked: str) -> None:
    stand.house.client(request_uris=("https://qlvb.example/other", registered))
    stand.publish()
    assert stand.ask(asked)


def test_an_application_that_must_sign_may_publish(stand: Stand) -> None:
    stand.house.client(require_signed_request_object=True, request_object_signing_alg="ES256")
    stand.publish()
    assert stand.ask()


# What is refused

@pytest.mark.parametrize("uri", [
    f"{PLACE}?x=1", f"{PLACE}/", PLACE.upper(), "https://qlvb.example/", "https://qlvb.example:443/request.jwt",
    "http://qlvb.example/request.jwt", "https://qlvb.example/./request.jwt", "https://qlvb.example/%72equest.jwt",
    "https://169.254.169.254/", "file:///etc/passwd", f" {PLACE}", "x", "#", "urn:example:1"])
def test_rfc9101_s10_4_1_nothing_is_fetched_from_where_the_application_did_not_say(stand: Stand, uri: str) -> None:
    stand.publish(place=uri)
    stand.publish()
    assert stand.why(uri) == "invalid_request_uri"


def test_rfc9101_s10_4_1_the_address_of_another_application_is_none_of_this_ones(stand: Stand) -> None:
    stand.house.client("other", request_uris=("https://other.example/r",))
    stand.publish(place="https://other.example/r")
    assert stand.why("https://other.example/r") == "invalid_request_uri"


@pytest.mark.parametrize("changes", [
    {"iss": "other"}, {"iss": None}, {"aud": "https://other.example"}, {"aud": None}, {"exp": 1}, {"client_id": "other"},
    {"sub": "qlvb"}, {"nbf": 1}, {"nbf": None, "iat": 1}, {"exp": None, "nbf": 1}, {"exp": 2 ** 40},
    {"request_uri": PLACE}, {"request": "e.y.j"}], ids=str)
def test_rfc9101_s6_2_it_is_checked_as_one_by_value(stand: Stand, changes: dict[str, Any]) -> None:
    stand.publish(stand.object(**changes))
    assert stand.why() == "invalid_request_object"


def test_rfc9101_s6_2_it_is_signed_by_the_application_itself(stand: Stand) -> None:
    stand.publish(stand.object(pair("ES256", 1)))
    assert stand.why() == "invalid_request_object"
    stand.house.client(request_object_signing_alg="PS256")
    stand.publish()
    assert stand.why() == "invalid_request_object"
    stand.publish(jwe.encrypt(stand.object(), pair("ECDH-ES"), alg="ECDH-ES", enc="A128GCM"))
    assert stand.why() == "invalid_request_object"


def test_rfc9101_s4_a_published_object_need_not_say_when_it_counts(stand: Stand) -> None:
    stand.publish(stand.object(exp=None, nbf=None, iat=None))
    assert stand.ask() == stand.house.asked()


# Unsigned

def unsigned(stand: Stand, header: dict[str, Any] | None = None, signature: str = "", **changes: Any) -> str:
    """An object that nobody signed, as the Foundation's suite publishes it: the parameters of the request alone."""
    claims = {name: value for name, value in (stand.house.parameters() | changes).items() if value is not None}
    return f"{segment(header or {'alg': 'none'})}.{segment(claims)}.{signature}"


@pytest.fixture(params=["none", ""])
def open_stand(stand: Stand, request: pytest.FixtureRequest) -> Stand:
    """One whose client said that it signs nothing, or registered no algorithm and may use any (Registration §2)."""
    stand.house.client(request_object_signing_alg=request.param)
    return stand


def test_core_s6_1_who_did_not_register_how_it_signs_publishes_unsigned_requests(open_stand: Stand) -> None:
    open_stand.publish(unsigned(open_stand))
    assert open_stand.ask(state="outside") == open_stand.house.asked()


@pytest.mark.parametrize(("members", "code"), [
    ({"request_object_signing_alg": "RS256"}, "invalid_request_object"),
    ({"require_signed_request_object": True}, "invalid_request_object"), ({"profile": "fapi2"}, "request_uri_not_supported"),
    ({"profile": "fapi2", "request_object_signing_alg": "ES256"}, "invalid_request_object")], ids=str)
def test_nobody_else_does(stand: Stand, members: dict[str, Any], code: str) -> None:
    stand.publish(unsigned(stand))
    stand.house.client(**members)
    assert stand.why() == code


def test_registration_s2_who_registered_none_publishes_no_others(stand: Stand) -> None:
    stand.house.client(request_object_signing_alg="none")
    stand.publish(stand.object())
    assert stand.why() == "invalid_request_object"


def test_unsigned_is_never_read_by_value(open_stand: Stand) -> None:
    assert open_stand.why(None, request=unsigned(open_stand)) == "request_not_supported"


def test_unsigned_is_never_pushed(open_stand: Stand) -> None:
    assert open_stand.house.push(request=unsigned(open_stand)).error == "request_not_supported"


def test_unsigned_is_fetched_only_from_where_it_is_registered(open_stand: Stand) -> None:
    open_stand.publish(unsigned(open_stand), place="https://qlvb.example/other")
    assert open_stand.why("https://qlvb.example/other") == "invalid_request_uri"


def test_rfc9101_s6_1_unsigned_does_not_hide_in_an_encrypted_one(open_stand: Stand) -> None:
    open_stand.publish(encrypted(open_stand, unsigned(open_stand)))
    assert open_stand.why() == "request_uri_not_supported"


@pytest.mark.parametrize("registered", ["none", ""])
def test_unsigned_is_not_read_where_the_fetch_is_off(house: House, registered: str) -> None:
    off = Stand(house)
    off.house.client(request_object_signing_alg=registered)
    off.publish(unsigned(off))
    assert off.why(**house.parameters() | {"state": "outside"}) == "request_uri_not_supported"


@pytest.mark.parametrize("changes", [
    {"iss": "other"}, {"aud": "https://other.example"}, {"exp": 1}, {"exp": 2 ** 40}, {"nbf": 2 ** 40}, {"iat": 2 ** 40},
    {"nbf": 1}, {"iat": 1},
    {"client_id": "other"}, {"sub": "qlvb"}, {"request_uri": PLACE}, {"request": "e.y."}], ids=str)
def test_what_an_unsigned_object_says_of_itself_has_to_be_true(open_stand: Stand, changes: dict[str, Any]) -> None:
    open_stand.publish(unsigned(open_stand, **changes))
    assert open_stand.why() == "invalid_request_object"


@pytest.mark.parametrize("header", [
    {"alg": "None"}, {"alg": "NONE"}, {"alg": "ES256"}, {"alg": ["none"]}, {"typ": "JWT"}, {"alg": "none", "typ": "at+jwt"},
    {"alg": "none", "kid": "x"}, {"alg": "none", "jwk": {}}, {"alg": "none", "crit": ["alg"]},
    {"alg": "none", "b64": False}], ids=str)
def test_rfc7515_s4_the_header_of_an_unsigned_object_says_so_and_nothing_else(open_stand: Stand, header: dict[str, Any]) -> None:
    open_stand.publish(unsigned(open_stand, header))
    assert open_stand.why() == "invalid_request_object"


@pytest.mark.parametrize("signature", ["AA", ".", "A.", "A..A."])
def test_an_unsigned_object_has_no_signature(open_stand: Stand, signature: str) -> None:
    open_stand.publish(unsigned(open_stand, signature=signature))
    assert open_stand.why() == "invalid_request_object"


def test_unsigned_a_member_that_stands_twice_is_refused(open_stand: Stand) -> None:
    claims = base64.urlsafe_b64encode(b'{"scope":"openid","scope":"openid profile"}').rstrip(b"=").decode()
    open_stand.publish(f"{segment({'alg': 'none'})}.{claims}.")
    assert open_stand.why() == "invalid_request_object"


@pytest.mark.parametrize(("content", "code"), [
    (b"", "invalid_request_uri"), (b"\r\n", "invalid_request_uri"), (b"x", "invalid_request_object"),
    (b"<html>404</html>", "invalid_request_object"), (b"\xff\xfe", "invalid_request_uri"), ("đ".encode(), "invalid_request_uri"),
    (b"..", "invalid_request_object"), (b"e.y.", "invalid_request_object"),
    (b"a.b.c.d.e", "invalid_request_object"), (b"x" * 65536, "invalid_request_object"), (b"\x00", "invalid_request_object")])
def test_rubbish_is_refused(stand: Stand, content: bytes, code: str) -> None:
    stand.house.documents[PLACE] = content
    assert stand.why(**stand.house.parameters() | {"state": "outside"}) == code


def test_core_s6_2_2_a_server_that_does_not_answer_is_told_to_the_application(stand: Stand) -> None:
    assert stand.why() == "invalid_request_uri"


def test_security_4_where_no_address_is_known_the_refusal_stays_with_us(stand: Stand) -> None:
    for more in ({}, {"redirect_uri": "https://evil.example/"}):
        with pytest.raises(UnsafeRequestError) as caught:
            stand.ask(**more)
        assert caught.value.code == "invalid_request_uri"


def test_security_18_nothing_is_fetched_for_an_application_that_is_disabled(stand: Stand) -> None:
    stand.house.client(disabled=True)
    stand.publish()
    with pytest.raises(UnsafeRequestError) as caught:
        stand.ask()
    assert caught.value.code == "unknown_client"


def test_rfc9101_s5_request_and_request_uri_exclude_each_other(stand: Stand) -> None:
    stand.publish()
    assert stand.why(request=stand.object()) == "invalid_request"


def test_a_reference_that_is_sent_twice_is_refused(stand: Stand) -> None:
    stand.publish()
    with pytest.raises(AuthorizationError) as caught:
        stand.house.provider.parse_authorization({
            **{name: [value] for name, value in stand.house.parameters().items()}, "request_uri": [PLACE, PLACE]})
    assert caught.value.code == "invalid_request"


def test_rfc9126_s6_an_application_that_must_push_does_not_publish_and_nothing_is_fetched(stand: Stand) -> None:
    stand.house.client(require_pushed_authorization_requests=True)
    assert stand.why() == "invalid_request"  # where a fetch would have been refused as invalid_request_uri
    stand.publish()
    assert stand.why() == "invalid_request"


def test_rfc9126_s2_1_a_reference_is_not_pushed(stand: Stand) -> None:
    stand.publish()
    assert stand.house.push(request_uri=PLACE).error == "invalid_request"


def test_rfc6749_s3_1_an_empty_request_uri_is_none(stand: Stand) -> None:
    assert stand.ask("", **stand.house.parameters()) == stand.house.asked()


def test_where_it_is_off_the_parameter_is_refused_by_name(house: House) -> None:
    off = Stand(house)
    off.publish()
    assert off.why(**house.parameters() | {"state": "outside"}) == "request_uri_not_supported"


# The fetch

def test_a_slow_server_does_not_hold_all_threads() -> None:
    let_go, inside = threading.Event(), threading.Barrier(MOST_AT_ONCE + 1)

    def slow(_url: str) -> bytes:
        inside.wait(10)
        assert let_go.wait(10)
        return b"e.y.j"

    published = PublishedRequests(slow)
    threads = [threading.Thread(target=published.get, args=(PLACE, CLIENT)) for _ in range(MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    with pytest.raises(UnavailableError) as caught:
        published.get(PLACE, CLIENT)
    assert caught.value.retry_after_seconds
    let_go.set()
    for thread in threads:
        thread.join(10)


def test_a_fetch_that_fails_gives_its_place_back() -> None:
    def refuse(_url: str) -> bytes:
        raise RefusedError("no", code="address_refused")

    published = PublishedRequests(refuse, most_at_once=1)
    for _ in range(3):
        with pytest.raises(InvalidRequestObjectError) as caught:
            published.get(PLACE, CLIENT)
        assert caught.value.code == "invalid_request_uri"


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    running = Receivers()
    yield running
    running.stop()


@pytest.mark.parametrize("path", ["/redirect", "/slow-3", "/status-404", "/status-500"])
def test_security_19_it_goes_through_the_guarded_fetcher(receivers: Receivers, path: str) -> None:
    place = receivers.url(path)
    client = Client(client_id="qlvb", client_name="x", request_uris=(place,))
    published = PublishedRequests(Outbound(development=True, timeout_seconds=0.5).document)
    with pytest.raises(InvalidRequestObjectError) as caught:
        published.get(place, client)
    assert caught.value.code == "invalid_request_uri"


def test_security_19_private_addresses_are_not_reached(receivers: Receivers) -> None:
    place = receivers.url("/document/x")
    receivers.documents["/document/x"] = b"e.y.j"
    client = Client(client_id="qlvb", client_name="x", request_uris=(place,))
    assert PublishedRequests(Outbound(development=True).document).get(place, client) == "e.y.j"
    with pytest.raises(InvalidRequestObjectError):
        PublishedRequests(Outbound(development=False).document).get(place, client)
    assert len(receivers.received) == 1
