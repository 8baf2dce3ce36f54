"""Line 63: dependencies are pinned above the floors, which a test holds, and looking for known holes is a documented command.

tests/architecture/test_requirements.py reads the pins; here it is shown that it would notice, and that the command fits them.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from tests.architecture import test_requirements as requirements

ROOT = Path(__file__).parents[2]
SECURITY_PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", requirements.PINS)
def test_line_63_a_pin_below_its_floor_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.test_pins_stand_above_the_floors(name)
    (tmp_path / name).write_text("flask==2.0.0 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    monkeypatch.setattr(requirements, "REQUIREMENTS", tmp_path)
    with pytest.raises(AssertionError, match="flask"):
        requirements.test_pins_stand_above_the_floors(name)


def test_line_63_what_is_installed_stands_above_the_floors() -> None:
    pinned = requirements._pins("runtime.txt")
    for package, floor in requirements.FLOORS.items():
        if package in pinned:
            assert Version(version(package)) >= Version(floor)


def test_line_63_the_operators_command_names_pins_that_exist() -> None:
    commands = re.findall(r"^ {4}\S*pip-audit (.+)$", SECURITY_PAGE, re.MULTILINE)
    assert commands
    for command in commands:
        assert "--require-hashes" in command
        assert all((ROOT / name).is_file() for name in re.findall(r"-r (\S+)", command))
        assert re.findall(r"-r (\S+)", command)
