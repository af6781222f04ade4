"""Where a run keeps its data and logs: a folder that the user names, or a temporary one."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from causal_alpha.devstack.cache import Say
from causal_alpha.errors import SettingsError

PREFIX = "causal-alpha-"
SETTLED = 60.0
"""Seconds after which a temporary folder that nobody holds belongs to a run that was killed."""


@contextmanager
def home(data: Path | None, *, say: Say) -> Iterator[Path]:
    """The folder, held alone until the end; a temporary one is deleted then, unless there was an error to look into.

    Raises SettingsError if another run holds it.
    """
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        with (data / ".lock").open("a") as file:
            if not _hold(file):
                raise SettingsError(f"expected a data folder that no other run uses, was {data}")
            yield data
        return
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with (folder / ".lock").open("a") as file:
        _hold(file)
        try:
            yield folder
        except Exception:
            say(f"logs are kept until the next start: {folder / 'logs'}")
            raise
        except BaseException:  # stopped by the user
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _hold(file: IO[str]) -> bool:
    """Takes the lock, which ends with the process, however it ends; False if somebody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep() -> None:
    """Deletes temporary folders of runs that couldn't do it themselves."""
    for marker in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/.lock"):
        with suppress(OSError):  # somebody else sweeps, too
            about = marker.stat()
            if about.st_uid == os.getuid() and time.time() - about.st_mtime > SETTLED:
                with marker.open("r+") as file:
                    if _hold(file):
                        shutil.rmtree(marker.parent, ignore_errors=True)
