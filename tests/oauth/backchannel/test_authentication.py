"""CIBA §7 and §10: an application asks for an officer, the officer answers, the application fetches; on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from idp.adapters.sql.tables import OutboxRow
from idp.oauth.backchannel.authentication import HINT_LIMITS, MOST_PENDING
from idp.oauth.backchannel.request import GRANT_TYPE
from idp.oauth.client import Client
from idp.oauth.deferred.authorization import (
    MOST_AWAITING,
    REFUSAL_PAUSES_SECONDS,
    REFUSALS_COUNT_SECONDS,
    REFUSED_TOGETHER_SECONDS,
    REST_SECONDS,
    Deferred,
)
from idp.sessions.single_sign_on import Session
from tests.fakes.client_keys import jwks_of, pair, proof_of, signed
from tests.fakes.directory import make_officer
from tests.provider import CALLER, ISSUER, SECRET, House, Reply, basic, house

__all__ = ["house"]

TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"


class Desk:
    """A house with an application that asks for officers, and an officer who is signed in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.client()
        self.sub = house.officer()
        self.session = house.session(self.sub)

    def client(self, client_id: str = "bank", **members: Any) -> Client:
        given = {"grant_types": (GRANT_TYPE, "refresh_token"), "redirect_uris": (), "response_types": (),
                 "backchannel_token_delivery_mode": "poll"}
        return self.house.client(client_id, **(given | members))

    def ask(self, client_id: str = "bank", *, secret: str | None = SECRET, **changes: str | None) -> Reply:
        form = {"scope": "openid profile", "login_hint": "canbo"} | changes
        return self.house.post("/bc-authorize", form, client_id=client_id, secret=secret)

    def asked(self, *arguments: Any, **changes: Any) -> str:
        reply = self.ask(*arguments, **changes)
        assert reply.status == 200, reply.body
        return str(reply.json["auth_req_id"])

    def waiting(self, sub: str | None = None) -> list[Deferred]:
        return self.house.approvals.awaiting(sub or self.sub)

    def approve(self, session: Session | None = None) -> bool:
        return self.house.approvals.approve(self.waiting()[0], session or self.session, CALLER)

    def fetch(self, auth_req_id: str, client_id: str = "bank", *, secret: str | None = SECRET, **more: str) -> Reply:
        return self.house.token({"grant_type": GRANT_TYPE, "auth_req_id": auth_req_id} | more, client_id=client_id,
                                secret=secret)


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def test_ciba_s7_3_the_answer_names_the_request_and_how_long_it_lives(desk: Desk) -> None:
    reply = desk.ask(requested_expiry="120")
    assert reply.status == 200
    assert reply.json.keys() == {"auth_req_id", "expires_in", "interval"}
    assert (reply.json["expires_in"], reply.json["interval"]) == (120, 5)
    assert len(reply.json["auth_req_id"]) >= 32
    assert "no-store" in reply.headers["Cache-Control"]


def test_ciba_s10_1_what_the_officer_approves_is_fetched_once(desk: Desk) -> None:
    auth_req_id = desk.asked(binding_message="W4SCT")
    assert desk.fetch(auth_req_id).error == "authorization_pending"
    deferred, = desk.waiting()
    assert (deferred.binding_message, deferred.source, deferred.notice) == ("W4SCT", "198.51.100.7", "")
    assert desk.approve()
    desk.house.clock.advance(5)
    reply = desk.fetch(auth_req_id)
    assert reply.status == 200
    claims = desk.house.id_claims(reply.json["id_token"])
    assert (claims["sub"], claims["aud"], claims["sid"]) == (desk.sub, "bank", desk.session.sid)
    assert (claims["auth_time"], claims["acr"]) == (desk.session.auth_time, "urn:haugiang:acr:1")
    assert desk.house.userinfo(reply.json["access_token"]).json["sub"] == desk.sub
    assert desk.house.refresh(reply.json["refresh_token"], client_id="bank").status == 200
    assert desk.fetch(auth_req_id).error == "invalid_grant"


def test_security_61_every_step_leaves_its_record(desk: Desk) -> None:
    auth_req_id = desk.asked()
    desk.approve()
    desk.fetch(auth_req_id)
    assert desk.house.events()[-3:] == ["approval.asked", "approval.given", "token.issued"]
    assert auth_req_id not in str([tuple(row) for row in desk.house.audited()])


def test_ciba_s11_what_the_officer_refuses_is_denied(desk: Desk) -> None:
    auth_req_id = desk.asked()
    assert desk.house.approvals.deny(desk.waiting()[0], desk.session, CALLER)
    assert desk.fetch(auth_req_id).error == "access_denied"
    assert desk.waiting() == []


