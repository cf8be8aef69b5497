"""ODV files come back as they were, but for flags that were changed."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from sdcviz.formats.flags import SCALES
from sdcviz.formats.odv_rewrite import DEPTH, POSITION, STATION_TIME, TIME, editable
from sdcviz.observations import import_files, open_collection
from sdcviz.observations import overlay as keys
from sdcviz.observations.export import export_each
from sdcviz.observations.originals import unwritten
from sdcviz.qc.model import Edits

NAMES = (
    *("BlackSea_2profiles", "ODV_timeseries_chemical_data", "ODV_timeseries_contaminant_in_biota"),
    *("ODV_timeseries_contaminant_in_sediment", "ODV_timeseries_tidegauge"),
    *("ODV_trajectory_tsg_with_instrument", "ODV_vertical_profiles_ctd"),
    *("ODV_vertical_profiles_xbt_with_fall_rate_and_instruments", "octopus_diap"),
    *("octopus_ts_dateFormat", "sample_ODV", "sample_ODV2", "sample_ODV_aggregated"),
    "time_series_small",
)
TIMED = {name for name in NAMES if "time" in name or "_ts_" in name}
"""Files with a time, and a flag of it, in each row."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data):
    """Import each real file into a collection of its own."""
    home = tmp_path_factory.mktemp("odv")
    for name in NAMES:
        import_files([data / "odv" / f"{name}.txt"], home / name)
    return home


