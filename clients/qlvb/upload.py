"""Whether a file that was uploaded can be signed here: a PDF of bounded size, unsigned, open, and on A4 where that matters.

Spec: ISO 32000-1 §7.5 (structure), §7.6 (encryption), §12.6.4.16 and §12.7.8 (what changes what is shown: scripts, XFA forms),
§12.8 (signatures), §14.11.2 (the part of a page that is shown). The file is somebody's: it is read for the first time in a
process of its own, with a limit of memory and time, so that a file that unpacks without end ends there.

    python -m qlvb.upload < FILE      prints one line of JSON
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

LARGEST = 10 * 1024 * 1024
MOST_PAGES = 500
SECONDS = 20
MOST_MEMORY = 768 * 1024 * 1024


class UploadError(Exception):
    """It cannot be signed here.

    Attributes:
        sentence: Why, for the officer.
        status: HTTP status.
    """

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


NOT_A_PDF = UploadError(
    "Tệp này không phải là PDF. Hãy mở văn bản trong phần mềm soạn thảo, chọn Lưu thành PDF rồi tải lên lại.", 415)
TOO_LARGE = UploadError("Tệp lớn hơn 10 MB. Hãy giảm dung lượng (thường là do ảnh quét) rồi tải lên lại.", 413)
BROKEN = UploadError(
    "Tệp PDF này bị hỏng hoặc dựng theo cách mà phần mềm không đọc được. Hãy xuất lại PDF từ phần mềm soạn thảo.")
ENCRYPTED = UploadError("Tệp PDF này đặt mật khẩu. Hãy bỏ mật khẩu rồi tải lên lại.")
SIGNED = UploadError("Tệp PDF này đã có chữ ký số. Hãy tải lên bản chưa ký.")
TOO_LONG = UploadError(f"Tệp có hơn {MOST_PAGES} trang. Hãy chia thành nhiều tệp.")
NOT_A4 = UploadError(
    "Trang đặt chữ ký không phải khổ A4 dọc, hoặc bị xoay, bị cắt bớt (Nghị định 30/2020/NĐ-CP, Phụ lục I). Hãy đặt lại khổ giấy "
    "A4 dọc, xuất lại PDF (với bản quét: in ra PDF khổ A4) rồi tải lên lại.")
ALIVE = UploadError(
    "Tệp PDF này có đoạn mã hoặc biểu mẫu tự thay đổi nội dung hiển thị nên không ký được. Hãy in tệp ra PDF rồi tải bản in lên.")
_BY_WORD = {"broken": BROKEN, "encrypted": ENCRYPTED, "signed": SIGNED, "too long": TOO_LONG, "alive": ALIVE}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of a file: its pages, and the sizes of the first and the last (points)."""

    pages: int
    first: tuple[float, float]
    last: tuple[float, float]


def look(pdf: bytes) -> Paper:
    """Read a file in a process of its own.

    Raises:
        UploadError: it cannot be signed here.
    """
    if len(pdf) > LARGEST:
        raise TOO_LARGE
    if b"%PDF-" not in pdf[:1024]:
        raise NOT_A_PDF
    said = apart(pdf)
    if "word" in said:
        raise _BY_WORD.get(str(said["word"]), BROKEN)
    return Paper(int(said["pages"]), tuple(said["first"]), tuple(said["last"]))


def apart(pdf: bytes) -> dict[str, Any]:
    """Do what ``read`` does, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL"}}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *(path for path in sys.path if path)])
    try:
        done = subprocess.run([sys.executable, "-m", "qlvb.upload"], input=pdf, capture_output=True, timeout=SECONDS * 2,
                              check=False, env=environment)
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {"word": "broken"}
    return said


def read(pdf: bytes) -> dict[str, Any]:
    """Read a file here; gives what ``main`` prints."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(BytesIO(pdf))
        if reader.encrypted:
            return {"word": "encrypted"}
        if reader.embedded_signatures:
            return {"word": "signed"}
        if _alive(reader.root):
            return {"word": "alive"}
        pages = int(reader.root["/Pages"]["/Count"])
        if not 1 <= pages <= MOST_PAGES:
            return {"word": "too long" if pages > MOST_PAGES else "broken"}
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        return {"pages": pages, "first": _size(writer, 0), "last": _size(writer, pages - 1)}
    except Exception:
        return {"word": "broken"}


def _alive(root: Any) -> bool:
    """Tell whether what is shown may be another thing than what stands on the pages: by a script, or a form of the XFA kind."""
    parts = {name: root[name] for name in ("/OpenAction", "/AcroForm", "/Names") if name in root}
    opening = parts.get("/OpenAction")
    runs = isinstance(opening, dict) and "/S" in opening and opening["/S"] == "/JavaScript"
    return runs or "/AA" in root or "/XFA" in parts.get("/AcroForm", {}) or "/JavaScript" in parts.get("/Names", {})


def _size(writer: Any, page: int) -> tuple[float, float]:
    """Give width and height as they are seen, in points; 0 where a place on the page means something else."""
    found, _ = writer.find_page_for_modification(page)
    at, known = found.get_object(), dict[str, Any]()
    unit = float(at.get("/UserUnit", 1))
    for _ in range(64):  # these are handed down from the pages above
        for name in ("/MediaBox", "/CropBox", "/Rotate"):
            if name in at:
                known.setdefault(name, at[name])
        if "/Parent" not in at:
            break
        at = at["/Parent"]
    left, bottom, right, top = (float(edge) for edge in known["/MediaBox"])
    shown = [float(edge) for edge in known.get("/CropBox", (left, bottom, right, top))]
    hidden = any(abs(one - other) > 1 for one, other in zip(shown, (left, bottom, right, top), strict=True))
    if (left, bottom) != (0, 0) or hidden or unit != 1 or int(known.get("/Rotate", 0)) % 360:
        return 0.0, 0.0
    return abs(right), abs(top)


def main() -> None:
    """Read standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        said = read(sys.stdin.buffer.read(LARGEST + 1))
    except MemoryError:
        said = {"word": "broken"}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
