"""The per-user cache of downloaded services: a folder each, complete or not there at all."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Say = Callable[[str], None]
"""Takes one line of progress."""


def cache_folder() -> Path:
    """`$CAUSAL_ALPHA_CACHE`, else `causal-alpha` in the user's cache folder. Not created."""
    if named := os.environ.get("CAUSAL_ALPHA_CACHE"):
        return Path(named).expanduser().resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "causal-alpha"


def fill(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, built by `build(empty folder beside it)` if it isn't there. Processes that ask at once build it once.

    >>> with tempfile.TemporaryDirectory() as cache:
    ...     made = fill(Path(cache, "tool-1.0"), lambda place: (place / "tool").touch())
    ...     [file.name for file in made.iterdir()]
    ['tool']
    """
    if folder.exists():
        return folder
    with lock(folder.with_name(f".{folder.name}.lock")):
        if not folder.exists():
            for stale in folder.parent.glob(f".{folder.name}-*"):  # of a build that was killed
                shutil.rmtree(stale)
            place = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            try:
                build(place)
                place.chmod(0o755)
                place.rename(folder)
            finally:
                shutil.rmtree(place, ignore_errors=True)
    return folder


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds an exclusive lock that ends with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
