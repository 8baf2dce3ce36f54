"""A document to try it with: one page as the Decree has it, with a place for a leader's signature and the agency's seal.

Source: Decree 30/2020/NĐ-CP, Appendix I, part I, section II and the model of a named document. Everything in it is invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent, ResourceType
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from .appearance import broken
from .fonts import readable, written
from .layout import POINTS_PER_MM

WIDTH, HEIGHT = 595.276, 841.89
"""A4 in points."""
PARAGRAPHS = (
    "Thực hiện kế hoạch cấp chứng thư số cho cán bộ, công chức của tỉnh, đề nghị các đơn vị rà soát danh sách cán bộ được cấp "
    "SIM ký số và gửi kết quả về đầu mối của cơ quan.",
    "Văn bản này do phần mềm mẫu tạo ra để thử chức năng ký số: nội dung, số và ký hiệu đều là bịa, không có giá trị pháp lý.",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on it."""

    agency: str
    number: str
    title: str
    signer_title: str
    signer: str


def make(words: Words, font: Path) -> bytes:
    """Make the file (PDF 1.7, one page A4)."""
    out = BytesIO()
    writer = PdfFileWriter(stream_xrefs=False)
    page = _Page(writer, font)
    page.write("ỦY BAN NHÂN DÂN", 62, 24, 12)
    page.write("TỈNH HẬU GIANG", 62, 29, 12)
    for number, line in enumerate(page.broken(words.agency.upper(), 12, 66)):
        page.write(line, 62, 34 + 5 * number, 12)
    page.write("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 147, 24, 12)
    page.write("Độc lập - Tự do - Hạnh phúc", 147, 29, 13)
    page.write(f"Số: {words.number}", 62, 48, 13)
    page.write("Hậu Giang, ngày … tháng … năm …", 147, 48, 13)
    line = 66.0
    for part in page.broken(words.title, 14, 140):
        page.write(part, 112, line, 14)
        line += 7
    line += 5
    for paragraph in PARAGRAPHS:
        for part in page.broken(paragraph, 14, 165):
            page.write(part, 30, line, 14, centred=False)
            line += 7
        line += 3
    place = max(line + 10, 180)
    page.write("Nơi nhận:", 30, place, 12, centred=False)
    page.write("- Như trên;", 30, place + 5, 11, centred=False)
    page.write("- Lưu: VT.", 30, place + 10, 11, centred=False)
    page.write(words.signer_title.upper(), 153.75, place, 13)
    page.write(words.signer, 153.75, place + 34, 14)
    page.finish()
    writer.write(out)
    return out.getvalue()


class _Page:
    def __init__(self, writer: PdfFileWriter, font: Path) -> None:
        self._writer, self._font = writer, font
        self._letters = written(font, writer)
        self._commands: list[bytes] = []

    def broken(self, text: str, size: float, width: float) -> Sequence[str]:
        return broken([readable(text)], self._font, size, width)

    def write(self, text: str, left: float, from_top: float, size: float, *, centred: bool = True) -> None:
        """Write a line: millimetres from the left (or its middle there) and from the upper edge, letters in points."""
        self._letters.font_size = size
        shaped = self._letters.shape(readable(text))
        aside = shaped.x_advance * size / 2 if centred else 0
        self._commands.append(b"BT /F1 %g Tf 1 0 0 1 %g %g Tm %s ET" % (
            size, left * POINTS_PER_MM - aside, HEIGHT - from_top * POINTS_PER_MM, shaped.graphics_ops))

    def finish(self) -> None:
        content = RawContent(b" ".join(self._commands), box=BoxConstraints(WIDTH, HEIGHT))
        content.set_resource(ResourceType.FONT, pdf_name("/F1"), self._letters.as_resource())
        stream = self._writer.add_object(generic.StreamObject(stream_data=content.render()))
        box = generic.ArrayObject(map(generic.FloatObject, (0, 0, WIDTH, HEIGHT)))
        self._writer.insert_page(PageObject(contents=stream, media_box=box, resources=content.resources.as_pdf_object()))
