"""The zygote's memory, of which every guest is a copy: set out so that a copy costs little.

To fork, the kernel copies one entry for each page that is held, and gives it back at the end; and a guest copies each
page that it writes to. In CPython that is each page with an object that it uses, because of the reference counts.
So fewer and larger pages are held, and what guests allocate lies together.
"""

import contextlib
import ctypes
import gc
import sys

_HUGE_BYTES, _COLLAPSE = 2 << 20, 25  # MADV_COLLAPSE, since Linux 6.1
_POOL_BYTES, _POOL_HEAD_BYTES = 1 << 14, 48  # of CPython's allocator (Objects/obmalloc.c): blocks of one size
_LARGEST_BLOCK, _SMALLEST_BLOCK, _STEP = 512, 48, 16
_MOST_POOLS = 64
_CHUNKS = (*(1 << n for n in range(16, 10, -1)), *range(1032, 23, -16))
"""Bytes of what is asked of the C library, the largest first: smaller ones fill what larger ones leave."""
_MOST_CHUNKS = 1000

_kept: list[bytes] = []


def settle() -> None:
    """To be called once, when all is there that guests share."""
    gc.collect()
    libc = ctypes.CDLL(None)
    with contextlib.suppress(AttributeError):  # not every C library has it
        libc.malloc_trim(0)
    _fill_pools()
    _fill_heap(libc)
    _join_pages(libc)
    gc.freeze()  # guests never touch, and so never copy, what was there before them


def _fill_pools() -> None:
    """Use up the free blocks among the zygote's objects: a guest's objects come from pools of their own then."""
    for size in range(_LARGEST_BLOCK, _SMALLEST_BLOCK - 1, -_STEP):
        whole = (_POOL_BYTES - _POOL_HEAD_BYTES) // size
        blocks, run = [bytes(size - sys.getsizeof(b""))], 1
        for _ in range(_MOST_POOLS * whole):
            if run == whole:  # one after the other: a pool that was empty, and is given back
                del blocks[-whole:]
                break
            blocks.append(bytes(size - sys.getsizeof(b"")))
            run = run + 1 if id(blocks[-1]) == id(blocks[-2]) + size else 1
        _kept.extend(blocks)


def _fill_heap(libc: ctypes.CDLL) -> None:
    """The same for what is too large for a pool. It is not written to, and so takes hardly any memory."""
    libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
    end = libc.sbrk(0) or 0
    for size in _CHUNKS:
        for _ in range(_MOST_CHUNKS):
            place = libc.malloc(ctypes.c_size_t(size)) or 0
            if place + size > end:  # nothing of this size was free before the heap's end
                end = place
                break


def _join_pages(libc: ctypes.CDLL) -> None:
    """Small pages with objects on them become huge ones, which are copied and given back as one.

    Refused, and left as they are, where the kernel has none, or something else lies between them.
    """
    for place in {id(thing) // _HUGE_BYTES for thing in gc.get_objects()}:
        libc.madvise(ctypes.c_void_p(place * _HUGE_BYTES), ctypes.c_size_t(_HUGE_BYTES), _COLLAPSE)
