"""Where the name of whoever signs stands on the last page, so that the picture of the signature stands above it.

Source: Decree 30/2020/NĐ-CP, Appendix I, II.7.c. Poppler reads the page, in a process of its own, with a limit of time and
memory: the file is somebody's upload. Where it is not installed, or does not find the name, the layout's place is taken.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from shutil import which

from lxml import etree

from .fonts import readable
from .layout import POINTS_PER_MM, Name

SECONDS = 10
MOST_MEMORY = 512 * 1024 * 1024
_LARGEST = 4 * 1024 * 1024
_XHTML = "{http://www.w3.org/1999/xhtml}"
_PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "recover": True}


def of_name(pdf: bytes, name: str, *, page: int) -> Name | None:
    """Find a name: the lowest line of a page that is this name and nothing else.

    Args:
        pdf: The file.
        name: As the officer is called; letters may be capitals.
        page: Number of the page, from 1.

    Returns:
        Where it stands; None where it was not found.
    """
    program = which("pdftotext")
    if program is None or not name.strip():
        return None
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        try:
            done = subprocess.run([program, "-q", "-bbox-layout", "-f", str(page), "-l", str(page), file.name, "-"],
                                  capture_output=True, timeout=SECONDS, check=False, preexec_fn=_limit)
        except (OSError, subprocess.TimeoutExpired):
            return None
    if done.returncode != 0 or len(done.stdout) > _LARGEST:
        return None
    return _lowest(done.stdout, readable(name).casefold())


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _lowest(xhtml: bytes, name: str) -> Name | None:
    root = etree.fromstring(xhtml, etree.XMLParser(**_PARSER_OPTIONS))
    page = root.find(f".//{_XHTML}page") if root is not None else None
    if page is None:
        return None
    height, found = float(page.get("height", "0")), None
    for line in page.iter(f"{_XHTML}line"):
        words = [word.text or "" for word in line.iter(f"{_XHTML}word")]
        if readable(" ".join(words)).casefold() != name:
            continue
        left, right, top = (float(line.get(edge, "0")) for edge in ("xMin", "xMax", "yMin"))
        if found is None or top > found[2]:
            found = (left, right, top)
    if found is None:
        return None
    return Name(round((found[0] + found[1]) / 2 / POINTS_PER_MM, 3), round((height - found[2]) / POINTS_PER_MM, 3))
