"""The gallery: each component of the pages in all its states, for whoever makes or changes a page. In development only.

Nothing here is anybody's data. The theme is the system's, the language that of the link at the foot, as on every page.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template
from flask_babel import gettext

from ...rollout.campaign import Campaign, CampaignEntry, Goal, Population
from ...rollout.chart import LARGE, SMALL, draw
from ...rollout.coverage import Coverage, Day
from ...rollout.roll import Roll
from ...services import Services
from ..console.rollout.words import bar
from ..console.turning import sorting
from ..presentation import day_words

_FIRST, _DAYS, _PEOPLE = date(2026, 10, 1), 54, 400


def blueprint(services: Services) -> Blueprint:
    """Make ``/gallery``; outside development there is no such address."""
    views = Blueprint("gallery", __name__)
    if not services.settings.development:
        return views

    @views.get("/gallery")
    def gallery() -> Response:
        return make_response(render_template("gallery.html", **shown()))

    return views


def shown() -> dict[str, Any]:
    """Give what the components are filled with, in the page's language."""
    at = 1_795_000_000
    lines = [{"at": day_words(at + 86400 * number), "what": what} for number, what in enumerate(
        (gettext("Kích hoạt"), gettext("Bàn giao"), gettext("Duyệt")))]
    steps = [{"how": "done", "number": 1, "name": gettext("Duyệt"), "note": day_words(at)},
             {"how": "now", "number": 2, "name": gettext("Bàn giao"), "note": gettext("Quản trị đơn vị")},
             {"how": "todo", "number": 3, "name": gettext("Kích hoạt"), "note": ""}]
    return {"course": {"large": draw(_course(), LARGE), "small": draw(_course(), SMALL)}, "lines": lines, "marks": steps,
            "sorts": sorting("/gallery", [], "-done", ("name", "-name", "-done", "done", "state")),
            "bars": [{"name": gettext("Đạt mức"), "rate": "85%", "bar": bar(17, 20, low=False)},
                     {"name": gettext("Dưới mức"), "rate": "40%", "bar": bar(8, 20, low=True)}],
            "files": [{"kind": kind, "url": "/gallery"} for kind in ("CSV", "XLSX")],
            "turn": {"first": "/gallery", "prev": "/gallery", "next": "/gallery"}, "need_at": 113.2}


def _course() -> Coverage:
    days = [Day(_FIRST + timedelta(days=n), _PEOPLE, n * 5, n * _PEOPLE // 75, {}) for n in range(_DAYS)]
    campaign = Campaign("", "", Goal.MAILBOX, Population(), "", 0, "", (
        CampaignEntry(0, "created", "", _FIRST + timedelta(days=75)),))
    return Coverage(campaign, days, {}, Roll.of(()), (), {})
