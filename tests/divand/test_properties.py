"""The analysis against formulas that are written without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dense import Dense, matern
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdcviz import divand

pytestmark = pytest.mark.filterwarnings("ignore::sdcviz.divand.DivandWarning")
few = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

SHAPES = [(1, 14), (2, 7), (3, 4), (4, 3)]
ALPHAS: dict[int, list[list[float] | None]] = {
    1: [None, [1.0, 1.0], [1.0, 3.0, 3.0, 1.0], [2.0, 1.0, 3.0]],
    2: [None, [1.0, 3.0, 3.0, 1.0], [2.0, 4.0, 2.0], [1.0, 0.0, 1.0], [3.0, 2.0, 1.0]],
    3: [None, [2.0, 1.0, 1.0]],
    4: [None],
}


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the structure of a problem; its numbers come out of a seed."""
    n, most = draw(st.sampled_from(SHAPES))
    shape = tuple(draw(st.integers(1, most)) for _ in range(n))
    if max(shape) == 1:
        shape = (most, *shape[1:])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = rng.random(shape) < draw(st.sampled_from([0.4, 0.8, 1.0]))
    mask.flat[rng.integers(mask.size)] = True
    pmn = [rng.uniform(0.5, 2, shape) for _ in range(n)]
    kind = draw(st.sampled_from(["number", "one each", "fields", "some zero"]))
    if kind == "number":
        corr_len: Any = float(rng.uniform(1, 3))
        lengths = [np.full(shape, corr_len)] * n
    else:
        corr_len = [float(rng.uniform(1, 3)) for _ in range(n)]
        if kind == "some zero":
            keep = int(np.argmax(shape))
            corr_len = [
                v if d == keep or rng.random() < 0.5 else 0.0 for d, v in enumerate(corr_len)
            ]
        lengths = [np.full(shape, v) for v in corr_len]
        if kind == "fields":
            corr_len = lengths = [v * rng.uniform(0.7, 1.5, shape) for v in lengths]
    cyclic = [draw(st.booleans()) for _ in range(n)]
    count = draw(st.integers(1, 8))
    # Some lie outside; in cyclic dimensions they come back.
    index = np.stack([rng.uniform(-0.3, size - 0.7, count) for size in shape])
    index[:, rng.random(count) < 0.3] = np.floor(index[:, :1])
    f = rng.normal(size=count)
    f[rng.random(count) < 0.1] = np.nan
    error = draw(st.sampled_from(["number", "vector", "infinite", "matrix"]))
    if error == "number":
        epsilon2: Any = float(rng.uniform(0.05, 2))
        covariance = np.eye(count) * epsilon2
    elif error == "matrix":
        root = rng.normal(size=(count, count))
        epsilon2 = covariance = root @ root.T / count + 0.1 * np.eye(count)
    else:
        epsilon2 = rng.uniform(0.05, 2, count)
        if error == "infinite":
            epsilon2[0] = np.inf
        covariance = np.diag(epsilon2)
    active = sum(s > 1 and bool(v.any()) for s, v in zip(shape, lengths, strict=True))
    return {
        "mask": mask,
        "pmn": pmn,
        "lengths": lengths,
        "cyclic": cyclic,
        "corr_len": corr_len,
        "epsilon2": epsilon2,
        "covariance": covariance,
        "index": index,
        "f": f,
        "alpha": draw(st.sampled_from(ALPHAS[active])),
        "alphabc": draw(st.sampled_from([0.0, 1.0, 0.6])),
        "scale_len": draw(st.booleans()),
    }


@few
@given(problems())
def test_the_dense_formula_gives_the_same(p: dict[str, Any]) -> None:
    dense = Dense(
        p["mask"], p["pmn"], p["lengths"], p["cyclic"], p["alpha"], p["alphabc"], p["scale_len"]
    )
    field, error, used = dense.analyse(p["index"], p["f"], p["covariance"])
    got = run(p)
    np.testing.assert_array_equal(got.used, used)
    at_observations = dense.operator(p["index"][:, used])[0] @ field
    np.testing.assert_allclose(got.residuals[used], p["f"][used] - at_observations, atol=1e-6)
    assert np.isnan(got.residuals[~used]).all()
    # The length scale is only known to 1e-8, as in the authors' implementation.
    np.testing.assert_allclose(got.field[p["mask"]], field, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got.error[p["mask"]], error, rtol=1e-6, atol=1e-6)
    assert np.isnan(got.field[~p["mask"]]).all()
    # And the error is one: never negative, never more than the background leaves.
    assert got.error[p["mask"]].min() >= -1e-9
    assert (error <= np.diagonal(dense.covariance) * (1 + 1e-9)).all()


