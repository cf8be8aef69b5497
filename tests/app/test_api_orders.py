"""What may be asked for as a job over HTTP, seen as somebody who wants more than he may."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.main import get_command

from sdcviz.cli import app
from sdcviz.errors import BadRequest, Forbidden, NotFound, SdcvizError
from sdcviz.settings import Settings, get_settings
from sdcviz_app import library
from sdcviz_app.server.commands import COMMANDS, Kind, read_words
from sdcviz_app.server.orders import Order, submit
from sdcviz_app.server.places import Places
from sdcviz_app.server.recipes import check_recipe
from sdcviz_app.server.who import Principal

RECIPE = """
recipe: 1
collection: {collection}
parameter: temperature
domain: {{box: [0, 30, 10, 40], resolution: 1{more}}}
levels: [0, 10]
lengths: {{horizontal: 80 km, vertical: 50 m}}
epsilon2: 0.1
{rest}
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "free").mkdir()
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SDCVIZ_JOB_FOLDERS", str(tmp_path / "free"))
    get_settings.cache_clear()
    settings = get_settings()
    settings.session_key()
    yield settings
    get_settings.cache_clear()


def places(settings: Settings, *scopes: str, given: dict[str, Path] | None = None) -> Places:
    return Places(Principal("ann", frozenset(scopes or {"jobs", "read"})), settings, given or {})


# ---- words -------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["serve", "--host", "0.0.0.0"],
        ["demo", "--out", "x"],
        ["job", "submit", "--", "serve"],
        ["token", "create", "--name", "x", "--scope", "admin"],
        ["usage", "--month", "2026-11"],
        ["vocab", "import", "x"],
        ["qc", "letters", "c", "--send"],
        ["qc"],
        ["--log-level", "debug", "import", "x"],
        ["--", "serve"],
        ["import;serve", "x"],
        ["sh", "-c", "id"],
        ["IMPORT", "x"],
        [""],
    ],
    ids=" ".join,
)
def test_other_commands_are_refused(words: list[str]) -> None:
    with pytest.raises(Forbidden, match="is no command for a job"):
        read_words(words)


@pytest.mark.parametrize(
    "words",
    [
        ["divand", "r.yaml", "--scheduler", "tcp://evil.example:8786"],
        ["divand", "r.yaml", "--scheduler=tcp://evil.example:8786"],
        ["divand", "r.yaml", "--sched=tcp://evil.example:8786"],
        ["qc", "check", "c", "--rows", "/etc/passwd"],
        ["qc", "check", "c", "--thresholds", "/etc/passwd"],
        ["qc", "undo", "c", "--apply"],
        ["export", "c", "--per-file", "/tmp"],
        ["info", "c", "--json=1"],
        ["info", "-h", "c"],
        ["info", "c", "d"],
        ["info"],
        ["import", "--into"],
        ["info", "c\0d"],
        ["info", "c\nd"],
        ["info", "\ud800"],
        ["info", "x" * 5000],
    ],
    ids=lambda words: ascii(words)[:40],
)
def test_other_options_and_odd_texts_are_refused(words: list[str]) -> None:
    with pytest.raises(BadRequest):
        read_words(words)


def test_words_are_put_together_so_that_they_mean_one_thing() -> None:
    words = read_words(["export", "--out", "-x", "c", "--json", "--box=-6,30,36,46"])
    assert words.put_together() == ("export", "--out=-x", "--json", "--box=-6,30,36,46", "--", "c")
    odd = read_words(["import", "--into", "--json", "--", "--replace"])
    assert odd.put_together() == ("import", "--into=--json", "--", "--replace")


def test_all_that_is_listed_is_an_option_of_the_command() -> None:
    for name, listed in COMMANDS.items():
        command = get_command(app)
        for word in name:
            command = command.commands[word]
        real = {opt for p in command.params for opt in [*p.opts, *p.secondary_opts]}
        assert set(listed.options) <= real, name
        flags = {
            opt for p in command.params if getattr(p, "is_flag", False)
            for opt in [*p.opts, *p.secondary_opts]
        }  # fmt: skip
        assert {o for o, k in listed.options.items() if k is Kind.FLAG} == flags & set(
            listed.options
        ), name


# ---- files -------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["secret_key", "jobs.sqlite", "recent.json", "", "jobs", "uploads/x",
     "collections/../secret_key", "products/../secret_key"],
)  # fmt: skip
def test_the_rest_of_the_data_folder_is_out_of_reach(settings: Settings, name: str) -> None:
    with pytest.raises(Forbidden, match="no folder that jobs over HTTP may read"):
        places(settings).read(f"{settings.data_dir}/{name}")


@pytest.mark.parametrize(
    "path", ["/", "/etc/passwd", "/etc/no-such-file", "/proc/self/environ", "~"]
)
def test_other_files_are_out_of_reach_whether_they_exist_or_not(
    settings: Settings, path: str
) -> None:
    with pytest.raises((Forbidden, NotFound)) as told:
        places(settings).read(path)
    assert "may read" in str(told.value) or "came with the request" in str(told.value)


@pytest.mark.parametrize("path", ["../inputs/x", "..", "secret_key", "../../../secret_key"])
def test_relative_paths_lead_nowhere(settings: Settings, path: str) -> None:
    with pytest.raises(NotFound, match="came with the request"):
        places(settings).read(path)


