"""The engine "julia": what is handed over, what comes back, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import psutil
import pytest
from analysis_runs import RECIPE, recipe, scatter, write_recipe_file
from conftest import ROOT
from judged import ANSWERS, CASES, case
from stand_in import NAME, columns, solve

from sdcviz.analyses import export_julia, import_julia, read_recipe, recipe_schema, run
from sdcviz.analyses.julia import key_of, refuse
from sdcviz.analyses.julia_process import in_julia
from sdcviz.analyses.plan import make_plan
from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest, SdcvizError, UnreadableFile
from sdcviz.settings import get_settings

POINTS = scatter(1500, months=(1, 2, 3))
QUARTER = {"years": [1991, 2020], "months": [[1], [2], [3], [4]]}  # nobody measured in April
DRIVER = ROOT / "docker" / "divand" / "driver.jl"
STAND_IN = [sys.executable, str(ROOT / "tests" / "analyses" / "stand_in.py")]


def small(**changes: Any) -> Any:
    return recipe(**{"time": QUARTER, **changes})


def variables(path: Path) -> dict[str, np.ndarray]:
    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        return {name: v[:] for name, v in file.variables.items()}


@pytest.fixture
def julia(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the stand-in take the place of Julia."""
    monkeypatch.setenv("SDCVIZ_JULIA", " ".join(STAND_IN))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


