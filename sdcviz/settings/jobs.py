"""Settings of jobs, wherever they run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from .kinds import DatabaseUrl, Listed, Part

__all__ = ["JobSettings"]


class JobSettings(Part):
    """How many jobs run, what becomes of them, and what they may use."""

    engine: str = Field("local", description="Where jobs run that name no engine.")
    engines: Listed[str] = Field(
        ("local",), description="Engines that are offered. In the environment, separated by commas."
    )
    jobs_url: DatabaseUrl = Field(
        None,
        description="Database of jobs, such as postgresql://user:password@host/name; without it "
        "that of journal_url, else the file jobs.sqlite in data_dir.",
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
    job_folders: Listed[Path] = Field(
        (),
        description="Folders with files that jobs asked for over HTTP may read, besides the "
        "collections and products of this server. In the environment, separated by commas.",
    )
    webhook_hosts: Listed[str] = Field(
        (),
        description="Hosts (host or host:port) that may get documents about jobs which ended; "
        "without any, none does. In the environment, separated by commas.",
    )
    notebook_idle: float = Field(
        60, ge=0, description="Minutes without use after which a notebook hibernates; 0: never."
    )
    scheduler: str = Field(
        "",
        description="Address of a dask scheduler that gets the time slices of analyses, such as "
        "tcp://host:8786; empty: processes of this machine.",
    )
    julia: str = Field(
        "",
        description="Command that runs the driver of DIVAnd.jl for the engine julia, such as "
        "'julia --project=docker/divand docker/divand/driver.jl {folder}'; empty: none.",
    )

    @field_validator("job_folders")
    @classmethod
    def _folders(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(folder.expanduser().absolute() for folder in value)
