"""What the tools do not hold by themselves: sizes, forbidden names, secrets, machines' paths."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
MOST_MODULES = 15
ONE_STORE_PER_ROOM = {"idp/adapters/sql": 25, "idp/adapters/sql/tables": 25, "idp/endpoints": 20}
"""Folders that follow another list of names: here one store per room, and one endpoint of a specification each."""
BANNED_ANYWHERE = {"authlib.jose", "jose", "random", "pickle", "marshal", "shelve", "telnetlib", "xml.etree", "imp"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc", "base", "shared"}
SECRETS = [
    re.compile(r"-----BEGIN (?:RSA |EC |ENCRYPTED |OPENSSH )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\b(?:ghp|gho|ghs|glpat|xox[bp])[_-][A-Za-z0-9_-]{20,}"),
    re.compile(r"://[^/\s:@'\"{}$<>]+:[^/\s:@'\"{}$<>]+@(?!127\.|localhost|evil|[a-z.-]*example)"),
]
TEXT = {".py", ".toml", ".cfg", ".md", ".html", ".conf", ".service", ".sh", ".txt", ".in", ".ldif", ".json", ".mjs", ".js",
        ".css", ".po", ".ini", ".mako", ".svg", ".yml", ""}


def _tracked() -> list[Path]:
    """Every file that Git knows or would take; outside a checkout (an export) every file that is not ignored by name."""
    names = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("folder", ["idp", "clients", "deploy", "bench"])
def test_no_module_is_longer_than_400_lines(folder: str) -> None:
    long = {str(path.relative_to(ROOT)): lines for path in _modules(folder)
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES}
    assert long == {}


def test_no_room_is_a_drawer() -> None:
    folders = {path.parent for path in _modules("idp")}
    crowded = {str(folder.relative_to(ROOT)): count for folder in folders
               if (count := len([p for p in folder.glob("*.py") if p.name != "__init__.py"]))
               > ONE_STORE_PER_ROOM.get(str(folder.relative_to(ROOT)), MOST_MODULES)}
    assert crowded == {}
    assert [path for path in _modules("idp") if path.stem in FORBIDDEN_NAMES] == []
    assert [path for path in folders if path.name in FORBIDDEN_NAMES] == []


def test_no_class_is_called_manager() -> None:
    named = [f"{path.relative_to(ROOT)}: {node.name}" for path in _modules("idp")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.ClassDef) and node.name.endswith("Manager")]
    assert named == []


def test_no_banned_import() -> None:
    bad = {str(path.relative_to(ROOT)): names for path in _modules("idp")
           if (names := {name for name in _imports(path)
                         if any(name == b or name.startswith(f"{b}.") for b in BANNED_ANYWHERE | {"authlib.integrations"})})}
    assert bad == {}


def test_only_the_clock_asks_the_time_and_only_settings_read_the_environment() -> None:
    calls = re.compile(r"\b(?:time\.time\(|time_ns\(|datetime\.now\(|datetime\.utcnow\(|date\.today\()")
    assert [str(path) for path in _modules("idp") if path.name != "clock.py" and calls.search(path.read_text())] == []
    environment = re.compile(r"\bos\.(?:environ|getenv)\b|\bfrom os import .*\b(?:environ|getenv)\b")
    assert [str(path) for path in _modules("idp") if path.name != "settings.py" and environment.search(path.read_text())] == []


def test_every_module_says_what_it_decides() -> None:
    silent = [str(path.relative_to(ROOT)) for folder in ("idp", "clients", "deploy") for path in _modules(folder)
              if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_bare_except_and_no_caught_exception_without_a_reason() -> None:
    """Rooms and adapters never catch bare Exception; the doors and the worker may, where they turn it into an answer."""
    doors = {"endpoints", "web", "worker", "cli"}
    rooms = [path for path in _modules("idp") if path.relative_to(ROOT / "idp").parts[0] not in doors]
    caught = [f"{path.relative_to(ROOT)}:{node.lineno}" for path in rooms
              for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
              if isinstance(node, ast.ExceptHandler)
              and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))]
    assert caught == []


def test_no_secret_and_no_private_key_is_tracked() -> None:
    tracked = _tracked()
    assert {path.name for path in tracked if path.parent == ROOT / "keys"} <= {"README.md", ".gitignore"}
    assert [path for path in tracked if path.suffix in {".key", ".p12", ".pfx", ".secret", ".sqlite3", ".password"}] == []
    found = [f"{path.relative_to(ROOT)}: {match[0][:40]}" for path in tracked if path.suffix in TEXT
             for pattern in SECRETS for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))]
    assert found == []


def test_no_todo_and_no_skipped_test() -> None:
    mark = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|pytest\.(?:mark\.)?(?:skip|skipif|importorskip|xfail)\b")
    own = Path(__file__)
    left = [str(path.relative_to(ROOT)) for path in _tracked() if path.suffix in {".py", ".sh", ".html", ".conf", ".mjs"}
            and path != own and mark.search(path.read_text(encoding="utf-8"))]
    assert left == []


def test_interface_s1_make_check_looks_at_the_format_and_refuses_another(tmp_path: Path) -> None:
    """``make check`` is format, lint, types, import contracts and the chain of migrations."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    commands = [line.strip().removeprefix("@.venv/bin/").split() for line in recipe.splitlines() if "@.venv/bin/" in line]
    assert [command[0] for command in commands] == ["ruff", "ruff", "mypy", "lint-imports", "python"]
    look = [str(Path(sys.executable).parent / "ruff"), *commands[0][1:-1]]
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("GOOD = {1: 2}\n\n\ndef same(a, b=1):\n    return a == b\n", encoding="utf-8")
    assert subprocess.run([*look, str(good)], cwd=ROOT, check=False).returncode == 0
    for text in ("BAD = {1 :2}\n", "def bad():\n  return 1\n", "GOOD = 1\ndef bad():\n    return 1\n", "bad=1\n", "BAD = 1 \n"):
        bad.write_text(text, encoding="utf-8")
        assert subprocess.run([*look, str(bad)], cwd=ROOT, check=False, capture_output=True).returncode == 1, text


def test_what_a_run_makes_is_ignored_by_git() -> None:
    made = ["var/idp.toml", "var/idp.sqlite3", ".venv/bin/python", "tests/npm/node_modules/x", "keys/key-encryption.key",
            "keys/clients/qlvb.secret", "idp/web/translations/en/LC_MESSAGES/messages.mo", ".hypothesis/x", ".mypy_cache/x"]
    result = subprocess.run(["git", "-c", "safe.directory=*", "check-ignore", *made], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    assert result.stdout.split() == made


def test_every_page_that_the_documentation_points_to_exists() -> None:
    pages = [path for path in _tracked() if path.suffix == ".md" and path.name != "CHANGELOG.md"]
    lost = [f"{page.relative_to(ROOT)}: {target}" for page in pages
            for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
            if not (page.parent / target).exists()]
    assert lost == []
    named = re.compile(r"`((?:idp|tests|deploy|requirements)/[\w./-]+\.\w+)`")
    assert [f"{page.relative_to(ROOT)}: {path}" for page in pages for path in named.findall(page.read_text(encoding="utf-8"))
            if not (ROOT / path).exists()] == []