def test_all_real_files_are_here(data):
    assert sorted(p.stem for p in (data / "odv").iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_without_edits_the_file_comes_back_byte_for_byte(folder, data, name, tmp_path):
    c = open_collection(folder / name)
    path = c.where().export(tmp_path / "out.txt", "odv")
    assert path.read_bytes() == (data / "odv" / f"{name}.txt").read_bytes()


def test_what_the_real_files_have_no_column_for(data):
    """None has flags of the stations' positions and times; those of series have times in rows."""
    for name in NAMES:
        possible = editable((data / "odv" / f"{name}.txt").read_bytes())
        assert POSITION not in possible and STATION_TIME not in possible
        assert (TIME in possible) == (name in TIMED), name
        # That one tells the greatest depth of the sediment only.
        assert (DEPTH in possible) == (name != "ODV_timeseries_contaminant_in_sediment"), name


def edit_at_random(c, seed: int, n: int, which: list[str]) -> Edits:
    """Write changes of flags of values that are there to the journal."""
    rng = np.random.default_rng(seed)
    parts = []
    for key in which:
        station = rng.integers(0, c.n_stations, n)
        sample = rng.integers(0, np.diff(c.offsets)[station])
        if key == keys.POSITION:
            sample = np.full(n, -1)
        old = c.flag_at(key, station, sample)
        new = rng.choice(np.frombuffer(b"12345678ABQ", np.uint8), n)
        known = c.flag_places(key, station, sample) & (old != ord("9")) & (old != new)
        _, first = np.unique(np.stack([station, sample]), axis=1, return_index=True)
        kept = np.intersect1d(np.flatnonzero(known), first)
        parts.append(Edits.of(key, station[kept], sample[kept], old[kept], new[kept]))
    return Edits.join([p for p in parts if len(p)])


def cells(line: bytes) -> list[bytes]:
    return line.rstrip(b"\r").split(b"\t")


def expected_cells(c, edits: Edits, header: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Work out by hand which cells of the file have to change, and to what."""
    told = c.manifest["sources"][0]["parameters"]
    flags = [i for i, label in enumerate(header) if label.startswith(b"QV")]
    out: dict[tuple[int, int], bytes] = {}
    for i in range(len(edits)):
        key, new = edits.keys[edits.parameter[i]], chr(edits.new[i])
        line = int(c.row[c.offsets[edits.station[i]] + max(edits.sample[i], 0)])
        if key == keys.TIME:
            at, scale = header.index(b"QV:SEADATANET"), "L20"
        elif key == keys.DEPTH:
            at = depth_column(header) + 1
            scale = header[at].decode().split(":")[1].replace("SEADATANET", "L20")
        else:
            parameter = next(p for p in told if p["key"] == key)
            number = [p["key"] for p in told].index(key)
            same = [p["key"] for p in told if p["name"] == parameter["name"]].index(key)
            labels = [
                k
                for k, label in enumerate(header)
                if _name(label) == parameter["name"] and k + 1 in flags
            ]
            at, scale = labels[same] + 1, parameter["scale"]
            assert number >= 0
        out[line, at] = SCALES[scale].from_l20[new].encode()
    return out


def _name(label: bytes) -> str:
    return re.sub(r" \[[^\]]*\]$", "", label.decode()).split(":")[0].strip()


def depth_column(header: list[bytes]) -> int:
    """Find the column that the reader takes for the depth."""
    names = [_name(label) for label in header]
    for name in ("Depth", "DEPH", "ADEPZZ01", "DEPHPR01", "Sampling depth", "Max_depth"):
        if name in names:
            return names.index(name)
    raise AssertionError(header)


@pytest.mark.parametrize("name", NAMES)
def test_with_edits_only_flags_and_one_line_differ(folder, data, name, tmp_path):
    copy = tmp_path / name
    shutil.copytree(folder / name, copy)
    c = open_collection(copy)
    which = [p.key for p in c.parameters if p.n_values] + [keys.DEPTH]
    if name in TIMED:
        which.append(keys.TIME)
    edits = edit_at_random(c, len(name), 60, which)
    assert len(edits) > 20 or c.n_samples < 30
    c.journal.write(c, edits, user="ana", reason="spike", session="one")

    original = (data / "odv" / f"{name}.txt").read_bytes()
    written = open_collection(copy).where().export(tmp_path / "out.txt", "odv").read_bytes()
    before, after = original.split(b"\n"), written.split(b"\n")
    added = [i for i, line in enumerate(after) if b"EDITFLAGS" in line]
    assert len(added) == 1
    history = after.pop(added[0])
    assert history.startswith(b"//<History>20") and b"\tana@sdcviz\tEDITFLAGS\t" in history
    assert history.endswith(b"</History>\r") == before[added[0]].endswith(b"\r")
    assert len(after) == len(before)

    at = next(i for i, line in enumerate(before) if line.startswith(b"Cruise\t"))
    wanted = expected_cells(c, edits, cells(before[at]))
    found = {}
    for n, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if old == new:
            continue
        one, other = cells(old), cells(new)
        assert len(one) == len(other)
        assert old.endswith(b"\r") == new.endswith(b"\r")
        for column, (a, b) in enumerate(zip(one, other, strict=True)):
            if a != b:
                assert len(a.strip()) <= 1 and len(b.strip()) == 1
                found[n, column] = b.strip()
    changed = {
        place: code
        for place, code in wanted.items()
        if cells(before[place[0] - 1])[place[1]].strip() != code
    }
    extra = set(found) - set(changed)
    if name in {"BlackSea_2profiles", "sample_ODV_aggregated"}:
        # They also have a flag of the row as a whole, which must not hide a better depth.
        last = max(i for i, label in enumerate(cells(before[at])) if label.endswith(b"SAMPLE"))
        extra = {place for place in extra if place[1] != last}
    assert not extra
    assert {place: found[place] for place in changed} == changed

    again = tmp_path / "again"
    import_files([tmp_path / "out.txt"], again)
    back = open_collection(again)
    for i in range(len(edits)):
        key = edits.keys[edits.parameter[i]]
        row, sample = int(edits.station[i]), int(edits.sample[i])
        (place,) = np.flatnonzero(back.station_index == c.station_index[row])
        scale = "L20"
        if name == "BlackSea_2profiles":
            scale = "WOD"
        code = SCALES[scale].to_l20[SCALES[scale].from_l20[chr(edits.new[i])]]
        assert chr(back.flag_at(key, place, sample)[0]) == code, (key, row, sample)


@pytest.mark.parametrize("name", ["BioODV_MacroB", "BioODV_Zoop", "BioODV_Demfish_monoCDI"])
def test_depths_of_a_range_are_flagged_by_both_limits(data, name, tmp_path):
    """Biology has a smallest and a greatest depth; the depth is between."""
    import_files([data / "odv_bio" / f"{name}.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    edits = edit_at_random(c, 1, 5, [keys.DEPTH])
    assert len(edits)
    c.journal.write(c, edits, user="ana", reason="depth unknown")
    path = c.where().export(tmp_path / "out.txt", "odv")
    before = (data / "odv_bio" / f"{name}.txt").read_bytes().split(b"\n")
    after = [line for line in path.read_bytes().split(b"\n") if b"EDITFLAGS" not in line]
    differ = [
        (n, column)
        for n, (old, new) in enumerate(zip(before, after, strict=True), 1)
        for column, (a, b) in enumerate(zip(cells(old), cells(new), strict=True))
        if a != b
    ]
    at = next(i for i, line in enumerate(before) if line.startswith(b"Cruise\t"))
    names = [_name(label) for label in cells(before[at])]
    limits = {names.index(f"{end}ObservationDepth") + 1 for end in ("Minimum", "Maximum")}
    assert {column for _, column in differ} <= limits and differ
    import_files([path], tmp_path / "again")
    back = open_collection(tmp_path / "again")
    for row, sample, new in zip(edits.station, edits.sample, edits.new, strict=True):
        (place,) = np.flatnonzero(back.station_index == c.station_index[row])
        assert back.flag_at(keys.DEPTH, place, sample)[0] == new


def test_edits_that_were_taken_back_leave_the_file_as_it_was(folder, data, tmp_path):
    name = "octopus_diap"
    copy = tmp_path / name
    shutil.copytree(folder / name, copy)
    c = open_collection(copy)
    edits = edit_at_random(c, 5, 10, [c.parameters[0].key, keys.DEPTH])
    c.journal.write(c, edits, user="ana", reason="spike")
    c.journal.undo(c, "ana")
    path = c.where().export(tmp_path / "out.txt", "odv")
    assert path.read_bytes() == (data / "odv" / f"{name}.txt").read_bytes()


def test_each_session_has_its_line(data, tmp_path):
    copy = tmp_path / "c"
    import_files([data / "odv" / "octopus_diap.txt"], copy)
    c = open_collection(copy)
    key = c.parameters[0].key
    at = [(r, int(np.flatnonzero(c.values(key)[c.offsets[r] : c.offsets[r + 1]] > -9)[0]))
          for r in range(4)]  # fmt: skip

    def flag(row, new, user, session, reason):
        old = chr(c.flag_at(key, *at[row])[0])
        edits = Edits.of(key, *at[row], old, new)
        c.journal.write(c, edits, user=user, reason=reason, session=session)

    flag(0, "3", "ana", "morning", "spike")
    flag(0, "4", "ana", "morning", "really a spike")
    flag(1, "4", "ana", "evening", "bottom\ncontact")
    flag(2, "4", "Bård", "morning", "<b>=1+1</b>")
    written = c.where().export(tmp_path / "out.txt", "odv").read_bytes().decode()
    lines = [line for line in written.splitlines() if "EDITFLAGS" in line]
    assert len(lines) == 3
    first, second, third = (re.sub("</?History>", "", line[2:]).split("\t") for line in lines)
    assert [len(parts) for parts in (first, second, third)] == [4, 4, 4]
    assert (first[1], second[1], third[1]) == ("ana@sdcviz", "ana@sdcviz", "Bård@sdcviz")
    place = at[0]
    depth = float(c.depth[c.offsets[place[0]] + place[1]])
    old = chr(c.imported_flags(key)[c.offsets[place[0]] + place[1]])
    assert f"@ Depth [m] = {{{depth:g}:{old}}} -> 4 (really a spike)" in first[3]
    assert "(bottom contact)" in second[3]

    # Of one station, only what was changed there is told.
    part = c.where(rows=[at[1][0]])
    written = part.export(tmp_path / "part.txt", "odv").read_bytes().decode()
    assert written.count("EDITFLAGS") == 1 and "bottom contact" in written


def test_a_part_keeps_edits_of_a_first_row_that_goes(tmp_path):
    """Flags of position and time stand in a station's first row."""
    text = (
        "//SDN_parameter_mapping\r\n"
        "//<subject>SDN:LOCAL:Depth</subject><object>SDN:P01::ADEPZZ01</object>"
        "<units>SDN:P06::ULAA</units>\r\n//\r\n"
        "Cruise\tStation\tType\tyyyy-mm-ddThh:mm:ss.sss\tQV:SEADATANET\t"
        "Longitude [degrees_east]\tLatitude [degrees_north]\tQV:SEADATANET\tLOCAL_CDI_ID\t"
        "EDMO_code\tDepth [m]\tQV:SEADATANET\tT [degC]\tQV:SEADATANET\r\n"
        "C\tS1\tC\t2001-01-01T00:00\t1\t5\t43\t1\tx\t486\t1\t1\t10\t1\r\n"
        "\t\t\t\t\t\t\t\t\t\t2\t1\t11\t1\r\n"
        "C\tS2\tC\t2001-01-02T00:00\t1\t5.5\t43.5\t1\ty\t486\t1\t1\t12\t1\r\n"
    )
    (tmp_path / "a.txt").write_bytes(text.encode())
    import_files([tmp_path / "a.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    (row,) = np.flatnonzero(c.station_index == 0)
    edits = Edits.join(
        [
            Edits.of(keys.POSITION, row, -1, "1", "4"),
            Edits.of(keys.TIME, row, -1, "1", "3"),
            Edits.of(c.keys[0], row, [0, 1], "1", "2"),
        ]
    )
    c.journal.write(c, edits, user="ana", reason="wrong position")
    out = c.where().export(tmp_path / "out.txt", "odv").read_bytes().decode()
    assert "C\tS1\tC\t2001-01-01T00:00\t3\t5\t43\t4\tx\t486\t1\t1\t10\t2\r\n" in out
    assert "\r\n\t\t\t\t\t\t\t\t\t\t2\t1\t11\t2\r\n" in out
    assert "C/S1: Position = {1} -> 4 (wrong position)" in out
    part = c.where(depth=(2, 5)).export(tmp_path / "part.txt", "odv").read_bytes().decode()
    assert "C\tS1\tC\t2001-01-01T00:00\t3\t5\t43\t4\tx\t486\t2\t1\t11\t2\r\n" in part
    assert unwritten(c.where()) == {}


def test_what_the_file_has_no_column_for_is_told(data, tmp_path):
    copy = tmp_path / "c"
    import_files([data / "odv" / "octopus_diap.txt"], copy)
    c = open_collection(copy)
    old = chr(c.position_flag[0])
    edits = Edits.of(keys.POSITION, [0, 1], -1, [ord(old)] * 2, "4")
    c.journal.write(c, edits, user="ana", reason="on land")
    path = c.where().export(tmp_path / "out.txt", "odv")
    before = (data / "odv" / "octopus_diap.txt").read_bytes().split(b"\n")
    after = path.read_bytes().split(b"\n")
    (line,) = [line for line in after if line not in before]
    assert line.count(b"[the file has no column for this flag]") == 2
    assert unwritten(c.where()) == {keys.POSITION: 2}
    # Other formats keep them.
    for form in ("netcdf", "csv", "parquet"):
        again = tmp_path / form
        import_files([c.where().export(tmp_path / f"out.{form}", form)], again)
        back = open_collection(again)
        found = back.position_flag[np.argsort(back.station_index)]
        order = np.argsort(c.station_index)
        assert (found == c.position_flag[order]).all()


def test_what_only_confirms_and_has_no_column_changes_nothing(data, tmp_path):
    import_files([data / "odv" / "octopus_diap.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    edits = Edits.of(keys.POSITION, np.arange(c.n_stations), -1, "0", "1")
    c.journal.write(c, edits, user="ana", reason="passed the checks", tool="check")
    path = c.where().export(tmp_path / "out.txt", "odv")
    assert path.read_bytes() == (data / "odv" / "octopus_diap.txt").read_bytes()
    assert unwritten(c.where()) == {}


def test_each_of_several_files_comes_back(data, tmp_path):
    names = ("octopus_diap.txt", "ODV_vertical_profiles_ctd.txt", "sample_ODV.txt")
    copy = tmp_path / "c"
    import_files([data / "odv" / name for name in names], copy)
    import_files([data / "wod" / "ocldb1570984477.6279_OSD.nc"], copy)
    c = open_collection(copy)
    first = [s["name"] for s in c.manifest["sources"]].index(names[0])
    row = int(np.flatnonzero(c.source == first)[0])
    key = next(p.key for p in c.parameters if c.has(p.key)[row])
    values = c.values(key)[c.offsets[row] : c.offsets[row + 1]]
    sample = int(np.flatnonzero(np.isfinite(values))[0])
    old = chr(c.flag_at(key, row, sample)[0])
    c.journal.write(c, Edits.of(key, row, sample, old, "4"), user="ana", reason="spike")
    files = export_each(c.where(), tmp_path / "out")
    assert sorted(f.name for f in files) == sorted([*names, "ocldb1570984477.6279_OSD.txt"])
    for name in names[1:]:
        assert (tmp_path / "out" / name).read_bytes() == (data / "odv" / name).read_bytes()
    before = (data / "odv" / names[0]).read_bytes().split(b"\n")
    after = (tmp_path / "out" / names[0]).read_bytes().split(b"\n")
    assert sum(line not in before for line in after) == 2
    assert sorted(os.listdir(tmp_path / "out")) == sorted(f.name for f in files)
    again = tmp_path / "again"
    import_files(files, again)
    assert open_collection(again).n_samples == c.n_samples


def test_files_of_one_name_do_not_replace_each_other(data, tmp_path):
    for place, name in (("a", "sample_ODV.txt"), ("b", "sample_ODV2.txt")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "cruise.txt").write_bytes((data / "odv" / name).read_bytes())
    import_files([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    files: list[Path] = export_each(c.where(), tmp_path / "out")
    assert [f.name for f in files] == ["cruise.txt", "cruise_2.txt"]
    originals = {(data / "odv" / n).read_bytes() for n in ("sample_ODV.txt", "sample_ODV2.txt")}
    assert {f.read_bytes() for f in files} == originals
