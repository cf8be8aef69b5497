"""Where settings come from, and what is said of one that can't be used."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from sdcviz.errors import BadRequest, StorageError
from sdcviz.settings import Settings, get_settings, load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a user without any settings."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def config(home: Path) -> Path:
    file = home / "config" / "sdcviz" / "config.toml"
    file.parent.mkdir(parents=True)
    return file


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_data_folder_follows_xdg(home: Path) -> None:
    assert load_settings().data_dir == home / "data" / "sdcviz"


def test_data_folder_without_xdg(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative/paths/are/void")
    assert load_settings().data_dir == home / ".local/share/sdcviz"


def test_call_before_environment_before_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('port = 1\nhost = "file"\nlog_level = "info"')
    monkeypatch.setenv("SDCVIZ_PORT", "2")
    monkeypatch.setenv("SDCVIZ_HOST", "environment")
    settings = load_settings(port=3)
    assert (settings.port, settings.host, settings.log_level) == (3, "environment", "info")


def test_settings_are_read_once(config: Path) -> None:
    get_settings.cache_clear()
    first = get_settings()
    config.write_text("port = 7")
    assert get_settings() is first
    get_settings.cache_clear()
    assert get_settings().port == 7
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("given", "kept"), [("/viz/", "/viz"), ("viz", "/viz"), ("", ""), ("/", ""), ("a/b", "/a/b")]
)
def test_prefix_has_one_form(home: Path, given: str, kept: str) -> None:
    assert load_settings(root_path=given).root_path == kept


def test_origins_from_environment_and_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('allowed_origins = ["https://a.example/"]')
    assert load_settings().allowed_origins == ("https://a.example",)
    monkeypatch.setenv("SDCVIZ_ALLOWED_ORIGINS", "https://b.example, https://c.example/")
    assert load_settings().allowed_origins == ("https://b.example", "https://c.example")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('port = "many"', r"'port' in .*config\.toml is 'many': Input should be a valid integer"),
        ("port = 70000", r"'port' in .*config\.toml is 70000: .* less than or equal to 65535"),
        ("colour = 1", r"there is no setting 'colour'; known are data_dir, host"),
        ("port = ", r"config\.toml: the settings file can't be read"),
        ('root_path = "/a/../b"', r"should be a plain URL prefix such as /viz"),
        ('tile_url = "https://tiles.example/"', r"should contain \{x\}, \{y\} and \{z\}"),
    ],
)
def test_wrong_file_is_told(config: Path, text: str, sentence: str) -> None:
    config.write_text(text)
    with pytest.raises(BadRequest, match=sentence):
        load_settings()


def test_wrong_variable_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_LOG_LEVEL", "loud")
    with pytest.raises(BadRequest, match="the variable SDCVIZ_LOG_LEVEL is 'loud'"):
        load_settings()


def test_named_file_must_exist(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_CONFIG", str(home / "nowhere.toml"))
    with pytest.raises(BadRequest, match=r"nowhere\.toml: .* SDCVIZ_CONFIG does not exist"):
        load_settings()


def test_named_file_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "other.toml"
    file.write_text("port = 4711")
    monkeypatch.setenv("SDCVIZ_CONFIG", str(file))
    assert load_settings().port == 4711


@pytest.mark.parametrize("name", ["secret_key", "smtp_password"])
def test_wrong_secret_is_not_shown(config: Path, name: str) -> None:
    config.write_text(f"{name} = [12345678]")
    with pytest.raises(BadRequest) as caught:
        load_settings()
    assert "12345678" not in str(caught.value)


def test_key_is_made_once_and_private(home: Path) -> None:
    key = load_settings().session_key()
    assert len(key.get_secret_value()) >= 48
    assert load_settings().session_key() == key
    file = home / "data" / "sdcviz" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["secret_key"]


def test_readable_key_is_closed_again(home: Path) -> None:
    load_settings().session_key()
    file = home / "data" / "sdcviz" / "secret_key"
    file.chmod(0o644)
    load_settings().session_key()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_addresses_are_a_table_or_a_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('[data_centre_addresses]\n486 = "data@centre.example"')
    assert load_settings().data_centre_addresses == {486: "data@centre.example"}
    monkeypatch.setenv("SDCVIZ_DATA_CENTRE_ADDRESSES", '{"43": "other@centre.example"}')
    assert load_settings().data_centre_addresses == {43: "other@centre.example"}
    monkeypatch.setenv("SDCVIZ_DATA_CENTRE_ADDRESSES", "/etc/addresses.csv")
    assert load_settings().data_centre_addresses == Path("/etc/addresses.csv")


def test_servers_that_start_together_share_a_key(home: Path) -> None:
    keys: set[str] = set()
    start = threading.Barrier(8)

    def ask() -> None:
        settings = load_settings()
        start.wait()
        keys.add(settings.session_key().get_secret_value())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1


def test_given_key_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_SECRET_KEY", "given-by-the-operator")
    settings = load_settings()
    assert settings.session_key().get_secret_value() == "given-by-the-operator"
    assert not (home / "data").exists()
    assert "given-by" not in repr(settings)


def test_unwritable_data_folder_is_told(home: Path) -> None:
    (home / "data").write_text("a file in the way")
    with pytest.raises(StorageError, match="set SDCVIZ_DATA_DIR to a folder of yours"):
        load_settings().session_key()
