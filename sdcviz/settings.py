"""Every knob of sdcviz, typed, in one place.

A value comes from, in this order: the call, the environment (``SDCVIZ_PORT=8080``),
the file ``config.toml`` in the user's configuration folder (another file with
``SDCVIZ_CONFIG``), the default below.
"""

from __future__ import annotations

import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .errors import BadRequest, StorageError

__all__ = ["Settings", "WmsLayer", "config_file", "get_settings", "load_settings"]

PREFIX = "SDCVIZ_"


def _user_folder(variable: str, fallback: str) -> Path:
    """Return the user's folder that the XDG rules name, for sdcviz."""
    base = os.environ.get(variable, "")
    # The XDG rules say that a relative path is to be ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / fallback) / "sdcviz"


def config_file() -> Path:
    """Return the settings file, whether it exists or not.

    Returns
    -------
    Path
        The file named by ``SDCVIZ_CONFIG``, else ``config.toml`` in the user's
        configuration folder.
    """
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named:
        return Path(named).expanduser()
    return _user_folder("XDG_CONFIG_HOME", ".config") / "config.toml"


class WmsLayer(BaseModel):
    """One layer of a map server (WMS) that people may lay over the map of a product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, description="For people.")
    url: str = Field(pattern=r"^https?://[^/]+", description="Address of the map server.")
    layers: str = Field(min_length=1, description="Names of its layers, separated by commas.")
    attribution: str = Field("", description="Credit shown on the map.")


class Settings(BaseSettings):
    """The settings of one process; read them with `get_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True, str_max_length=4096
    )

    data_dir: Path = Field(
        default_factory=lambda: _user_folder("XDG_DATA_HOME", ".local/share"),
        description="Folder for what sdcviz keeps for this user: demo collection, vocabularies, "
        "saved views, the secret key.",
    )
    host: str = Field("127.0.0.1", description="Address on which the server listens.")
    port: int = Field(5006, ge=0, le=65535, description="Port of the server; 0 takes a free one.")
    root_path: str = Field(
        "", description="URL prefix under which a proxy shows the app, such as /viz."
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Other origins that may open a websocket, such as https://viz.example.org; "
        "the server's own is always allowed. In the environment, separated by commas.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses of proxies, separated by commas, whose word on the visitor's "
        "address and scheme is believed; * is everyone.",
    )
    trusted_front: bool = Field(
        False,
        description="A web server in front signs people on, and nobody else reaches this one: "
        "only then may it listen on another address than this machine's own.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Key that signs session tokens; without it, one is made once and kept in "
        "data_dir. Use `Settings.session_key` to get it.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="The least serious messages that are logged."
    )
    log_json: bool = Field(False, description="Log JSON lines instead of lines for people.")
    layout: str = Field(
        "temperature_salinity",
        description="Layout of the page: a name in layouts/, or the path of a YAML file.",
    )
    checks: str = Field(
        "checks",
        description="Thresholds of the checks: a name in layouts/, or the path of a YAML file.",
    )
    tile_url: str | None = Field(
        None,
        description="Address of background tiles with {x}, {y} and {z}. Without it no request "
        "leaves the machine.",
    )
    tile_attribution: str = Field("", description="Credit shown on the background tiles.")
    climatology: Path | None = Field(
        None,
        description="Gridded climatology (NetCDF) that the check of that name compares with and "
        "the profiles show, where the thresholds name none.",
    )
    wms_layers: Annotated[tuple[WmsLayer, ...], NoDecode] = Field(
        (),
        description="Layers of map servers (title, url, layers, attribution) that the map of a "
        "product offers; browsers ask for them once they are switched on. In the environment, "
        "a JSON list.",
    )
    opendap_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts (host or host:port) whose OPeNDAP products people may open by an "
        "address that they type; without any, only products that were named at the start, and "
        "servers of the same machine. In the environment, separated by commas.",
    )
    opendap_timeout: float = Field(
        30,
        gt=0,
        description="Seconds that an OPeNDAP server may take for one answer; it is asked three "
        "times.",
    )
    import_max_ratio: float = Field(
        200, gt=1, description="An archive member that grows more than so many times is refused."
    )
    import_max_bytes: int = Field(
        200 * 1024**3, gt=0, description="Most bytes that one archive may unpack to."
    )
    keep_sources: bool = Field(
        True,
        description="Keep a compressed copy of ODV sources in the collection, so that an export "
        "gives back header and untouched columns byte for byte.",
    )
    journal_url: SecretStr | None = Field(
        None,
        description="Database of all journals, such as postgresql://user:password@host/name. "
        "Without it each collection has its own, journal.sqlite in its folder.",
    )
    upload_max_bytes: int = Field(
        20 * 1024**3, gt=0, description="Largest file that the page accepts."
    )
    job_folders: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="Folders with files that jobs asked for over HTTP may read, besides the "
        "collections and products of this server. In the environment, separated by commas.",
    )
    min_free_bytes: int = Field(
        1024**3, ge=0, description="With less room left in data_dir the server is not ready."
    )
    warm_up: bool = Field(
        True,
        description="Whether a server does at its start what its first visitor would wait for.",
    )
    cache_collections: int = Field(
        8, ge=1, description="Collections that a server process keeps open."
    )
    scheduler: str = Field(
        "",
        description="Address of a dask scheduler that gets the time slices of analyses, such as "
        "tcp://host:8786; empty: processes of this machine.",
    )
    jobs_url: SecretStr | None = Field(
        None,
        description="Database of jobs, such as postgresql://user:password@host/name; without it "
        "that of journal_url, else the file jobs.sqlite in data_dir.",
    )
    engine: str = Field("local", description="Where jobs run that name no engine.")
    engines: Annotated[tuple[str, ...], NoDecode] = Field(
        ("local",), description="Engines that are offered. In the environment, separated by commas."
    )
    jobs_running: float = Field(
        0, ge=0, description="Processors for jobs of this machine; 0: all that it has."
    )
    jobs_memory: int = Field(
        0, ge=0, description="Bytes for jobs of this machine; 0: four fifths of what it has."
    )
    jobs_per_user: int = Field(
        0, ge=0, description="Most jobs of one person that run at a time; 0: no limit."
    )
    jobs_per_workspace: int = Field(
        0, ge=0, description="Most jobs of one workspace that run at a time; 0: no limit."
    )
    jobs_waiting_per_user: int = Field(
        1000, ge=0, description="Most jobs of one person that wait; 0: no limit."
    )
    jobs_waiting_per_workspace: int = Field(
        0, ge=0, description="Most jobs of one workspace that wait; 0: no limit."
    )
    jobs_grace: float = Field(
        10, ge=0, description="Seconds that a job has to end by itself before it is killed."
    )
    jobs_nice: int = Field(
        15, ge=0, le=19, description="How far jobs of this machine give way to pages; 0: not."
    )
    jobs_days: float = Field(
        30, ge=0, description="Days after which the folder of an ended job is removed; 0: never."
    )
    jobs_at_stop: Literal["rest", "go on", "cancel"] = Field(
        "rest",
        description="What becomes of running jobs when the server stops: they rest and go on with "
        "its next start, they go on without it, or they are cancelled. Jobs that were asked to go "
        "on do so.",
    )
    engine_label: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.-]{0,40}$",
        description="Name of this installation on engines that others use as well; empty: made of "
        "data_dir, so that servers with one data_dir see the same jobs.",
    )
    docker_url: str = Field(
        "",
        description="Docker Engine API (or podman's socket) that runs jobs, such as "
        "unix:///var/run/docker.sock; empty: what DOCKER_HOST says, else that one.",
    )
    docker_image: str = Field(
        "sdcviz", description="Image of jobs that name none; it has sdcviz in it."
    )
    docker_python: str = Field("python3", description="Python of the images, as they know it.")
    docker_binds: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="Files and folders of the machine that every container sees, read-only and "
        "under the same path. In the environment, separated by commas.",
    )
    docker_user: str = Field(
        "65534:65534",
        pattern=r"^[1-9]\d*:[1-9]\d*$",
        description="User and group (numbers) of containers where the server runs as root; else "
        "they are those of the job folder's owner.",
    )
    docker_network: str = Field(
        "bridge",
        description="Network of containers that ask for one: bridge (ports are published on "
        "127.0.0.1), host, or the name of a network that the server is in as well.",
    )
    slurm_partition: str = Field("", description="Partition of Slurm for jobs; empty: its default.")
    slurm_account: str = Field("", description="Account of Slurm for jobs; empty: the user's own.")
    slurm_options: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Further options of sbatch, such as --qos=long. In the environment, separated "
        "by commas.",
    )
    slurm_python: str = Field(
        "", description="Python with sdcviz on the nodes of Slurm; empty: the server's own path."
    )
    slurm_conf: Path | None = Field(
        None, description="Configuration file of Slurm, where the system's is not the one."
    )
    kubernetes_config: Path | None = Field(
        None,
        description="File that tells how to reach the cluster (kubeconfig); without it the "
        "pod's own account, else ~/.kube/config.",
    )
    kubernetes_namespace: str = Field("sdcviz", description="Namespace of jobs in the cluster.")
    kubernetes_image: str = Field(
        "sdcviz", description="Image of jobs in the cluster; it has sdcviz in it."
    )
    kubernetes_claim: str = Field(
        "sdcviz", description="PersistentVolumeClaim that holds job folders, inputs and outputs."
    )
    kubernetes_mount: Path | None = Field(
        None,
        description="Folder under which that volume is mounted here; pods see it under the same "
        "path. Without it, data_dir.",
    )
    julia: str = Field(
        "",
        description="Command that runs the driver of DIVAnd.jl for the engine julia, such as "
        "'julia --project=docker/divand docker/divand/driver.jl {folder}'; empty: none.",
    )
    smtp_host: str = Field("", description="Mail server for letters to data centres; empty: none.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="Account at the mail server; empty: no sign-on.")
    smtp_password: SecretStr | None = Field(None, description="Password of that account.")
    smtp_starttls: bool = Field(
        True, description="Encrypt the connection (STARTTLS); a server without it is refused then."
    )
    smtp_implicit_tls: bool | None = Field(
        None,
        description="Encrypt the connection from the first byte (SMTPS) instead; without a word, "
        "on port 465 only.",
    )
    smtp_ca: Path | None = Field(
        None,
        description="File of certificates that prove the mail server, instead of the system's.",
    )
    smtp_timeout: float = Field(
        30, gt=0, le=600, description="Seconds that the mail server may take for each answer."
    )
    mail_from: str = Field(
        "",
        description="Sender of mails and contact of letters, such as "
        "Regional desk <qc@example.org>.",
    )
    public_url: str = Field(
        "",
        description="Address under which people reach the page, such as "
        "https://viz.example.org/viz/, for links in mails; without it that of this machine.",
    )
    webhook_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts (host or host:port) that may get documents about jobs which ended; "
        "without any, none does. In the environment, separated by commas.",
    )
    notebook_idle: float = Field(
        60, ge=0, description="Minutes without use after which a notebook hibernates; 0: never."
    )
    data_centre_addresses: Annotated[dict[int, str] | Path, NoDecode] = Field(
        default_factory=dict,
        description="Mail address by EDMO code: a table, or the path of a CSV file with the "
        "columns edmo and address.",
    )
    restricted_data_centres: Annotated[tuple[int, ...], NoDecode] = Field(
        (), description="EDMO codes of data centres whose values never leave in a letter."
    )
    restricted_cdi_ids: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="LOCAL_CDI_IDs of stations whose values never leave in a letter."
    )
    open_access: Annotated[tuple[str, ...], NoDecode] = Field(
        ("UN", "CA", "CB"),
        description="Codes of L08 (access restrictions) under which values may leave in a "
        "letter; a station that states another, or none beside others that do, is restricted.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the call, then the environment, then the file (see pydantic-settings)."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("root_path")
    @classmethod
    def _prefix(cls, value: str) -> str:
        """Give every spelling of a prefix one form: ``/viz`` or nothing."""
        value = value.strip().strip("/")
        if any(part in {"", ".", ".."} for part in value.split("/")) and value:
            raise ValueError("should be a plain URL prefix such as /viz")
        return f"/{value}" if value else ""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.split(",")
        return tuple(text.strip().rstrip("/") for text in value if text.strip())

    @field_validator("docker_binds", "slurm_options", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.split(",")
        return tuple(w.strip() if isinstance(w, str) else w for w in value if str(w).strip())

    @field_validator("job_folders", mode="before")
    @classmethod
    def _folders(cls, value: Any) -> Any:
        names = value.split(",") if isinstance(value, str) else value
        return tuple(Path(n).expanduser().absolute() for n in names if str(n).strip())

    @field_validator("journal_url", "jobs_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if text and not text.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
            raise ValueError("should begin with postgresql:// or sqlite:///")
        return SecretStr(text) if text else None

    @field_validator(
        "restricted_data_centres",
        "restricted_cdi_ids",
        "open_access",
        "engines",
        "webhook_hosts",
        "opendap_hosts",
        mode="before",
    )
    @classmethod
    def _words(cls, value: Any) -> Any:
        words = value.split(",") if isinstance(value, str) else value
        return tuple(w.strip() if isinstance(w, str) else w for w in words if w not in ("", None))

    @field_validator("wms_layers", mode="before")
    @classmethod
    def _layers(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = json.loads(value) if value.strip() else ()
        return TypeAdapter(tuple[WmsLayer, ...]).validate_python(value or ())

    @field_validator("data_centre_addresses", mode="before")
    @classmethod
    def _table(cls, value: Any) -> Any:
        """Take a table of the environment as JSON; any other text is a path."""
        if isinstance(value, str) and value.lstrip().startswith("{"):
            return json.loads(value)
        return Path(value).expanduser() if isinstance(value, str) and value else value or {}

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("should begin with http:// or https://")
        return value

    @field_validator("tile_url")
    @classmethod
    def _tiles(cls, value: str | None) -> str | None:
        if value and not all(part in value for part in ("{x}", "{y}", "{z}")):
            raise ValueError("should contain {x}, {y} and {z}")
        return value or None

    @property
    def products_dir(self) -> Path:
        """Folder of the products of this server: results of analyses, and what was uploaded."""
        return self.data_dir / "products"

    def session_key(self) -> SecretStr:
        """Return the key that signs session tokens, made on first use.

        Returns
        -------
        SecretStr
            `secret_key` if set, else the content of ``secret_key`` in `data_dir`,
            a file that only this user can read.

        Raises
        ------
        StorageError
            If the key can be neither read nor written.
        """
        if self.secret_key is not None:
            return self.secret_key
        path = self.data_dir / "secret_key"
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            return SecretStr(_read_or_make(path))
        except OSError as error:
            raise StorageError(
                f"{path}: the key of the server can't be read or written ({error.strerror}); "
                f"set {PREFIX}DATA_DIR to a folder of yours, or {PREFIX}SECRET_KEY."
            ) from error


def _read_or_make(path: Path) -> str:
    """Read the key; if there is none, make it so that two servers get the same."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            # A link, unlike a rename, fails where another server was first.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    path.chmod(0o600)
    return path.read_text().strip()


def load_settings(**given: Any) -> Settings:
    """Read the settings anew.

    Parameters
    ----------
    **given
        Settings that come before those of environment and file.

    Raises
    ------
    BadRequest
        If the file can't be read or a value can't be used; says which.
    """
    path = config_file()
    if not path.is_file() and os.environ.get(f"{PREFIX}CONFIG"):
        raise BadRequest(f"{path}: the settings file named by {PREFIX}CONFIG does not exist.")
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadRequest(_sentence(error, path, given)) from None
    except (OSError, ValueError) as error:  # tomllib's own error is a ValueError
        raise BadRequest(f"{path}: the settings file can't be read ({error}).") from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once (see `load_settings`).

    Returns
    -------
    Settings
        ``get_settings.cache_clear()`` makes the next call read them again.
    """
    return load_settings()


def _sentence(error: ValidationError, path: Path, given: dict[str, Any]) -> str:
    """Say what is wrong with a setting, without showing the value of a secret."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    variable = f"{PREFIX}{name.upper()}"
    if first["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return f"{path}: there is no setting {name!r}; known are {known}."
    if name in given:
        where = f"--{name.replace('_', '-')}"
    elif variable in os.environ:
        where = f"the variable {variable}"
    else:
        where = f"{name!r} in {path}"
    message = first["msg"].removeprefix("Value error, ")
    field = Settings.model_fields.get(name)
    secret = field is not None and "SecretStr" in str(field.annotation)
    shown = "" if secret else f" is {first['input']!r}"
    return f"Settings: {where}{shown}: {message}."