@pytest.mark.parametrize(
    ("n", "alpha"), [(n, alpha) for n, alphas in ALPHAS.items() for alpha in alphas]
)
def test_every_norm_is_that_of_the_dense_formula(n: int, alpha: Any) -> None:
    rng = np.random.default_rng(n)
    shape = (9, 5, 3, 3)[:n]
    mask = rng.random(shape) < 0.85
    pmn = [rng.uniform(0.5, 2, shape) for _ in range(n)]
    lengths = [rng.uniform(1, 3, shape) for _ in range(n)]
    index = np.stack([rng.uniform(0, size - 1, 6) for size in shape])
    f = rng.normal(size=6)
    dense = Dense(mask, pmn, lengths, [False] * n, alpha)
    field, error, _ = dense.analyse(index, f, np.eye(6) / 3)
    got = divand.analyse(
        mask, pmn, None, None, f, lengths, 1 / 3, alpha=alpha, alphabc=0, fracindex=index,
        error="exact",
    )  # fmt: skip
    np.testing.assert_allclose(got.field[mask], field, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(got.error[mask], error, rtol=1e-6, atol=1e-7)


def run(p: dict[str, Any], **changes: Any) -> divand.Analysis:
    p = p | changes
    return divand.analyse(
        p["mask"],
        p["pmn"],
        None,
        None,
        p["f"],
        p["corr_len"],
        p["epsilon2"],
        moddim=[float(c) for c in p["cyclic"]],
        alpha=p["alpha"],
        alphabc=p["alphabc"],
        scale_len=p["scale_len"],
        fracindex=p["index"],
        error="exact",
    )


def each(values: Any, n: int) -> list[Any]:
    """Give lengths one a dimension."""
    return [values] * n if isinstance(values, float) else list(values)


def same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)


@few
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_dimensions_does_not_matter(p: dict[str, Any], random: Any) -> None:
    n = p["mask"].ndim
    order = random.sample(range(n), n)

    def turned(fields: Any) -> Any:
        return [
            f if np.ndim(f) == 0 else np.transpose(f, order) for f in (fields[d] for d in order)
        ]

    got = run(
        p,
        mask=np.transpose(p["mask"], order),
        pmn=turned(p["pmn"]),
        corr_len=turned(each(p["corr_len"], n)),
        cyclic=[p["cyclic"][d] for d in order],
        index=p["index"][order],
    )
    want = run(p)
    same(got.field, np.transpose(want.field, order))
    same(got.error, np.transpose(want.error, order))
    same(got.residuals, want.residuals)


@few
@given(problems(), st.integers(0, 3))
def test_the_direction_of_a_dimension_does_not_matter(p: dict[str, Any], which: int) -> None:
    n = p["mask"].ndim
    d = which % n
    if p["mask"].shape[d] == 2:
        p["alphabc"] = 0.0  # the ends of two points are widened one after the other

    def flipped(field: Any) -> Any:
        return field if np.ndim(field) == 0 else np.flip(field, d)

    index = p["index"].copy()
    index[d] = p["mask"].shape[d] - 1 - index[d]
    got = run(
        p,
        mask=flipped(p["mask"]),
        pmn=[flipped(f) for f in p["pmn"]],
        corr_len=[flipped(f) for f in each(p["corr_len"], n)],
        index=index,
    )
    want = run(p)
    same(got.field, flipped(want.field))
    same(got.error, flipped(want.error))


@few
@given(problems(), st.integers(0, 3), st.integers(1, 13))
def test_where_a_cyclic_dimension_begins_does_not_matter(
    p: dict[str, Any], which: int, steps: int
) -> None:
    n = p["mask"].ndim
    d = which % n
    p["cyclic"][d] = True

    def rolled(field: Any) -> Any:
        return field if np.ndim(field) == 0 else np.roll(field, steps, d)

    index = p["index"].copy()
    index[d] += steps
    got = run(
        p,
        mask=rolled(p["mask"]),
        pmn=[rolled(f) for f in p["pmn"]],
        corr_len=[rolled(f) for f in each(p["corr_len"], n)],
        index=index,
    )
    want = run(p)
    same(got.field, rolled(want.field))
    same(got.error, rolled(want.error))


