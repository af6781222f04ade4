"""A worker's memory: one allocator with few arenas, instead of each thread and library keeping what it once needed."""

import ctypes

import pyarrow as pa

_M_ARENA_MAX = -8  # malloc.h


def share_memory(most: int = 2) -> bool:
    """Have Arrow ask the C library, and glibc make no more than `most` arenas; whether there is such a C library.

    A worker's threads come and go with what falls together. Arrow's own allocator keeps pages for each of them, 50
    to 100 MB for the 1 MB that Arrow ever holds here, and glibc has up to 8 arenas a core: with both, memory rises by
    steps of some MB over hours. Arenas and arrays that are there already stay where they are. See mallopt(3).
    """
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl, macOS
        return False
    return bool(mallopt(_M_ARENA_MAX, most))
