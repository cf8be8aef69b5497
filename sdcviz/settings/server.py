"""Settings of the server and of where it keeps things."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from ..errors import StorageError
from .kinds import Listed, Part
from .places import PREFIX, user_folder
from .secret import read_or_make

__all__ = ["ServerSettings"]


class ServerSettings(Part):
    """The server, and the folder of what it keeps."""

    data_dir: Path = Field(
        default_factory=lambda: user_folder("XDG_DATA_HOME", ".local/share"),
        description="Folder for what sdcviz keeps for this user: demo collection, vocabularies, "
        "saved views, the secret key.",
    )
    host: str = Field("127.0.0.1", description="Address on which the server listens.")
    port: int = Field(5006, ge=0, le=65535, description="Port of the server; 0 takes a free one.")
    root_path: str = Field(
        "", description="URL prefix under which a proxy shows the app, such as /viz."
    )
    public_url: str = Field(
        "",
        description="Address under which people reach the page, such as "
        "https://viz.example.org/viz/, for links in mails; without it that of this machine.",
    )
    allowed_origins: Listed[str] = Field(
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
    upload_max_bytes: int = Field(
        20 * 1024**3, gt=0, description="Largest file that the page accepts."
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

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("should begin with http:// or https://")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin.rstrip("/") for origin in value)

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
            return SecretStr(read_or_make(path))
        except OSError as error:
            raise StorageError(
                f"{path}: the key of the server can't be read or written ({error.strerror}); "
                f"set {PREFIX}DATA_DIR to a folder of yours, or {PREFIX}SECRET_KEY."
            ) from error