def test_a_link_out_of_an_allowed_folder_is_followed_before_it_is_judged(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "free" / "link").symlink_to("/etc")
    with pytest.raises(Forbidden):
        places(settings).read(str(tmp_path / "free" / "link" / "passwd"))
    (tmp_path / "free" / "file.txt").write_text("x")
    assert places(settings).read(str(tmp_path / "free" / "file.txt")).name == "file.txt"
    with pytest.raises(Forbidden):
        places(settings).read(f"{tmp_path}/freedom")


def test_collections_are_reached_by_id_and_by_folder(
    settings: Settings, profiles_collection: Path
) -> None:
    with pytest.raises(Forbidden):
        places(settings).collection(str(profiles_collection))
    entry = library.remember(str(profiles_collection))
    assert places(settings).collection(entry.id) == profiles_collection.resolve()
    assert places(settings).collection(str(profiles_collection)) == profiles_collection.resolve()
    with pytest.raises(NotFound):
        places(settings).collection(entry.id.replace(entry.id[:8], "00000000"))
    with pytest.raises(Forbidden, match="--scope edit"):
        places(settings).edited(entry.id)
    assert places(settings, "jobs", "edit").edited(entry.id) == profiles_collection.resolve()


@pytest.mark.parametrize("into", ["../x", "/tmp/x", "", ".", ".hidden", "a/b", "/etc", "-x"])
def test_an_import_goes_nowhere_else(settings: Settings, into: str) -> None:
    with pytest.raises(Forbidden):
        places(settings, "jobs", "edit").into(into)


def test_an_import_makes_a_collection_and_adds_to_one_only_with_the_right(
    settings: Settings,
) -> None:
    new = settings.data_dir / "collections" / "cruise"
    assert places(settings).into("cruise") == new.resolve()
    assert places(settings).into(str(new)) == new.resolve()
    new.mkdir(parents=True)
    with pytest.raises(Forbidden, match="--scope edit"):
        places(settings).into("cruise")
    os.symlink("/tmp", settings.data_dir / "collections" / "trap")
    with pytest.raises(Forbidden, match="plain name"):
        places(settings, "jobs", "edit").into("trap")


@pytest.mark.parametrize("out", ["../x.nc", "/tmp/x.nc", "", ".", "..", "a/b.nc", ".nc", "x\\y/.."])
def test_results_go_nowhere_else(settings: Settings, out: str) -> None:
    with pytest.raises((Forbidden, BadRequest)):
        places(settings, "jobs", "edit").out(out)


def test_a_product_that_is_there_is_not_replaced_without_the_right(settings: Settings) -> None:
    folder = settings.data_dir / "products"
    assert places(settings).out("x.nc") == "x.nc"
    assert places(settings).out(f"{folder}/x.nc") == f"{folder}/x.nc"
    (folder / "x.nc").touch()
    with pytest.raises(Forbidden, match="--scope edit"):
        places(settings).out(f"{folder}/x.nc")


# ---- recipes -----------------------------------------------------------------
def recipe(settings: Settings, text: str) -> str:
    return check_recipe(text, "r.yaml", places(settings), None)


@pytest.mark.parametrize(
    ("more", "rest"),
    [
        (", bathymetry: /etc/passwd", ""),
        (", bathymetry: ../../secret_key", ""),
        ("", "background: {method: product, file: /etc/passwd}"),
        ("", "run: {scheduler: 'tcp://evil.example:8786'}"),
        ("", "run: {workers: 1000}"),
    ],
)
def test_a_recipe_reaches_no_further(
    settings: Settings, profiles_collection: Path, more: str, rest: str
) -> None:
    known = library.remember(str(profiles_collection)).id
    with pytest.raises((Forbidden, NotFound, BadRequest), match=r"may |came with|up to 99"):
        recipe(settings, RECIPE.format(collection=known, more=more, rest=rest))


def test_a_recipe_gets_whole_paths(settings: Settings, profiles_collection: Path) -> None:
    known = library.remember(str(profiles_collection)).id
    text = recipe(settings, RECIPE.format(collection=known, more="", rest=""))
    assert f"collection: {profiles_collection.resolve()}" in text
    with pytest.raises(Forbidden):
        recipe(settings, RECIPE.format(collection="/etc", more="", rest=""))


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: [*a, *a]\n",
        "[" * 90_000,
        "x: " + "{a: " * 5000,
        "!!python/object/apply:os.system ['id']",
        "\x00",
        "just text",
        "",
    ],
    ids=lambda words: ascii(words)[:40],
)
def test_a_text_that_was_made_to_hurt_is_refused(settings: Settings, text: str) -> None:
    with pytest.raises(BadRequest):
        recipe(settings, text)


@pytest.mark.parametrize("workers", ["100000", "-1", "1e9", "x", ""])
def test_a_job_starts_no_thousands_of_processes(settings: Settings, workers: str) -> None:
    order = Order(("divand", "r.yaml", f"--workers={workers}"), {"r.yaml": "x"})
    with pytest.raises(BadRequest, match="--workers"):
        submit(order, Principal("ann", frozenset({"jobs", "read"})), settings)


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "", "+x", "x\n", "c:\\x", "x" * 300])
def test_files_of_a_request_have_plain_names(settings: Settings, name: str) -> None:
    order = Order(("columns", name), {name: "text"})
    with pytest.raises(SdcvizError):
        submit(order, Principal("ann", frozenset({"jobs", "read"})), settings)
    assert not list(settings.data_dir.glob("jobs/*"))
