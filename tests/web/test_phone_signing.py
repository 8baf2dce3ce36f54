"""Leave for one signing in the browser: the documents, the digits, the phone, and only then the code."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.signing.verification_code import verification_code
from tests.signing.csc.house import ECDSA, FIRST, SECOND
from tests.signing.csc.house import House as Phones
from tests.signing.test_signing import CALLER

from .site import QLVB, Site, authorize_url, query_of


def b64url(*digests: bytes) -> str:
    return ",".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in digests)


class Signing:
    """The pages, an officer with a SIM, and an application that may ask for signatures."""

    def __init__(self, site: Site, database: Database) -> None:
        self.site, self.phones = site, Phones(database, clock=site.clock)
        site.services.remote_signing = SimpleNamespace(signing=self.phones.csc)
        self.client = replace(QLVB, scope=QLVB.scope | {"service", "credential"}, authorization_details_types=("credential",))
        site.client_store.put(self.client)
        site.mirror.remember(site.directory.officers["canbo"], now=site.clock.now())
        self.sub = site.sub("canbo")
        self.phones.cards[self.sub] = self.phones.cards.pop("sub-1")
        self.browser = site.browser()

    def parameters(self, *digests: bytes, **changes: Any) -> dict[str, Any]:
        digests = digests or (FIRST,)
        given = {"scope": "credential", "credentialID": self.phones.credential(self.sub), "numSignatures": str(len(digests)),
                 "hash": b64url(*digests), "description": "Quyết định số 12"} | changes
        return {name: value for name, value in given.items() if value is not None}

    def asked(self, *digests: bytes, **changes: Any) -> Any:
        return self.browser.follow(self.browser.sign_in(self.client, **self.parameters(*digests, **changes)))

    def agreed(self, *digests: bytes, **changes: Any) -> Any:
        return self.browser.follow(self.browser.submit(self.asked(*digests, **changes), answer="accept"))

    def look(self, page: Any) -> Any:
        return self.browser.submit(page, answer="look")

    def events_of_all(self) -> list[int]:
        """Count the steps of every signature."""
        store = self.phones.store
        return [len(store.events(one.transaction_id)) for one in store.of_officer(self.sub, limit=9)]

    def error(self, **changes: Any) -> str:
        answer = self.browser.get(authorize_url(self.client, **self.parameters(**changes)))
        return query_of(answer.headers["Location"])["error"]


@pytest.fixture
def signing(site: Site, database: Database) -> Signing:
    return Signing(site, database)


def test_csc_8_3_2_from_the_documents_to_the_token_that_signs(signing: Signing) -> None:
    page = signing.asked()
    assert "Quyết định số 12" in page.text
    assert verification_code(FIRST) in page.text
    assert signing.phones.carrier.calls == []
    shown = signing.browser.follow(signing.browser.submit(page, answer="accept"))
    assert f"Số đối chiếu: {', '.join(verification_code(FIRST))}" in shown.text
    assert "••••\u00a0•••\u00a0001" in shown.text
    assert "84912000001" not in shown.text
    assert '<noscript><meta http-equiv="refresh" content="4;url=/signing/' in shown.text
    assert signing.phones.carrier.calls == ["sign"]
    again = signing.browser.follow(signing.look(shown))
    assert "Đang chờ bạn xác nhận" in again.text
    signing.phones.hands()
    answer = signing.look(again)
    while answer.headers["Location"].startswith("/"):
        answer = signing.browser.get(answer.headers["Location"])
    told = signing.site.tokens(answer.headers["Location"], signing.client)
    assert told["scope"] == "credential"
    assert "refresh_token" not in told
    (one,) = signing.phones.store.of_officer(signing.sub, limit=5)
    assert (one.subject, one.client_id, one.sid != "", one.acr) == ("Quyết định số 12", "qlvb", True, "urn:haugiang:acr:1")
    name = one.idempotency_key.split(":")[1]
    who = signing.phones.who(sub=signing.sub)
    leave = signing.phones.csc.of_token(who, name)
    assert signing.phones.csc.sign(who, leave, signing.phones.credential(signing.sub), [FIRST], ECDSA, CALLER)
    assert not signing.phones.csc.stands("qlvb", signing.sub, name)


def test_security_57_the_phone_shows_one_document_after_the_other(signing: Signing) -> None:
    page = signing.agreed(FIRST, SECOND)
    assert "Văn bản 1 trong 2" in page.text
    assert verification_code(SECOND) not in page.text
    signing.phones.hands()
    page = signing.browser.follow(signing.look(page))
    assert "Văn bản 2 trong 2" in page.text
    assert f"Số đối chiếu: {', '.join(verification_code(SECOND))}" in page.text
    assert signing.phones.carrier.calls.count("sign") == 2


def test_rfc9396_details_of_the_type_credential_come_to_the_same_page(signing: Signing) -> None:
    details = json.dumps([{"type": "credential", "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "documentDigests": [
        {"hash": base64.b64encode(FIRST).decode(), "label": "Tờ trình số 7"}]}])
    page = signing.browser.follow(signing.browser.sign_in(signing.client, scope="openid", authorization_details=details))
    assert "Tờ trình số 7" in page.text
    assert f"Số đối chiếu: {', '.join(verification_code(FIRST))}" in signing.browser.follow(
        signing.browser.submit(page, answer="accept")).text


def test_whoever_does_not_agree_is_not_asked_on_the_phone(signing: Signing) -> None:
    answer = signing.browser.submit(signing.asked(), answer="deny")
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    assert signing.phones.carrier.calls == []


def test_security_21_looking_asks_nothing_and_a_strange_form_neither(signing: Signing) -> None:
    page = signing.agreed()
    signing.phones.carrier.fault = (401, None)
    signing.site.clock.advance(10)
    page = signing.browser.follow(signing.look(page))
    assert "Bạn đã từ chối trên điện thoại." in page.text
    assert "http-equiv" not in page.text
    signing.phones.carrier.fault = None
    for _ in range(3):
        assert signing.browser.get(page.request.path + "?" + page.request.query_string.decode()).status_code == 200
    assert signing.phones.carrier.calls.count("sign") == 1
    again = signing.browser.follow(signing.browser.submit(page, answer="again"))
    assert "Đang chờ bạn xác nhận" in again.text
    assert signing.phones.carrier.calls.count("sign") == 2


def state_of(page: Any) -> str:
    return unescape(page.text.split('data-waits="')[1].split('"')[0])


def test_security_39_how_it_stands_is_told_to_that_officer_in_that_browser_alone(signing: Signing) -> None:
    page = signing.agreed(FIRST, SECOND)
    address, over = state_of(page), {"waiting": False}
    assert signing.browser.get(address).json == {"waiting": True, "number": 1, "left": 120}
    signing.site.clock.advance(20)
    assert signing.browser.get(address).json["left"] == 100
    stranger = signing.site.browser()
    stranger.sign_in(signing.client, "vanthu")
    assert stranger.get(address).json == over
    assert signing.site.browser().get(address).json == over
    assert signing.browser.get(address.replace("/signing/", "/signing/x", 1)).json == over
    issued = signing.site.events().count("code.issued")
    signing.phones.hands()
    before = signing.events_of_all()
    for _ in range(2):
        assert signing.browser.get(address).json["number"] == 1
        signing.browser.get(page.request.path + "?" + page.request.query_string.decode())
    assert signing.phones.carrier.calls == ["sign"], "looking asks neither the phone nor the service"
    assert signing.events_of_all() == before
    assert signing.phones.csc.go_on(CALLER, most=5) == 1, "the worker goes on"
    assert signing.browser.get(address).json["number"] == 2
    signing.phones.hands()
    signing.site.clock.advance(10)
    signing.phones.csc.go_on(CALLER, most=5)
    assert signing.phones.csc.go_on(CALLER, most=5) == 0
    for _ in range(2):
        assert signing.browser.get(address).json == over
    assert signing.site.events().count("code.issued") == issued, "telling how it stands gives nothing out"


def test_the_state_of_what_was_refused_is_that_nobody_waits(signing: Signing) -> None:
    page = signing.agreed()
    signing.phones.carrier.fault = (401, None)
    signing.site.clock.advance(10)
    assert signing.browser.get(state_of(page)).json["waiting"] is True, "looking asks nobody"
    signing.phones.csc.go_on(CALLER, most=5)
    assert signing.browser.get(state_of(page)).json == {"waiting": False}
    assert "Bạn đã từ chối trên điện thoại." in signing.browser.follow(signing.look(page)).text


def test_an_officer_stops_or_says_that_they_never_asked(signing: Signing) -> None:
    page = signing.agreed()
    answer = signing.browser.submit(page, answer="deny")
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    (one,) = signing.phones.store.of_officer(signing.sub, limit=5)
    assert (one.outcome, one.denied_at) == ("denied", signing.site.clock.now())
    signing.site.clock.advance(200)
    signing.phones.signing.go_on(CALLER, most=5)
    page = signing.browser.follow(signing.browser.submit(signing.browser.follow(signing.browser.get(
        authorize_url(signing.client, **signing.parameters()))), answer="accept"))
    answer = signing.browser.submit(page, answer="cancel")
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    assert signing.phones.store.of_officer(signing.sub, limit=1)[0].denied_at is None


def test_without_a_sim_that_signs_the_page_says_so(signing: Signing) -> None:
    signing.phones.sims.blocked.add(signing.sub)
    page = signing.agreed(credentialID=None)
    assert "Bạn chưa có SIM ký số dùng được cho việc này." in page.text
    assert "Hỏi lại điện thoại" not in page.text
    answer = signing.browser.submit(page, answer="cancel")
    assert query_of(answer.headers["Location"])["error"] == "access_denied"
    signing.phones.sims.blocked.clear()
    signing.phones.sims.doubted.add(signing.sub)
    doubted = signing.agreed(credentialID=None)
    assert ("Tỉnh đang kiểm tra với nhà mạng" in doubted.text, "Hỏi lại điện thoại" in doubted.text) == (True, False)
    signing.phones.sims.doubted.clear()
    other = signing.browser.follow(signing.browser.submit(signing.browser.follow(signing.browser.get(authorize_url(
        signing.client, **signing.parameters(credentialID="sim-another")))), answer="accept"))
    assert "Bạn chưa có SIM ký số dùng được cho việc này." in other.text
    assert signing.phones.carrier.calls == []


def test_a_card_that_another_application_asks_is_busy(signing: Signing) -> None:
    signing.phones.csc.begin(signing.phones.who(sub=signing.sub, client_id="khac"), signing.phones.wish(sub=signing.sub), CALLER)
    page = signing.agreed()
    assert "SIM của bạn đang được hỏi một việc khác" in page.text
    assert "Hỏi lại điện thoại" in page.text


def test_nothing_is_issued_before_the_phone_has_signed(signing: Signing) -> None:
    page = signing.agreed()
    silent = signing.browser.get(authorize_url(signing.client, **signing.parameters(prompt="none")))
    assert query_of(silent.headers["Location"])["error"] == "consent_required"
    assert "code.issued" not in signing.site.events()
    signing.phones.hands()
    signing.site.clock.advance(400)  # what comes now is late
    page = signing.browser.follow(signing.look(page))
    assert "Đã hết thời gian chờ trả lời trên điện thoại." in page.text
    page = signing.browser.follow(signing.browser.submit(page, answer="again"))
    (one, *_) = signing.phones.store.of_officer(signing.sub, limit=1)
    signing.phones.hands()
    name = one.idempotency_key.split(":")[1]
    assert signing.phones.csc.go_on(CALLER, most=5) == 1
    assert signing.phones.csc.of_officer("qlvb", signing.sub, name).ready_at
    signing.site.clock.advance(400)  # nobody came for it: what was signed is not given any more
    page = signing.browser.follow(signing.look(page))
    assert "Điện thoại chưa ký được văn bản." in page.text
    assert "code.issued" not in signing.site.events()


_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"scope": "service credential"}, "invalid_scope"), ({"numSignatures": "2"}, "invalid_request"),
    ({"numSignatures": None}, "invalid_request"), ({"numSignatures": "0"}, "invalid_request"),
    ({"hash": None}, "invalid_request"),
    ({"hash": "a+b/"}, "invalid_request"), ({"hash": "AAAA"}, "invalid_authorization_details"),
    ({"hash": b64url(FIRST, FIRST), "numSignatures": "2"}, "invalid_authorization_details"),
    ({"hash": b64url(*[bytes([n]) * 32 for n in range(4)]), "numSignatures": "4"}, "invalid_authorization_details"),
    ({"hashAlgorithmOID": "2.16.840.1.101.3.4.2.2"}, "invalid_authorization_details"),
    ({"signatureQualifier": "eu_eidas_qes"}, "invalid_request"), ({"description": "x" * 201}, "invalid_request"),
    ({"description": "Số 12\u202e"}, "invalid_authorization_details"), ({"credentialID": "đ"}, "invalid_authorization_details"),
    ({"scope": "service", "authorization_details": json.dumps([{"type": "credential"}])}, "invalid_authorization_details")]


def test_csc_8_3_2_mistakes_are_told_to_the_application(signing: Signing) -> None:
    for changes, code in _MISTAKES:
        assert signing.error(**changes) == code, changes


def test_csc_8_3_2_the_scope_and_the_details_are_for_whom_an_operator_named(signing: Signing) -> None:
    signing.site.client_store.put(replace(signing.client, authorization_details_types=()))
    signing.site.services.clients.reload()
    assert signing.error() == "invalid_authorization_details"
    signing.site.client_store.put(replace(signing.client, scope=QLVB.scope))
    signing.site.services.clients.reload()
    assert signing.error() == "invalid_scope"
