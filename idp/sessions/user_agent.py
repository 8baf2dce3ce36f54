"""Which browser on which system, in words that an officer knows, from what the browser says of itself (RFC 9110 §10.1.5).

Only for people to recognise their own devices by; nothing is decided by it, because anybody can say anything there.
"""

from __future__ import annotations

_BROWSERS = (("coc_coc_browser/", "Cốc Cốc"), ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"),
             ("SamsungBrowser/", "Samsung Internet"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))
"""In this order: most browsers also name those that they are like."""
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
            ("Mac OS X", "macOS"), ("Linux", "Linux"))


def described(user_agent: str) -> dict[str, str]:
    """Give ``browser`` and ``system``, each empty where it is not known."""
    return {"browser": _first(_BROWSERS, user_agent), "system": _first(_SYSTEMS, user_agent)}


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
