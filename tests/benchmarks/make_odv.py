"""Write big and small ODV spreadsheets for the benchmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

META = (
    "Cruise\tStation\tType\tyyyy-mm-ddThh:mm:ss.sss\tLongitude [degrees_east]\t"
    "Latitude [degrees_north]\tLOCAL_CDI_ID\tEDMO_code\tBot. Depth [m]"
)
NAMES = (
    ("PRES [decibar=10000 pascals]", "PRESPR01", "UPDB"),
    ("TEMP [Celsius degree]", "TEMPPR01", "UPAA"),
    ("PSAL [p.s.u.]", "PSALPR01", "UUUU"),
    ("DOXY [micromole/l]", "DOXYZZXX", "UPOX"),
    ("PHOS [micromole/l]", "PHOSZZXX", "UPOX"),
    ("SLCA [micromole/l]", "SLCAZZXX", "UPOX"),
)
COLUMNS = 9 + 2 * len(NAMES)
"""Nine of metadata, and value and flag of each parameter: 21."""


def header() -> str:
    """Return the comment lines and the line of column names."""
    lines = ["//SDN_parameter_mapping"]
    for name, p01, p06 in NAMES:
        subject = name.split(" [")[0]
        lines.append(
            f"//<subject>SDN:LOCAL:{subject}</subject>"
            f"<object>SDN:P01::{p01}</object><units>SDN:P06::{p06}</units>"
        )
    names = "\t".join(f"{name}\tQV:SEADATANET" for name, _, _ in NAMES)
    return "\n".join([*lines, "//", f"{META}\t{names}"]) + "\n"


def stations(n: int, levels: int, seed: int, first: int = 0) -> str:
    """Return `n` stations of `levels` rows each as text."""
    rng = np.random.default_rng(seed)
    m = n * levels
    depth = np.tile(np.arange(levels) * 5.0, n)
    columns: list[list[str]] = []
    spreads = ((0, 0), (14, 3), (38, 0.5), (230, 20), (0.3, 0.1), (4, 1))
    flags = rng.choice(np.array(["1", "1", "1", "2", "4"]), (m, len(NAMES)))
    for k, (mean, spread) in enumerate(spreads):
        values = depth if k == 0 else np.abs(rng.normal(mean, spread, m))
        decimals = (1, 3, 4, 2, 3, 2)[k]
        columns += [[f"{v:.{decimals}f}" for v in values], flags[:, k].tolist()]
    cells = list(map("\t".join, zip(*columns, strict=True)))
    lon, lat = rng.uniform(-6, 42, n), rng.uniform(31, 47, n)
    days = rng.integers(0, 14_000, n).astype("datetime64[D]")
    out = []
    for i in range(n):
        number = first + i
        meta = (
            f"C{number // 40:05d}\tS{number:07d}\tC\t{days[i]}T12:30:00.000\t{lon[i]:.5f}\t"
            f"{lat[i]:.5f}\tCDI_{seed}_{number:07d}\t486\t2500"
        )
        rest = "\t" * 8
        for j in range(levels):
            out.append(f"{meta if j == 0 else rest}\t{cells[i * levels + j]}\n")
    return "".join(out)


def big(path: Path, rows: int, levels: int = 100) -> None:
    """Write one file of about `rows` rows and 21 columns."""
    with path.open("w", encoding="utf-8") as file:
        file.write(header())
        piece = 1000
        for first in range(0, rows // levels, piece):
            n = min(piece, rows // levels - first)
            file.write(stations(n, levels, seed=first, first=first))


def small(folder: Path, files: int) -> None:
    """Write many files of one station each, 5 to 50 kB."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    top = header()
    for k, levels in enumerate(rng.integers(60, 700, files).tolist()):
        (folder / f"{k:06d}.txt").write_text(top + stations(1, levels, seed=k, first=k))
