"""All settings together, and where their values come from."""

from __future__ import annotations

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .data import DataSettings
from .engines import EngineSettings
from .jobs import JobSettings
from .mail import MailSettings
from .page import PageSettings
from .places import PREFIX, config_file
from .server import ServerSettings

__all__ = ["Settings"]


# Fields come in the order of the parts from the last to the first.
class Settings(
    MailSettings,
    EngineSettings,
    JobSettings,
    DataSettings,
    PageSettings,
    ServerSettings,
    BaseSettings,
):
    """The settings of one process; read them with `get_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        validate_default=True,
        str_max_length=4096,
        defer_build=False,
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
