"""The page that asks for a second factor: the one used last, and the other ways that this officer has.

Of whom it is asked is decided here: the officer whose password was right in this interaction, or the one of a session that has
to step up. What is asked is the factor's own part (``factors``).
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext

from ...authn.assurance import PWD, level_reached, temporary_mark, with_factor
from ...authn.mobile_id import AFTER, MobileId
from ...authn.second_factor import FactorStep
from ...authn.sign_in.temporary_pass import LEVEL
from ...directory.mirror import MirroredOfficer
from ...errors import RefusedError, UnavailableError
from ...oidc.prompts import Prompt
from ...services import Services
from ...sessions.interaction import Interaction
from ...sessions.single_sign_on import Session
from ..onward import address_of, see_other
from ..presentation import agency_help, application_words, officer_words
from ..security import caller, change_session, device, session_cookie, with_session
from .course import Course
from .enrol import EnrolPage
from .factors import FactorForm, forms
from .factors.sim import SimForm

PASS = "temporary_pass"
"""The form field of a temporary pass, and its way in the address."""
REMEMBER = "remember"
"""The form field by which an officer asks not to be asked here again for a while."""


class SecondFactorPage:
    """A second factor, of whatever kind."""

    def __init__(self, services: Services, course: Course, first: EnrolPage) -> None:
        self._services = services
        self._course = course
        self._first = first
        self._forms = {form.factor: form for form in forms(services)}

    def was_sent(self) -> bool:
        """Tell whether the form that came is one of a factor, or of a temporary pass."""
        return PASS in request.form or self._sent() is not None

    def answer(self, interaction: Interaction) -> Response | None:
        """Try the factor that was sent; None when no factor is due."""
        form, due = self._sent(), self.due(interaction)
        if due is None:
            return None
        session, officer = due
        if PASS in request.form:
            return self._pass(interaction, session, officer)
        assert form is not None
        if isinstance(form, SimForm):
            asked = self._phone(form, interaction, officer)
            if asked is not None:
                return asked
        step = self._services.second_factors.attempt(officer, form.factor, form.answer(interaction, request.form), caller(),
                                                     client_id=interaction.client_id, device=device(self._services))
        if step.outcome in {"not_enrolled", "frozen"}:
            return self.form(interaction, officer)
        if step.outcome == "throttled":
            return self._throttled(form, interaction, officer, step)
        if step.outcome != "accepted":
            code = "reused" if step.outcome == "reused" else "wrong"
            return self.form(interaction, officer, way=form.factor, status=400, error={"code": code})
        if session is None:
            remember = (request.form.get(REMEMBER) == "1" and form.factor != self._services.recovery_codes.name
                        and self._may_remember(interaction, officer))
            return self._course.complete(interaction, officer, with_factor(interaction.amr, *step.amr), remember=remember)
        return self._raise(interaction, session, with_factor(session.amr, *step.amr))

    def _pass(self, interaction: Interaction, session: Session | None, officer: MirroredOfficer) -> Response:
        """Try a temporary pass, where one may be used on the way to where the officer is going."""
        if not self.takes_pass(interaction, officer):
            return self.form(interaction, officer)
        step = self._services.temporary_passes.redeem(officer, request.form[PASS], caller(), client_id=interaction.client_id,
                                                      device=device(self._services))
        if step.outcome == "throttled":
            return _too_often(self.pass_form(interaction, officer, error={
                "code": "throttled", "retry_after_seconds": step.retry_after_seconds}, status=429), step.retry_after_seconds)
        if step.outcome != "accepted":
            return self.pass_form(interaction, officer, error={"code": "wrong"}, status=400)
        mark = temporary_mark(step.until)
        if session is None:
            return self._course.complete(interaction, officer, (*with_factor(interaction.amr), mark), until=step.until)
        return self._raise(interaction, session, (*with_factor(session.amr), mark), until=step.until)

    def _raise(self, interaction: Interaction, session: Session, amr: tuple[str, ...], *, until: int | None = None) -> Response:
        raised = self._services.sessions.step_up(session, acr=level_reached(amr), amr=amr, caller=caller(), until=until,
                                                 cookie=session_cookie(self._services) or "", client_id=interaction.client_id)
        if raised is None:
            return see_other(address_of("login.ask", interaction))
        cookie, session = raised
        change_session(session)
        return with_session(self._course.arrive(interaction), self._services, cookie)

    def _phone(self, form: SimForm, interaction: Interaction, officer: MirroredOfficer) -> Response | None:
        """Have the phone asked; None where it has confirmed, and that is to be verified."""
        if AFTER not in self._amr(interaction):
            return self.form(interaction, officer)
        try:
            step = form.begin(interaction, officer, request.form)
        except (RefusedError, UnavailableError) as err:
            if isinstance(err, UnavailableError) and err.dependency == "database":
                raise
            status = err.status if isinstance(err, RefusedError) else 503
            return self.form(interaction, officer, way=form.factor, status=status, error=form.trouble(err))
        if step is None:
            return None
        if step.outcome == "asked":
            return see_other(address_of("login.ask", interaction, way=form.factor))
        return self._throttled(form, interaction, officer, step) if step.outcome == "throttled" else self.form(
            interaction, officer)

    def _throttled(self, form: FactorForm, interaction: Interaction, officer: MirroredOfficer, step: FactorStep) -> Response:
        return _too_often(self.form(interaction, officer, way=form.factor, status=429, error={
            "code": "throttled", "retry_after_seconds": step.retry_after_seconds}), step.retry_after_seconds)

    def _amr(self, interaction: Interaction) -> tuple[str, ...]:
        """Give what was proven so far, in this sign-in or by the session that has to step up."""
        signed_in = None if self._course.proven(interaction) is not None else self._course.onward.signed_in()
        return signed_in[0].amr if signed_in is not None else interaction.amr

    def waiting(self, interaction: Interaction) -> dict[str, Any] | None:
        """Tell what the phone of the officer shows who is to confirm here; None where nobody's is asked."""
        due, form = self.due(interaction), self._forms[MobileId.name]
        return form.waiting(interaction, due[1]) if due is not None and isinstance(form, SimForm) else None

    def due(self, interaction: Interaction) -> tuple[Session | None, MirroredOfficer] | None:
        """Give the officer of whom a second factor is due, and the session where that has to step up; None when none is due."""
        officer = self._course.proven(interaction)
        if officer is not None:
            return None if interaction.must_change_password else (None, officer)
        signed_in = self._course.onward.signed_in()
        if signed_in is None or self._course.prompt(interaction, signed_in) is not Prompt.STEP_UP:
            return None
        return signed_in

    def form(self, interaction: Interaction, officer: MirroredOfficer, *, way: str = "", status: int = 200,
             error: dict[str, Any] | None = None) -> Response:
        """Show one way (``way``, else the one that the address names, else the one used last) and name the others.

        Only ways that lead far enough. Who has none is led to enrol one; whose are frozen, or do not lead so far, is told what
        can be done.
        """
        takes_pass = self.takes_pass(interaction, officer)
        if takes_pass and not way and request.args.get("way") == PASS:
            return self.pass_form(interaction, officer)
        if self._first.wanted(interaction, officer):
            return see_other(address_of("login.enrol", interaction))
        frozen = self._services.second_factors.frozen(officer.officer.entry_uuid)
        standings = () if frozen else self._services.second_factors.of(officer.officer.entry_uuid)
        needed = self._course.required(interaction, officer)
        ways = [name for name in dict.fromkeys(standing.factor for standing in standings)
                if name in self._forms and self._services.second_factors.brings(name) >= needed
                and (name != MobileId.name or AFTER in self._amr(interaction))]
        wished = way or request.args.get("way", "")
        shown = wished if wished in ways else ways[0] if ways else ""
        form = self._forms.get(shown)
        others = [{**self._forms[name].words(standings), "url": address_of("login.ask", interaction, way=name)}
                  for name in ways if name != shown]
        if takes_pass:
            others.append(pass_words(interaction))
        own = form.context(interaction, officer) if form is not None else {}
        own["error"] = error or own.get("error")
        return make_response(render_template(
            form.template if form is not None else f"login/factors/{'frozen' if frozen else 'none'}.html", **own, others=others,
            remember_days=self._services.remembered_devices.days if self._may_remember(interaction, officer) else 0,
            app=application_words(self._course.client(interaction)), action=address_of("login.answer", interaction),
            sims=self._services.mobile_id.offered,
            who=officer_words(officer.officer), agency_help=agency_help(self._services, officer.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), status)

    def takes_pass(self, interaction: Interaction, officer: MirroredOfficer) -> bool:
        """Tell whether this officer has a temporary pass, and it leads far enough here: never to where factors change."""
        return (not interaction.fresh and self._course.required(interaction, officer) <= LEVEL
                and self._services.temporary_passes.standing(officer.sub) is not None)

    def pass_form(self, interaction: Interaction, officer: MirroredOfficer, *, status: int = 200,
                  error: dict[str, Any] | None = None) -> Response:
        """Ask for the code of the pass."""
        back = {"name": gettext("Cách xác nhận khác"), "note": gettext("Dùng lớp thứ hai của bạn."), "icon": "shield",
                "url": address_of("login.ask", interaction)}
        return make_response(render_template(
            "login/factors/temporary_pass.html", error=error, others=[back],
            app=application_words(self._course.client(interaction)), action=address_of("login.answer", interaction),
            who=officer_words(officer.officer), agency_help=agency_help(self._services, officer.officer),
            cancel_url=address_of("login.ask", interaction, **{"as": "other"})), status)

    def _may_remember(self, interaction: Interaction, officer: MirroredOfficer) -> bool:
        """Tell whether this officer may ask for it: in a sign-in that began with the password, where it would be of use."""
        proven = self._course.proven(interaction)
        return proven is not None and interaction.amr == (PWD,) and self._course.may_remember(interaction, officer)

    def _sent(self) -> FactorForm | None:
        return next((form for form in self._forms.values() if form.field in request.form), None)


def pass_words(interaction: Interaction) -> dict[str, str]:
    """Name the temporary pass in the list of ways."""
    return {"name": gettext("Tôi có mã tạm"), "note": gettext("Mã do quản trị cấp khi bạn không có lớp thứ hai bên mình."),
            "icon": "codes", "url": address_of("login.ask", interaction, way=PASS)}


def _too_often(answer: Response, wait: int | None) -> Response:
    answer.headers["Retry-After"] = str(wait or 60)
    return answer
