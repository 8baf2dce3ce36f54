"""Signing in: password or passkey, a new password where one is due, second factor, and on to where the officer was going.

Who is asked for a second factor and has none enrols one first (``enrol``).

Which form stands next is decided by what was proven in the interaction, never by what a form says (security checklist 29): a
form for another step than the one that is due is answered with the form that is. A lost form token, an expired page and a page
gone back to all lead on (checklist 21; issue 2, deliverable 10).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_wtf.csrf import CSRFError

from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ..onward import address_of, see_other
from ..security import allow_onward_redirect, browser_id, check_form, session_cookie
from . import enrol
from .certificate import FIELD as CERTIFICATE_FIELD
from .certificate import CertificatePage
from .change_password import ChangePasswordPage
from .course import Course
from .expiring import ExpiringPage
from .forgotten import ForgottenPage
from .passkey import FIELD, PasskeyPage, add_questions
from .second_factor import SecondFactorPage
from .sign_in import SignInPage


def blueprint(services: Services) -> Blueprint:
    """Make ``/login/<id>`` and the bare ``/login`` that people bookmark."""
    views = Blueprint("login", __name__)
    course = Course(services)
    sign_in, first = SignInPage(services, course), enrol.EnrolPage(services, course)
    factor = SecondFactorPage(services, course, first)
    passkey, certificate = PasskeyPage(services, course), CertificatePage(services, course)
    forgotten_page = ForgottenPage(services, course)
    change, notice = ChangePasswordPage(services, course), ExpiringPage(services, course)

    def due(interaction: Interaction, *, as_other: bool = False) -> Response:
        """Show the form that is due, or lead on when none is."""
        course.take_language(interaction)
        officer = None if as_other else course.proven(interaction)
        if officer is not None and interaction.must_change_password:
            return change.form(interaction, officer)
        if officer is not None and course.missing(interaction, officer, interaction.amr):
            return factor.form(interaction, officer)
        signed_in = course.onward.signed_in()
        if not as_other and certificate.wanted() and (
                signed_in is None or course.prompt(interaction, signed_in) is Prompt.LOGIN):
            return certificate.form(interaction)
        if as_other or signed_in is None:
            return sign_in.form(interaction, signed_out=signed_in is None and session_cookie(services) is not None)
        prompt = course.prompt(interaction, signed_in)
        if prompt is Prompt.STEP_UP and first.must_sign_in_again(interaction, signed_in):
            return sign_in.form(interaction, again=course.expected(interaction, signed_in))
        if prompt is Prompt.STEP_UP:
            return factor.form(interaction, signed_in[1])
        if prompt is Prompt.LOGIN:
            return sign_in.form(interaction, again=course.expected(interaction, signed_in))
        return course.arrive(interaction)

    @views.get("/login")
    @views.get("/login/")
    def bare() -> Response:
        return course.onward.lead_on(request.args.get("app", ""))

    @views.get("/login/<interaction_id>")
    def ask(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return course.onward.lead_on(request.args.get("app", ""))
        allow_onward_redirect()
        return due(interaction, as_other=request.args.get("as") == "other")

    @views.get("/login/<interaction_id>/expiring")
    def expiring(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return course.onward.lead_on(request.args.get("app", ""))
        course.take_language(interaction)
        return notice.page(interaction) or see_other(address_of("login.ask", interaction))

    @views.get("/login/<interaction_id>/forgotten")
    def forgotten(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return course.onward.lead_on(request.args.get("app", ""))
        course.take_language(interaction)
        return forgotten_page.form(interaction)

    @views.post("/login/<interaction_id>/forgotten")
    def ask_for_link(interaction_id: str) -> Response:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or interaction.done_at is not None or interaction.kind == "logout":
            return course.onward.over(request.args.get("app", ""))
        course.take_language(interaction)
        return forgotten_page.answer(interaction)

    @views.get("/login/<interaction_id>/phone")
    def phone(interaction_id: str) -> Response:
        """Tell the page's script whether the officer's phone is asked; any other browser hears no."""
        interaction = services.interactions.take_up(interaction_id, browser_id())
        is_open = interaction is not None and interaction.done_at is None and interaction.kind != "logout"
        waiting = factor.waiting(interaction) if interaction is not None and is_open else None
        if waiting is None:
            return jsonify({"waiting": False})
        return jsonify({"waiting": True, "number": waiting["number"], "left": waiting["left"]})

    @views.post("/login/<interaction_id>")
    def answer(interaction_id: str) -> Response:
        allow_onward_redirect()
        interaction = services.interactions.take_up(interaction_id, browser_id())
        if interaction is None or not services.interactions.is_open(interaction) or interaction.kind == "logout":
            return course.onward.over(request.args.get("app", ""))
        course.take_language(interaction)
        try:
            check_form(services.settings.issuer)
        except CSRFError:
            return sign_in.form(interaction, status=400, error={"code": "csrf"}, username=request.form.get("username", ""))
        if CERTIFICATE_FIELD in request.form:
            return certificate.answer(interaction)
        page = change if "new_password" in request.form else passkey if FIELD in request.form else factor if (
            factor.was_sent()) else sign_in if "username" in request.form or "password" in request.form else None
        return (page.answer(interaction) if page is not None else None) or due(interaction)

    add_questions(views, services, factor)
    enrol.add(views, services, course, first)
    return views
