"""Between the officer's yes and the code: the phone signs, and the page shows what it shows.

Spec: CSC API 1.0.4.0 §8.3.2; security checklist 21, 22, 29, 57. The phone is asked after the form that named the documents was
answered, never by looking at a page: the worker goes on with what was agreed to, or the form by which the officer looks. The
digits come from the stored hash.
The officer can stop, ask again, or say that they never asked for it.
"""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, NamedTuple

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask_babel import gettext

from ...directory.mirror import MirroredOfficer
from ...errors import RefusedError, UnavailableError
from ...oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ...oauth.client import Client
from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ...signing.csc.algorithms import HASHES
from ...signing.csc.authorization import Document, Requester, Wish
from ...signing.csc.hash_signing import HashSigning, NotSignedError
from ...signing.ports import IN_DOUBT
from ..onward import Onward, address_of, mark_of, see_other
from ..presentation import agency_help, application_words, hidden_number
from ..security import allow_onward_redirect, browser_id, caller
from ..signature_words import doubted, outcomes

_NONE: Final = "no_credential"
_FINAL: Final = frozenset({"pin_blocked", "card_blocked", _NONE, "no_sim", "certificate_unfit", "sim_blocked",
                           IN_DOUBT, "revoked", "denied"})
"""After these another question would come to the same end."""


class _Question(NamedTuple):
    asked: AuthorizationRequest
    client: Client
    session: Session
    officer: MirroredOfficer
    rooms: HashSigning


class PhoneSigning:
    """Asks the phone for what a stored request wants signed.

    Args:
        services: Wired rooms.
        onward: Where the browser goes next.
    """

    def __init__(self, services: Services, onward: Onward) -> None:
        self._services, self._onward = services, onward

    def begin(self, interaction: Interaction) -> Response:
        """Ask, when the officer has agreed; gives the page that follows it, or whatever else is due."""
        question = self.due(interaction)
        if question is None:
            return self._onward.proceed(interaction)
        try:
            name = self._ask(question, interaction)
        except NotSignedError as refused:
            return see_other(address_of("signing.watch", interaction, why=refused.outcome))
        except (RefusedError, UnavailableError) as refused:
            word = _word(refused)
            if word == _NONE and question.rooms.credentials.in_doubt(question.officer.sub):
                word = IN_DOUBT
            return see_other(address_of("signing.watch", interaction, why=word))
        kept = self._services.interactions.amend(interaction, replace(question.asked, signing=name).to_json())
        return self._onward.over(interaction.client_id) if kept is None else see_other(address_of("signing.watch", kept))

    def look(self, question: _Question, interaction: Interaction) -> Response:
        """Go on with what was agreed to, as the worker does, because the officer asks for it; gives the page that follows."""
        if question.asked.signing:
            with suppress(RefusedError, UnavailableError):  # the page says what it came to
                question.rooms.go_on_with(question.asked.client_id, question.officer.sub, question.asked.signing, caller())
        return see_other(address_of("signing.watch", interaction))

    def due(self, interaction: Interaction) -> _Question | None:
        """Tell what the phone is to sign and for whom; None when another page is due, or the answer."""
        asked = AuthorizationRequest.from_json(interaction.request)
        client, signed_in = self._services.clients.find(interaction.client_id), self._onward.signed_in()
        rooms = self._services.remote_signing
        if client is None or signed_in is None or rooms is None:
            return None
        try:
            prompt = self._onward.prompt(asked, client, interaction, signed_in)
        except AuthorizationError:
            return None
        return _Question(asked, client, *signed_in, rooms.signing) if prompt is Prompt.SIGN else None

    def _ask(self, question: _Question, interaction: Interaction) -> str:
        detail = question.asked.to_be_signed
        assert detail is not None, "only such requests come here"
        officer, session = question.officer, question.session
        post, _ = self._onward.post(question.asked, question.client, interaction, (session, officer))
        post = post or officer.officer.main_post
        documents = detail["documentDigests"]
        digests = tuple(base64.b64decode(one["hash"]) for one in documents)
        requester = Requester(client_id=question.client.client_id, sub=officer.sub, unit_code=post.unit_code, title=post.title,
                              sid=session.sid, acr=f"{self._services.settings.acr_prefix}{session.acr}",
                              amr=" ".join(session.amr), auth_time=session.auth_time)
        wish = Wish(credential_id=detail.get("credentialID") or question.rooms.credentials.own(officer.sub),
                    total=len(digests), digests=digests,
                    digest_name=HASHES[detail["hashAlgorithmOID"]],
                    documents=tuple(Document(one["label"], one["label"]) for one in documents))
        return question.rooms.begin(requester, wish, caller()).authorization_id


