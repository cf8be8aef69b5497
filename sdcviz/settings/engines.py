"""Settings of the engines that run jobs elsewhere: Docker, Slurm, Kubernetes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from .kinds import Listed, Part

__all__ = ["EngineSettings"]


class EngineSettings(Part):
    """How each engine is reached, and with what it runs a job."""

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
    docker_binds: Listed[Path] = Field(
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
    slurm_options: Listed[str] = Field(
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
