import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="another C library")

CODE = """
import ctypes, threading
from causal_alpha.memory import share_memory
{first}
barrier = threading.Barrier(9)
def work():
    held = [bytes(2000) for _ in range(1000)]
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
barrier.wait()
c = ctypes.CDLL(None)
out = ctypes.c_void_p.in_dll(c, "stdout")
c.malloc_info(0, out)
c.fflush(out)
"""


def test_arenas_are_shared_by_threads() -> None:
    shared, alone = (_arenas(first) for first in ("assert share_memory(2)", ""))

    assert shared <= 2
    assert alone > 2


BURST = """
import psutil
from causal_alpha.memory import trim_memory
held = [bytes(2_000) for _ in range(40_000)]
held = held[::40]  # blocks that stay, with free ones between
before = psutil.Process().memory_info().rss
assert trim_memory()
print((before - psutil.Process().memory_info().rss) / 1e6)
"""


def test_memory_of_a_burst_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, check=True, timeout=60)

    assert float(ran.stdout) > 50  # of 80 MB


def _arenas(first: str) -> int:
    ran = subprocess.run(
        [sys.executable, "-c", CODE.format(first=first)], capture_output=True, text=True, check=True, timeout=60
    )
    return ran.stdout.count("<heap nr=")
