"""Two heads are noticed before they land: `make check` reads the chain of migrations (migrations/chain.py)."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "migrations" / "chain.py"
_SPEC = importlib.util.spec_from_file_location("migration_chain", SCRIPT)
assert _SPEC is not None
assert _SPEC.loader is not None
chain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(chain)


def _folder(at: Path, *steps: tuple[str, str | None]) -> Path:
    for number, (revision, down) in enumerate(steps):
        (at / f"{revision}_step{number}.py").write_text(f"revision = {revision!r}\ndown_revision: str | None = {down!r}\n")
    return at


def test_our_own_steps_are_one_chain() -> None:
    assert chain.faults(chain.VERSIONS) == []
    assert len(list(chain.VERSIONS.glob("*.py"))) > 30


def test_numbers_need_not_follow_each_other(tmp_path: Path) -> None:
    assert chain.faults(_folder(tmp_path, ("0001", None), ("0009", "0001"), ("0005", "0009"))) == []


@pytest.mark.parametrize(("steps", "said"), [
    ([("0001", None), ("0002", "0001"), ("0003", "0001")], "0002 and 0003 both come after 0001"),
    ([("0001", None), ("0003", "0002")], "0003: comes after 0002, which is not there"),
    ([("0001", None), ("0002", None)], "0001 and 0002 both are first steps"),
    ([("0001", None), ("0001", None)], "number 0001 is taken"),
    ([("0001", "0002"), ("0002", "0001")], "there are 0"),
    ([("0001", None), ("0002", "0003"), ("0003", "0002")], "in a circle"),
    ([], "there are 0")])
def test_what_is_no_chain_is_said(tmp_path: Path, steps: list[tuple[str, str | None]], said: str) -> None:
    assert said in " ".join(chain.faults(_folder(tmp_path, *steps)))


@pytest.mark.parametrize(("text", "said"), [
    ("down_revision = None\n", "must be two plain texts"), ("revision = '0001'\n", "must be two plain texts"),
    ("revision = '0001'\ndown_revision = ('0000', '0002')\n", "must be two plain texts"),
    ("revision = '0007'\ndown_revision = None\n", "does not begin with its revision")])
def test_a_step_that_does_not_say_where_it_stands_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "0001_odd.py").write_text(text)
    assert any(sentence.startswith("0001_odd.py") and said in sentence for sentence in chain.faults(tmp_path))


def test_make_check_ends_badly_with_two_heads(tmp_path: Path) -> None:
    _folder(tmp_path, ("0001", None), ("0002", "0001"), ("0003", "0001"))
    asked = subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False)
    assert (asked.returncode, "0002, 0003" in asked.stderr) == (1, True)
    assert "migrations/chain.py" in (ROOT / "Makefile").read_text()
