"""The English catalogue: extract texts, bring messages.po up to date, compile it.

``python -m tests.pages.catalogue update`` adds new texts (untranslated) and drops those that are gone, ``compile`` writes the .mo
file, ``check`` tells what is missing. With Babel alone: ``pybabel extract -F babel.cfg --ignore-dirs .git`` (else it leaves out
templates/_parts), ``pybabel update``, ``pybabel compile -d idp/web/translations``.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "idp" / "web" / "translations"
ENGLISH = TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "_l": None}


def extract() -> Catalog:
    """Collect every text of templates/ and idp/web/, as babel.cfg says."""
    methods, options = parse_mapping_cfg(io.StringIO((ROOT / "babel.cfg").read_text(encoding="utf-8")))
    template = Catalog(project="provincial-idp", charset="utf-8")
    for folder in ("templates", "idp/web"):
        for name, _line, message, comments, context in extract_from_dir(
                ROOT / folder, [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods
                                if pattern.startswith(f"{folder}/")],
                {pattern.removeprefix(f"{folder}/"): value for pattern, value in options.items()}, KEYWORDS,
                directory_filter=lambda path: not os.path.basename(path).startswith((".", "__"))):
            template.add(message, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return template


def english() -> Catalog:
    """Read the committed English catalogue; an empty one where there is none yet."""
    if not ENGLISH.exists():
        return Catalog(locale="en", project="provincial-idp")
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def update() -> None:
    """Write messages.po with exactly the texts of the product, in the order in which they stand there."""
    catalogue = english()
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.locations = [(name, None) for name in dict.fromkeys(name for name, _line in message.locations)]
        message.auto_comments = []
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    catalogue.header_comment = "# English texts of the provincial single sign-on. The texts of the product itself are Vietnamese."
    lines = io.BytesIO()
    write_po(lines, catalogue, width=130, include_lineno=False, sort_by_file=True, ignore_obsolete=True, omit_header=False)
    kept = [line for line in lines.getvalue().decode().splitlines(keepends=True)
            if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Report-Msgid-Bugs-To',
                                    '"Last-Translator', '"Language-Team'))]
    if kept[1] == "#, fuzzy\n":
        del kept[1]
    ENGLISH.write_text("".join(kept), encoding="utf-8")


def compile_missing() -> Path:
    """Compile messages.mo where it is missing or older than messages.po; safe when several processes do it at once."""
    target = ENGLISH.with_suffix(".mo")
    if not target.exists() or target.stat().st_mtime_ns < ENGLISH.stat().st_mtime_ns:
        with tempfile.NamedTemporaryFile(dir=ENGLISH.parent, suffix=".tmp", delete=False) as file:
            write_mo(file, english())
        os.chmod(file.name, 0o644)
        os.replace(file.name, target)
    return target


def untranslated() -> list[str]:
    """Name every text of the product that English lacks, and every English text that the product no longer has."""
    catalogue, wanted = english(), extract()
    missing = []
    for message in wanted:
        if message.id:
            known = catalogue.get(message.id, message.context)
            parts = () if known is None or known.fuzzy else (known.string if isinstance(known.string, tuple) else (known.string,))
            if not parts or not all(parts):
                missing.append(f"no English for {message.id!r}")
    missing += [f"no longer used: {message.id!r}" for message in catalogue
                if message.id and wanted.get(message.id, message.context) is None]
    return missing


if __name__ == "__main__":
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "update":
        update()
    elif verb == "compile":
        print(compile_missing())
    elif verb != "check":
        sys.exit(__doc__)
    if problems := untranslated():
        sys.exit("\n".join(problems))
