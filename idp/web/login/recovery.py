"""``/recovery/<token>``: where the link of a mail leads. Opening it does nothing; a button takes it up, a factor proves who.

Which step is due is what the record says, never what a form says (security checklist 29). A link that is unknown, over, used or
another browser's gets one and the same page.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext

from ...authn.sign_in.forgotten import Recovery
from ...directory.mirror import MirroredOfficer
from ...errors import UnavailableError
from ...services import Services
from ...sessions.interaction import browser_digest
from ..errors import page
from ..new_password import NewPassword
from ..onward import see_other
from ..presentation import officer_words
from ..security import browser_id, caller
from .factors import forms


def blueprint(services: Services) -> Blueprint:
    """Make the views."""
    views = Blueprint("recovery", __name__)
    pages = _Pages(services)

    @views.get("/recovery/<token>")
    def show(token: str) -> Response:
        found = services.forgotten_passwords.read(token, pages.browser())
        return pages.due(token, *found) if found else pages.over()

    @views.post("/recovery/<token>")
    def answer(token: str) -> Response:
        found = services.forgotten_passwords.read(token, pages.browser())
        return pages.answer(token, *found) if found else pages.over()

    @views.post("/recovery/<token>/passkey")
    def ask_passkey(token: str) -> Response:
        found = services.forgotten_passwords.read(token, pages.browser())
        due = found is not None and found[0].browser_digest == pages.browser() and services.passkeys.offered
        if found is None or not due:
            return make_response(jsonify({"error": "not_due"}), 409)
        return make_response(jsonify(services.passkeys.ask_second_factor(found[1], _place(found[0]))))

    return views


class _Pages:
    """What the steps have in common."""

    def __init__(self, services: Services) -> None:
        self._services, self._room = services, services.forgotten_passwords
        self._new = NewPassword(services)
        self._forms = {form.factor: form for form in forms(services)}

    @staticmethod
    def browser() -> bytes:
        """Give what is known of this browser."""
        return browser_digest(browser_id())

    def over(self) -> Response:
        """Say that a link leads nowhere, whatever the reason."""
        return page(404, gettext("Liên kết này không dùng được nữa"), gettext(
            "Liên kết đặt lại mật khẩu chỉ dùng được một lần, trong 30 phút và trên một trình duyệt."
            " Vui lòng mở trang đăng nhập và bấm “Quên mật khẩu?” một lần nữa."), self._services.clock, detail="recovery_over")

    def due(self, token: str, recovery: Recovery, officer: MirroredOfficer) -> Response:
        """Show the step that is due."""
        if recovery.browser_digest is None:
            return make_response(render_template("recovery/open.html", action=url_for("recovery.answer", token=token)))
        if self._room.proven(recovery):
            return self._new_password(token, officer)
        return self._factor(token, recovery, officer)

    def answer(self, token: str, recovery: Recovery, officer: MirroredOfficer) -> Response:
        """Take the step that is due; a form for another one is answered with the form that is."""
        if recovery.browser_digest is None:
            return see_other(url_for("recovery.show", token=token)) if self._room.take_up(recovery,
                                                                                          self.browser()) else self.over()
        if self._room.proven(recovery):
            return self._change(token, recovery, officer) if "new_password" in request.form else self._new_password(token,
                                                                                                                    officer)
        form = next((form for form in self._forms.values() if form.field in request.form), None)
        if form is None:
            return self._factor(token, recovery, officer)
        answer = form.answer(_Place(_place(recovery)), request.form)  # type: ignore[arg-type]
        step = self._room.prove(recovery, officer, form.factor, answer, self.browser(), caller())
        if step.outcome == "accepted":
            return see_other(url_for("recovery.show", token=token))
        throttled = step.outcome == "throttled"
        error = {"code": step.outcome if step.outcome in {"throttled", "reused"} else "wrong",
                 "retry_after_seconds": step.retry_after_seconds if throttled else None}
        shown = self._factor(token, recovery, officer, status=429 if throttled else 400, error=error, way=form.factor)
        if throttled:
            shown.headers["Retry-After"] = str(step.retry_after_seconds or 60)
        return shown

    def _factor(self, token: str, recovery: Recovery, officer: MirroredOfficer, *, status: int = 200,
                error: dict[str, Any] | None = None, way: str = "") -> Response:
        ways = self._room.ways(recovery.entry_uuid)
        wished = way or request.args.get("way", "")
        shown = wished if wished in ways else ways[0] if ways else ""
        standings = self._services.second_factors.of(recovery.entry_uuid)
        others = [{**self._forms[name].words(standings), "url": url_for("recovery.show", token=token, way=name)}
                  for name in ways if name != shown and name in self._forms]
        if not shown:
            return self.over()
        return make_response(render_template(
            self._forms[shown].template, error=error, others=others, recovering=True, app=None,
            who=officer_words(officer.officer),
            options_url=url_for("recovery.ask_passkey", token=token), action=url_for("recovery.answer", token=token),
            cancel_url="/"), status)

    def _new_password(self, token: str, officer: MirroredOfficer, error: str = "") -> Response:
        return self._new.form(officer, error=error, action=url_for("recovery.answer", token=token), cancel_url="", app=None,
                              reason="forgotten")

    def _change(self, token: str, recovery: Recovery, officer: MirroredOfficer) -> Response:
        error = self._new.problem(officer, old="") or ""
        if not error:
            try:
                error = self._room.change(recovery, officer, request.form.get("new_password", ""), self.browser(), caller())
            except UnavailableError as err:
                if err.dependency != "directory":
                    raise
                error = "unavailable"
        if error == "over":
            return self.over()
        if error == "changed":
            return make_response(render_template("recovery/done.html"))
        return self._new_password(token, officer, "too_short_there" if error == "too_short" and not self._new.problem(
            officer, old="") else error)


class _Place:
    """Stands for the interaction in which a factor is asked for: what it is asked in has an identifier of its own."""

    def __init__(self, id: str) -> None:
        self.id = id


def _place(recovery: Recovery) -> str:
    return f"recovery:{recovery.recovery_id}"
