"""One cell of a list: what officials type and what spreadsheets make of it, taken for what it means or refused.

Values come out as text in one form: days as ``2020-05-05`` (ISO 8601), phone numbers as ``0912345678``, identity numbers, serial
numbers and card numbers without blanks. A spreadsheet that took a number for a number has dropped its leading zero, or digits
beyond the fifteenth: the first is put back where only one reading is possible, the second is refused (``Flaw.DIGITS_LOST``).
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from ...directory.unit import from_code_2016, is_unit_code
from ...spreadsheet import as_written
from . import Cell, Flaw

_YEARS: Final = range(1900, 2200)
_EXCEL_DAY_0: Final = date(1899, 12, 30)
"""Day 0 of a workbook of 1900, with the leap day that never was already counted in."""
_EXCEL_DAYS: Final = range(3_000, 80_000)
"""1908 to 2119: other numbers in a column of days are no days."""
_EXACT: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number."""
_BLANKS: Final = re.compile(r"[\s.\-‐-―]+")
_CARDS: Final = {9: "CMND", 12: "CCCD"}
_PASSPORT: Final = re.compile(r"[A-Z][0-9]{7,8}\Z")
_DAY: Final = re.compile(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.\- ]([0-9]{4})\Z")
_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9:.]*)?\Z")
_MAIL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
                          r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\Z")
_ARMOUR: Final = re.compile(r"-----(BEGIN|END) CERTIFICATE-----")

Read = Callable[[Cell], str]
"""Gives the value of a cell that is not empty.

Raises:
    CellError: With the flaw.
"""


class CellError(ValueError):
    """A cell that cannot be taken for anything."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def plain(cell: Cell) -> str:
    """Give what stands in a cell as one line of NFC text, without the mark that keeps it from being a formula."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "x" if cell else ""
    if isinstance(cell, float):
        cell = int(cell) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    text = cell.strftime("%d/%m/%Y") if isinstance(cell, date) else str(cell)
    return " ".join(unicodedata.normalize("NFC", as_written(text)).split())


def text(longest: int) -> Read:
    """Make the reader of texts of at most so many characters."""
    def read(cell: Cell) -> str:
        found = plain(cell)
        if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn", "Cs") for sign in found):
            raise CellError(Flaw.UNREADABLE)
        if len(found) > longest:
            raise CellError(Flaw.TOO_LONG)
        return found
    return read


def day(cell: Cell) -> str:
    """Read a day: a cell of a day, ``dd/mm/yyyy`` with one of ``/ . -``, ISO 8601, or a spreadsheet's number of a day."""
    if isinstance(cell, date):
        return _written(cell.year, cell.month, cell.day)
    found = plain(cell)
    if found.isascii() and found.isdigit() and int(found) in _EXCEL_DAYS:
        return (_EXCEL_DAY_0 + timedelta(days=int(found))).isoformat()
    if parts := _DAY.match(found):
        days, month, year = (int(parts[n]) for n in (1, 2, 3))
    elif parts := _ISO_DAY.match(found):
        year, month, days = (int(parts[n]) for n in (1, 2, 3))
    else:
        raise CellError(Flaw.NOT_A_DATE)
    return _written(year, month, days)


def _written(year: int, month: int, days: int) -> str:
    """Write a day of the calendar, of a year that papers of ours may have; clocks and databases know no others either."""
    try:
        if year in _YEARS:
            return date(year, month, days).isoformat()
    except ValueError:
        pass
    raise CellError(Flaw.NO_SUCH_DAY)


def identity_number(cell: Cell) -> str:
    """Read the number of a citizen's card (12 digits), of the card before it (9 digits) or of a passport (B1234567)."""
    found = _digits(cell)
    if _PASSPORT.match(found.upper()):
        return found.upper()
    if found.isascii() and found.isdigit():
        # Codes of provinces are 001 to 096: of twelve digits only the first can be a dropped zero, and of nine likewise.
        if _is_number(cell) and len(found) + 1 in _CARDS:
            found = "0" + found
        if len(found) in _CARDS:
            return found
    raise CellError(Flaw.NOT_AN_IDENTITY_NUMBER)


