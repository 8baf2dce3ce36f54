"""The pictures of a signature and of a seal for the sample: drawn here, and marked MẪU all over.

Source: Decree 30/2020/NĐ-CP, Appendix I, II.7.c and II.8.a: PNG, transparent; the signature blue, the seal red and in its real
size. A document system of the province keeps the scanned signature of each officer and the seal of each agency instead.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .layout import Colour

DOTS_PER_MM = 300 / 25.4
_FINER = 3
"""Drawn so many times larger, then made smaller: edges become smooth."""


@lru_cache(maxsize=64)
def signature(name: str, font: Path, *, width: float, height: float, colour: Colour) -> bytes:
    """Draw a signature that nobody has: strokes that follow from the name, and the word MẪU.

    Args:
        name: Of whoever signs; the same name gives the same picture.
        font: File of the font.
        width: Millimetres.
        height: Millimetres.
        colour: Of all of it.

    Returns:
        PNG with a transparent ground, 300 dots an inch.
    """
    image, draw, dots = _empty(width, height)
    seed = hashlib.sha256(name.encode()).digest()
    across, up = width * dots, height * dots
    line = []
    for step in range(400):
        part = step / 399
        swing = math.sin(part * math.pi * (6 + seed[0] % 4)) * (0.30 + 0.12 * math.sin(part * 9 + seed[1]))
        loop = 0.05 * math.cos(part * math.pi * (9 + seed[2] % 5))
        line.append((across * (0.06 + 0.82 * part + loop), up * (0.52 + swing * (1 - 0.55 * part))))
    draw.line(line, fill=(*colour, 255), width=round(0.55 * dots), joint="curve")
    draw.line([(across * 0.1, up * 0.86), (across * 0.94, up * (0.74 + seed[3] % 10 / 100))], fill=(*colour, 255),
              width=round(0.4 * dots))
    letters = ImageFont.truetype(str(font), round(height * dots * 0.26))
    draw.text((across * 0.99, up * 0.02), "MẪU", font=letters, fill=(*colour, 255), anchor="ra")
    return _png(image)


@lru_cache(maxsize=64)
def seal(agency: str, font: Path, *, diameter: float, colour: Colour) -> bytes:
    """Draw a seal that no agency has: rings, a star, the agency's name, and MẪU where a real one has the coat of arms.

    Args:
        agency: Its name, set around.
        font: File of the font.
        diameter: Millimetres.
        colour: Of all of it.

    Returns:
        PNG with a transparent ground, 300 dots an inch.
    """
    image, draw, dots = _empty(diameter, diameter)
    middle = radius = diameter * dots / 2
    ink = (*colour, 255)
    for part, thick in ((0.99, 0.045), (0.9, 0.015), (0.6, 0.015)):
        edge = radius * part
        draw.ellipse([middle - edge, middle - edge, middle + edge, middle + edge], outline=ink, width=round(radius * thick))
    star = [(middle + radius * far * math.sin(math.pi * point / 5),
             middle - radius * (0.16 + far * math.cos(math.pi * point / 5)))
            for point, far in ((point, 0.2 if point % 2 == 0 else 0.08) for point in range(10))]
    draw.polygon(star, fill=ink)
    word = ImageFont.truetype(str(font), round(radius * 0.36))
    draw.text((middle, middle + radius * 0.24), "MẪU", font=word, fill=ink, anchor="mm")
    _around(image, agency.upper(), font, radius * 0.75, from_degrees=-125, to_degrees=125, size=radius * 0.19, colour=colour)
    _around(image, "KHÔNG CÓ GIÁ TRỊ", font, radius * 0.75, from_degrees=222, to_degrees=138, size=radius * 0.13, colour=colour)
    return _png(image)


def _around(image: Image.Image, text: str, font: Path, radius: float, *, from_degrees: float, to_degrees: float, size: float,
            colour: Colour) -> None:
    """Set letters on a circle, clockwise from the top; where the degrees fall, their feet stand outwards."""
    reach = math.radians(abs(to_degrees - from_degrees)) * radius
    letters = ImageFont.truetype(str(font), max(8, round(size)))
    if (wide := letters.getlength(text)) > reach:
        letters = ImageFont.truetype(str(font), max(8, int(size * reach / wide)))
        wide = letters.getlength(text)
    turn = 1 if to_degrees > from_degrees else -1
    at, middle = math.radians((from_degrees + to_degrees) / 2) - turn * wide / radius / 2, image.width / 2
    for letter in text:
        advance = letters.getlength(letter)
        angle = at + turn * advance / radius / 2
        at += turn * advance / radius
        side = round(letters.size * 2)
        one = Image.new("RGBA", (side, side), (*colour, 0))
        ImageDraw.Draw(one).text((side / 2, side / 2), letter, font=letters, fill=(*colour, 255), anchor="mm")
        turned = one.rotate(-math.degrees(angle) + (0 if turn > 0 else 180), resample=Image.Resampling.BICUBIC)
        place = (round(middle + radius * math.sin(angle) - side / 2), round(middle - radius * math.cos(angle) - side / 2))
        image.alpha_composite(turned, place)


def _empty(width: float, height: float) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    dots = DOTS_PER_MM * _FINER
    image = Image.new("RGBA", (round(width * dots), round(height * dots)), (255, 255, 255, 0))
    return image, ImageDraw.Draw(image), dots


def _png(image: Image.Image) -> bytes:
    smaller = image.resize((image.width // _FINER, image.height // _FINER), Image.Resampling.LANCZOS)
    # Thin ink keeps its colour at the edges: only how much of it there is may vary.
    ink = max(image.getcolors(image.width * image.height) or [], key=lambda found: found[0] if found[1][3] == 255 else 0)[1]
    flat = Image.new("RGBA", smaller.size, (*ink[:3], 0))
    flat.putalpha(smaller.getchannel("A"))
    out = BytesIO()
    flat.save(out, "PNG", dpi=(300, 300))
    return out.getvalue()
