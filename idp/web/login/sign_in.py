"""The page that asks for name and password."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext

from ...authn.assurance import PWD
from ...authn.lockout import ThrottledError
from ...directory.mirror import MirroredOfficer
from ...errors import UnavailableError
from ...notices.announcements import Where
from ...oauth.authorization_request import AuthorizationRequest
from ...services import Services
from ...sessions.interaction import Interaction
from ..errors import page
from ..onward import address_of, see_other
from ..presentation import agency_help, announced, application_words
from ..security import caller, device
from .course import Course


class SignInPage:
    """Name and password."""

    def __init__(self, services: Services, course: Course) -> None:
        self._services = services
        self._course = course

    def answer(self, interaction: Interaction) -> Response:
        """Try a name and a password. Everything that a stranger must not tell apart gets one and the same answer."""
        username = request.form.get("username", "")
        try:
            step = self._services.sign_in.password(username, request.form.get("password", ""), caller(),
                                                   client_id=interaction.client_id, device=device(self._services))
        except ThrottledError as refusal:
            return self.throttled(interaction, username, refusal.retry_after_seconds)
        except UnavailableError as err:
            if err.dependency != "directory":
                raise
            return self._unavailable(interaction, username, err.retry_after_seconds)
        if step.officer is None:
            if interaction.entry_uuid:
                self._services.interactions.forget(interaction)
            return self.form(interaction, status=400, error={"code": "wrong"}, hint=step.hint, username=username)
        if step.outcome in {"expired", "one_time_over"}:
            return self.over(step.outcome, step.officer)
        end = self._services.password_notices.end_of(step.expires_in_seconds) if step.grace_left is None else None
        amr = (PWD,) if step.change_first else self._course.recalled(interaction, step.officer)
        missing = step.change_first or self._course.missing(interaction, step.officer, amr)
        if missing or end is not None or step.grace_left is not None:
            proven = self._services.interactions.prove(
                interaction, step.officer.officer.entry_uuid, amr, must_change=step.change_first, password_expires_at=end,
                grace_left=step.grace_left)
            if proven is None:
                return self._course.onward.over(interaction.client_id)
            if missing:
                return see_other(address_of("login.ask", interaction))
            interaction = proven
        return self._course.complete(interaction, step.officer, amr)

    def form(self, interaction: Interaction, *, status: int = 200, error: dict[str, Any] | None = None,
             hint: str | None = None, username: str = "", again: MirroredOfficer | None = None,
             signed_out: bool = False) -> Response:
        """Show name and password; ``again`` asks a signed-in officer once more."""
        if not username and not error:
            if again is not None:
                username = again.officer.uid
            if interaction.kind == "authorize":
                username = AuthorizationRequest.from_json(interaction.request).login_hint or username
        notice = None
        if again is not None:
            notice = "sensitive" if interaction.fresh else "again"
        elif signed_out:
            notice = "signed_out_elsewhere"
        certificates = self._services.certificates.offered
        return make_response(render_template(
            "login/sign_in.html", app=application_words(self._course.client(interaction)),
            action=address_of("login.answer", interaction), forgotten_url=address_of("login.forgotten", interaction),
            passkey_url=address_of("login.ask_passkey", interaction) if self._services.passkeys.offered else None,
            certificate_url=address_of("login.ask", interaction, way="certificate") if certificates else None,
            username=username[:255], error=error, hint=hint, notice=notice,
            announcements=announced(self._services, Where.SIGN_IN),
            who={"name": again.officer.name} if again is not None else None), status)

    def throttled(self, interaction: Interaction, username: str, seconds: int | None) -> Response:
        """Say when the next guess is let through."""
        answer = self.form(interaction, status=429, username=username, error={
            "code": "throttled", "retry_after_seconds": seconds})
        answer.headers["Retry-After"] = str(seconds or 60)
        return answer

    def _unavailable(self, interaction: Interaction, username: str, seconds: int) -> Response:
        answer = self.form(interaction, status=503, username=username, error={"code": "unavailable"})
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def over(self, why: str, officer: MirroredOfficer) -> Response:
        """Say that a right password is good for nothing any more (``expired``, ``one_time_over``), and who can help."""
        contact = agency_help(self._services, officer.officer)
        if why == "one_time_over":
            title = gettext("Mật khẩu dùng một lần đã hết hạn")
            what = gettext("Mật khẩu do quản trị cấp chỉ dùng được trong một thời gian ngắn, và thời gian đó đã qua.")
        else:
            title = gettext("Mật khẩu đã hết hạn")
            what = gettext("Mật khẩu của bạn đã hết hạn và không còn lần đăng nhập chờ đổi nào.")
        if contact is None:
            way = gettext("Vui lòng liên hệ quản trị đơn vị của bạn hoặc gọi tổng đài hỗ trợ %(phone)s để được đặt lại mật khẩu.",
                          phone=self._services.settings.help_phone)
        else:
            way = gettext("Vui lòng liên hệ quản trị đơn vị %(name)s, số %(phone)s, để được đặt lại mật khẩu.",
                          name=contact["name"], phone=contact["phone"])
        detail = "password_expired" if why == "expired" else why
        return page(403, title, f"{what} {way}", self._services.clock, detail=detail, ways=[])
