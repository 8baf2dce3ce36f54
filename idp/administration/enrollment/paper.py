"""What the console has beside requests and lists: the form for one request, what is personal, lists between two presses, files.

Source: trust-services E.5 (per-row report to download; blank lists to fill).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...pki.forms import Sheets, writing
from ...pki.forms.catalogue import FORMS
from ...spreadsheet import harmless
from .asking import Asking
from .personal import PersonalData
from .uploads import Uploads


@dataclass(frozen=True, slots=True)
class EnrollmentPaper:
    """Rooms of the console's pages."""

    personal: PersonalData
    uploads: Uploads
    sheets: Sheets
    asking: Asking

    def problems(self, found: Sequence[Mapping[str, Any]]) -> bytes:
        """Write what is to be corrected as a CSV file, in the language of the lists; no cell is a formula."""
        rows = [["Dòng", "Họ và tên", "Cột", "Giá trị trong tệp", "Lý do và cách sửa"]]
        rows += [[harmless(str(one[name])) for name in ("line", "name", "column", "given", "reason")] for one in found]
        return self.sheets.csv(rows)

    def blank(self, form: str) -> bytes:
        """Write a list of headings to fill, as a spreadsheet. Raises KeyError for a form that there is not."""
        return self.sheets.xlsx(writing.blank(FORMS[form]), form)
