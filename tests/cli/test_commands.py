"""The commands on real files; a few as a process of their own, as people run them."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import sdcviz
from sdcviz.cli import app

FILES = ["odv/time_series_small.txt", "odv/sample_ODV.txt", "sdn_netcdf/octopus_diap_withNoRef.nc"]
COMMAND = [sys.executable, "-m", "sdcviz.cli"]


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def imported(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    folder = tmp_path_factory.mktemp("cli") / "collection"
    return run("import", *(data / file for file in FILES), "--into", folder, "--json")


@pytest.fixture(scope="module")
def collection(imported: subprocess.CompletedProcess[str]) -> Path:
    return Path(json.loads(imported.stdout)["collection"])


def test_import_prints_one_document_and_is_quiet(
    imported: subprocess.CompletedProcess[str],
) -> None:
    assert (imported.returncode, imported.stderr) == (0, "")
    report = json.loads(imported.stdout)
    assert report["files"] == 3
    assert report["skipped"] == []
    assert {warning["file"] for warning in report["warnings"]} <= {Path(f).name for f in FILES}


def test_import_names_what_it_could_not_read(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("<!DOCTYPE html><html><body>404</body></html>")
    result = call("import", page, data / FILES[0], "--into", tmp_path / "c")
    assert result.exit_code == 0
    assert "not imported: page.txt" in result.stderr
    assert "imported 2 stations with 21 samples from 1 file." in result.stdout


def test_import_of_nothing_readable_fails_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = run("import", tmp_path / "empty.txt", "--into", tmp_path / "c")
    assert result.returncode == 2
    assert result.stderr.startswith("sdcviz: Nothing was imported. empty.txt: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "c").exists()


def test_csv_holds_no_formula(data: Path, tmp_path: Path) -> None:
    raw = (data / "odv" / "octopus_diap.txt").read_text("cp1252")
    (tmp_path / "a.txt").write_text(raw.replace("DIAPALIS 2", "=1+1"), "cp1252")
    call("import", tmp_path / "a.txt", "--into", tmp_path / "c")
    rows = list(csv.DictReader(io.StringIO(call("stations", tmp_path / "c", "--csv").stdout)))
    assert {row["cruise"] for row in rows} == {"'=1+1"}
    assert all(float(row["latitude"]) < 0 for row in rows)


def test_import_tells_progress_to_a_program(data: Path, tmp_path: Path) -> None:
    result = call("import", data / FILES[0], "--into", tmp_path / "c", "--progress", "json")
    steps = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert steps[-1]["done"] == steps[-1]["total"] == (data / FILES[0]).stat().st_size
    assert any("time_series_small.txt" in step["text"] for step in steps)


def test_import_shows_a_bar_on_a_terminal(data: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = ["import", str(data / FILES[0]), "--into", str(tmp_path / "c")]
    env = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [*COMMAND, *words], stderr=theirs, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait() == 0
    assert b"100%" in shown


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_import_leaves_nothing(tmp_path: Path, sign: signal.Signals) -> None:
    big = tmp_path / "big.csv"
    rows = "".join(f"A{i // 50},2001-01-01,1.5,40.5,{i % 50},12.5\n" for i in range(300_000))
    big.write_text("station,time,longitude,latitude,depth [m],temperature [degC]\n" + rows)
    words = ["import", str(big), "--into", str(tmp_path / "c"), "--progress", "json"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A shell starts what runs in the background with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(sign, signal.SIG_DFL),
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("{")  # it is at work
    process.send_signal(sign)
    told = process.communicate()[1]
    assert process.returncode == 130
    assert told.endswith("sdcviz: Stopped; what was there before is unchanged.\n")
    assert not (tmp_path / "c").exists()


def test_info_has_what_scripts_rely_on(collection: Path) -> None:
    about = json.loads(call("info", collection, "--json").stdout)
    opened = sdcviz.open_collection(collection)
    assert about["stations"] == opened.n_stations
    assert about["samples"] == opened.n_samples
    assert {len(about[key]) for key in ("time", "lon", "lat")} == {2}
    assert about["data_centres"]["486"] > 0
    assert len(about["files"]) == 3
    assert {"name", "p01", "unit", "values", "flags"} <= set(about["parameters"][0])
    assert all(sum(p["flags"].values()) >= p["values"] for p in about["parameters"])
    assert "warnings" in about


def test_info_for_people(collection: Path) -> None:
    shown = call("info", collection).stdout
    opened = sdcviz.open_collection(collection)
    assert f"{opened.n_stations} stations" in shown
    assert opened.parameters[0].label in shown


def test_stations_as_csv_and_json_are_the_same(collection: Path) -> None:
    words = ["stations", collection, "--data-centre", 486]
    rows = list(csv.DictReader(io.StringIO(call(*words, "--csv").stdout)))
    records = json.loads(call(*words, "--json").stdout)
    assert [row["id"] for row in rows] == [record["id"] for record in records]
    assert {row["data_centre"] for row in rows} == {"486"}


def test_stations_tells_how_many_of_how_many(collection: Path) -> None:
    total = sdcviz.open_collection(collection).n_stations
    result = call("stations", collection, "--cruise", "no such cruise")
    assert f"0 stations of {total}, 0 samples" in result.stderr


def test_filters_reach_the_collection(collection: Path) -> None:
    result = call("stations", collection, "--time", "2009/2010", "--box=-6,46,-5,47", "--csv")
    names = {row["local_cdi_id"] for row in csv.DictReader(io.StringIO(result.stdout))}
    assert names == {"FI35200903006_00002_D01", "FI35201002002_00001_D01"}


def test_profile_by_cdi_identifier(collection: Path) -> None:
    result = call("profile", collection, "FI35201002002_00001_D01", "--json")
    (station,) = json.loads(result.stdout)["stations"]
    assert station["local_cdi_id"] == "FI35201002002_00001_D01"
    assert station["profile"]["depth"] == [718.0] * 7


def test_profile_as_csv(collection: Path) -> None:
    result = call("profile", collection, "FI35201002002_00001_D01", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 7
    assert rows[0]["depth"] == "718.0"


def test_unknown_station_is_told(collection: Path) -> None:
    result = run("profile", collection, "nobody", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("sdcviz: There is no station 'nobody' in collection.")


def test_no_collection_is_told(tmp_path: Path) -> None:
    result = call("info", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "There is no collection" in result.stderr


def test_two_forms_at_once_are_refused(collection: Path) -> None:
    result = call("stations", collection, "--json", "--csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "exclude each other" in result.stderr


def test_wrong_setting_is_told_in_one_sentence(collection: Path) -> None:
    result = run("info", collection, env=os.environ | {"SDCVIZ_PORT": "many"})
    assert result.returncode == 2
    assert result.stderr.startswith("sdcviz: Settings: the variable SDCVIZ_PORT is 'many'")


def test_closed_pipe_is_no_error(collection: Path) -> None:
    line = f"'{sys.executable}' -m sdcviz.cli stations '{collection}' --csv | head -1"
    result = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=300)
    assert result.stdout.startswith("cruise,station")
    assert "Traceback" not in result.stderr


def test_version() -> None:
    assert call("--version").stdout.strip() == f"sdcviz {sdcviz.__version__}"


def test_help_loads_no_heavy_module() -> None:
    heavy = "numpy pandas polars panel holoviews numba netCDF4 pydantic rich fastapi".split()
    script = (
        "import sys\nfrom sdcviz.cli import main\nsys.argv = ['sdcviz', '--help']\n"
        f"try:\n    main()\nexcept SystemExit:\n    print(sorted(set({heavy}) & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "Commands:" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


def test_columns_shown_changed_and_used(tmp_path: Path) -> None:
    table = tmp_path / "buoy.csv"
    table.write_text("time,lon,lat,depth,x\n2001-05-06T07:08:09,3.5,42.5,10,1.25\n")
    mapping = json.loads(call("columns", table, "--json").stdout)
    assert [use["role"] for use in mapping["columns"]][:4] == [
        "time",
        "longitude",
        "latitude",
        "depth",
    ]
    mapping["columns"][4] |= {"role": "parameter", "name": "Turbidity", "unit": "NTU"}
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    words = ["import", table, "--into", tmp_path / "c", "--mapping", tmp_path / "mapping.json"]
    assert call(*words).exit_code == 0
    (parameter,) = json.loads(call("info", tmp_path / "c", "--json").stdout)["parameters"]
    assert (parameter["name"], parameter["unit"]) == ("Turbidity", "NTU")


def test_columns_of_what_is_no_table(data: Path) -> None:
    result = call("columns", data / "argo" / "1900857_prof.nc")
    assert result.exit_code == 2
    assert "this is no plain table" in result.stderr


def test_wrong_mapping_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mapping.json").write_text("[")
    mapping = tmp_path / "mapping.json"
    result = call("import", data / FILES[0], "--into", tmp_path / "c", "--mapping", mapping)
    assert result.exit_code == 2
    assert "mapping.json: the column mapping can't be read" in result.stderr


def test_duplicates_across_files(data: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.txt"
    text = (data / FILES[0]).read_bytes()
    again.write_bytes(text.replace(b"//", b"// again", 1))
    call("import", data / FILES[0], again, "--into", tmp_path / "c")
    pairs = json.loads(call("duplicates", tmp_path / "c", "--json").stdout)
    assert len(pairs) == 2
    assert {pair["file_b"] for pair in pairs} | {pair["file_a"] for pair in pairs} == {
        "again.txt",
        "time_series_small.txt",
    }
    rows = list(csv.DictReader(io.StringIO(call("duplicates", tmp_path / "c", "--csv").stdout)))
    assert [row["id_a"] for row in rows] == [pair["id_a"] for pair in pairs]


@pytest.mark.parametrize("form", ["csv", "odv", "netcdf", "parquet"])
def test_export_of_a_selection_is_imported_again(
    collection: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    words = ["export", collection, "--format", form, "--out", out, "--time", "2009/2010", "--json"]
    told = json.loads(call(*words).stdout)
    assert told["samples"] > 20
    again = json.loads(call("import", out, "--into", tmp_path / "c", "--json").stdout)
    assert (again["stations"], again["samples"]) == (told["stations"], told["samples"])


def test_export_in_an_unknown_format_is_told(collection: Path, tmp_path: Path) -> None:
    result = call("export", collection, "--format", "xls", "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert "expected one of the formats odv, netcdf, parquet, csv" in result.stderr


def test_vocabulary_is_kept_and_used(data: Path, tmp_path: Path) -> None:
    env = os.environ | {"SDCVIZ_DATA_DIR": str(tmp_path)}
    result = run("vocab", "import", data / "nvs" / "nvs_labels.csv.gz", "--json", env=env)
    assert json.loads(result.stdout)["terms"] == 76_625


def test_demo_is_made_once_and_labelled(tmp_path: Path) -> None:
    words = ["demo", "--stations", 200, "--out", tmp_path / "demo", "--no-serve"]
    first = call(*words)
    assert "synthetic data" in first.stdout
    about = json.loads(call("info", tmp_path / "demo", "--json").stdout)
    assert "synthetic" in about["name"].lower()
    assert about["stations"] >= 200
    call(*words)
    assert json.loads(call("info", tmp_path / "demo", "--json").stdout) == about
