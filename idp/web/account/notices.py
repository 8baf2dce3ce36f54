"""What an officer was told: newest first, and one form that marks what is on the page as read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from ...notices import NoticeKind, Told
from ...pki.enrollment.waiting import STEPS as DIGESTS
from ...services import Services
from ..notice_words import icon_of, text_of, title_of, when_of
from ..onward import Onward, see_other
from ..presentation import agency_help, officer_words

PAGE = "/account/notices"


def add(views: Blueprint, services: Services, onward: Onward) -> None:
    """Make ``/account/notices`` and ``/account/notices/read``."""
    @views.get("/notices")
    def listed() -> Response:
        entered = onward.enter(request.path)
        if isinstance(entered, Response):
            return entered
        session, officer = entered
        told = services.notices.of(session.sub)
        return make_response(render_template(
            "account/notices.html", who=officer_words(officer.officer), agency_help=agency_help(services, officer.officer),
            notices=[words(one) for one in told], up_to=told[0].id if told else 0,
            unread=services.notices.unread(session.sub)))

    @views.post("/notices/read")
    def read() -> Response:
        entered = onward.enter(PAGE)
        if isinstance(entered, Response):
            return entered
        up_to = request.form.get("up_to", "")
        if up_to.isascii() and up_to.isdigit() and len(up_to) <= 18:
            services.notices.mark_read(entered[0].sub, up_to=int(up_to))
        return see_other(PAGE)


def words(told: Told) -> dict[str, Any]:
    """Say what a notice says, in the page's language."""
    def translate(text: str) -> str:
        return str(gettext(text))

    return {"icon": icon_of(told), "title": title_of(told, translate), "text": text_of(told, translate),
            "when": when_of(told, translate), "unread": told.read_at is None,
            "url": _way_on(told)}


def _way_on(told: Told) -> str:
    """Say where what a notice tells of is looked after; "" for nowhere."""
    if told.kind in DIGESTS:
        return "/admin/"
    if told.kind is NoticeKind.CERTIFICATES_EXPIRING:
        return "/admin/certificates/expiry/list?followed=false"
    if told.kind is NoticeKind.DEVICES_OVERDUE:
        return "/admin/devices/?overdue=true"
    if told.kind is NoticeKind.OWN_CERTIFICATES_EXPIRING:
        return "/account/certificates/"
    if told.kind is NoticeKind.CAMPAIGN_MISSING:
        return "/admin/rollout/"
    if told.kind is NoticeKind.CAMPAIGN_REMINDER:
        return {"enrol_factor": "/account/security", "activate": "/account/certificates/"}.get(told.detail.get("step", ""), "")
    if told.kind is NoticeKind.SIMS_IN_DOUBT:
        return "/admin/sims/"
    if told.kind is NoticeKind.SIGNATURE_DENIED and told.detail.get("officer"):
        return f"/admin/officers/{quote(told.detail['officer'], safe='')}"
    number = told.detail.get("number", "") if told.kind.startswith("certificate.") else ""
    return f"/account/certificates/{quote(number, safe='')}" if number else ""
