"""What may be uploaded to be signed."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from qlvb import upload
from qlvb.upload import UploadError

from .conftest import CLIENTS


def _pdf(*, width: float = 595.276, height: float = 841.89, pages: int = 1, password: str = "", root: Any = None,
         **page: Any) -> bytes:
    writer, out = PdfFileWriter(), BytesIO()
    for _ in range(pages):
        made = PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")),
                          media_box=generic.ArrayObject(map(generic.FloatObject, (0, 0, width, height))))
        for name, value in page.items():
            made[pdf_name(f"/{name}")] = value
        writer.insert_page(made)
    for name, value in (root or {}).items():
        writer.root[pdf_name(f"/{name}")] = value
    if password:
        writer.encrypt(owner_pass=password)
    writer.write(out)
    return out.getvalue()


def test_a_document_is_read_in_a_process_of_its_own(document: bytes) -> None:
    paper = upload.look(document)
    assert (paper.pages, paper.first) == (1, pytest.approx((595.276, 841.89)))


@pytest.mark.parametrize(("content", "problem"), [
    (b"", upload.NOT_A_PDF), (b"PK\x03\x04 a text document", upload.NOT_A_PDF), (b"x" * 2000 + b"%PDF-1.7", upload.NOT_A_PDF),
    (b"x" * (upload.LARGEST + 1), upload.TOO_LARGE), (b"%PDF-1.7\nnothing", upload.BROKEN)])
def test_what_is_no_pdf_is_refused_with_a_remedy(content: bytes, problem: UploadError) -> None:
    with pytest.raises(UploadError) as raised:
        upload.look(content)
    assert raised.value is problem
    assert "Hãy" in problem.sentence
    assert 400 <= problem.status < 500


def test_a_file_that_unpacks_without_end_is_refused() -> None:
    """A cross-reference stream of 1 MB that would unpack to 1 GB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    block = packer.compress(bytes(8 * 1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = b"\x78\x01" + block * 128 + b"\x03\x00" + bytes(4)
    head = (f"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 9/W[1 2 1]/Root 2 0 R/Filter/FlateDecode/Length {len(packed)}>>\n"
            "stream\n").encode()
    bomb = head + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    assert len(bomb) < upload.LARGEST
    with pytest.raises(UploadError) as raised:
        upload.look(bomb)
    assert raised.value is upload.BROKEN


def test_whoever_reads_a_file_has_little_memory(document: bytes) -> None:
    code = "from qlvb import upload; upload.MOST_MEMORY = {}; upload.main()"
    enough, little = (subprocess.run([sys.executable, "-c", code.format(limit)], input=document, capture_output=True, check=False,
                                     cwd=CLIENTS).stdout for limit in (upload.MOST_MEMORY, 48 * 1024 * 1024))
    assert json.loads(enough)["pages"] == 1
    assert b"pages" not in little


def test_reading_tells_what_is_wrong() -> None:
    assert upload.read(_pdf(password="x")) == {"word": "encrypted"}
    assert upload.read(_pdf(pages=501)) == {"word": "too long"}
    assert upload.read(b"%PDF-1.7 x") == {"word": "broken"}


def _box(*edges: float) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.FloatObject, edges))


def _dictionary(**members: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{name}"): value for name, value in members.items()})


@pytest.mark.parametrize("root", [
    {"OpenAction": _dictionary(S=pdf_name("/JavaScript"), JS=generic.TextStringObject("app.alert(1)"))},
    {"Names": _dictionary(JavaScript=_dictionary(Names=generic.ArrayObject()))}, {"AA": _dictionary()},
    {"AcroForm": _dictionary(Fields=generic.ArrayObject(), XFA=generic.ArrayObject())}])
def test_what_may_show_something_else_than_its_pages_is_refused(root: Any) -> None:
    assert upload.read(_pdf(root=root)) == {"word": "alive"}
    assert "word" not in upload.read(_pdf(root={"OpenAction": generic.ArrayObject(), "Names": _dictionary()}))


def test_pages_of_which_a_part_is_shown_or_in_another_measure_have_no_size() -> None:
    """A place on the page would be another one for who looks at it."""
    for page in ({"CropBox": _box(0, 100, 595.276, 841.89)}, {"UserUnit": generic.NumberObject(2)}):
        assert tuple(upload.read(_pdf(**page))["last"]) == (0, 0)
    assert tuple(upload.read(_pdf(CropBox=_box(0, 0, 595, 842)))["last"]) == (595.276, 841.89)


def test_pages_that_are_turned_or_begin_elsewhere_have_no_size() -> None:
    assert upload.read(_pdf(width=612))["last"] == [612, 841.89] or upload.read(_pdf(width=612))["last"] == (612, 841.89)
    assert tuple(upload.read(_pdf(Rotate=generic.NumberObject(90)))["last"]) == (0, 0)
    box = generic.ArrayObject(map(generic.FloatObject, (10, 10, 605.276, 851.89)))
    assert tuple(upload.read(_pdf(MediaBox=box))["last"]) == (0, 0)
