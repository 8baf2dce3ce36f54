"""WCAG 2.2 1.4.3 and 1.4.11 for the theme itself, and for a province's own colours over it."""

from __future__ import annotations

from .contrast import TOKENS, colours, ratio, too_low

THEME = TOKENS.read_text(encoding="utf-8")


def test_wcag_1_4_3_and_1_4_11_hold_for_every_pair_of_the_theme_in_light_and_dark() -> None:
    light, dark = colours(THEME)
    assert len(light) > 25
    assert len(dark) > 25
    assert too_low(THEME) == []


def test_the_ratio_is_that_of_wcag() -> None:
    assert ratio("#000000", "#ffffff") == 21
    assert round(ratio("#767676", "#ffffff"), 2) == 4.54


def test_a_province_theme_that_is_too_pale_is_named() -> None:
    assert too_low(THEME, ":root { --idp-accent: #8fb9b8; }") != []
    own = """:root { --idp-accent: #5a2a6b; --idp-accent-hover: #43204f; --idp-panel: #3c1d47; }
@media (prefers-color-scheme: dark) {
  :root { --idp-accent: #d3a6e3; --idp-accent-hover: #e3c4ee; --idp-panel: #2a1433; }
}
"""
    assert too_low(THEME, own) == []
