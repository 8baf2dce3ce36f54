"""How an officer signs in: which factors there are, adding one, and taking one away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from ...authn.assurance import PASSWORD
from ...authn.recovery_codes import FEW
from ...authn.second_factor import Standing
from ...directory.mirror import MirroredOfficer
from ...services import Services
from ..errors import page
from ..onward import Onward, see_other
from ..presentation import agency_help, day_words, demand_words, moment_words, officer_words
from ..security import caller
from .factors import PARTS

PAGE = "/account/security"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/security``, and what is below it: a factor that goes, a temporary pass that ends."""
    parts = {part.factor: part for part in PARTS}

    def demanded(officer: MirroredOfficer) -> int:
        return services.assurance.demanded(officer.officer.groups, 0, units=officer.officer.units, source=caller().source)

    def demanding(officer: MirroredOfficer) -> str:
        """Name what demands two factors of an officer, in words; "" for nothing."""
        demands = services.assurance.demands(officer.officer.groups, units=officer.officer.units, source=caller().source)
        return next((demand_words(demand, officer.officer) for demand in demands), "")

    def row(standing: Standing, officer: MirroredOfficer) -> dict[str, Any]:
        stays = not services.second_factors.may_go(officer.officer.entry_uuid, standing.factor, standing.id,
                                                   demanded=demanded(officer))
        return {**parts[standing.factor].words(standing), "factor": standing.factor, "id": standing.id, "stays": stays,
                "because": demanding(officer) if stays else "",
                "since": day_words(standing.enrolled_at), "used": standing.last_used_at and day_words(standing.last_used_at)}

    def offered(factor: str, officer: MirroredOfficer) -> bool:
        if factor == services.mobile_id.name:
            return services.mobile_id.may_enrol(officer)
        return factor != services.certificates.name or services.certificates.offered

    @views.get("/security")
    def overview() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        standings = services.second_factors.of(officer.officer.entry_uuid)
        codes = services.recovery_codes.standings(officer.officer.entry_uuid)
        shown = [standing for standing in standings if standing.factor in parts]
        standing_pass = services.temporary_passes.standing(officer.sub)
        return make_response(render_template(
            "account/security.html",
            temporary=moment_words(standing_pass.until) if standing_pass is not None else "",
            who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer),
            factors=[row(standing, officer) for standing in shown if standing.lasting],
            ways_to_add=[way for part in PARTS if (way := part.way_to_add(shown)) is not None and offered(part.factor, officer)],
            codes=next(({"left": standing.left, "few": (standing.left or 0) <= FEW} for standing in codes), None),
            enrolled=any(standing.lasting for standing in shown), demanded=demanded(officer) > PASSWORD))

    @views.get("/security/temporary-pass")
    def ask_end_of_pass() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        standing = services.temporary_passes.standing(officer.sub)
        return see_other(PAGE) if standing is None else make_response(render_template(
            "account/temporary_pass.html", who=officer_words(officer.officer), until=moment_words(standing.until)))

    @views.post("/security/temporary-pass")
    def end_pass() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        services.administration.people.passes.end_own(entered[1].sub, caller())
        return see_other(PAGE)

    @views.get("/security/remove")
    def ask_removal() -> Response:
        entered = onward.enter(request.full_path, fresh=True)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        standing = _meant(services, officer, request.args.get("factor", ""), request.args.get("id", ""))
        if standing is None or standing.factor not in parts:
            return see_other(PAGE)
        return make_response(render_template(
            "account/remove.html", who=officer_words(officer.officer), factor=row(standing, officer), action=f"{PAGE}/remove"))

    @views.post("/security/remove")
    def remove() -> Response:
        entered = onward.enter(PAGE, fresh=True)
        if isinstance(entered, Response):
            return entered
        _, officer = entered
        outcome = services.second_factors.remove(officer, request.form.get("factor", ""), request.form.get("id", ""), caller(),
                                                 demanded=demanded(officer))
        if outcome == "last":
            return page(409, gettext("Chưa gỡ được"), gettext(
                "%(who)s cần xác thực hai lớp, và đây là cách cuối cùng. Vui lòng thêm một cách khác trước.",
                who=demanding(officer)),
                services.clock, detail="last_factor", ways=[{"label": gettext("Trở lại trang Bảo mật"), "url": PAGE}])
        return see_other(PAGE)


def _meant(services: Services, officer: MirroredOfficer, factor: str, id: str) -> Standing | None:
    return next((standing for standing in services.second_factors.of(officer.officer.entry_uuid)
                 if (standing.factor, standing.id) == (factor, id)), None)
