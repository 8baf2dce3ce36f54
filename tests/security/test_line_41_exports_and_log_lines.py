"""Line 41: log lines and CSV exports; pages are in test_line_41_escaping.py."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from idp.adapters.json_log import configure
from idp.spreadsheet import harmless

from ..fakes.clock import FakeClock

NASTY = ['=HYPERLINK("http://evil")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1"]


@pytest.mark.parametrize("text", NASTY)
def test_line_41_no_cell_begins_what_a_spreadsheet_computes(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "qlvb", "a=b", "10.0.0.1", '{"a":1}'])
def test_line_41_other_cells_stay(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", [*NASTY, 'x"}\n{"event":"forged"}', "\x1b[31mred", "a\u2028b", "\x00", "\udc80"])
def test_line_41_nobody_can_forge_a_log_line(text: str) -> None:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure("INFO", FakeClock(), stream=stream)
    try:
        logging.getLogger("idp").warning("refused: %s", text)
        structlog.get_logger("idp").warning("refused", given=text)
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert lines[2] == ""
    assert {json.loads(line)["event"] for line in lines[:2]} == {f"refused: {text}", "refused"}
    assert "\x1b" not in stream.getvalue()
