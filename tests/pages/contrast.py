"""Contrast of every pair of colours that the theme allows (WCAG 2.2, 1.4.3 and 1.4.11), in light and dark.

``python -m tests.pages.contrast [theme.css]`` lists the pairs that are too low, with a province's own file over the theme; exit
status 1 when there are any.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .catalogue import ROOT

TOKENS = ROOT / "idp" / "web" / "static" / "tokens.css"
TEXT, EDGE = 4.5, 3.0
_SURFACES = ("bg", "surface", "sunken", "accent-soft", "warm-soft", "bad-soft", "ok-soft")
PAIRS: list[tuple[str, str, float]] = [
    *((text, surface, TEXT) for text in ("ink", "ink-2") for surface in _SURFACES),
    *(("accent", surface, TEXT) for surface in ("bg", "surface", "sunken", "accent-soft", "warm-soft")),
    ("accent-hover", "surface", TEXT), ("on-accent", "accent", TEXT), ("on-accent", "accent-hover", TEXT),
    ("warm", "surface", TEXT), ("warm", "bg", TEXT), ("warm-text", "warm-soft", TEXT),
    ("ok", "ok-soft", TEXT), ("ok", "surface", TEXT),
    ("bad-text", "bad-soft", TEXT), ("bad-text", "surface", TEXT), ("on-bad", "bad", TEXT), ("on-bad", "bad-hover", TEXT),
    ("on-panel", "panel", TEXT), ("on-panel-2", "panel", TEXT),
    *((edge, surface, EDGE) for edge in ("line-strong", "focus")
      for surface in ("bg", "surface", "sunken", "accent-soft", "warm-soft", "bad-soft")),
    ("warm-bright", "panel", EDGE), ("accent", "sunken", EDGE), ("warm", "sunken", EDGE), ("bad", "surface", EDGE),
    ("bad", "bad-soft", EDGE),
]


def colours(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """Read the ``--idp-...`` colours of a style sheet: those of light, and those that its dark media query changes."""
    dark = "".join(re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", css, re.DOTALL))
    light = css.replace(dark, "") if dark else css

    def found(part: str) -> dict[str, str]:
        return {name: value.lower() for name, value in re.findall(r"--idp-([\w-]+):\s*(#[0-9a-fA-F]{6})", part)}

    return found(light), found(dark)


def ratio(one: str, other: str) -> float:
    """Give the contrast ratio of two colours ``#rrggbb``, 1 to 21."""
    def luminance(colour: str) -> float:
        channels = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def too_low(*sheets: str) -> list[str]:
    """Name the pairs that fall short, later style sheets over earlier ones."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for sheet in sheets:
        day, night = colours(sheet)
        light |= day
        dark |= day | night
    return [f"{theme}: {front} on {back} is {ratio(palette[front], palette[back]):.2f}, needs {needed}"
            for theme, palette in (("light", light), ("dark", dark)) for front, back, needed in PAIRS
            if ratio(palette[front], palette[back]) < needed]


if __name__ == "__main__":
    failures = too_low(*(path.read_text(encoding="utf-8") for path in (TOKENS, *map(Path, sys.argv[1:]))))
    sys.exit("\n".join(failures) or None)
