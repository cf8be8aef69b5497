"""Property tests: writing then reading gives the same; no bytes crash or hang the reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odv_files import FILES, assert_same, load

from sdcviz.errors import UnreadableFile
from sdcviz.formats import (
    Batch,
    Coded,
    Column,
    Doctor,
    Parameter,
    Source,
    Stations,
    WriteContext,
)
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.odv import FORMAT, read
from sdcviz.formats.odv_rewrite import rewrite

ALPHABET = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"))
WORD = st.text(ALPHABET, min_size=1, max_size=8).filter(lambda t: not t.startswith(("//", '"//')))
NUMBER = st.one_of(
    st.just(float("nan")),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e4, 1e4).map(lambda x: round(x, 3)),
)
CODES = st.sampled_from([ord(c) for c in "012345678ABQ"])


def flags_of(missing, draw):
    codes = draw(st.lists(CODES, min_size=len(missing), max_size=len(missing)))
    return np.where(missing, ord("9"), np.array(codes, np.uint8)).astype(np.uint8)


@st.composite
def batches(draw):
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    n, m = len(sizes), sum(sizes)
    stations = Stations.blank(n)
    # A cruise of its own for each: two stations with the same metadata are one.
    cruises = draw(st.lists(WORD, min_size=n, max_size=n, unique=True))
    stations.cruise = Coded.of(cruises)
    for name in ("station", "local_cdi_id"):
        setattr(stations, name, Coded.of(draw(st.lists(st.one_of(st.just(""), WORD),
                                                       min_size=n, max_size=n))))  # fmt: skip
    stations.type = Coded.of(draw(st.lists(st.sampled_from("BCX*"), min_size=n, max_size=n)))
    stations.lon = np.array(draw(st.lists(st.floats(-180, 180), min_size=n, max_size=n)))
    stations.lat = np.array(draw(st.lists(st.floats(-90, 90), min_size=n, max_size=n)))
    ms = st.integers(-6_000_000_000_000, 4_000_000_000_000)
    stations.time = np.array(draw(st.lists(ms, min_size=n, max_size=n)), "datetime64[ms]")
    stations.edmo = np.array(draw(st.lists(st.integers(0, 9999), min_size=n, max_size=n)), np.int32)
    stations.bottom_depth = np.array(
        draw(st.lists(st.floats(0.5, 9000, width=32), min_size=n, max_size=n)), np.float32
    )
    columns = []
    names = draw(
        st.lists(st.from_regex(r"[A-Z][a-z]{2,6}", fullmatch=True), max_size=3, unique=True)
    )
    for name in names:
        if name.lower() in {"depth", "deph", "pres", "year", "type", "ship"}:
            continue
        if draw(st.booleans()):
            values = np.array(draw(st.lists(NUMBER, min_size=m, max_size=m)))
            missing = np.isnan(values)
            parameter = Parameter(name, "m/s", "ABCDEF01", "UVAA")
        else:
            values = Coded.of(draw(st.lists(st.one_of(st.just(""), WORD), min_size=m, max_size=m)))
            missing = values.codes < 0
            parameter = Parameter(name, "", "ABCDEF01", "XXXX", kind="text")
        columns.append(Column(parameter, values, flags_of(missing, draw)))
    depth = np.array(draw(st.lists(NUMBER, min_size=m, max_size=m)))
    batch = Batch(
        stations,
        np.append(0, np.cumsum(sizes)),
        columns,
        depth,
        flags_of(np.isnan(depth), draw),
        np.arange(m),
    )
    if draw(st.booleans()):
        batch.time = np.sort(np.array(draw(st.lists(ms, min_size=m, max_size=m)), "datetime64[ms]"))
        batch.time_flag = flags_of(np.isnat(batch.time), draw)
        stations.feature[:] = 1
    return batch


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches())
def test_what_is_written_reads_back_the_same(batch):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.txt"
        FORMAT.write(path, [batch], WriteContext())
        after, doctor = load(path)
    # One CDI over several stations of one sample is a trajectory to the reader.
    after.stations.feature[after.stations.feature == 2] = 0
    assert_same(batch, after)
    assert doctor.rows == batch.n_samples


def outcome(raw: bytes):
    """Read bytes: batches and doctor, or the sentence of the refusal."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.txt"
        path.write_bytes(raw)
        doctor = Doctor("in.txt")
        try:
            found = list(read(Source.of(path), doctor, ReadOptions()))
        except UnreadableFile as error:
            assert str(error).startswith("in.txt: ")
            return None
    samples = sum(b.n_samples for b in found)
    assert doctor.rows == samples + sum(doctor.left_out.values())
    for batch in found:
        for column in batch.columns:
            assert len(column.values) == len(column.flags) == batch.n_samples
        assert len(batch.depth) == len(batch.row) == batch.n_samples
        assert (np.diff(batch.offsets) >= 0).all()
    empty = sum(int((np.diff(batch.offsets) == 0).sum()) for batch in found)
    assert empty == doctor.left_out.get("a station without samples", 0)
    return found


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes(raw):
    outcome(raw)


LABELS = (
    b"Cruise\tStation\tType\tyyyy-mm-ddThh:mm\tLongitude [deg]\tLatitude [deg]\tDepth [m]\tQV\tT\n"
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([b"\t", b";", b","]))
def test_random_bytes_below_labels(raw, sep):
    outcome(LABELS.replace(b"\t", sep) + raw)


PIECES = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.sampled_from([b"\t", b"\r\n", b"\n", b'"', b"//", b"9", b"-", b"\x00", b"\xff", b"QV:ODV"]),
)


@pytest.mark.parametrize(
    "name", [n for n in FILES if "BlackSea" in n or "Zoop" in n or "diap" in n]
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), max_size=12))
def test_mutated_files(data, name, edits):
    raw = (data / name).read_bytes()
    for where, cut, piece in edits:
        at = int(where * len(raw))
        raw = raw[:at] + piece + raw[at + cut :]
    found = outcome(raw)
    if found:
        lines = {int(r) for b in found for r in b.row}
        assert outcome(rewrite(raw, keep_lines=lines)) is not None


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.from_regex(r"[+-]?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    )
)
def test_numbers_are_rounded_as_python_does(text):
    found = outcome(
        LABELS.replace(b"T\n", b"T [K]\n")
        + b"a\tb\tC\t2000-01-01\t1\t2\t3\t1\t"
        + text.encode()
        + b"\n"
    )
    value, expected = found[0].columns[0].values[0], float(text)
    assert value == expected if np.isfinite(expected) else np.isnan(value)