def phone(cell: Cell) -> str:
    """Read a mobile or fixed number of Viet Nam, with or without ``+84``: ``0912345678``."""
    found = _digits(cell).replace("(", "").replace(")", "")
    if found.startswith(("+84", "0084")):
        found = "0" + found.removeprefix("+84").removeprefix("0084").removeprefix("0")
    elif found.startswith("84") and len(found) == 11:
        found = "0" + found[2:]
    elif _is_number(cell) and len(found) == 9:
        found = "0" + found
    if not re.fullmatch(r"0[2-9][0-9]{8,9}", found, re.ASCII) or (len(found) == 11) is not found.startswith("02"):
        raise CellError(Flaw.NOT_A_PHONE)
    return found


def mail(cell: Cell) -> str:
    """Read an address of a mailbox, in small letters."""
    found = plain(cell).lower()
    if len(found) > 254 or not _MAIL.match(found) or len(found.split("@")[0]) > 64:
        raise CellError(Flaw.NOT_A_MAIL)
    return found


def serial(cell: Cell) -> str:
    """Read the serial number of a certificate: 1 to 40 hexadecimal digits, in small letters without leading zeros."""
    found = _digits(cell).replace(":", "").lower().removeprefix("0x").lstrip("0")
    if not re.fullmatch(r"[0-9a-f]{1,40}", found):
        raise CellError(Flaw.NOT_A_SERIAL)
    return found


def certificate(cell: Cell) -> str:
    """Read a certificate that stands in a cell, PEM or base64 of its DER form; gives base64 on one line."""
    found = "".join(_ARMOUR.sub("", plain(cell)).split())
    try:
        b64decode(found, validate=True)
    except ValueError as err:
        raise CellError(Flaw.UNREADABLE) from err
    return found


def iccid(cell: Cell) -> str:
    """Read the number of a SIM card: 18 to 20 digits that begin with 89 (ITU-T E.118)."""
    found = _digits(cell)
    if not re.fullmatch(r"89[0-9]{16,18}", found, re.ASCII):
        raise CellError(Flaw.NOT_A_CARD_NUMBER)
    return found


def device_serial(cell: Cell) -> str:
    """Read what is printed on a device: 4 to 40 letters, digits and ``- . / _``, in capitals."""
    if _is_number(cell):
        _digits(cell)
    found = plain(cell).upper()
    if not re.fullmatch(r"[0-9A-Z][0-9A-Z./_ -]{3,39}", found):
        raise CellError(Flaw.NOT_A_CARD_NUMBER)
    return found


def tax_code(cell: Cell) -> str:
    """Read a tax code or budget code: digits, with a branch number behind a hyphen."""
    _digits(cell)
    found = plain(cell)
    if not re.fullmatch(r"[0-9]{7,13}(-[0-9]{3})?", found, re.ASCII):
        raise CellError(Flaw.NOT_A_TAX_CODE)
    return found


def unit_code(cell: Cell) -> str:
    """Read the code of an agency in either form; gives that of 2020."""
    found = plain(cell).upper().replace(" ", "")
    found = from_code_2016(found) or found
    if not is_unit_code(found):
        raise CellError(Flaw.NOT_A_UNIT_CODE)
    return found


def entry(cell: Cell) -> str:
    """Read the identifier of an entry in the directory (RFC 4530)."""
    try:
        return str(UUID(plain(cell)))
    except ValueError:
        raise CellError(Flaw.NOT_AN_ENTRY) from None


def chosen(choices: Mapping[str, str]) -> Read:
    """Make the reader of a choice.

    Args:
        choices: By value, the words for it, separated by ``|``; the value itself is one too.
    """
    known = {folded(word): value for value, words in choices.items() for word in (value, *words.split("|"))}

    def read(cell: Cell) -> str:
        try:
            return known[folded(plain(cell))]
        except KeyError:
            raise CellError(Flaw.UNKNOWN_CHOICE) from None
    return read


def folded(words: str) -> str:
    """Give words as people type them who leave accents out: small letters and digits of ASCII, single blanks between words."""
    bare = unicodedata.normalize("NFKD", words.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign)).casefold()
    return " ".join(re.sub(r"[^0-9a-z]+", " ", letters).split())


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _digits(cell: Cell) -> str:
    """Give a number without blanks, dots and hyphens; refuse one that a spreadsheet rounded."""
    if isinstance(cell, (int, float)) and (abs(cell) >= _EXACT or (isinstance(cell, float) and not cell.is_integer())):
        raise CellError(Flaw.DIGITS_LOST)
    found = plain(cell)
    if re.fullmatch(r"[0-9][.,]?[0-9]*E\+?[0-9]+", found, re.IGNORECASE | re.ASCII):
        raise CellError(Flaw.DIGITS_LOST)
    return found if found.startswith("-") else _BLANKS.sub("", found)
