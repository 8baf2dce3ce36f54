"""The way into the console: a session that fits it, an administrator, and the frame around each page.

Sources: security checklist 18, 34, 38; fixed interface §1. When the console was last used stands in the signed browser cookie,
tied to the session: who goes on in the portal does not keep the console open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, make_response, render_template, request, session
from flask_babel import gettext
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from ...audit import Caller
from ...directory.mirror import MirroredOfficer
from ...roles import Administrator, Right, Role
from ...services import Services
from ...sessions.single_sign_on import Session
from ..errors import page
from ..onward import Onward, address_of, see_other
from ..presentation import officer_words
from ..security import browser_id, caller
from .places import places

_MARK: Final = "console"


@dataclass(frozen=True, slots=True)
class Entered:
    """Who is in the console, for one request."""

    who: Administrator
    caller: Caller
    officer: MirroredOfficer


class Door:
    """Lets administrators in, and makes pages.

    Args:
        services: Wired rooms.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._onward = Onward(services)
        self._signs = services.mobile_signatures is not None

    def enter(self, path: str, *rights: Right, fresh: bool = False, change: bool = False) -> Entered | Response:
        """Let an administrator in; everybody else gets a sign-in that leads back, or the page that says no.

        Args:
            path: The page to come back to.
            rights: One of them is needed; where none is named, that of the roles that administer as a whole.
            fresh: Whether a sign-in of a few minutes ago is needed (``authn.freshness``).
            change: Whether something is changed.

        Raises:
            BadRequest: a parameter holds a character that no text has (NUL).
            NotFound: a part of the address does.
        """
        if any("\0" in str(value) for value in (request.view_args or {}).values()):
            raise NotFound
        if any("\0" in value for sent in (request.args, request.form) for _, value in sent.items(multi=True)):
            raise BadRequest("A parameter has a character that no text has.")
        entered = self._onward.enter(path, fresh=fresh)
        if isinstance(entered, Response):
            return entered
        sign_on, officer = entered
        console = self.services.administration.console
        if not console.knows(officer):
            return page(403, gettext("Trang này dành cho quản trị"), gettext(
                "Tài khoản của bạn không có vai trò quản trị. Nếu bạn cần vai trò này, vui lòng liên hệ quản trị tỉnh."),
                self.services.clock, detail="no_role")
        if not console.fits(sign_on, _seen(sign_on)):
            browser_id()
            return see_other(address_of("login.ask", self.services.interactions.begin_page(path, fresh=True)))
        session[_MARK] = [sign_on.sid, self.services.clock.now()]
        return Entered(*console.admit(officer, change=change, caller=caller(), rights=rights), officer)

    def first_place(self, entered: Entered) -> str:
        """Give where somebody begins for whom there is no overview: with the work of the role, not with who takes it over.

        Raises Forbidden where there is nothing for a role.
        """
        places = self._frame(entered)["places"]
        if not places:
            raise Forbidden
        return str(next((one for one in places if one["name"] != "deputies"), places[0])["url"])

    def _frame(self, entered: Entered) -> dict[str, Any]:
        """Give what stands around a page; a deputy's scope is that of the giver, whatever their own agency is."""
        found = _frame(entered, signs=self._signs)
        if entered.who.deputy_for:
            units = {entry.unit.code: entry.unit.name for entry in self.services.mirroring.units.units()}
            giver = self.services.mirror.by_sub(entered.who.deputy_for)
            found["role"] = gettext("%(role)s, làm thay %(name)s", role=found["role"], name=giver.officer.name if giver else "")
            if not entered.who.of_the_province:
                found["scope"] = units.get(entered.who.unit, entered.who.unit)
        return found

    def page(self, template: str, entered: Entered, *, here: str, status: int = 200, **more: Any) -> Response:
        """Make a page in the frame."""
        return make_response(render_template(
            template, who=officer_words(entered.officer.officer), here=here, **self._frame(entered), **more), status)


def _seen(sign_on: Session) -> int | None:
    """Give when this session last opened a page of the console; None where the browser does not say."""
    mark = session.get(_MARK)
    if isinstance(mark, list) and len(mark) == 2 and mark[0] == sign_on.sid and isinstance(mark[1], int):
        return mark[1]
    return None


def _frame(entered: Entered, *, signs: bool) -> dict[str, Any]:
    """Say what stands around a page: whose console it is, how far it reaches, and what there is for this role."""
    who, province = entered.who, gettext("Toàn tỉnh")
    roles = {Role.PROVINCE: gettext("Quản trị tỉnh"), Role.AGENCY: gettext("Quản trị đơn vị"),
             Role.AUDITOR: gettext("Kiểm toán viên, chỉ xem"), Role.REGISTRATION: gettext("Cán bộ đăng ký chứng thư số"),
             Role.CLERK: gettext("Văn thư giữ thiết bị"), Role.HELP_DESK: gettext("Bộ phận hỗ trợ")}
    post = entered.officer.officer.main_post
    return {"scope": province if who.of_the_province else post.unit_name or who.unit, "role": roles.get(who.role, ""),
            "places": places(who, signs=signs), "finds": who.may(Right.SEE_OFFICERS)}
