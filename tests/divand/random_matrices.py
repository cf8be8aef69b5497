"""Random sparse symmetric positive definite matrices for hypothesis."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st


@st.composite
def matrices(draw, most: int = 30):
    """Return a matrix, in one or several parts, and an order of elimination."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0])) / n
    b = sp.random_array((n, n), density=min(density, 1.0), rng=rng)
    a = sp.csc_array(b @ b.T + sp.diags_array(rng.uniform(0.1, 1.0, n)))
    return a, rng.permutation(n)
