"""Devices without a keyboard: the officer types the code that a device shows, signs in, sees who asks, and answers.

Spec: RFC 8628 §3.3, §3.3.1, §5.4 (remote phishing); security checklist 21, 27, 29, 32. The request is one of those that
``Onward`` leads on, so sign-in, level, groups and consent are those of every application; in the place of the code stands a page
that approves by a press of a button only, never by an address. The form says for whose session it is, as consent does.
"""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from ..authn.lockout import ThrottledError
from ..directory.mirror import MirroredOfficer
from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ..oauth.client import Client
from ..oauth.deferred.approvals import request_of
from ..oauth.deferred.authorization import Deferred, Kind, State
from ..oidc.acting_post import noted
from ..oidc.prompts import Prompt
from ..services import Services
from ..sessions.interaction import Interaction, browser_digest
from ..sessions.single_sign_on import Session
from .errors import page
from .onward import Onward, address_of, mark_of, see_other
from .presentation import agency_help, application_words, clock_words, officer_words, sharing
from .security import browser_id, caller, current_session

_TEMPLATES = {Kind.DEVICE: "device", Kind.CIBA: "approvals"}
"""An application that asks by name is answered on the same page, in other words (``approvals``)."""
_Question = tuple[Deferred, Prompt, AuthorizationRequest, Client, Session, MirroredOfficer]


def blueprint(services: Services) -> Blueprint:
    """Make ``/device`` and the page that is shown for one request, ``/device/<id>``."""
    views = Blueprint("device", __name__)
    onward = Onward(services)

    def form(code: str, *, status: int = 200, error: dict[str, int | str] | None = None) -> Response:
        browser_id()
        return make_response(render_template("device/code.html", app=None, code=code[:64], error=error), status)

    def over(kind: str = Kind.DEVICE) -> Response:
        if kind == Kind.CIBA:
            return page(410, gettext("Yêu cầu này không còn hiệu lực"), gettext(
                "Yêu cầu của ứng dụng đã được trả lời, đã hết hạn, hoặc dành cho một cán bộ khác."), services.clock,
                ways=[{"label": gettext("Xem các yêu cầu khác"), "url": "/approvals"}])
        return page(410, gettext("Mã này không còn hiệu lực"), gettext(
            "Yêu cầu của thiết bị đã được trả lời hoặc đã hết hạn. Nếu thiết bị vẫn đang chờ, vui lòng lấy mã mới trên thiết bị "
            "rồi nhập lại."), services.clock, ways=[{"label": gettext("Nhập mã khác"), "url": "/device"}])

    def taken_up(interaction_id: str) -> tuple[Interaction, AuthorizationRequest, Deferred] | None:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.kind != "authorize":
            return None
        asked = AuthorizationRequest.from_json(interaction.request)
        deferred = services.approvals.of(asked)
        return None if deferred is None else (interaction, asked, deferred)

    def due(interaction: Interaction, asked: AuthorizationRequest, deferred: Deferred) -> _Question | None:
        """Tell what is to be answered and by whom; None when another page is due."""
        client = services.clients.find(interaction.client_id)
        signed_in = onward.signed_in()
        if client is None or signed_in is None:
            return None
        try:
            prompt = onward.prompt(asked, client, interaction, signed_in)
        except AuthorizationError:
            return None
        return (deferred, prompt, asked, client, *signed_in) if prompt in {Prompt.CONSENT, Prompt.DONE} else None

    @views.get("/device")
    def ask_code() -> Response:
        return form(request.args.get("user_code", ""))

    @views.post("/device")
    def take_code() -> Response:
        typed = request.form.get("user_code", "")
        session = current_session(services)
        account = session.sub if session is not None else browser_digest(browser_id()).hex()
        try:
            deferred = services.devices.typed(typed, caller(), account=account)
        except ThrottledError as refusal:
            answer = form("", status=429, error={"code": "throttled",
                                                 "retry_after_seconds": refusal.retry_after_seconds or 60})
            answer.headers["Retry-After"] = str(refusal.retry_after_seconds or 60)
            return answer
        if deferred is None:
            return form(typed, status=400, error={"code": "wrong"})
        interaction = services.interactions.begin_authorization(deferred.client_id, request_of(deferred).to_json())
        return see_other(address_of("authorize.resume", interaction))

    @views.get("/device/<interaction_id>")
    def confirm(interaction_id: str) -> Response:
        taken = taken_up(interaction_id)
        if taken is None:
            return over()
        interaction, asked, deferred = taken
        if interaction.done_at is not None and deferred.state != State.PENDING:
            return make_response(render_template(f"{_TEMPLATES[Kind(deferred.kind)]}/done.html",
                                                 approved=deferred.state != State.DENIED,
                                                 app=application_words(services.clients.find(deferred.client_id))))
        session = current_session(services)
        if not deferred.open_to(session.sub if session else deferred.sub, services.clock.now()):
            return over(deferred.kind)
        question = due(*taken)
        if question is None:
            return onward.proceed(interaction)
        _, _, _, client, session, officer = question
        onward.take_language(asked, interaction.id)
        return make_response(render_template(
            f"{_TEMPLATES[Kind(deferred.kind)]}/confirm.html", app=application_words(client),
            binding_message=deferred.binding_message, who=officer_words(officer.officer),
            asked_at=clock_words(deferred.created_at, services.clock.now()), asked_from=deferred.source,
            **sharing(client, officer.officer, asked.scope, post=onward.post(asked, client, interaction, (session, officer))[0]),
            agency_help=agency_help(services, officer.officer),
            action=address_of("device.answer", interaction, to=mark_of(interaction, session))))

    @views.post("/device/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        taken = taken_up(interaction_id)
        if taken is None or not services.interactions.is_open(taken[0]):
            return over()
        interaction, asked, deferred = taken
        here = see_other(address_of("device.confirm", interaction))
        if interaction.done_at is not None:
            return here
        question = due(*taken)
        if question is None:
            return onward.proceed(interaction)
        _, prompt, _, client, session, officer = question
        said = request.form.get("answer", "")
        meant = hmac.compare_digest(request.args.get("to", "").encode(), mark_of(interaction, session).encode())
        if not meant or said not in {"accept", "deny"}:
            return here
        try:
            if said == "accept":
                answered = services.approvals.approve(deferred, session, caller(), consent=(
                    services.consents.agreement(officer.sub, client.client_id, asked.scope, caller(), sid=session.sid)
                    if prompt is Prompt.CONSENT else None),
                    post=noted(onward.post(asked, client, interaction, (session, officer))[0]))
            else:
                answered = services.approvals.deny(deferred, session, caller())
        except AuthorizationError as refusal:
            return onward.refused(refusal, interaction)
        if not answered:
            return over(deferred.kind)
        services.interactions.finish(interaction)
        return here

    return views
