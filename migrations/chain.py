"""The chain of migrations is read without a database: one first step, one last, none missing, no number twice.

    python migrations/chain.py [folder]

Part of `make check`. Two changes that were made side by side each hang a step on the same one; the second must then be hung on
the first before it lands, which this says. Steps need not follow each other in the order of their numbers.
"""

import ast
import sys
from pathlib import Path

VERSIONS = Path(__file__).parent / 'versions'


def faults(folder: Path) -> list[str]:
    """What is wrong with the steps of a folder, a sentence each; none where they are one chain."""
    found: list[str] = []
    after: dict[str, str | None] = {}
    following: dict[str | None, list[str]] = {}
    for file in sorted(folder.glob('*.py')):
        step = _named(file)
        revision, down = step.get('revision'), step.get('down_revision')
        if not isinstance(revision, str) or not isinstance(down, str | None) or 'down_revision' not in step:
            found.append(f'{file.name}: revision and down_revision must be two plain texts (or None for the first step).')
            continue
        if revision in after:
            found.append(f'{file.name}: number {revision} is taken; take the next free one.')
            continue
        if not file.name.startswith(f'{revision}_'):
            found.append(f'{file.name}: the name does not begin with its revision, {revision}.')
        after[revision] = down
        following.setdefault(down, []).append(revision)
    for down, ones in sorted(following.items(), key=lambda item: item[0] or ''):
        if down is not None and down not in after:
            found.append(f'{", ".join(ones)}: comes after {down}, which is not there.')
        if len(ones) > 1:
            found.append(f'{" and ".join(ones)} both {f"come after {down}" if down else "are first steps"}; '
                         'hang the later one on the head of the other.')
    heads = [one for one in after if one not in following]
    if len(heads) != 1:
        found.append(f'There must be one head, and there are {len(heads)}: {", ".join(heads) or "-"}.')
    if not found and _length(heads[0], after) != len(after):
        found.append('Some steps follow each other in a circle.')
    return found


def _named(file: Path) -> dict[str, object]:
    """What a step says of itself at the top of its file: names that are given a constant."""
    said: dict[str, object] = {}
    for line in ast.parse(file.read_bytes(), file.name).body:
        targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(line.value, ast.Constant):
                said[target.id] = line.value.value
    return said


def _length(head: str, after: dict[str, str | None]) -> int:
    step: str | None = head
    count = 0
    while step is not None:
        step, count = after[step], count + 1
    return count


if __name__ == '__main__':
    wrong = faults(Path(sys.argv[1]) if len(sys.argv) > 1 else VERSIONS)
    for sentence in wrong:
        print(f'migrations/versions: {sentence}', file=sys.stderr)
    sys.exit(1 if wrong else 0)