# ---- the translation --------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"error": "exact"},
        {"error": "none", "thresholds": None, "background": "mean"},
        {"desroziers": 2, "weights": {"horizontal": "20 km"}},
        {"transformation": "log", "clamp": {"min": 12}, "lengths": {"horizontal": "fit"}},
        {"levels": {"depths": [20], "top": 0, "bottom": 60}, "background": "none"},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_arrays_put_back_into_our_engine_give_its_product(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    asked = small(**changes)
    report = run(asked, tmp_path / "ours.nc", points=POINTS, workers=1)
    told = export_julia(asked, tmp_path / "x", points=POINTS)
    assert (told["slices"], told["times"]) == (3, 4)
    solve(tmp_path / "x")
    other = import_julia(asked, tmp_path / "x", tmp_path / "theirs.nc", points=POINTS)
    ours, theirs = variables(tmp_path / "ours.nc"), variables(tmp_path / "theirs.nc")
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(theirs[name], values, atol=1e-5, rtol=1e-6, err_msg=name)
        elif name != "slice_notes":  # they tell the solver
            assert np.array_equal(theirs[name], values), name
    assert other["rmse"] == pytest.approx(report["rmse"], rel=1e-9)
    assert [s["solver"] for s in other["slices"]] == [NAME] * 3 + ["none"]
    for mine, yours in zip(report["slices"], other["slices"], strict=True):
        for key in ("label", "used", "observations", "warnings"):
            assert yours[key] == mine[key]
        for key in ("epsilon2", "horizontal"):  # sums of threads may differ in the last digit
            assert yours[key] == pytest.approx(mine[key], rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_authors_toolbox_gives_the_same_from_the_exported_files(
    tmp_path: Path, name: str
) -> None:
    """Octave read the files as Julia does; what it made of them is kept beside the tests."""
    asked, points = case(name)
    export_julia(asked, tmp_path, points=points)
    solve(tmp_path)
    answer, judged = columns(tmp_path / "result_0000.nc"), np.load(ANSWERS)
    for kind in {"field", "error"} & answer.keys():
        theirs = judged[f"{name}: {kind}"]
        sea = columns(tmp_path / "grid.nc")["mask"] == 1
        # The length scale is found to 1e-8.
        np.testing.assert_allclose(answer[kind][sea], theirs[sea], atol=3e-8)
        assert np.ptp(theirs[sea]) > 0.3


# What each key of a recipe changes: the problem that is handed over, the product only, nothing of
# both, or it is refused.
KEYS: dict[str, tuple[Any, str]] = {
    "recipe": (1, "nothing"),
    "collection": ("somewhere", "nothing"),
    "parameter": ("salinity", "product"),
    "flags": (["1"], "nothing"),  # the observations of this test have none
    "domain.box": ([2, 38, 7, 43], "problem"),
    "domain.resolution": (0.6, "problem"),
    "domain.bathymetry": (None, "problem"),
    "domain.bathymetry_variable": (None, "problem"),
    "domain.basin": ([6, 39], "problem"),
    "domain.within": ([[2, 38], [8, 38], [8, 42], [2, 42]], "problem"),
    "domain.without": ([[[5, 40], [6, 40], [6, 41]]], "problem"),
    "domain.margin": (False, "problem"),
    "levels": ([0, 20, 60], "problem"),
    "time": ({"years": [1995, 2020], "months": [[1], [2], [3], [4]]}, "problem"),
    "lengths.horizontal": ("130 km", "problem"),
    "lengths.vertical": ("70 m", "problem"),
    "lengths.slopes.distance": (None, "problem"),
    "lengths.slopes.least": (None, "problem"),
    "velocity.file": (None, "refused"),
    "velocity.u": (None, "refused"),
    "velocity.v": (None, "refused"),
    "velocity.strength": (None, "refused"),
    "epsilon2": (0.6, "problem"),
    "background.method": ("mean", "problem"),
    "background.vertical_length": ("100 m", "problem"),
    "background.file": (None, "problem"),
    "background.variable": (None, "problem"),
    "transformation.method": ("log", "problem"),
    "transformation.offset": (2.0, "problem"),
    "transformation.threshold": (15.0, "problem"),
    "transformation.min": (0.0, "problem"),
    "transformation.max": (40.0, "problem"),
    "clamp.min": (13.0, "product"),
    "clamp.max": (15.0, "product"),
    "error": ("exact", "problem"),
    "thresholds": ({"L1": 0.2}, "product"),
    "weights.horizontal": ("30 km", "problem"),
    "weights.vertical": ("50 m", "problem"),
    "weights.days": (100.0, "problem"),
    "desroziers": (2, "problem"),
    "suspects": ("auto", "refused"),
    "solver": ("iterative", "refused"),
    "seed": (7, "nothing"),  # of a fit only
    "run.workers": (3, "nothing"),
    "run.memory": ("9 GB", "nothing"),
    "run.chunk": (2, "refused"),
    "run.scheduler": ("tcp://localhost:1", "refused"),
}
_LOG, _LOGIT = {"method": "log"}, {"method": "logit", "min": -1, "max": 50}
_NEAR = {"horizontal": "20 km"}
_BESIDE = {  # what a key needs beside it
    "transformation.offset": _LOG,
    "transformation.threshold": _LOG,
    "transformation.min": _LOGIT,
    "transformation.max": _LOGIT,
    "weights.horizontal": _NEAR,
    "weights.vertical": _NEAR,
    "weights.days": _NEAR,
    "domain.basin": {"without": [[[4.8, 37], [5.2, 37], [5.2, 44], [4.8, 44]]]},  # two seas
}
BATHYMETRIES = {
    "domain.bathymetry",
    "domain.bathymetry_variable",
    "lengths.slopes.distance",
    "lengths.slopes.least",
}
CURRENTS = {key for key in KEYS if key.startswith("velocity.")}
PRODUCTS = {"background.file", "background.variable"}


def leaves(schema: dict[str, Any], part: dict[str, Any], before: str = "") -> set[str]:
    """List the keys of recipes that are no parts."""
    found = set()
    for name, entry in part["properties"].items():
        options = entry.get("anyOf", [entry])
        references = [o["$ref"].split("/")[-1] for o in options if "$ref" in o]
        nested = schema["$defs"][references[0]] if references else {}
        if "properties" in nested and name not in ("time", "levels"):
            found |= leaves(schema, nested, f"{before}{name}.")
        else:
            found.add(f"{before}{name}")
    return found


def test_every_key_of_a_recipe_has_its_place() -> None:
    schema = recipe_schema()
    told = {key for key in leaves(schema, schema) if not key.startswith("metadata.")}
    assert told == KEYS.keys()


def pair(key: str, value: Any) -> tuple[Any, Any]:
    """Give the small recipe with what a key needs beside it, and the same with the key changed."""
    first, _, second = key.partition(".")
    if not second:
        return small(), small(**{key: value})
    part = {**RECIPE.get(first, {}), **_BESIDE.get(key, {})}
    return small(**{first: part} if part else {}), small(**{first: {**part, second: value}})


def exported(asked: Any, folder: Path) -> dict[str, Any]:
    """Give all that is handed over, but for the key."""
    export_julia(asked, folder, points=POINTS)
    problem = json.loads((folder / "problem.json").read_text())
    del problem["key"]
    return problem


@pytest.mark.parametrize("key", sorted(KEYS.keys() - BATHYMETRIES - PRODUCTS - CURRENTS))
def test_each_key_is_translated_or_refused(tmp_path: Path, key: str) -> None:
    value, effect = KEYS[key]
    plain, asked = pair(key, value)
    if effect == "refused":
        with pytest.raises(BadRequest, match=f"^{re.escape(key)}:? .+[.]$"):
            exported(asked, tmp_path / "b")
        return
    before, after = exported(plain, tmp_path / "a"), exported(asked, tmp_path / "b")
    assert (before != after) == (effect == "problem")


def test_currents_are_refused() -> None:
    currents = {"file": "currents.nc", "u": "u", "v": "v"}
    with pytest.raises(BadRequest, match=r"^velocity: .+[.]$"):
        refuse(small(velocity=currents))


def test_a_bathymetry_and_a_product_as_background_go_over(tmp_path: Path) -> None:
    floor = tmp_path / "floor.nc"
    with netCDF4.Dataset(floor, "w") as file:
        lon, lat = np.arange(0, 10, 0.25), np.arange(36, 45, 0.25)
        for name, axis in (("lon", lon), ("lat", lat)):
            file.createDimension(name, len(axis))
            file.createVariable(name, "f8", (name,))[:] = axis
        for name, depth in (("bat", 60.0), ("deep", 80.0)):
            made = file.createVariable(name, "f4", ("lat", "lon"))
            made[:] = np.broadcast_to(-depth * (lon - 1) / 4, (len(lat), len(lon)))
    masks = []
    for name in ("bat", "deep"):
        domain = {**RECIPE["domain"], "bathymetry": str(floor), "bathymetry_variable": name}
        export_julia(small(domain=domain), tmp_path / name, points=POINTS)
        masks.append(columns(tmp_path / name / "grid.nc")["mask"])
    assert 0 < masks[0].sum() < masks[1].sum()
    lengths = []
    for name, slopes in (
        ("steep", {"distance": "30 km"}),
        ("less", {"distance": "60 km", "least": 0.6}),
    ):
        given = {**RECIPE["lengths"], "slopes": slopes}
        export_julia(small(domain=domain, lengths=given), tmp_path / name, points=POINTS)
        lengths.append(columns(tmp_path / name / "grid.nc")["len1"])
    # The slope alone shortens to 73 % and, twice as far, to less than the 60 % that are allowed.
    assert lengths[1].min() == pytest.approx(0.6 * 120e3)
    assert lengths[1].min() < lengths[0].min() < lengths[0].max()
    run(small(), tmp_path / "first.nc", points=POINTS, workers=1)
    background = {
        "method": "product",
        "file": str(tmp_path / "first.nc"),
        "variable": "temperature",
    }
    export_julia(small(background=background), tmp_path / "again", points=POINTS)
    export_julia(small(), tmp_path / "plain", points=POINTS)
    left = [
        np.median(np.abs(columns(tmp_path / name / "slice_0000.nc")["f"]))
        for name in ("again", "plain")
    ]
    assert left[0] < left[1] / 2


# ---- runs -------------------------------------------------------------------
def test_both_engines_by_one_command(tmp_path: Path, julia: None) -> None:
    events: list[dict[str, Any]] = []
    out = tmp_path / "p.nc"
    report = run(small(), out, points=POINTS, engine="julia", tell=events.append)
    assert report["slices"][0]["solver"] == NAME
    assert [e["event"] for e in events].count("slice") == 4 and events[-1]["event"] == "result"
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"]
    notes = json.dumps(report, allow_nan=False)
    assert "built-in" not in notes


def test_a_run_that_was_broken_off_goes_on(
    tmp_path: Path, julia: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "p.nc"
    monkeypatch.setenv("STAND_IN_MOST", "2")
    with pytest.raises(BadRequest, match=r"ended with code 1: out of memory\. Finished slices"):
        run(small(), out, points=POINTS, engine="julia")
    key = key_of(make_plan(small(), POINTS))
    kept = tmp_path / "p.nc.parts" / key[:16]
    assert len(list(kept.glob("slice_*.npz"))) == 2
    monkeypatch.delenv("STAND_IN_MOST")
    events: list[dict[str, Any]] = []
    run(small(), out, points=POINTS, engine="julia", tell=events.append)
    assert [e["event"] for e in events].count("slice") == 2  # March, and April without observations
    run(small(), tmp_path / "ours.nc", points=POINTS, workers=1)
    ours, theirs = variables(tmp_path / "ours.nc"), variables(out)
    np.testing.assert_allclose(theirs["temperature"], ours["temperature"], atol=1e-5)


def test_the_driver_ends_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "endless.py"
    script.write_text(
        "import os, pathlib, signal, sys\n"
        f"sys.path.insert(0, {str(ROOT / 'tests' / 'analyses')!r})\n"
        "from stand_in import solve\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "(folder / 'pid').write_text(str(os.getpid()))\n"
        "solve(folder, 1)\n"
        "signal.pause()\n"
    )
    monkeypatch.setenv("SDCVIZ_JULIA", f"{sys.executable} {script}")
    get_settings.cache_clear()
    came = in_julia(make_plan(small(), POINTS), [0, 1, 2], tmp_path / "x")
    assert next(came).result.notes["solver"] == NAME
    pid = int((tmp_path / "x" / "pid").read_text())
    assert psutil.pid_exists(pid)
    came.close()  # type: ignore[attr-defined]
    assert not psutil.pid_exists(pid)
    get_settings.cache_clear()


def test_slices_of_both_engines_are_never_mixed() -> None:
    plan = make_plan(small(), POINTS)
    assert key_of(plan) != plan.key


def test_without_julia_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command, match in (("", "no command for Julia"), ("/no/julia", "can't be started")):
        monkeypatch.setenv("SDCVIZ_JULIA", command)
        get_settings.cache_clear()
        with pytest.raises(BadRequest, match=match):
            run(small(), tmp_path / "p.nc", points=POINTS, engine="julia")
    get_settings.cache_clear()
    with pytest.raises(BadRequest, match="dask"):
        run(small(), tmp_path / "p.nc", points=POINTS, engine="julia", scheduler="tcp://h:1")
    assert not list(tmp_path.iterdir())


# ---- answers that can't be used ---------------------------------------------
@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers") / "x"
    export_julia(small(), folder, points=POINTS)
    solve(folder)
    return folder


def damage(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[:700])
    elif how == "text":
        path.write_text("Segmentation fault")
    else:
        with netCDF4.Dataset(path, "a") as file:
            file.set_auto_mask(False)
            if how == "foreign":
                file.setncattr("key", "0" * 64)
            elif how == "of other observations":
                file.setncattr("input_sha256", "0" * 64)
            elif how == "gaps":
                file["field"][:] = np.nan
            elif how == "no residuals":
                file["residual"][:] = np.nan
            elif how == "no error":
                file.renameVariable("error", "other")
            elif how == "short":
                file.renameVariable("residual", "other")
                file.createDimension("few", 3)
                file.createVariable("residual", "f8", ("few",))[:] = 0


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ("missing", "February has no answer yet"),
        ("cut off", "no answer that can be used, it can't be read"),
        ("text", "no answer that can be used, it can't be read"),
        ("foreign", "the answer to another problem"),
        ("of other observations", "the answer to another problem"),
        ("gaps", r"stand-in 1 \(Python\) left \d+ sea points without a value"),
        ("no residuals", "gave no residual of some observations"),
        ("no error", "the problem asks for the error 'cpme'"),
        ("short", "it has 3 residuals for"),
    ],
)
def test_an_answer_that_can_not_be_used(
    tmp_path: Path, answered: Path, how: str, match: str
) -> None:
    folder = tmp_path / "x"
    shutil.copytree(answered, folder)
    damage(folder / "result_0001.nc", how)
    with pytest.raises((BadRequest, UnreadableFile), match=match) as told:
        import_julia(small(), folder, tmp_path / "p.nc", points=POINTS)
    assert str(told.value).endswith(".") and not (tmp_path / "p.nc").exists()


def test_a_folder_of_something_else(tmp_path: Path, answered: Path) -> None:
    for asked, points in (
        (small(epsilon2=0.7), POINTS),
        (small(), scatter(1499, months=(1, 2, 3))),
    ):
        with pytest.raises(BadRequest, match="another recipe, of other observations"):
            import_julia(asked, answered, tmp_path / "p.nc", points=points)
    with pytest.raises(UnreadableFile, match="no problem of an analysis"):
        import_julia(small(), tmp_path, tmp_path / "p.nc", points=POINTS)
    (tmp_path / "x").mkdir()
    problem = json.loads((answered / "problem.json").read_text())
    (tmp_path / "x" / "problem.json").write_text(json.dumps({**problem, "version": 2}))
    with pytest.raises(
        UnreadableFile, match=r"version 2, and this sdcviz knows 1; export it again"
    ):
        import_julia(small(), tmp_path / "x", tmp_path / "p.nc", points=POINTS)


def test_a_slice_that_was_not_exported_is_no_empty_one(tmp_path: Path, answered: Path) -> None:
    problem = json.loads((answered / "problem.json").read_text())
    problem["slices"] = problem["slices"][1:]
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    with pytest.raises(SdcvizError, match="January is not among the time slices"):
        import_julia(small(), tmp_path, tmp_path / "p.nc", points=POINTS)


def test_one_grid_point_is_refused(tmp_path: Path) -> None:
    asked = small(domain={"box": [2, 38, 8, 38.2], "resolution": 0.5})
    with pytest.raises(BadRequest, match="two grid points or more"):
        export_julia(asked, tmp_path / "x", points=scatter(4000, months=(1, 2, 3)))


# ---- command and driver -----------------------------------------------------
def test_command_line(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo", stations=150)
    changes = {
        "domain": {"box": [0, 36, 16, 44], "resolution": 1},
        "time": {"months": [[*range(1, 13)]]},
    }
    path = write_recipe_file(tmp_path, demo, **changes)

    def ask(*words: Any) -> dict[str, Any]:
        command = [
            sys.executable,
            "-m",
            "sdcviz.cli",
            "divand",
            str(path),
            "--json",
            *map(str, words),
        ]
        return json.loads(
            subprocess.run(command, capture_output=True, check=True, text=True).stdout
        )

    told = ask("--export-julia", tmp_path / "x")
    assert told["slices"] == told["times"] == 1
    solve(tmp_path / "x")
    report = ask("--import-julia", tmp_path / "x", "--out", tmp_path / "p.nc")
    assert report["slices"][0]["solver"] == NAME and report["rmse"] < 2
    assert (tmp_path / "p.nc").exists() and read_recipe(path).parameter == "temperature"


def test_the_driver_is_free_of_faults(tmp_path: Path) -> None:
    """No Julia here: a linter reads it, which knows what is not Julia."""
    fatou = shutil.which("fatou", path=Path(sys.executable).parent)
    assert fatou
    assert subprocess.run([fatou, "lint", DRIVER]).returncode == 0
    assert subprocess.run([fatou, "format", "--check", DRIVER]).returncode == 0
    broken = tmp_path / "broken.jl"
    broken.write_text(DRIVER.read_text().replace("function analyse(", "function analyse", 1))
    assert subprocess.run([fatou, "lint", broken], capture_output=True).returncode == 1


def test_driver_and_exchange_speak_of_the_same(tmp_path: Path, answered: Path) -> None:
    """Every name of a variable, an attribute or a key in the driver is one that is written."""
    text = DRIVER.read_text()
    problem = json.loads((answered / "problem.json").read_text())
    keys = set(re.findall(r'problem\["(\w+)"\]', text)) | set(re.findall(r'problem, "(\w+)"', text))
    assert keys == problem.keys() - {"sdcviz"}
    asked = set(re.findall(r'slice\["(\w+)"\]', text))
    assert asked == problem["slices"][0].keys() - {"observations"}
    read = {n.replace("$k", "1") for n in re.findall(r'(?:whole\(file, |column\()"([\w$]+)"', text)}
    written = columns(answered / "grid.nc").keys() | columns(answered / "slice_0000.nc").keys()
    assert read == {
        name for name in written if name[-1] not in "3456789" and not re.search("2$", name)
    } | {"epsilon2"}
    with netCDF4.Dataset(answered / "result_0000.nc") as answer:
        assert set(re.findall(r'defVar\(file, "(\w+)"', text)) == answer.variables.keys()
        told = set(re.findall(r'^\s+"(\w+)" =>', text, re.M))
        assert told == set(answer.ncattrs())
    assert f'const FORMAT = "{problem["format"]}"' in text
    assert f"const VERSION_KNOWN = {problem['version']}\n" in text