def test_ciba_s11_after_its_time_it_is_expired(desk: Desk) -> None:
    auth_req_id = desk.asked(requested_expiry="30")
    desk.house.clock.advance(30)
    assert desk.waiting() == []
    assert desk.fetch(auth_req_id).error == "expired_token"


def test_ciba_s11_a_poll_that_comes_too_early_is_told_to_slow_down(desk: Desk) -> None:
    auth_req_id = desk.asked()
    assert [desk.fetch(auth_req_id).error for _ in range(2)] == ["authorization_pending", "slow_down"]


def test_security_15_of_parallel_polls_one_gets_the_tokens(desk: Desk) -> None:
    auth_req_id = desk.asked()
    desk.approve()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: desk.fetch(auth_req_id), range(12)))
    assert sorted(reply.status for reply in replies) == [200] + [400] * 11


# Whose it is

def test_ciba_s10_1_it_belongs_to_the_client_that_asked(desk: Desk) -> None:
    desk.client("other")
    auth_req_id = desk.asked()
    desk.approve()
    assert desk.fetch(auth_req_id, "other").error == "invalid_grant"
    assert desk.fetch("wrong").error == "invalid_grant"
    assert desk.fetch(auth_req_id).status == 200


def test_rfc8628_s3_5_it_is_no_device_code(desk: Desk) -> None:
    desk.client(grant_types=(GRANT_TYPE, "urn:ietf:params:oauth:grant-type:device_code"))
    auth_req_id = desk.asked()
    desk.approve()
    reply = desk.house.token({"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": auth_req_id},
                             client_id="bank")
    assert reply.error == "invalid_grant"


def test_ciba_s7_1_the_client_authenticates_as_registered(desk: Desk) -> None:
    assert (desk.ask(secret="wrong").status, desk.ask(secret="wrong").error) == (401, "invalid_client")
    assert desk.house.post("/bc-authorize", {"client_id": "bank", "scope": "openid", "login_hint": "canbo"}).status == 401
    desk.client("phone", token_endpoint_auth_method="none")
    form = {"client_id": "phone", "scope": "openid", "login_hint": "canbo"}
    assert desk.house.post("/bc-authorize", form).error == "invalid_client"
    assert desk.waiting() == []


def test_ciba_s10_1_the_client_authenticates_when_it_fetches(desk: Desk) -> None:
    auth_req_id = desk.asked()
    desk.approve()
    assert desk.fetch(auth_req_id, secret="wrong").error == "invalid_client"
    assert desk.house.token({"grant_type": GRANT_TYPE, "auth_req_id": auth_req_id}, client_id="bank",
                            secret=None).error == "invalid_client"


def test_ciba_s4_a_client_that_proves_nothing_fetches_nothing(desk: Desk) -> None:
    auth_req_id = desk.asked()
    desk.approve()
    desk.client(token_endpoint_auth_method="none")
    assert desk.fetch(auth_req_id, secret=None).error == "invalid_client"


def test_ciba_s13_a_client_without_the_grant_type_is_unauthorized(desk: Desk) -> None:
    desk.client("plain", grant_types=("authorization_code",))
    assert desk.ask("plain").error == "unauthorized_client"
    assert desk.fetch("x", "plain").error == "unauthorized_client"
    assert desk.house.token({"grant_type": GRANT_TYPE}, client_id="bank").error == "invalid_request"


# Whom it is about

def test_ciba_s7_1_the_officer_is_named_as_on_the_sign_in_page(desk: Desk) -> None:
    for hint in ("canbo", "CANBO", " canbo@haugiang.gov.vn", "ｃａｎｂｏ"):
        desk.asked(login_hint=hint)
    assert len(desk.waiting()) == 4
    assert desk.house.directory.binds == []


def test_ciba_s7_1_the_directory_is_not_asked_about_an_officer_who_is_known(desk: Desk) -> None:
    desk.house.directory.down = True
    desk.asked()
    assert desk.ask(login_hint="ailaday").status == 503


def test_ciba_s7_1_the_directory_knows_officers_who_never_signed_in(desk: Desk) -> None:
    desk.house.directory.add(make_officer("moi", mail="can.bo.moi@haugiang.gov.vn"))
    desk.asked(login_hint="can.bo.moi@haugiang.gov.vn")
    found = desk.house.officers.by_uid("moi")
    assert found is not None
    assert len(desk.waiting(found.sub)) == 1
    desk.asked(login_hint="moi")
    assert len(desk.waiting(found.sub)) == 2


