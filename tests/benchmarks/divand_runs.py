"""One analysis in a process of its own: by sdcviz, or by the authors' toolbox in Octave.

As a program: ``divand_runs.py TASK WARM FILE ... OUT`` runs ours; TASK is one of the names of
`TASKS`, WARM the solvers whose compiled code is loaded before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import numpy as np
from divand_problems import Problem, box
from numpy.typing import NDArray

COLUMNS = 20
"""Columns of the inverse that the toolbox solves, for its exact error."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


@dataclass
class Run:
    """What a run took: CPU seconds, megabytes at the peak and before the analysis."""

    cpu: float
    peak: float
    base: float
    field: NDArray
    about: str = ""


def ours(task: str, files: list[Path], folder: Path) -> Run:
    """Run ours."""
    timed = _process(task, "direct,iterative", files, folder)
    # Memory is that of a process that has loaded nothing but what the problem needs.
    warm = "iterative" if timed.about.startswith("iterative") else "direct"
    measured = _process(task, warm, files, folder)
    return Run(timed.cpu, measured.peak, measured.base, timed.field, timed.about)


def _process(task: str, warm: str, files: list[Path], folder: Path) -> Run:
    out = folder / "ours.npz"
    command = [sys.executable, __file__, task, warm, *map(str, files), str(out)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, check=True, capture_output=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return Run(field=np.load(out)["field"], **told)


OCTAVE = """
pkg load divand; more off; warning("off", "all");
function m = high_water()
  t = regexp(fileread("/proc/self/status"), 'VmHWM:\\s*(\\d+)', 'tokens');
  m = str2double(t{1}{1}) / 1024;
end
function [fi, s] = run(p)
  for k = 1:p.n
    pmn{k} = p.(sprintf("pmn%d", k)); xi{k} = p.(sprintf("xi%d", k));
    x{k} = p.(sprintf("x%d", k)); len{k} = p.(sprintf("len%d", k));
  end
  [fi, s] = divand(logical(p.mask), pmn, xi, x, p.f, len, 1 / p.epsilon2, "diagnostics", 1);
end
run(load(small));
for i = 1:numel(files)  p{i} = load(files{i}); end
base = high_water(); cpu = 0; fields = [];
for i = 1:numel(files)
  start = cputime(); [fi, s] = run(p{i}); cpu += cputime() - start; fields = [fields; fi(:)];
end
if columns
  n = sum(p{1}.mask(:)); start = cputime();
  for j = round(linspace(1, n, columns)) e = zeros(n, 1); e(j) = 1; v = s.P * e; end
  cpu += (cputime() - start) * n / columns;
end
peak = high_water();
save("-v7", out, "cpu", "peak", "base", "fields");
"""


def has_peer() -> bool:
    """Tell whether Octave and the toolbox are there."""
    if which("octave") is None:
        return False
    test = ["octave", "--no-gui", "-qf", "--eval", "pkg load divand"]
    return subprocess.run(test, capture_output=True).returncode == 0


def peer(task: str, files: list[Path], folder: Path) -> Run:
    """Run the authors' toolbox."""
    from scipy.io import loadmat

    small, out = folder / "small.mat", folder / "peer.mat"
    n = Problem.load(files[0])["mask"].ndim
    box((round(1000 ** (1 / n)),) * n, (0.3,) * n).save(small)
    names = ", ".join(f'"{file}"' for file in files)
    head = f'small = "{small}"; out = "{out}"; files = {{{names}}};'
    head += f"columns = {COLUMNS if task == 'exact' else 0};"
    program = folder / "peer.m"
    program.write_text("1;\n" + head + OCTAVE)
    command = ["octave", "--no-gui", "-qf", str(program)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Octave failed: {done.stderr[-500:]}")
    told = {k: v for k, v in loadmat(out).items() if k[0] != "_"}
    first = Problem.load(files[0])["mask"]
    # Octave's arrays are by columns.
    fields = told.pop("fields").reshape(len(files), *first.shape[::-1])
    field = fields.transpose(0, *range(first.ndim, 0, -1))
    return Run(field=field, **{k: float(v.item()) for k, v in told.items()})


def high_water() -> float:
    """Give the largest memory of this process so far, in megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _one(problems: list[dict], error: str | None = None, solver: str = "auto") -> tuple:
    from sdcviz import divand

    got = divand.analyse(**problems[0], alphabc=0, scale_len=False, error=error, solver=solver)
    return [got.field], f"{got.solver} {got.iterations}"


def _slices(problems: list[dict]) -> tuple:
    """Analyse several sets of observations on one domain."""
    from sdcviz import divand

    p = problems[0]
    background = divand.Background(
        p["mask"], p["pmn"], p["xi"], p["corr_len"], alphabc=0, scale_len=False
    )
    fields, steps = [], []
    for p in problems:
        index = divand.fractional_indices(background, p["x"])
        observations = divand.Observations(background, index, p["epsilon2"])
        system = divand.System(background, observations)
        fields.append(background.unpack(system.solve(p["f"][observations.used])))
        steps.append(system.iterations)
    return fields, f"{system.solver} {min(steps)}-{max(steps)}"


TASKS = {
    "one": _one,
    "direct": lambda p: _one(p, solver="direct"),
    "iterative": lambda p: _one(p, solver="iterative"),
    "exact": lambda p: _one(p, error="exact"),
    "slices": _slices,
}


def main(task: str, warm: str, files: list[str], out: str) -> None:
    """Run one task and tell what it took."""
    import warnings

    problems = [Problem.load(Path(file)) for file in files]
    n = problems[0]["mask"].ndim
    small = Path(out).with_suffix(".small.mat")
    # Of about a thousand points in any number of dimensions: its peak stays below the problem's.
    box((round(1000 ** (1 / n)),) * n, (0.3,) * n).save(small)
    warnings.simplefilter("ignore")
    # Compiled code is loaded before, as the toolbox is.
    for solver in warm.split(","):
        _one([Problem.load(small)], "exact" if task == "exact" else None, solver)
    base, start = high_water(), time.process_time()
    fields, about = TASKS[task](problems)
    cpu, peak = time.process_time() - start, high_water()
    np.savez(out, field=np.stack(fields))
    print(json.dumps({"cpu": cpu, "peak": peak, "base": base, "about": about}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:-1], sys.argv[-1])
