"""One thread for products of small matrices."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController

_free = threading.Lock()


@lru_cache(maxsize=1)
def _controller():
    """What sets the threads of the libraries that are loaded. To look for them takes a while."""
    return ThreadpoolController()


@contextmanager
def one_thread():
    """Give BLAS, the library behind NumPy's products, one thread.

    On a quiet machine two threads save a little of the time that a table takes. On a busy one, or
    in a container with less than its share of cores, they wait for each other, several times as
    long as they compute. The number is one for a whole process: who comes while another has set it
    lets it be, so that it is always set back to what it was.
    """
    if not _free.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _free.release()
