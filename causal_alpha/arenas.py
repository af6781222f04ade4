"""The C library's memory: threads share a few arenas, instead of each keeping what it once needed."""

import ctypes

_M_ARENA_MAX = -8  # malloc.h


def share_arenas(most: int = 2) -> bool:
    """Have glibc make no more than `most` arenas, 8 a core by default; whether there was such a C library.

    A worker's threads come and go with what falls together: with an arena for each its memory rises by steps
    of some MB over hours, and 50 MB lie about that nobody uses. Arenas that are there already stay.
    See mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl, macOS
        return False
    return bool(mallopt(_M_ARENA_MAX, most))