def blueprint(services: Services) -> Blueprint:
    """Make ``/signing/<id>``."""
    views = Blueprint("signing", __name__)
    onward = Onward(services)
    phone = PhoneSigning(services, onward)

    @views.get("/signing/<interaction_id>")
    def watch(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind != "authorize":
            return onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        question = phone.due(interaction)
        if question is None:
            return onward.proceed(interaction)
        asked, client, session, officer, rooms = question
        onward.take_language(asked, interaction.id)
        action = address_of("signing.answer", interaction, to=mark_of(interaction, session))
        common: dict[str, Any] = {"app": application_words(client), "action": action,
                                  "agency_help": agency_help(services, officer.officer)}
        try:
            waiting = _waiting(rooms, asked, officer.sub, services.clock.now())
        except NotSignedError as refused:
            return make_response(render_template("signing/phone.html", **common, waiting=None, **_why(refused.outcome)))
        if waiting is None:  # signed this very moment, or never asked
            if phone.due(interaction) is None:
                return onward.proceed(interaction)
            why = _why(request.args.get("why", ""))
            return make_response(render_template("signing/phone.html", **common, waiting=None, **why))
        return make_response(render_template(
            "signing/phone.html", **common, waiting=waiting, here=address_of("signing.watch", interaction),
            state_url=address_of("signing.state", interaction)))

    @views.get("/signing/<interaction_id>/state")
    def state(interaction_id: str) -> Response:
        """Tell the page's script whether the phone is asked; anybody but that officer in that browser hears no."""
        interaction = services.interactions.take_up(interaction_id, browser_id())
        is_open = interaction is not None and interaction.done_at is None and interaction.kind == "authorize"
        question = phone.due(interaction) if interaction is not None and is_open else None
        waiting = None
        if question is not None:
            try:
                waiting = _waiting(question.rooms, question.asked, question.officer.sub, services.clock.now())
            except NotSignedError:
                waiting = None
        if waiting is None:
            return jsonify({"waiting": False})
        return jsonify({"waiting": True, "number": waiting["number"], "left": waiting["left"]})

    @views.post("/signing/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind != "authorize":
            return onward.over(request.args.get("app", ""))
        allow_onward_redirect()
        question = phone.due(interaction)
        if question is None:
            return onward.proceed(interaction)
        asked, _, session, officer, rooms = question
        said = request.form.get("answer", "")
        if not hmac.compare_digest(request.args.get("to", "").encode(), mark_of(interaction, session).encode()):
            return see_other(address_of("signing.watch", interaction))
        if said == "again":
            return phone.begin(interaction)
        if said == "look":
            return phone.look(question, interaction)
        if said not in {"cancel", "deny"}:
            return see_other(address_of("signing.watch", interaction))
        if said == "deny" and asked.signing:
            rooms.deny(officer.sub, asked.signing, caller())
        services.interactions.finish(interaction)
        return onward.send(onward.error(asked.refuse("access_denied", "The officer did not sign."), asked))

    return views


def _waiting(rooms: HashSigning, asked: AuthorizationRequest, sub: str, now: int) -> dict[str, Any] | None:
    """Tell what the phone shows now; None when nothing was asked, or all is signed. Raises NotSignedError."""
    if not asked.signing:
        return None
    one = rooms.of_officer(asked.client_id, sub, asked.signing)
    number, transaction = rooms.transaction(one)
    if not one.is_open or transaction is None:
        return None
    return {"number": number + 1, "of": len(one.wish.digests), "document": transaction.subject, "code": transaction.code,
            "phone": hidden_number(transaction.msisdn), "whole": transaction.timeout_seconds,
            "left": max(0, transaction.created_at + transaction.timeout_seconds - now)}


def _word(refused: RefusedError | UnavailableError) -> str:
    if isinstance(refused, UnavailableError):
        return "away"
    return "busy" if refused.status == 429 else _NONE


def _why(word: str) -> dict[str, Any]:
    """Say why nothing was signed, in the words of every other page, and whether asking again makes sense."""
    busy = gettext("SIM của bạn đang được hỏi một việc khác, hoặc bạn vừa từ chối nhiều lần. Vui lòng chờ ít phút.")
    none = gettext("Bạn chưa có SIM ký số dùng được cho việc này. Vui lòng liên hệ quản trị đơn vị của bạn.")
    words = {**outcomes(), **dict.fromkeys(("busy", "sim_busy", "refused_too_often"), busy),
             **dict.fromkeys((_NONE, "no_sim", "certificate_unfit"), none), IN_DOUBT: doubted(),
             "away": gettext("Dịch vụ ký số tạm thời chưa trả lời. Vui lòng thử lại sau ít phút.")}
    return {"why": words.get(word) or gettext("Điện thoại chưa ký được văn bản."), "again": word not in _FINAL}
