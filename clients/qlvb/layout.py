"""Where a signature stands, computed from ``layout.toml``: millimetres of the Decree become points of a PDF page.

Source: Decree 30/2020/NĐ-CP, Appendix I, part I, II.7.c (the person's picture, in the middle between title and name), II.8.a (the
seal, over a third of it, at its left), II.8.b (attachments: top right of the first page). Origin: lower left corner of the page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).with_name("layout.toml")
POINTS_PER_MM = 72 / 25.4
TOLERANCE_MM = 1.5
"""Printers' programs round A4 to whole points."""

Role = Literal["person", "seal", "attachment", "copy"]
Colour = tuple[int, int, int]


class LayoutError(ValueError):
    """The table contradicts the Decree or itself, or a page is not what it is for."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in millimetres, from the lower left corner of the page."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height

    @property
    def points(self) -> tuple[float, float, float, float]:
        """Give left, bottom, right, top in points, as a PDF has them."""
        left, bottom, right, top = (round(edge * POINTS_PER_MM, 3) for edge in (self.left, self.bottom, self.right, self.top))
        return left, bottom, right, top


@dataclass(frozen=True, slots=True)
class Name:
    """Where the name of whoever signs was found on the page, in millimetres: its middle and its upper edge."""

    middle: float
    top: float


class Layout:
    """The table.

    Args:
        table: As ``layout.toml`` has it.

    Raises:
        LayoutError: something is missing, or is not as the Decree has it.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        try:
            self._check()
        except LayoutError:
            raise
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as err:
            raise LayoutError(f"layout.toml: {err!r} is missing or of the wrong kind") from err

    @classmethod
    def read(cls, path: Path = FILE) -> Layout:
        """Read a table."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    @property
    def fonts(self) -> tuple[Path, ...]:
        """Files of fonts, the best first."""
        return tuple(Path(name) for name in self._table["text"]["fonts"])

    @property
    def text_size(self) -> float:
        """Points."""
        return float(self._table["text"]["size"])

    @property
    def leading(self) -> float:
        """Points from line to line."""
        return float(self._table["text"]["leading"])

    @property
    def text_colour(self) -> Colour:
        """Red, green, blue, 0-255."""
        return _colour(self._table["text"]["colour"])

    def colour(self, role: Role) -> Colour:
        """Give the colour of a picture: red, green, blue, 0-255."""
        return _colour(self._table[role]["colour"])

    def last_page(self, role: Role) -> bool:
        """Tell whether it stands on the last page; else on the first."""
        return bool(self._table[role]["page"] == "last")

    def lines(self, role: Role, **values: str) -> list[str]:
        """Give the lines of a signature, filled in: ``agency``, ``number``, ``kind``, ``time``."""
        return [line.format_map(values) for line in self._table[role]["lines"]]

    def time(self, at: datetime) -> str:
        """Write a moment as it stands on a document."""
        hours = int(self._table["time"]["zone_hours"])
        local = at.astimezone(timezone(timedelta(hours=hours)))
        return local.strftime(self._table["time"]["format"]) + f"{hours:+03d}:00"

    def on_the_page(self, width: float, height: float) -> None:
        """See that a page is A4, upright (points). Raises LayoutError."""
        page = self._table["page"]
        if any(abs(side / POINTS_PER_MM - page[name]) > TOLERANCE_MM for side, name in ((width, "width"), (height, "height"))):
            raise LayoutError("page is not A4 upright")

    def person(self, name: Name | None = None) -> Box:
        """Give the place of the person's picture: above the name where that was found, else at place 7c."""
        page, margins, table = self._table["page"], self._table["margins"], self._table["person"]
        width, height = float(table["width"]), float(table["height"])
        text = page["width"] - margins["left"] - margins["right"]
        middle, bottom = margins["left"] + text * 3 / 4, float(table["bottom"])
        if name is not None:
            middle, bottom = name.middle, name.top + table["above_name"]
        left = min(max(middle - width / 2, margins["left"]), page["width"] - margins["right"] - width)
        bottom = min(max(bottom, margins["bottom"]), page["height"] - margins["top"] - height)
        return Box(round(left, 3), round(bottom, 3), width, height)

    def seal(self, person: Box) -> Box:
        """Give the place of the seal: over the Decree's part of the person's picture, at its left, at the same height."""
        table = self._table["seal"]
        diameter, part = float(table["diameter"]), table["covers"][0] / table["covers"][1]
        left = person.left + person.width * part - diameter
        return Box(round(left, 3), round(person.bottom + (person.height - diameter) / 2, 3), diameter, diameter)

    def below_the_seal(self, seal: Box, lines: int) -> Box:
        """Give the place of so many lines below the seal, in its middle."""
        table, height = self._table["seal"], lines * self.leading / POINTS_PER_MM
        width = float(table["lines_width"])
        left = max(self._table["margins"]["left"], seal.left + (seal.width - width) / 2)
        bottom = max(5.0, seal.bottom - table["gap"] - height) if lines else seal.bottom - table["gap"]
        return Box(round(left, 3), round(bottom, 3), width, round(height, 3))

    def corner(self, role: Role, lines: int) -> Box:
        """Give the place of so many lines in the upper right corner."""
        page, table = self._table["page"], self._table[role]
        height = lines * self.leading / POINTS_PER_MM
        return Box(page["width"] - table["right"] - table["width"], round(page["height"] - table["top"] - height, 3),
                   float(table["width"]), round(height, 3))

    def lines_width(self, role: Role) -> float:
        """How wide lines may be, millimetres."""
        return float(self._table[role]["lines_width" if role == "seal" else "width"])

    def _check(self) -> None:
        table, page, margins = self._table, self._table["page"], self._table["margins"]
        wrong = {
            "A4 upright (I.1)": (page["width"], page["height"]) != (210, 297),
            "margins (I.3)": not (20 <= margins["top"] <= 25 and 20 <= margins["bottom"] <= 25 and 30 <= margins["left"] <= 35
                                  and 15 <= margins["right"] <= 20),
            "letters of 10 points, black (II.8.b)": table["text"]["size"] != 10 or self.text_colour != (0, 0, 0),
            "zone of Viet Nam (II.8.b)": table["time"]["zone_hours"] != 7,
            "the person's picture is blue, without text (II.7.c)": self.colour("person") != (0, 0, 255)
            or table["person"]["lines"] != [],
            "the seal is red (II.8.a)": self.colour("seal") != (255, 0, 0),
            "a third (II.8.a)": list(table["seal"]["covers"]) != [1, 3],
            "picture inside the text": table["person"]["width"] > page["width"] - margins["left"] - margins["right"],
        }
        wrong |= {f"{role}: page": table[role]["page"] not in ("first", "last")
                  for role in ("person", "seal", "attachment", "copy")}
        wrong |= {f"{role}: top right of the first page": table[role]["page"] != "first"
                  or table[role]["right"] + table[role]["width"] > page["width"] / 2 for role in ("attachment", "copy")}
        for what, holds in wrong.items():
            if holds:
                raise LayoutError(f"layout.toml: {what}")
        values = dict.fromkeys(("agency", "number", "kind", "time"), "")
        for role in ("person", "seal", "attachment", "copy"):
            self.lines(role, **values)  # type: ignore[arg-type]


def _colour(given: Any) -> Colour:
    red, green, blue = (int(part) for part in given)
    return red, green, blue
