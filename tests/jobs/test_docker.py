"""Jobs in real containers: what they may, what they see, and a daemon that goes away."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from engine_jobs import is_under_way, look, new_job, said, until_over, verdict
from engine_services import IMAGE, DockerDaemon
from ports import free_port
from waiting import until

from sdcviz.errors import EngineError
from sdcviz.jobs.docker import DockerEngine
from sdcviz.jobs.docker_container import container_options
from sdcviz.jobs.folders import exit_record, read_events, read_log, write_job
from sdcviz.jobs.model import JobSpec, Limits, State, Wish
from sdcviz.settings import load_settings

pytestmark = pytest.mark.service

SLEEPER = "import time; print('here', flush=True); time.sleep(600)"
WAITER = """
import os, time
print("here", flush=True)
while not os.path.exists("go"):
    time.sleep(0.05)
"""


@pytest.fixture
def engine(local_image: dict[str, Any], tmp_path: Path) -> Iterator[DockerEngine]:
    yield from _engine(local_image, tmp_path)


def _engine(settings: dict[str, Any], data_dir: Path) -> Iterator[DockerEngine]:
    made = DockerEngine(load_settings(data_dir=data_dir, **settings))
    try:
        yield made
    finally:
        for state in made.found().values():
            made.remove(state)


RIGHTS = """
import json, os, socket, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
def attempt(function, *words):
    try:
        return str(function(*words))
    except OSError as error:
        return type(error).__name__
