"""Files of archived months in a folder (port ``audit.archive.archives.ArchiveFolder``).

A file is written beside its name, brought to the disk, and then given its name, so that it is there whole or not at all. The
folder belongs on a disk that is not the database's; it may be one that all nodes share.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...audit.archive.file import BrokenArchiveError
from ...errors import UnavailableError


class FileArchiveFolder:
    """The folder. It has to exist, so that one that was not mounted is not taken for an empty one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    def hold(self) -> bool:
        """Become or stay the one process that writes here."""
        if self._lock is not None:
            return True
        try:
            opened = os.open(self._path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise _unavailable(err) from err
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(opened)
            return False
        self._lock = opened
        return True

    def release(self) -> None:
        """Let another process write here."""
        held, self._lock = self._lock, None
        if held is not None:
            os.close(held)

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Write a file, mode 0600."""
        part, done = self._path / f".{name}.part", False
        try:
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(opened, "wb") as file:
                os.fchmod(opened, 0o600)
                yield file
                file.flush()
                os.fsync(opened)
            part.replace(self._path / name)
            self._sync()
            done = True
        except OSError as err:
            raise _unavailable(err) from err
        finally:
            if not done:
                part.unlink(missing_ok=True)

    def read(self, name: str) -> BinaryIO:
        """Open a file."""
        try:
            return (self._path / name).open("rb")
        except FileNotFoundError as err:
            raise BrokenArchiveError(f"There is no {name} in the folder of archives.") from err
        except OSError as err:
            raise _unavailable(err) from err

    def has(self, name: str) -> bool:
        """Tell whether there is a file."""
        try:
            return (self._path / name).is_file()
        except OSError as err:
            raise _unavailable(err) from err

    def delete(self, name: str) -> None:
        """Delete a file."""
        try:
            (self._path / name).unlink(missing_ok=True)
            self._sync()
        except OSError as err:
            raise _unavailable(err) from err

    def _sync(self) -> None:
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unavailable(err: OSError) -> UnavailableError:
    return UnavailableError("The folder of the audit trail's archives cannot be used.", dependency="audit_archive",
                            debug=f"{type(err).__name__}: {err}"[:300])
