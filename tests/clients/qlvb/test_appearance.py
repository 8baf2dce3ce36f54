"""Pictures and letters: drawn, of the right size and colour, and embedded."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from qlvb import places
from qlvb.appearance import Lines, Picture, Style, broken, frame
from qlvb.fonts import VIETNAMESE, NoFontError, choose, letters
from qlvb.layout import Box, Layout
from qlvb.pictures import DOTS_PER_MM, seal, signature
from qlvb.sample_document import Words, make

from .conftest import AGENCY, LEADER


def _shown(png: bytes) -> tuple[Image.Image, set[tuple[int, int, int]]]:
    image = Image.open(BytesIO(png))
    assert image.format == "PNG"
    assert image.mode == "RGBA"
    seen = {colour[:3] for _, colour in image.getcolors(image.width * image.height) or [] if colour[3]}
    return image, seen


def test_ii_7_c_the_signature_is_a_blue_png_on_nothing(font: Path) -> None:
    image, seen = _shown(signature(LEADER, font, width=45, height=18, colour=(0, 0, 255)))
    assert seen == {(0, 0, 255)}
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert image.width / DOTS_PER_MM == pytest.approx(45, abs=0.1)
    assert signature(LEADER, font, width=45, height=18, colour=(0, 0, 255)) != signature(
        AGENCY, font, width=45, height=18, colour=(0, 0, 255))


def test_ii_8_a_the_seal_is_red_and_of_its_real_size(font: Path) -> None:
    image, seen = _shown(seal(AGENCY, font, diameter=36, colour=(255, 0, 0)))
    assert seen == {(255, 0, 0)}
    assert image.size == (image.width, image.width)
    assert image.width / DOTS_PER_MM == pytest.approx(36, abs=0.1)
    assert image.getpixel((2, 2))[3] == 0  # type: ignore[index]
    assert image.getchannel("A").getbbox() == pytest.approx((2, 2, 423, 423), abs=4), "the ring reaches the edges"


def test_a_long_name_still_fits_around_the_seal(font: Path) -> None:
    long = "Ban Quản lý dự án đầu tư xây dựng công trình dân dụng và công nghiệp tỉnh Hậu Giang"
    assert seal(long, font, diameter=36, colour=(255, 0, 0)) != seal(AGENCY, font, diameter=36, colour=(255, 0, 0))


def test_the_chosen_font_has_every_vietnamese_letter(font: Path) -> None:
    assert {ord(letter) for letter in VIETNAMESE} <= letters(font)
    assert len(set(VIETNAMESE)) == 134


def test_a_font_that_lacks_a_letter_is_passed_over(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(NoFontError, match="fonts-liberation2"):
        choose([tmp_path / "no.ttf"])
    with pytest.raises(NoFontError):
        choose(layout.fonts, "chữ 漢")


def test_long_lines_are_broken_between_words(font: Path) -> None:
    name = f"{AGENCY} tỉnh Hậu Giang"
    lines = broken([name, "28-11-2026T13:25:47+07:00"], font, 10, 43)
    assert " ".join(lines[:-1]) == name
    assert len(lines) > 2
    assert broken(["57/STTTT-CNTT-STTTT-CNTT-STTTT-CNTT"], font, 10, 40) == ("57/STTTT-CNTT-STTTT-", "CNTT-STTTT-CNTT")
    assert "".join(cut := broken(["x" * 200], font, 10, 40)) == "x" * 200
    assert len(cut) > 5, "nothing stands where it is not seen"
    assert broken(["", "  "], font, 10, 40) == ()


def test_the_frame_is_around_all_parts() -> None:
    parts = [Picture(b"", Box(10, 20, 5, 5)), Picture(b"", Box(12, 8, 30, 3))]
    assert frame(parts) == Box(10, 8, 32, 17)


def test_letters_are_embedded_with_their_widths(document: bytes, font: Path, layout: Layout, tmp_path: Path) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(document))
    lines = ("Ký số ngày 05-05-2020T09:30:15+07:00", "Độ dài đúng từng chữ: ỡ ợ ặ ẫ Ỹ")
    box = layout.corner("copy", 2)
    style = Style(parts=(Lines(lines, box, 10, 12, (0, 0, 0)),), font=font)
    left, bottom, right, top = box.points
    style.create_stamp(writer, BoxConstraints(right - left, top - bottom), {}).apply(0, 300, 700)
    file = tmp_path / "stamped.pdf"
    with file.open("wb") as out:
        writer.write(out)
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
    assert all(line in text for line in lines), text
    shown = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert len(shown) == 2
    assert all("CID TrueType" in line and " yes yes yes " in line for line in shown), shown
    found = places.of_name(file.read_bytes(), lines[0], page=1)
    assert found is not None
    assert found.middle == pytest.approx(300 / 72 * 25.4 + _width(lines[0], font) / 2, abs=0.5)


def _width(text: str, font: Path) -> float:
    from PIL import ImageFont

    return ImageFont.truetype(str(font), 1000).getlength(text) / 1000 * 10 / 72 * 25.4


def test_the_name_is_found_where_it_stands_last(document: bytes) -> None:
    found = places.of_name(document, LEADER.upper(), page=1)
    assert found is not None
    assert found.middle == pytest.approx(153.75, abs=0.3)
    assert 80 < found.top < 95
    for name in ("Phạm Văn", "Người Không Có", "", " "):
        assert places.of_name(document, name, page=1) is None
    assert places.of_name(document, LEADER, page=2) is None
    assert places.of_name(b"%PDF-1.7 nonsense", LEADER, page=1) is None


def test_of_a_name_that_stands_twice_the_lower_is_meant(font: Path) -> None:
    found = places.of_name(make(Words(AGENCY, "1/QĐ", LEADER, "Giám đốc", LEADER), font), LEADER, page=1)
    assert found is not None
    assert found.top < 100


def test_the_sample_document_has_the_places_of_the_decree(font: Path) -> None:
    made = make(Words("Ban " + "rất dài " * 12, "1/QĐ", "Trích yếu " * 40, "Trưởng ban", "Út"), font)
    assert made.startswith(b"%PDF-1.7")
    assert places.of_name(made, "Út", page=1) is not None
