"""Enrolling a first factor on the way to where the officer is going: asked for, or until a set day offered (``authn.enrolment``).

Source: OWASP ASVS 5.0 6.3.3, 7.5.1; security checklist 21, 29, 33, 34. The officer's password was right in this very sign-in,
or as lately as every change of a factor asks for; an older session signs in again. Every form asks anew what is due and whether a
factor may be enrolled here: what a page showed before decides nothing. The first answer of what was enrolled counts as its
proof, so that the application gets the level that was reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask_babel import gettext

from ...authn.assurance import OTP, POP, TWO_FACTORS, USER, level_reached, with_factor
from ...authn.enrolment.first_factor import Asked
from ...authn.enrolment.grace import Due, mark_of
from ...authn.passkeys import PASSKEY
from ...directory.mirror import MirroredOfficer
from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ...sessions.user_agent import described
from ..notice_words import device_words
from ..onward import address_of, see_other
from ..presentation import agency_help, application_words, clock_words, day_words, officer_words, to_scan
from ..security import allow_onward_redirect, browser_id, caller, change_session, device, session_cookie, with_session
from .course import Course

_PAGES = {OTP: "login/enrol/app.html", PASSKEY: "login/enrol/passkey.html"}
_STATUS = {"throttled": 429, "taken": 409, "late": 409, "closed": 403}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose first factor a sign-in is about.

    Attributes:
        interaction: The sign-in.
        officer: Whose password was right.
        session: The officer's, where it has to step up; None where the sign-in opens one.
        asked: What is asked.
    """

    interaction: Interaction
    officer: MirroredOfficer
    session: Session | None
    asked: Asked