print(json.dumps({
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "rights": [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapInh")],
    "no new": status["NoNewPrivs"].strip(),
    "interfaces": os.listdir("/sys/class/net"),
    "network": attempt(socket.create_connection, ("192.0.2.1", 80), 2),
    "root": attempt(open, "/new", "w"),
    "usr": attempt(open, "/usr/new", "w"),
    "secret": attempt(open, sys.argv[1]),
    "temporary": attempt(open, "/tmp/new", "w")[:3],
    "here": attempt(open, "new", "w")[:3],
    "processes": sum(name.isdigit() for name in os.listdir("/proc")),
}))
"""


def test_a_container_has_no_rights(engine: DockerEngine, tmp_path: Path) -> None:
    secret = tmp_path / "jobs" / "secret"
    secret.parent.mkdir()
    secret.write_text("of another job")
    secret.chmod(0o644)
    spec = new_job(tmp_path, sys.executable, "-c", RIGHTS, str(secret))
    until_over(engine, spec, engine.start(spec))
    found = said(spec)
    assert found["user"][:2] == [65534, 65534] and 0 not in found["user"][2]
    assert found["rights"] == [0, 0, 0, 0] and found["no new"] == "1"
    assert found["interfaces"] == ["lo"] and found["network"] == "OSError"
    assert found["root"] == found["usr"] == "OSError"  # read-only
    assert found["secret"] == "FileNotFoundError"
    assert found["temporary"] == found["here"] == "<_i"
    assert found["processes"] < 6


def test_inputs_can_be_read_and_outputs_written(engine: DockerEngine, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    out = tmp_path / "out" / "product.nc"
    script = f"cat {tmp_path}/link/a {tmp_path}/in/a > {out}.part && mv {out}.part {out}"
    script += f"; touch {tmp_path}/in/a && echo changed"
    spec = new_job(tmp_path, "sh", "-c", script, reads=(tmp_path / "link",), writes=(out,))
    sight = until_over(engine, spec, engine.start(spec))
    assert out.read_text() == "texttext"
    assert (sight.phase, sight.exit_code) == ("ended", 1)


def test_a_folder_that_is_not_ours_is_not_given_away(
    engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    spec = new_job(tmp_path, "true", writes=(elsewhere / "file",))
    with pytest.raises(EngineError, match=f"{elsewhere}: a container's user .* may not write"):
        engine.start(spec)
    assert elsewhere.stat().st_uid == os.getuid()


@pytest.mark.parametrize("where", ["", "jobs", ".."])
def test_no_container_sees_the_keys_and_all_jobs(tmp_path: Path, where: str) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    for more in ({"reads": (settings.data_dir / where,)}, {"writes": (settings.data_dir / where,)}):
        spec = new_job(settings.data_dir, "true", **more)
        with pytest.raises(EngineError, match="holds keys and other jobs"):
            container_options(spec, settings, "s")


def test_out_of_memory(engine: DockerEngine, tmp_path: Path) -> None:
    script = "x = []\nwhile True: x.append(bytearray(b'1' * 1000000))"
    spec = new_job(tmp_path, sys.executable, "-c", script, limits=Limits(memory=50_000_000))
    sight = until_over(engine, spec, engine.start(spec))
    ended = verdict(spec, sight)
    assert ended.state is State.FAILED and "more memory than its 50.0 MB" in ended.reason


def test_temporary_files_count_as_memory(engine: DockerEngine, tmp_path: Path) -> None:
    """The wrapper does not see these, the container's own limit does."""
    script = "exec head -c 200M /dev/zero > /tmp/file"
    spec = new_job(tmp_path, "sh", "-c", script, limits=Limits(memory=50_000_000))
    sight = until_over(engine, spec, engine.start(spec))
    assert (sight.phase, sight.reason) == ("ended", "memory")
    assert verdict(spec, sight).state is State.FAILED
    assert "memory" in verdict(spec, sight).reason


def test_a_start_that_was_broken_off_goes_on(engine: DockerEngine, tmp_path: Path) -> None:
    spec = new_job(tmp_path, "echo", "1")
    with engine._asking("") as docker:
        docker.containers.create(**container_options(spec, engine._settings, engine._server))
    state = engine.found()[spec.id]
    assert look(engine, state).phase == "waiting"
    assert engine.start(spec) == state == engine.start(spec)
    assert until_over(engine, spec, state).exit_code == 0
    assert said(spec) == 1
    assert list(engine.found()) == [spec.id]


def test_installations_do_not_see_each_other(
    engine: DockerEngine, local_image: dict[str, Any], tmp_path: Path
) -> None:
    spec, _ = _running(engine, tmp_path, SLEEPER)
    other = DockerEngine(load_settings(data_dir=tmp_path / "other", **local_image))
    assert spec.id in engine.found() and other.found() == {}
    with pytest.raises(EngineError, match="of another installation"):
        other.start(spec)


def test_an_image_of_its_own(
    engine: DockerEngine, docker_daemon: DockerDaemon, tmp_path: Path
) -> None:
    """The wrapper comes along; what the image starts by itself gets the arguments."""
    text = f'FROM {IMAGE}\nENTRYPOINT ["/bin/echo", "17"]\nCMD ["nothing"]\n'.encode()
    with docker_daemon.client() as docker:
        docker.images.build(fileobj=BytesIO(text), tag="sdcviz/echo:1", rm=True)
    spec = new_job(tmp_path, "4", image="sdcviz/echo:1")
    assert until_over(engine, spec, engine.start(spec)).exit_code == 0
    assert (spec.folder / "log.txt").read_text() == "17 4\n"
    with pytest.raises(EngineError, match="no image 'sdcviz/none'") as caught:
        engine.start(new_job(tmp_path, "4", image="sdcviz/none"))
    assert not caught.value.passing
    with docker_daemon.client() as docker:
        bare = b"FROM scratch\nENV PATH=/none\nCMD a"
        docker.images.build(fileobj=BytesIO(bare), tag="sdcviz/bare:1", rm=True)
    spec = new_job(tmp_path, "4", image="sdcviz/bare:1")
    ended = verdict(spec, until_over(engine, spec, engine.start(spec)))
    assert ended.state is State.FAILED and "could not begin" in ended.reason
    assert "exec python3 failed: No such file" in ended.reason


def test_what_a_job_puts_into_its_folder_misleads_nobody(
    engine: DockerEngine, tmp_path: Path
) -> None:
    """A server with more rights than the job neither reads nor writes through links."""
    secret = tmp_path / "secret"
    secret.write_text('{"event": "secret", "attempt": 1}\n')
    links = "log.txt log.5.txt events.jsonl stop exit.json"
    script = f"cd ..; mkfifo log.9.txt; for f in {links}; do ln -sf {secret} $f; done; echo done"
    script += f"; ln -sf {secret} job.{os.getpid()}.draft; touch work/ready; sleep 600"
    spec = new_job(tmp_path, "sh", "-c", script)
    state = engine.start(spec)
    until((spec.folder / "work" / "ready").exists, "links")
    texts = [read_log(spec.folder, offset)[0] for offset in (0, 5, 9, -20)]
    assert "secret" not in str([texts, read_events(spec.folder)])
    assert exit_record(spec.folder, 1) == {}
    write_job(spec, 5)
    engine.stop(state, 0)
    assert secret.read_text() == '{"event": "secret", "attempt": 1}\n'
    until_over(engine, spec, state)


def test_an_interactive_job_is_reached(engine: DockerEngine, tmp_path: Path) -> None:
    port = free_port()
    serve = f"{sys.executable} -m http.server --bind $SDCVIZ_LISTEN {port}"
    spec = new_job(tmp_path, "sh", "-c", serve, port=port)
    state = engine.start(spec)
    assert engine.endpoint(state) == f"http://127.0.0.1:{port}"
    transport = httpx.HTTPTransport(retries=8)  # until it listens
    with httpx.Client(transport=transport) as client:
        assert client.get(engine.endpoint(state)).status_code == 200
    assert until(lambda: engine.usage({"job": state}), "a sample")["job"].memory > 1e6
    engine.stop(state, 0)
    assert verdict(spec, until_over(engine, spec, state), Wish.CANCEL).state is State.CANCELLED
    assert engine.usage({"job": state}) == {}


def test_ports_are_published_on_this_machine_only(tmp_path: Path) -> None:
    spec = new_job(tmp_path, "true", port=8888)
    options = container_options(spec, load_settings(data_dir=tmp_path), "s")
    assert options["ports"] == {"8888/tcp": ("127.0.0.1", None)}
    assert options["environment"]["SDCVIZ_LISTEN"] == "0.0.0.0"


def test_a_daemon_that_is_away_comes_back(local_image: dict[str, Any], tmp_path: Path) -> None:
    away = {**local_image, "docker_url": f"unix://{tmp_path}/none.sock"}
    engine = DockerEngine(load_settings(data_dir=tmp_path, **away))
    spec = new_job(tmp_path, "true")
    for ask in (lambda: engine.start(spec), engine.found, lambda: engine.look({"a": {}})):
        with pytest.raises(EngineError, match="Docker does not answer") as caught:
            ask()
        assert caught.value.passing


@pytest.fixture
def alone(own_daemon: DockerDaemon, tmp_path: Path) -> Iterator[DockerEngine]:
    """Return an engine whose daemon the test may stop."""
    yield from _engine(own_daemon.settings(), tmp_path)


def test_a_restarted_daemon(alone: DockerEngine, own_daemon: DockerDaemon, tmp_path: Path) -> None:
    # Without live-restore its containers end with it: the job starts again.
    spec, state = _running(alone, tmp_path, SLEEPER)
    own_daemon.stop()
    with pytest.raises(EngineError) as caught:
        alone.look({"job": state})
    assert caught.value.passing
    own_daemon.start("--live-restore")
    again = verdict(spec, look(alone, state))
    assert (again.state, again.again) == (State.QUEUED, True)
    assert "asked it to stop" in again.reason

    # With it, they live on when the daemon crashes.
    spec, state = _running(alone, tmp_path, WAITER)
    own_daemon.stop(9)
    with pytest.raises(EngineError):
        alone.look({"job": state})
    own_daemon.start("--live-restore")
    assert look(alone, state).phase == "running"
    (spec.folder / "work" / "go").touch()
    assert verdict(spec, until_over(alone, spec, state)).state is State.DONE

    # Without a word from anybody, as when the machine crashed.
    spec, state = _running(alone, tmp_path, SLEEPER)
    with own_daemon.client() as docker:
        first = docker.api.inspect_container(state["container"])["State"]["Pid"]
    own_daemon.stop(9)
    os.kill(first, signal.SIGKILL)
    own_daemon.start()
    sight = until_over(alone, spec, state)
    again = verdict(spec, sight)
    assert (sight.reason, again.state, again.again) == ("node", State.QUEUED, True)
    assert "node that ran it went away" in again.reason


def _running(engine: DockerEngine, data_dir: Path, script: str) -> tuple[JobSpec, dict[str, Any]]:
    spec = new_job(data_dir, sys.executable, "-c", script)
    state = engine.start(spec)
    until(lambda: is_under_way(spec), "the job runs")
    return spec, state
