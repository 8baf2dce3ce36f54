"""The font of what is written on documents: one that is on this machine and has every letter of the text.

Source: Decree 30/2020/NĐ-CP, Appendix I, II.8.b (Times New Roman). The letters that are used are embedded, so that the file looks
the same everywhere (``layout.toml``: which fonts, and their licences).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from pyhanko.pdf_utils.font import FontEngine
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.writer import BasePdfFileWriter

_KEPT = (*range(0x20, 0x250), *range(0x300, 0x330), *range(0x1E00, 0x1F00), *range(0x2000, 0x2070), 0x20AB)
_UNITS = 1000

VIETNAMESE = "ĂÂĐÊÔƠƯăâđêôơư" + "".join(
    unicodedata.normalize("NFC", vowel + tone)
    for vowel in "AĂÂEÊIOÔƠUƯYaăâeêioôơuưy" for tone in "\u0300\u0301\u0303\u0309\u0323")
"""Every letter of Vietnamese that English has not."""


class NoFontError(RuntimeError):
    """No font of this machine has the letters."""


@cache
def letters(path: Path) -> frozenset[int]:
    """Give the code points that a font has."""
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def writable(path: Path) -> frozenset[int]:
    """Give the code points that can be written on documents: those that the font has, of those that are kept of it."""
    return letters(path) & frozenset(_KEPT)


def choose(candidates: Iterable[Path], text: str = VIETNAMESE) -> Path:
    """Give the first font that is there and has all letters of a text.

    Raises:
        NoFontError: there is none.
    """
    tried = []
    for path in candidates:
        tried.append(str(path))
        if path.is_file() and {ord(letter) for letter in text if not letter.isspace()} <= letters(path):
            return path
    raise NoFontError(f"None of these fonts is here with all letters (Debian: fonts-liberation2): {', '.join(tried)}")


@cache
def _thousandths(path: Path) -> bytes:
    """Give a font with its Latin letters alone, measured in thousandths of their size.

    PDF measures letters so (ISO 32000-1 §9.7.4.3), and pyHanko writes the font's own numbers; fonts of Windows have 2048 parts.
    """
    with TTFont(path) as font:
        options = Options(hinting=False, layout_features=["kern"], notdef_outline=True, glyph_names=False)
        options.drop_tables += ["FFTM"]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=_KEPT)
        subsetter.subset(font)
        scale_upem(font, _UNITS)
        out = BytesIO()
        font.save(out)
    return out.getvalue()


def written(path: Path, writer: BasePdfFileWriter) -> FontEngine:
    """Give a font for one file; of it the letters that are used will be embedded."""
    return GlyphAccumulator(writer, BytesIO(_thousandths(path)), font_size=10, bcp47_lang_code="vi")


def readable(text: str) -> str:
    """Give a text as fonts have it: composed, in one line."""
    return " ".join(unicodedata.normalize("NFC", text).split())