class EnrolPage:
    """The first factor."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course
        self._first = services.first_factors

    def due(self, interaction: Interaction) -> Place | None:
        """Tell whose first factor is to be enrolled here; None where nobody's is."""
        officer, session = self._course.proven(interaction), None
        if officer is not None and interaction.must_change_password:
            return None
        if officer is None:
            signed_in = self._course.onward.signed_in()
            if signed_in is None or not self._services.freshness.recent(signed_in[0].auth_time):
                return None
            session, officer = signed_in
            prompt = self._course.prompt(interaction, signed_in)
            if prompt is not Prompt.STEP_UP and not (interaction.fresh and prompt is Prompt.DONE):
                return None
        if not self._first.lacking(officer.officer.entry_uuid):
            return None
        asked = self._first.asked(
            officer, required=self._course.required(interaction, officer),
            spared=self._course.required(interaction, officer, self._first.in_grace()), caller=caller())
        if asked.due is Due.NOTHING and not interaction.fresh:
            return None
        return Place(interaction, officer, session, asked)

    def wanted(self, interaction: Interaction, officer: MirroredOfficer) -> bool:
        """Tell whether a sign-in that cannot go on without a factor leads here: a factor would do, and there is none."""
        return (self._course.required(interaction, officer) == TWO_FACTORS
                and self._first.lacking(officer.officer.entry_uuid))

    def must_sign_in_again(self, interaction: Interaction, signed_in: tuple[Session, MirroredOfficer]) -> bool:
        """Tell whether it leads here and the session is too old for it."""
        return self.wanted(interaction, signed_in[1]) and not self._services.freshness.recent(signed_in[0].auth_time)

    def form(self, place: Place, *, way: str = "", error: str = "", wait: int | None = None, name: str = "") -> Response:
        """Show the ways there are, or one of them; where none may be gone yet, what it takes."""
        officer, interaction = place.officer.officer, place.interaction
        closed = not self.open(place)
        seed = self._services.totp.begun(officer.entry_uuid, browser_id()) if way == OTP and not closed else None
        if closed or (way == OTP and seed is None) or (way == PASSKEY and not self._services.passkeys.offered):
            way = ""
        allow_onward_redirect()
        more: dict[str, Any] = {}
        if seed is not None:
            more = to_scan(seed, officer, self._services.settings.province_name)
        elif way == PASSKEY:
            usual = device_words(described(caller().user_agent), gettext)
            more = {"name": (name or usual)[:64], "options_url": address_of("login.enrol_question", interaction)}
        answer = make_response(render_template(
            _PAGES.get(way, "login/enrol/choose.html"), **more, closed=closed, due=place.asked.due.value,
            days=place.asked.days, until=place.asked.deadline and day_words(place.asked.deadline - 1),
            error={"code": error, "retry_after_seconds": wait} if error else None,
            app=application_words(self._course.client(interaction)), action=address_of("login.take_factor", interaction),
            who=officer_words(officer), agency_help=agency_help(self._services, officer),
            passkey_url=address_of("login.enrol", interaction, way=PASSKEY) if self._services.passkeys.offered else None,
            back_url=address_of("login.enrol", interaction), pass_url=self._pass_url(interaction, place.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), _STATUS.get(error, 400) if error else 200)
        if error == "throttled":
            answer.headers["Retry-After"] = str(wait or 60)
        return answer

    def _pass_url(self, interaction: Interaction, officer: MirroredOfficer) -> str:
        """Give the address at which a temporary pass is taken; "" where none would be."""
        takes = not interaction.fresh and self._services.temporary_passes.standing(officer.sub) is not None
        return address_of("login.ask", interaction, way="temporary_pass") if takes else ""

    def answer(self, place: Place) -> Response:
        """Take a form: "later", a code of an administrator, the beginning of an app, or the first answer of a factor."""
        if "later" in request.form:
            return self._later(place)
        if "enrolment_code" in request.form:
            step = self._first.codes.redeem(place.officer, request.form["enrolment_code"], place.interaction.id, caller(),
                                            device=device(self._services))
            if step.outcome == "accepted":
                return see_other(address_of("login.enrol", place.interaction))
            return self.form(place, error="throttled" if step.outcome == "throttled" else "code", wait=step.retry_after_seconds)
        if not self.open(place):
            return self.form(place, error="closed")
        if "begin" in request.form:
            self._services.totp.begin(place.officer.officer.entry_uuid, browser_id())
            return see_other(address_of("login.enrol", place.interaction, way=OTP))
        if "otp" in request.form:
            return self._app(place)
        return self._passkey(place) if PASSKEY in request.form else self.form(place)

    def open(self, place: Place) -> bool:
        """Tell whether who has proven a password alone may enrol here, now; a factor that is there by now opens nothing."""
        return self._first.admits(place.officer.officer.entry_uuid, caller().source, place.interaction.id)

    def _later(self, place: Place) -> Response:
        if place.asked.due is not Due.OFFER or place.asked.deadline is None:
            return self.form(place, error="late")
        mark = mark_of(place.asked.deadline)
        if place.session is None:
            return self._course.complete(place.interaction, place.officer, (*with_factor(place.interaction.amr), mark))
        return self._raised(place, place.session, (*with_factor(place.session.amr), mark), lambda: self._course.arrive(
            place.interaction)) or see_other(address_of("login.ask", place.interaction))

    def _app(self, place: Place) -> Response:
        step = self._services.second_factors.first_try(
            place.officer, OTP, lambda: self._services.totp.confirm(place.officer, request.form["otp"], browser_id(), caller()),
            caller(), device=device(self._services))
        if step.outcome == "throttled":
            return self.form(place, way=OTP, error="throttled", wait=step.retry_after_seconds)
        return self._enrolled(place, OTP) if step.outcome == "confirmed" else self._not_taken(place, OTP, step.outcome)

    def _passkey(self, place: Place) -> Response:
        name = request.form.get("name", "")
        outcome = self._services.passkeys.enrol(place.officer, place.interaction.id, request.form[PASSKEY], name, caller())
        if outcome != "enrolled":
            return self._not_taken(place, PASSKEY, outcome, name=name)
        return self._enrolled(place, POP, USER)

    def _not_taken(self, place: Place, way: str, outcome: str, *, name: str = "") -> Response:
        """Say what was wrong; where another page of the officer's was faster, go on with what it enrolled."""
        if not self._first.lacking(place.officer.officer.entry_uuid):
            return see_other(address_of("login.ask", place.interaction))
        return self.form(place, way=way, error=outcome, name=name)

    def _enrolled(self, place: Place, *proven: str) -> Response:
        if place.session is None:
            return self._course.complete(place.interaction, place.officer, with_factor(place.interaction.amr, *proven),
                                         last=lambda address: self._codes(place, address))
        onward = address_of("login.ask", place.interaction)
        return self._raised(place, place.session, with_factor(place.session.amr, *proven),
                            lambda: self._codes(place, onward)) or see_other(onward)

    def _raised(self, place: Place, session: Session, amr: tuple[str, ...],
                page: Callable[[], Response]) -> Response | None:
        """Go on with a session that has proven more, or was granted time; None when it ended or was renewed meanwhile."""
        kept = self._services.sessions.step_up(session, acr=level_reached(amr), amr=amr, caller=caller(),
                                               cookie=session_cookie(self._services) or "", client_id=place.interaction.client_id)
        if kept is None:
            return None
        cookie, raised = kept
        change_session(raised)
        return with_session(page(), self._services, cookie)

    def _codes(self, place: Place, address: str) -> Response:
        """Show recovery codes, once, with the way on."""
        codes, now = self._services.recovery_codes.issue(place.officer, caller()), self._services.clock.now()
        return make_response(render_template(
            "login/enrol/codes.html", codes=codes, made_at=clock_words(now, now), who=officer_words(place.officer.officer),
            app=application_words(self._course.client(place.interaction)), continue_url=address,
            agency_help=agency_help(self._services, place.officer.officer)))


def add(views: Blueprint, services: Services, course: Course, page: EnrolPage) -> None:
    """Make ``/login/<id>/enrol`` and the question that its passkey answers."""

    def taken_up(interaction_id: str) -> Interaction | None:
        interaction = services.interactions.take_up(interaction_id, browser_id())
        return interaction if interaction is not None and interaction.done_at is None and interaction.kind != "logout" else None

    @views.get("/login/<interaction_id>/enrol")
    def enrol(interaction_id: str) -> Response:
        interaction = taken_up(interaction_id)
        if interaction is None:
            return course.onward.lead_on(request.args.get("app", ""))
        course.take_language(interaction)
        place = page.due(interaction)
        return see_other(address_of("login.ask", interaction)) if place is None else page.form(
            place, way=request.args.get("way", ""))

    @views.post("/login/<interaction_id>/enrol")
    def take_factor(interaction_id: str) -> Response:
        allow_onward_redirect()
        interaction = taken_up(interaction_id)
        if interaction is None:
            return course.onward.over(request.args.get("app", ""))
        course.take_language(interaction)
        place = page.due(interaction)
        return see_other(address_of("login.ask", interaction)) if place is None else page.answer(place)

    @views.post("/login/<interaction_id>/enrol/passkey")
    def enrol_question(interaction_id: str) -> Response:
        interaction = taken_up(interaction_id)
        place = page.due(interaction) if interaction is not None and services.passkeys.offered else None
        asked = place is not None and page.open(place)
        answer = jsonify(services.passkeys.ask_to_enrol(place.officer, place.interaction.id) if place is not None and asked
                         else {"error": "not_due"})
        answer.status_code = 200 if asked else 409
        return answer