def test_ciba_s7_1_a_mail_that_begins_with_anothers_login_name_is_its_owners(desk: Desk) -> None:
    desk.house.directory.add(make_officer("vanthu", mail="canbo@haugiang.gov.vn"))
    desk.house.officer("canbo", mail="canbo.cu@haugiang.gov.vn")
    desk.asked(login_hint="canbo@haugiang.gov.vn")
    assert desk.waiting() == []


@pytest.mark.parametrize("hint", ["ailaday", "canbo@elsewhere.example", "", "\x00", "x" * 300, "*", "canbo)(uid=*"])
def test_ciba_s13_a_name_that_nobody_has_is_unknown(desk: Desk, hint: str) -> None:
    reply = desk.ask(login_hint=hint)
    assert reply.error == ("unknown_user_id" if hint else "invalid_request")
    assert reply.status == 400


def test_security_23_disabled_and_not_admitted_officers_are_unknown_in_the_same_words(desk: Desk) -> None:
    unknown = desk.ask(login_hint="ailaday").body
    desk.client("closed", allowed_groups=frozenset({"lanhdao"}))
    assert desk.ask("closed").body == unknown
    desk.house.disable()
    assert desk.ask().body == unknown
    desk.house.directory.add(make_officer("nghiviec", disabled=True))
    assert desk.ask(login_hint="nghiviec").body == unknown
    assert desk.house.events().count("approval.not_asked") == 2


def id_token(desk: Desk) -> str:
    auth_req_id = desk.asked()
    desk.approve()
    return str(desk.fetch(auth_req_id).json["id_token"])


def test_ciba_s7_1_an_id_token_of_ours_names_the_officer_even_after_its_time(desk: Desk) -> None:
    hint = id_token(desk)
    desk.house.clock.advance(2000)
    desk.asked(login_hint=None, id_token_hint=hint)
    assert len(desk.waiting()) == 1


def test_ciba_s7_1_an_id_token_of_another_client_or_issuer_is_refused(desk: Desk) -> None:
    hint = id_token(desk)
    desk.client("other")
    for wrong in (desk.ask("other", login_hint=None, id_token_hint=hint), desk.ask(login_hint=None, id_token_hint="a.b.c"),
                  desk.ask(login_hint=None, id_token_hint=hint[:-4] + "AAAA")):
        assert wrong.error == "invalid_request"
    access = desk.house.tokens_for(client_id="qlvb")["access_token"]
    assert desk.ask(login_hint=None, id_token_hint=access).error == "invalid_request"


def test_core_s8_pairwise_subjects_lead_back_to_nobody(desk: Desk) -> None:
    hint = id_token(desk)
    desk.client(subject_type="pairwise", sector_identifier_uri="https://bank.example/s")
    assert desk.ask(login_hint=None, id_token_hint=hint).error == "invalid_request"
    desk.asked()


# How often

def test_an_officer_who_has_not_answered_is_not_asked_without_end(desk: Desk) -> None:
    for _ in range(MOST_PENDING):
        desk.asked()
    reply = desk.ask()
    assert (reply.status, reply.error) == (429, "slow_down")
    assert len(desk.waiting()) == MOST_PENDING
    assert desk.house.events().count("approval.not_asked") == 1
    desk.house.officer("vanthu")
    desk.asked(login_hint="vanthu")
    desk.approve()
    desk.asked()
    desk.house.clock.advance(301)
    desk.asked()


def refuse(desk: Desk) -> None:
    assert desk.house.approvals.deny(desk.waiting()[0], desk.session, CALLER)


def test_ciba_s13_an_officer_who_has_refused_is_left_alone_for_a_while_that_grows(desk: Desk) -> None:
    desk.asked()
    for pause in (*REFUSAL_PAUSES_SECONDS, REFUSAL_PAUSES_SECONDS[-1]):
        refuse(desk)
        reply = desk.ask()
        assert (reply.status, reply.error, reply.headers["Retry-After"]) == (403, "access_denied", str(pause))
        desk.house.clock.advance(pause - 1)
        assert desk.ask().error == "access_denied"
        assert desk.waiting() == []
        desk.house.clock.advance(1)
        desk.asked()


def test_a_refusal_is_forgotten_after_a_while(desk: Desk) -> None:
    desk.asked()
    refuse(desk)
    desk.house.clock.advance(REFUSALS_COUNT_SECONDS)
    desk.asked()
    refuse(desk)
    assert desk.ask().headers["Retry-After"] == str(REFUSAL_PAUSES_SECONDS[0])


