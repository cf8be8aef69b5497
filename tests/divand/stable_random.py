"""The random numbers of the authors' tests: Julia's StableRNG with its rand and randn.

StableRNG is a multiplicative congruential generator modulo 2^128. Normal numbers are made by
the ziggurat of Marsaglia and Tsang (2000, Journal of Statistical Software 5, 8) with 256 layers.
"""

from __future__ import annotations

import struct
from decimal import Decimal, getcontext
from functools import cache
from math import exp, log1p

import numpy as np

_MULTIPLIER = 0x45A31EFC5A35D971261FD0407A968ADD
_BITS = (1 << 52) - 1
_LAYERS = 256
_EDGE = Decimal("3.6541528853610087963519472518")
"""Where the tail begins."""
_AREA = Decimal("0.0049286732339746519")
"""Of each layer, for the density without its constant."""


@cache
def _layers() -> tuple[list[float], list[int], list[float]]:
    """Give widths of the layers (per step of 2^-51), steps that are inside, and densities."""
    getcontext().prec = 40
    steps = Decimal(2**51)
    right = [Decimal(0)] * _LAYERS
    density = [Decimal(1)] * _LAYERS
    right[-1] = _EDGE
    density[-1] = (-_EDGE * _EDGE / 2).exp()
    for k in range(_LAYERS - 2, 0, -1):
        density[k] = _AREA / right[k + 1] + density[k + 1]
        right[k] = (-2 * density[k].ln()).sqrt()
    base = _AREA / density[-1]  # width of the lowest layer with the tail
    inside = [int(_EDGE / base * steps), 0]
    inside += [int(right[k - 1] / right[k] * steps) for k in range(2, _LAYERS)]
    widths = [float(base / steps), *(float(edge / steps) for edge in right[1:])]
    return widths, inside, [float(d) for d in density]


class StableRandom:
    """Draws the numbers that ``StableRNG(seed)`` draws."""

    def __init__(self, seed: int) -> None:
        self._state = (seed << 1) | 1

    def _bits(self) -> int:
        self._state = self._state * _MULTIPLIER % (1 << 128)
        return self._state >> 64

    def _uniform(self) -> float:
        bits = 0x3FF0000000000000 | (self._bits() & _BITS)
        return struct.unpack("d", struct.pack("Q", bits))[0] - 1

    def _normal(self) -> float:
        widths, inside, density = _layers()
        while True:
            bits = self._bits() & _BITS
            size, layer = bits >> 1, (bits >> 1) & 0xFF
            x = (-size if bits & 1 else size) * widths[layer]
            if size < inside[layer]:
                return x
            if layer == 0:
                return self._tail(bool((size >> 8) & 1))
            chance = (density[layer - 1] - density[layer]) * self._uniform() + density[layer]
            if chance < exp(-x * x / 2):
                return x

    def _tail(self, negative: bool) -> float:
        edge = float(_EDGE)
        while True:
            beyond = -log1p(-self._uniform()) / edge
            other = -log1p(-self._uniform())
            if 2 * other > beyond * beyond:
                return -edge - beyond if negative else edge + beyond

    def rand(self, count: int) -> np.ndarray:
        """Draw uniform numbers from 0 to 1."""
        return np.array([self._uniform() for _ in range(count)])

    def randn(self, count: int) -> np.ndarray:
        """Draw normal numbers."""
        return np.array([self._normal() for _ in range(count)])
