"""What was computed of a product is kept with it, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from .product import Product

__all__ = ["kept"]

MOST, BYTES = 64, 96_000_000
"""Results, and bytes of their arrays, that a product keeps."""

T = TypeVar("T")
_lock = Lock()


def kept(product: Product, key: Hashable, make: Callable[[], T]) -> T:
    """Return what was made of a product under a key, or make it; the latest ones are kept.

    Parameters
    ----------
    product : Product
        It goes with the product: nothing keeps a product alive.
    key : hashable
    make : callable
        May be called twice where two threads ask at once; what it gives must not be changed.
    """
    with _lock:
        memory: OrderedDict[Hashable, T] = product.__dict__.setdefault("_kept", OrderedDict())
        if key in memory:
            memory.move_to_end(key)
            return memory[key]
    made = make()
    with _lock:
        memory[key] = made
        memory.move_to_end(key)
        while len(memory) > 1 and (len(memory) > MOST or sum(map(_bytes, memory.values())) > BYTES):
            memory.popitem(last=False)
    return made


def _bytes(made: object) -> int:
    if isinstance(made, np.ndarray):
        return made.nbytes
    if isinstance(made, tuple):
        return sum(map(_bytes, made))
    return 0
