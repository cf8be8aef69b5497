"""Build the bundled tables in assets/vocab from the full lists of NVS.

Not needed at run time::

    python -m sdcviz.vocabularies.build nvs_labels.csv.gz p35_p01.csv mapping.SDN.P01.SDN.P09.xml

The P01 list has 50 000 terms. Bundled are those that belong to an aggregated
parameter (P35), have a MEDATLAS code, or are a quantity of
``quantities.csv``, and those given in ``extra_p01.txt`` (seen in real files).
``edmo.csv`` is kept by hand: EDMO is not part of NVS.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from .quantities import p01_patterns
from .terms import COLLECTIONS, P01, Term, read_terms, write_terms

__all__ = ["build"]

ASSETS = Path(__file__).parents[2] / "assets" / "vocab"
SMALL = 500
"""Other collections of NVS are bundled too if they have no more terms than this."""


def build(terms_file: Path, p35_file: Path, p09_file: Path, out: Path = ASSETS) -> dict[str, int]:
    """Write one ``<collection>.csv.gz`` each.

    Parameters
    ----------
    terms_file : Path
        All terms: collection, code, label, alt, deprecated, unit.
    p35_file : Path
        Pairs of P35 and P01 codes.
    p09_file : Path
        SeaDataNet's mapping of P01 to P09.
    out : Path
        Folder for the tables; holds ``extra_p01.txt`` and ``edmo.csv``.

    Returns
    -------
    dict of str to int
        Number of terms by collection.
    """
    everything: dict[str, list[Term]] = {}
    for file, name in ((terms_file, ""), (out / "edmo.csv", "EDMO")):
        for collection, term in read_terms(file, name):
            everything.setdefault(collection, []).append(term)
    shutil.copyfile(p35_file, out / "p35_p01.csv")
    with p35_file.open(encoding="utf-8") as pairs:
        wanted = {code for _, code in csv.reader(pairs)}
    wanted |= set(re.findall(r'"SDN:P01:\d*:(\w+)"', p09_file.read_text("utf-8")))
    wanted |= set((out / "extra_p01.txt").read_text("utf-8").split())
    everything[P01] = _common(everything[P01], wanted)
    kept = {n: t for n, t in everything.items() if n in COLLECTIONS or len(t) <= SMALL}
    for name, terms in kept.items():
        write_terms(out / f"{name}.csv.gz", terms)
    return {name: len(terms) for name, terms in kept.items()}


def _common(terms: list[Term], wanted: Collection[str]) -> list[Term]:
    patterns = p01_patterns()
    return [
        term
        for term in terms
        if term.code in wanted or any(p.fullmatch(term.label) for p in patterns)
    ]


if __name__ == "__main__":
    for name, count in build(*(Path(a) for a in sys.argv[1:4])).items():
        size = (ASSETS / f"{name}.csv.gz").stat().st_size
        print(f"{name}: {count:,} terms, {size:,} bytes")