def test_a_refusal_is_between_one_officer_and_one_application(desk: Desk) -> None:
    desk.client("other")
    desk.house.officer("vanthu")
    desk.asked()
    refuse(desk)
    assert desk.ask().error == "access_denied"
    desk.asked("other")
    desk.asked(login_hint="vanthu")


def test_an_officer_who_has_refused_three_applications_is_left_alone_by_all(desk: Desk) -> None:
    desk.house.officer("vanthu")
    for name in ("second", "third", "fourth"):
        desk.client(name)
    desk.asked()
    desk.asked("second")
    refuse(desk)
    refuse(desk)
    desk.house.clock.advance(REFUSED_TOGETHER_SECONDS - 1)
    desk.asked("third")
    refuse(desk)
    held = desk.ask("fourth")
    assert (held.status, held.error, held.headers["Retry-After"]) == (403, "access_denied", str(REST_SECONDS))
    desk.asked("fourth", login_hint="vanthu")
    desk.house.clock.advance(REST_SECONDS - 1)
    with ThreadPoolExecutor(8) as pool:
        assert {reply.status for reply in pool.map(lambda _: desk.ask("fourth"), range(8))} == {403}
    desk.house.clock.advance(1)
    desk.asked("fourth")


def test_refusals_of_two_applications_and_old_ones_hold_no_third_back(desk: Desk) -> None:
    for name in ("second", "third", "fourth"):
        desk.client(name)
    desk.asked()
    refuse(desk)
    desk.house.clock.advance(REFUSED_TOGETHER_SECONDS - REFUSAL_PAUSES_SECONDS[0])
    for name in ("second", "second", "third"):
        desk.asked(name)
        refuse(desk)
        if name == "second":
            desk.house.clock.advance(REFUSAL_PAUSES_SECONDS[0])
    desk.asked("fourth")


def test_security_61_that_an_officer_was_not_asked_again_is_told_once_a_minute(desk: Desk) -> None:
    desk.asked()
    refuse(desk)
    for _ in range(3):
        desk.ask()
    noted = [row for row in desk.house.audited() if row.event == "approval.not_asked"]
    assert [(json.loads(row.detail)["reason"], row.sub, row.client_id) for row in noted] == [("refused", desk.sub, "bank")]


def test_security_15_the_pause_holds_for_requests_that_come_at_once(desk: Desk) -> None:
    desk.asked()
    refuse(desk)
    with ThreadPoolExecutor(20) as pool:
        assert {reply.status for reply in pool.map(lambda _: desk.ask(), range(20))} == {403}
        assert desk.waiting() == []
        desk.house.clock.advance(REFUSAL_PAUSES_SECONDS[0])
        statuses = sorted(reply.status for reply in pool.map(lambda _: desk.ask(), range(20)))
    assert statuses == [200] * MOST_PENDING + [429] * (20 - MOST_PENDING)


def test_security_15_of_answers_and_requests_at_once_none_slips_past_a_refusal(desk: Desk) -> None:
    """Who asks while the officer refuses is asked before the refusal, or not at all."""
    for _ in range(3):
        desk.asked()
        with ThreadPoolExecutor(20) as pool:
            acts = [pool.submit(refuse, desk), *(pool.submit(desk.ask) for _ in range(19))]
            for act in acts:
                act.result()
        left = len(desk.waiting())
        assert left <= MOST_PENDING
        assert desk.ask().error == "access_denied"
        assert len(desk.waiting()) == left
        desk.house.clock.advance(REFUSALS_COUNT_SECONDS)