@few
@given(problems(), st.integers(0, 2**32 - 1))
def test_observations_outside_on_land_or_missing_change_nothing(
    p: dict[str, Any], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n, count = p["index"].shape
    p["epsilon2"] = np.diagonal(p["covariance"]).copy()
    p["cyclic"] = [False] * n
    shape = np.array(p["mask"].shape)[:, None]
    land = np.argwhere(~p["mask"]).T.astype(float)[:, :3]
    more = [
        shape + rng.uniform(0, 3, (n, 2)),
        -rng.uniform(0.1, 3, (n, 2)),
        np.full((n, 1), np.nan),
        land,
        p["index"],
    ]
    index = np.concatenate([p["index"], *more], axis=1)
    extra = index.shape[1] - count
    f = np.concatenate([p["f"], rng.normal(size=extra) * 100])
    f[-count:] = np.nan
    error = np.concatenate([p["epsilon2"], rng.uniform(0.1, 1, extra)])
    got, want = run(p, index=index, f=f, epsilon2=error), run(p)
    same(got.field, want.field)
    same(got.error, want.error)
    np.testing.assert_array_equal(got.used, np.r_[want.used, np.zeros(extra, bool)])
    same(got.residuals[:count], want.residuals)
    assert np.isnan(got.residuals[count:]).all()


@few
@given(problems())
def test_observations_without_error_are_met(p: dict[str, Any]) -> None:
    sea = np.argwhere(p["mask"]).T.astype(float)
    index = sea[:, :: max(sea.shape[1] // 4, 1)]
    f = np.linspace(-1, 2, index.shape[1])
    got = run(p, index=index, f=f, epsilon2=1e-9)
    at = tuple(index.astype(int))
    np.testing.assert_allclose(got.field[at], f, atol=1e-4)
    assert (got.error[at] < 1e-6).all()


@few
@given(problems())
def test_more_observations_never_raise_the_error(p: dict[str, Any]) -> None:
    p["epsilon2"] = np.diagonal(p["covariance"]).copy()
    fewer = p["epsilon2"].copy()
    fewer[len(fewer) // 2 :] = np.inf
    less, more = run(p, epsilon2=fewer), run(p)
    sea = p["mask"]
    assert (more.error[sea] <= less.error[sea] + 1e-9).all()


@few
@given(problems())
def test_columns_of_values_are_analysed_as_if_alone(p: dict[str, Any]) -> None:
    f = np.stack([p["f"], 2 - p["f"], p["f"] ** 2], axis=1)
    together = run(p, f=f)
    for k in range(3):
        alone = run(p, f=f[:, k])
        same(together.field[..., k], alone.field)
        same(together.residuals[:, k], alone.residuals)


@few
@given(
    st.integers(3, 12), st.booleans(), st.booleans(), st.floats(-40, 40), st.integers(0, 2**32 - 1)
)
def test_places_are_found_by_coordinates(
    size: int, cyclic: bool, falling: bool, x: float, seed: int
) -> None:
    axis = np.cumsum(np.random.default_rng(seed).uniform(0.5, 2, size))
    period = axis[-1] - axis[0] + 1
    inside = cyclic or axis[0] <= x <= axis[-1]
    turned = axis[0] + (x - axis[0]) % period if cyclic else x
    want = np.interp(turned, np.append(axis, axis[0] + period), np.arange(size + 1.0))
    if falling:
        axis = axis[::-1]
        want = (size - 1 - want) % size if cyclic else size - 1 - want
    moddim = [period] if cyclic else None
    domain = divand.rectangle(axis, moddim=moddim)
    background = divand.Background(*domain, 3.0, moddim=moddim, alphabc=0)
    found = divand.fractional_indices(background, ([x],))[0, 0]
    if inside:
        apart = abs(found - want)
        assert min(apart, abs(size - apart) if cyclic else apart) < 1e-9
    else:
        assert np.isnan(found)


@pytest.mark.parametrize(
    ("n", "points", "length", "alpha"),
    [
        (1, 601, 20, None),
        (1, 601, 20, [1, 3, 3, 1]),
        (2, 161, 10, None),
        (2, 161, 10, [1, 3, 3, 1]),
        (3, 25, 4, None),
    ],
)
@pytest.mark.parametrize("scale_len", [True, False])
def test_the_kernel_is_the_bessel_function(
    n: int, points: int, length: float, alpha: Any, scale_len: bool
) -> None:
    axis = np.arange(points) - points // 2
    mask, pmn, xi = divand.rectangle(*[axis] * n)
    got = divand.analyse(
        mask,
        pmn,
        xi,
        [[0]] * n,
        [2.0],
        length,
        1.0,
        alpha=alpha,
        scale_len=scale_len,
    )
    centre = points // 2
    along = got.field[(slice(centre, None), *[centre] * (n - 1))]
    order = len(alpha) - 1 if alpha else (2 if n < 3 else 3)
    # Background and observation are equally sure: the field is half the kernel of 2.
    scale = divand.Kernel.of(n, np.array(alpha or divand.kernel.default_alpha(n))).len_scale
    r = axis[centre:] / length * (scale if scale_len else 1)
    near = slice(1, int(3 * length))
    np.testing.assert_allclose(along[near], matern(r[near], n, order), atol=0.025)
    assert along[0] == pytest.approx(1, abs=0.025)
    if scale_len:
        assert along[int(length)] == pytest.approx(0.6019072301972346, abs=0.025)
