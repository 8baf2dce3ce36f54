"""What a signature looks like in the file: pictures and lines at the places of the layout, as one appearance of its field.

Spec: ISO 32000-1 §12.5.5 (appearance streams), §12.7.4.5 (signature fields). Lines keep their size and are broken between words
where they are too long; the letters that are used are embedded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFont
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp import BaseStamp, BaseStampStyle

from . import fonts
from .layout import POINTS_PER_MM, Box, Colour


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture (PNG) in a box on the page."""

    png: bytes
    box: Box


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in a box on the page, one below the other from its upper edge, in its middle or at its left."""

    lines: tuple[str, ...]
    box: Box
    size: float
    leading: float
    colour: Colour
    centred: bool = False


def broken(lines: Sequence[str], font: Path, size: float, width: float) -> tuple[str, ...]:
    """Break lines between words so that none is wider than so many millimetres; a word that is, after a hyphen or a stroke of it.

    What stands beyond its box is not seen, and a number that is seen in part is another number.
    """
    letters = ImageFont.truetype(str(font), 1000)
    room = width * POINTS_PER_MM / size * 1000
    found: list[str] = []
    for line in lines:
        now = ""
        for word in (part for whole in line.split() for part in _parts(whole, letters, room)):
            longer = f"{now} {word}".strip()
            if now and letters.getlength(longer) > room:
                found.append(now)
                longer = word
            now = longer
        if now:
            found.append(now)
    return tuple(found)


def _parts(word: str, letters: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Cut a word that is wider than there is room, where people would, else where the room ends."""
    found = []
    while letters.getlength(word) > room:
        most = max(1, next(number for number in range(len(word)) if letters.getlength(word[:number + 1]) > room))
        place = max(word.rfind(sign, 0, most) for sign in "-/") + 1 or most
        found.append(word[:place])
        word = word[place:]
    return [*found, word] if word else found


def frame(parts: Sequence[Picture | Lines]) -> Box:
    """Give the smallest box around all parts: the field's."""
    boxes = [part.box for part in parts]
    left, bottom = min(box.left for box in boxes), min(box.bottom for box in boxes)
    return Box(left, bottom, max(box.right for box in boxes) - left, max(box.top for box in boxes) - bottom)


@dataclass(frozen=True)
class Style(BaseStampStyle):
    """An appearance, for pyHanko.

    Attributes:
        parts: What there is to see, at its places on the page.
        font: File of the font.
    """

    border_width: int = 0
    parts: tuple[Picture | Lines, ...] = ()
    font: Path = Path()

    def create_stamp(self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict[str, str]) -> _Stamp:
        """Make it for one file."""
        return _Stamp(writer, self, box)


class _Stamp(BaseStamp):
    def _render_inner_content(self) -> list[bytes]:
        style: Style = self.style
        around = frame(style.parts)
        written = fonts.written(style.font, self.writer) if any(
            isinstance(part, Lines) for part in style.parts) else None
        if written is not None:
            self.set_resource(ResourceType.FONT, pdf_name("/F1"), written.as_resource())
        commands: list[bytes] = []
        for number, part in enumerate(style.parts):
            left, bottom = (part.box.left - around.left) * POINTS_PER_MM, (part.box.bottom - around.bottom) * POINTS_PER_MM
            width, height = part.box.width * POINTS_PER_MM, part.box.height * POINTS_PER_MM
            if isinstance(part, Picture):
                image = PdfImage(Image.open(BytesIO(part.png)), writer=self.writer, name=str(number),
                                 box=BoxConstraints(width, height))
                commands.append(b"q 1 0 0 1 %g %g cm %s Q" % (left, bottom, image.render()))
                self.import_resources(image.resources)
                continue
            assert written is not None
            written.font_size = part.size
            for place, line in enumerate(part.lines):
                shaped = written.shape(line)
                aside = (width - shaped.x_advance * part.size) / 2 if part.centred else 0
                down = bottom + height - place * part.leading - part.size * 0.9
                colour = b"%g %g %g rg" % tuple(value / 255 for value in part.colour)
                commands.append(b"q %s BT /F1 %g Tf 1 0 0 1 %g %g Tm %s ET Q" % (
                    colour, part.size, left + aside, down, shaped.graphics_ops))
        return commands