def test_all_applications_together_leave_an_officer_some_room(desk: Desk) -> None:
    for number in range(-(-MOST_AWAITING // MOST_PENDING)):
        desk.client(f"app-{number}")
        for _ in range(MOST_PENDING):
            desk.asked(f"app-{number}")
    assert desk.ask().error == "slow_down"
    assert len(desk.waiting()) == MOST_AWAITING


def test_the_room_is_counted_for_requests_that_come_at_once(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: desk.ask(), range(16)))
    assert sorted(reply.status for reply in replies) == [200] * MOST_PENDING + [429] * (16 - MOST_PENDING)


def test_security_27_hints_that_name_nobody_are_counted(desk: Desk) -> None:
    for number in range(HINT_LIMITS.pair.failures):
        assert desk.ask(login_hint=f"ai{number}").error == "unknown_user_id"
    assert (desk.ask().status, desk.ask().error) == (429, "slow_down")
    desk.house.clock.advance(HINT_LIMITS.pair.cost + 1)
    desk.asked()
    desk.asked()


# What holds at that moment

@pytest.mark.parametrize(("event", "error"), [
    ("client disabled", "invalid_client"), ("officer disabled", "invalid_grant"), ("session ended", "invalid_grant"),
    ("group", "invalid_grant"), ("level", "invalid_grant"), ("grant type", "unauthorized_client"), ("expired", "expired_token"),
])
def test_security_18_what_was_approved_lapses_with_what_it_stands_on(desk: Desk, event: str, error: str) -> None:
    auth_req_id = desk.asked()
    assert desk.approve()
    match event:
        case "client disabled":
            desk.client(disabled=True)
        case "officer disabled":
            desk.house.disable()
        case "session ended":
            desk.house.sessions.end(desk.session.sid, "logout", CALLER)
        case "group":
            desk.client(allowed_groups=frozenset({"lanhdao"}))
        case "level":
            desk.client(required_level=2)
        case "grant type":
            desk.client(grant_types=("authorization_code",))
        case "expired":
            desk.house.clock.advance(300)
    assert desk.fetch(auth_req_id).error == error


# Signed requests

def signed_by(desk: Desk, **changes: Any) -> dict[str, str | None]:
    now = desk.house.clock.now()
    claims = {"iss": "bank", "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": "j", "scope": "openid",
              "login_hint": "canbo", "binding_message": "W4SCT"}
    return {"scope": None, "login_hint": None, "request": signed(claims | changes, pair("PS256"))}


def test_ciba_s7_1_1_a_signed_request_is_opened_and_counts_once(desk: Desk) -> None:
    desk.client(jwks=jwks_of(pair("PS256")), backchannel_authentication_request_signing_alg="PS256")
    form = signed_by(desk)
    assert desk.ask(**form).status == 200
    assert desk.waiting()[0].binding_message == "W4SCT"
    assert desk.ask(**form).error == "invalid_request"
    assert desk.ask(**signed_by(desk, jti="k", login_hint="ailaday")).error == "unknown_user_id"
    assert desk.ask().error == "invalid_request"


# Sender constraint, ping

def test_rfc9449_s5_a_proof_binds_the_tokens_and_may_be_demanded(desk: Desk) -> None:
    desk.client(dpop_bound_access_tokens=True)
    auth_req_id = desk.asked()
    desk.approve()
    assert desk.fetch(auth_req_id).error == "invalid_dpop_proof"
    proof = proof_of("POST", f"{ISSUER}/token", desk.house.clock.now())
    reply = desk.house.post("/token", {"grant_type": GRANT_TYPE, "auth_req_id": auth_req_id}, client_id="bank",
                            headers={"dpop": proof, "authorization": basic("bank", SECRET)})
    assert (reply.status, reply.json["token_type"]) == (200, "DPoP")


def test_ciba_s10_2_the_answer_queues_a_ping_with_sealed_secrets(desk: Desk) -> None:
    desk.client(backchannel_token_delivery_mode="ping", backchannel_client_notification_endpoint="https://bank.example/ciba")
    for answer in ("approve", "deny"):
        auth_req_id = desk.asked(client_notification_token=TOKEN)
        payload = json.loads(desk.waiting()[0].notice)
        assert payload["expires_at"] == desk.house.clock.now() + 300
        assert TOKEN not in desk.waiting()[0].details
        assert auth_req_id not in desk.waiting()[0].details
        if answer == "approve":
            assert desk.approve()
        else:
            assert desk.house.approvals.deny(desk.waiting()[0], desk.session, CALLER)
        assert desk.fetch(auth_req_id).status == (200 if answer == "approve" else 400)
    assert len(queued(desk.house)) == 2


def queued(house: House) -> list[Any]:
    return house.database.read(select(OutboxRow.kind, OutboxRow.receiver, OutboxRow.payload)).all()


def test_ciba_s10_2_nothing_is_queued_for_an_answer_that_came_too_late(desk: Desk) -> None:
    desk.client(backchannel_token_delivery_mode="ping", backchannel_client_notification_endpoint="https://bank.example/ciba")
    desk.asked(client_notification_token=TOKEN)
    deferred, = desk.waiting()
    assert desk.house.approvals.deny(deferred, desk.session, CALLER)
    assert not desk.house.approvals.approve(deferred, desk.session, CALLER)
    assert not desk.house.approvals.deny(deferred, desk.session, CALLER)
    assert len(queued(desk.house)) == 1
