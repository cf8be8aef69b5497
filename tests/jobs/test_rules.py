"""Whose turn it is, and what becomes of a job: functions without any world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sdcviz.jobs.engine import Sight
from sdcviz.jobs.judge import judge
from sdcviz.jobs.model import Job, JobSpec, Limits, State, Wish, spec_of
from sdcviz.jobs.turns import Quotas, Turn, next_jobs, room_left


def turn(id: str, owner: str = "ann", **more: object) -> Turn:
    given = {"state": "queued", "engine": "local", "place": "", "workspace": "", "cpu": 1.0,
             "memory": 0, "keep": False, "reason": "", "created": id}  # fmt: skip
    return Turn(id=id, owner=owner, **{**given, **more})  # type: ignore[arg-type]


def chosen(waiting: list[Turn], active: list[Turn] = [], cpu: float = 2, **more: object) -> str:  # noqa: B006
    given = {"memory": 100, "quotas": Quotas(), "recent": {}, **more}
    room = Limits(cpu=cpu, memory=int(given.pop("memory")))  # type: ignore[call-overload]
    return "".join(next_jobs(waiting, active, room, **given)[0])  # type: ignore[arg-type]


def test_owners_take_turns_whoever_came_first() -> None:
    line = [turn("a"), turn("b"), turn("c"), turn("x", "bob"), turn("y", "bob")]
    assert chosen(line, cpu=2) == "ax"
    assert chosen(line, cpu=4) == "axby"
    assert chosen(line, [turn("0", "ann")], cpu=2) == "xa"


def test_who_used_least_lately_goes_first() -> None:
    line = [turn("a"), turn("x", "bob")]
    assert chosen(line, cpu=1, recent={"ann": 10.0}) == "x"
    assert chosen(line, cpu=1, recent={"ann": 10.0, "bob": 20.0}) == "a"


def test_a_big_job_is_passed_by_others_and_not_by_its_owner() -> None:
    line = [turn("a", cpu=4.0), turn("b"), turn("x", "bob"), turn("y", "bob", memory=200)]
    assert chosen(line) == "x"


def test_quotas_say_what_a_job_waits_for() -> None:
    line = [turn("a"), turn("b"), turn("x", "bob", workspace="med"), turn("y", "bob")]
    active = [turn("0", "eve", workspace="med")]
    ids, reasons = next_jobs(line, active, Limits(cpu=9, memory=9), Quotas(1, 1), {})
    assert ids == ["a", "y"]
    assert reasons == {
        "b": "1 jobs of ann run, more may not at a time.",
        "x": "1 jobs of workspace med run, more may not at a time.",
    }


def test_who_is_paused_keeps_memory_only() -> None:
    active = [turn("a", state="paused", memory=3), turn("b", state="running", memory=4)]
    assert room_left(Limits(cpu=2, memory=10), active) == Limits(cpu=1, memory=3)


SPEC = JobSpec("0" * 32, ("divand",), Path("/x"), limits=Limits(memory=2_000_000_000, walltime=60))
JOB = Job(SPEC, State.RUNNING)
GONE = Sight("gone")


@pytest.mark.parametrize(
    ("job", "sight", "record", "silent", "state", "words"),
    [
        (JOB, Sight("running"), {}, False, "running", ""),
        (JOB, Sight("paused"), {}, False, "paused", ""),
        (JOB, Sight("waiting"), {}, False, "starting", ""),
        (JOB, GONE, {"exit_code": 0}, False, "done", ""),
        (JOB, GONE, {"exit_code": 2, "said": "sdcviz: No."}, False, "failed", "No."),
        (JOB, GONE, {"exit_code": 137, "signal": 9, "said": "June"}, False, "failed", "SIGKILL"),
        (JOB, GONE, {"exit_code": 139, "signal": 11, "said": "June"}, False, "failed", "SIGSEGV"),
        (JOB, GONE, {"exit_code": 9}, False, "failed", "status 9"),
        (JOB, GONE, {"exit_code": 137, "reason": "memory"}, False, "failed", "2.0 GB"),
        (JOB, GONE, {"exit_code": 143, "reason": "time"}, False, "failed", "60 s"),
        (JOB, GONE, {"exit_code": 1, "reason": "disk"}, False, "failed", "disk"),
        (JOB, GONE, {"exit_code": 143, "reason": "stopped"}, False, "queued", "starts again"),
        (replace(JOB, losses=2), GONE, {}, True, "lost", "3 times"),
        (JOB, GONE, {}, False, "running", ""),
        (JOB, Sight("ended", 137, "memory"), {}, True, "failed", "memory"),
        (replace(JOB, wish=Wish.CANCEL), GONE, {}, True, "cancelled", ""),
        (replace(JOB, wish=Wish.CANCEL), GONE, {"exit_code": 0}, False, "done", ""),
        (replace(JOB, wish=Wish.CANCEL), GONE, {"exit_code": 130}, False, "cancelled", ""),
        (JOB, GONE, {"exit_code": 143, "signal": 15}, False, "queued", "starts again"),
        (
            replace(JOB, wish=Wish.HIBERNATE),
            GONE,
            {"exit_code": 143, "reason": "stopped"},
            False,
            "hibernated",
            "",
        ),
    ],
)
def test_a_verdict(
    job: Job, sight: Sight, record: dict[str, object], silent: bool, state: str, words: str
) -> None:
    verdict = judge(job, sight, record, silent)
    assert str(verdict.state) == state
    assert words in verdict.reason and bool(words) == bool(verdict.reason)


def test_a_specification_survives_its_document() -> None:
    spec = replace(SPEC, reads=(Path("/a"),), env={"A": "b"}, notify={"mail": "x"})
    assert spec_of({**spec.document(), "of a later version": 1}) == spec
