"""Memory that is freed stays with the process for a while, instead of being given back and cleared anew for every question.

A search through a million texts takes and frees tens of megabytes: with glibc's own thresholds a third of its time went
into page faults (mallopt(3): M_TRIM_THRESHOLD, M_MMAP_THRESHOLD). And each question has a thread of its own, which glibc
would give any of eight heaps a core: each of them grows, little by little, to what the largest question needs (M_ARENA_MAX).
"""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
# What may stay at the end of the heap; and the largest that glibc takes for what is mapped by itself.
KEPT, MAPPED = 256 << 20, 32 << 20
# Heaps: as many as questions are answered at once, and one for what serves them.
HEAPS = 3


def keep_freed_memory() -> bool:
    """Whether that was possible: elsewhere than with glibc it changes nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, KEPT) and mallopt(M_MMAP_THRESHOLD, MAPPED) and mallopt(M_ARENA_MAX, HEAPS))
