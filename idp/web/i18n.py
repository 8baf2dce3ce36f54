"""Which language a page speaks, and what every template is told about the province.

Vietnamese is the source language; English is complete. Order: what the application asked for with ``ui_locales``
(OpenID Connect Core §3.1.2.1), the language the officer chose, the browser's Accept-Language, Vietnamese. A choice made on a
page of an interaction goes before that interaction's ``ui_locales``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, g, redirect, request
from flask_babel import Babel, get_locale, ngettext, refresh
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..services import Services
from .security import local_path

LANGUAGES = ("vi", "en")
COOKIE = "language"
TRANSLATIONS = Path(__file__).with_name("translations")
_YEAR_SECONDS = 365 * 86400
_INTERACTION = re.compile(r"/(?:login|consent|authorize)/([A-Za-z0-9_-]{8})")


def translate(app: Flask, services: Services, static_url: Callable[[str], str], provided: frozenset[str]) -> None:
    """Set up Flask-Babel and what every template is told.

    Args:
        app: The Flask application.
        services: Wired rooms; their settings name the province.
        static_url: Gives the address of a static file.
        provided: Names of the province's own static files, of ``theme.css`` and ``logo.svg``.
    """
    Babel(app, default_locale="vi", default_timezone="Asia/Ho_Chi_Minh",
          default_translation_directories=str(TRANSLATIONS), locale_selector=_select)
    app.jinja_env.filters["how_long"] = how_long
    brands = {language: _brand(services, language, static_url, provided) for language in LANGUAGES}

    @app.context_processor
    def page() -> dict[str, Any]:
        lang = language()
        other = "en" if lang == "vi" else "vi"
        here = request.full_path if request.query_string else request.path
        # Not url_for: a request for a host that is not ours has no routes, and gets its page all the same.
        choice = f"/language/{other}?{urlencode({'next': here})}"
        return {"brand": brands[lang], "lang": lang, "static_url": static_url, "nonce": g.get("nonce", ""),
                "other_lang_url": choice, "signs": services.mobile_signatures is not None, "leads_to_console": leads_to_console}

    def leads_to_console() -> bool:
        """Tell whether the officer whose page it is has a way into the console; asked by the pages that show it alone."""
        officer = g.get("entered")
        return officer is not None and services.administration.console.knows(officer)


def how_long(seconds: int | None) -> str:
    """Say a waiting time: up to a minute in seconds, above it in minutes, rounded up; a minute where it is not known."""
    if seconds and seconds <= 60:
        return str(ngettext("%(num)d giây", "%(num)d giây", seconds))
    return str(ngettext("%(num)d phút", "%(num)d phút", max(1, -(-(seconds or 60) // 60))))


def blueprint(services: Services) -> Blueprint:
    """Make the one address that remembers an officer's choice of language; it changes nothing else."""
    views = Blueprint("i18n", __name__)

    @views.get("/language/<code>")
    def choose(code: str) -> Response:
        if code not in LANGUAGES:
            raise NotFound
        target = local_path(request.args.get("next"))
        found = _INTERACTION.match(target)
        answer = redirect(target, 303)
        answer.set_cookie(COOKIE, f"{code}.{found[1]}" if found else code, max_age=_YEAR_SECONDS, path="/", httponly=True,
                          secure=services.settings.secure, samesite="Lax")
        return answer

    return views


def language() -> str:
    """Give the language of this request: ``vi`` or ``en``."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else "vi"


def speak(ui_locales: tuple[str, ...], interaction_id: str = "") -> None:
    """Take up the languages that the application asked for, in its order of preference (BCP 47)."""
    g.ui_locales = ui_locales
    g.interaction_mark = interaction_id[:8]
    refresh()


def _select() -> str:
    chosen, _, mark = request.cookies.get(COOKIE, "").partition(".")
    if chosen in LANGUAGES and mark and mark == g.get("interaction_mark"):
        return chosen
    for tag in g.get("ui_locales", ()):
        found = str(tag).partition("-")[0].lower()
        if found in LANGUAGES:
            return found
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or "vi"


def _brand(services: Services, lang: str, static_url: Callable[[str], str], provided: frozenset[str]) -> dict[str, Any]:
    settings = services.settings
    english = lang == "en"
    digits = re.sub(r"[^0-9+]", "", settings.help_phone)
    return {
        "province_name": settings.province_name_en if english else settings.province_name,
        "product_name": settings.product_name_en if english else settings.product_name,
        "help_phone": settings.help_phone, "personal_data": services.personal_data.text is not None,
        "help_phone_href": "tel:" + ("+84" + digits[1:] if digits.startswith("0") else digits),
        "help_hours": settings.help_hours_en if english else settings.help_hours,
        "logo_url": static_url("logo.svg") if "logo.svg" in provided else None,
        "theme_url": static_url("theme.css") if "theme.css" in provided else None,
    }
