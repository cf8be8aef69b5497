"""Numbers in sentences look the same everywhere."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT

from sdcviz.words import counted, number


def test_thousands_are_set_apart_by_narrow_spaces() -> None:
    assert number(1_497_548) == "1\u202f497\u202f548"
    assert counted(1, "station") == "1 station"
    assert counted(12_345, "more oddity", "more oddities") == "12\u202f345 more oddities"


def test_no_sentence_sets_thousands_apart_by_itself() -> None:
    """Commas between thousands are decimal commas to half of Europe."""
    told = {Path("sdcviz/words.py"), Path("sdcviz/vocabularies/build.py")}
    told.add(Path("sdcviz/geo/build_coast.py"))  # both are run by developers alone
    for folder in ("sdcviz", "app"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.relative_to(ROOT) not in told:
                found = re.findall(r"\{[^{}\[\]]*:,[^{}]*\}", path.read_text(encoding="utf-8"))
                assert not found, f"{path}: {found}"
