"""Which flag of a sample counts: value, depth, time and position must all pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.flags import badness, spoiled
from sdcviz.observations.overlay import DEPTH, POSITION, TIME

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["standing_flags"]


def standing_flags(collection: Collection, key: str) -> NDArray[np.uint8]:
    """Return for all samples the flag of a parameter that counts.

    Filters select by these flags, and the map shows the commonest of them.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter, derived ones too.

    Returns
    -------
    ndarray of uint8, shape (n_samples,)
        L20 codes; 9 where there is no value.
    """
    from sdcviz.observations.kernels import standing

    c, level = collection, badness()

    def make() -> NDArray[np.uint8]:
        if key.startswith("derived:"):
            flags, starts = c.flags(key), c.offsets[:-1]
        else:
            stored = c.stored(key, "flags")
            assert stored is not None, "flags are always stored"
            flags, starts = stored
        position = level[c.position_flag]
        places = np.stack([position, np.maximum(position, level[c.time_flag])], axis=1)
        own = np.empty(0, np.uint8)
        if c.sample_time is not None and c.sample_time_flag is not None:
            own = np.where(np.isnat(c.sample_time), np.uint8(0), c.sample_time_flag)
        out = np.empty(c.n_samples, np.uint8)
        standing(flags, starts, c.offsets, places, c.depth_flag, own, (level, spoiled()), out)
        out.flags.writeable = False
        return out

    found: NDArray[np.uint8] = c.remember(
        ("standing", key), make, flags=(key, DEPTH, TIME, POSITION)
    )
    return found
