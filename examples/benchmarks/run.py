"""Benchmark sk_mnist against alternatives, and write docs/performance.md.

Run with ``python -m pip install -e ".[benchmark]" && python examples/benchmarks/run.py``; takes two
hours on 2 cores, or a few minutes with ``--quick``. Each job runs in its own process. Libraries
alternate, so that drifts in the speed of the machine affect all of them equally. Results are saved
after every job.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import contestants
import machine
import results
from rich.console import Console
from settings import ENVIRONMENTS, FULL, GROUPS, MODEL_OF_COMMAND, QUICK, TINY, Settings
from worker import MARKER

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# The report needs pandas and seaborn. They are imported after the measurements, because a worker
# forked from a large process would inherit its peak memory.


@dataclass(frozen=True)
class Output:
    """Output paths; the page links to its images as "images/..."."""

    results: Path
    page: Path

    @property
    def images(self) -> Path:
        """Directory of the plots."""
        return self.page.parent / "images"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the requested groups, and report all results."""
    options = _parser().parse_args(arguments)
    settings = _settings(options)
    output = _output(options)
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    if not options.report_only:
        start = time.perf_counter()
        try:
            measure(settings, options.only, output, console)
        except KeyboardInterrupt:
            console.print("Interrupted. The report covers the jobs that finished.")
        console.print(f"Measured for {(time.perf_counter() - start) / 60:.1f} minutes.\n")
    from report import write_report

    write_report(output.results, output.page, output.images, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="smaller; writes to ./benchmark_quick")
    size.add_argument("--tiny", action="store_true", help="only check that the benchmarks run")
    parser.add_argument("--rounds", type=int, help="number of repetitions (default 5)")
    parser.add_argument(
        "--only", type=_groups, default=GROUPS, metavar="GROUPS", help=f"some of {','.join(GROUPS)}"
    )
    parser.add_argument("--output", type=Path, help="output directory")
    parser.add_argument("--report-only", action="store_true", help="report existing results")
    return parser


def _groups(text: str) -> tuple[str, ...]:
    names = text.split(",")
    unknown = sorted(set(names) - set(GROUPS))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(GROUPS)}")
    return tuple(group for group in GROUPS if group in names)


def _settings(options: argparse.Namespace) -> Settings:
    settings = QUICK if options.quick else TINY if options.tiny else FULL
    return settings if options.rounds is None else replace(settings, rounds=options.rounds)


def _output(options: argparse.Namespace) -> Output:
    directory = options.output
    if directory is None and options.quick:
        directory = Path("benchmark_quick")
    if directory is None and options.tiny:
        directory = Path("benchmark_quick", "tiny")
    if directory is None:
        return Output(HERE / "results.csv", ROOT / "docs" / "performance.md")
    return Output(directory / "results.csv", directory / "performance.md")


def measure(settings: Settings, groups: Sequence[str], output: Output, console: Console) -> None:
    """Run the jobs of the groups with alternating contestants, and save each result.

    Parameters
    ----------
    settings : Settings
        Sizes of the run.
    groups : sequence of str
        Groups to measure; existing results of other groups are kept.
    output : Output
        Output paths.
    console : Console
        Console for progress messages.
    """
    if platform.machine() not in ("x86_64", "AMD64"):  # no other has these registers
        groups = [group for group in groups if group not in ENVIRONMENTS]
    results.start(output.results, groups)
    with tempfile.TemporaryDirectory() as workspace:
        recorder = Recorder(settings, workspace, output.results, console)
        for group in groups:
            recorder.record_conditions(group)
        jobs = [job for group in groups for job in recorder.jobs_of(group)]
        preparations = _preparations(groups, settings)
        batches = [[job] for job in preparations + jobs]
        if settings.one_process:  # but for jobs with other environment variables
            shared = [job for job in preparations + jobs if not _environment(job)]
            batches = [shared, *(batch for batch in batches if _environment(batch[0]))]
        for batch in batches:
            recorder.run(batch)


def _preparations(groups: Sequence[str], settings: Settings) -> list[tuple[str, str, int]]:
    commands = settings.items_of("processes") if "processes" in groups else ()
    models = [MODEL_OF_COMMAND[command] for command in commands if command in MODEL_OF_COMMAND]
    environments = [group for group in groups if group in ENVIRONMENTS]
    return [("prepare", item, 0) for item in ("digits", *environments, *models)]


def _environment(job: tuple[str, str, int]) -> dict[str, str]:
    """Return the environment variables of a job's process."""
    group, item, _ = job
    return ENVIRONMENTS.get(item if group == "prepare" else group, {})


@dataclass(frozen=True)
class Recorder:
    """Run jobs in worker processes and save their measurements."""

    settings: Settings
    workspace: str
    results: Path
    console: Console

    def record_conditions(self, group: str) -> None:
        """Save machine and settings of a group, and which contestants are missing."""
        conditions = {"machine": machine.describe(), "settings": asdict(self.settings)}
        row = {"group": group, "status": results.CONDITIONS, "detail": json.dumps(conditions)}
        results.append(self.results, [row])
        for item in self.settings.items_of(group):
            package = contestants.missing_package(item)
            if package is not None:
                detail = f"{package} not installed"
                row = {"group": group, "contestant": item, "status": "missing", "detail": detail}
                results.append(self.results, [row])
                self.console.print(f"{group:10} {item}: missing, {detail}")

    def jobs_of(self, group: str) -> list[tuple[str, str, int]]:
        """Return group, item and round of each job; items alternate."""
        return [
            (group, item, number)
            for number in range(self.settings.rounds_of(group))
            for item in self.settings.items_of(group)
            if contestants.missing_package(item) is None
        ]

    def run(self, jobs: Sequence[tuple[str, str, int]]) -> None:
        """Run jobs in the same process and save their results."""
        descriptions = [self._description(*job) for job in jobs]
        answers, error = _work(descriptions, _environment(jobs[0]))
        for i, (group, item, number) in enumerate(jobs):
            answer = answers[i] if i < len(answers) else {"rows": [], "error": error}
            if group == "prepare" and answer["error"]:
                raise SystemExit(f"Preparing {item} failed: {answer['error']}")
            self._save(group, item, number, answer)

    def _description(self, group: str, item: str, number: int) -> dict[str, Any]:
        return {
            "group": group,
            "item": item,
            "round": number,
            "settings": asdict(self.settings),
            "workspace": self.workspace,
        }

    def _save(self, group: str, item: str, number: int, answer: dict[str, Any]) -> None:
        rows = answer["rows"]
        shown = ", ".join(_described(row, item) for row in rows)
        if answer["error"]:
            shown = f"failed: {answer['error']}"
            row = {"group": group, "contestant": item, "round": number, "status": "failed"}
            rows = [row | {"detail": answer["error"]}]
        if group != "prepare":
            results.append(self.results, rows)
            self.console.print(f"{group:10} round {number + 1}  {item}: {shown}", markup=False)


def _described(row: dict[str, Any], item: str) -> str:
    name = "" if row["contestant"] == item else f"{row['contestant']} "
    epochs = f" of {row['epochs']}" if "epochs" in row else ""
    return f"{name}{row['measure']}{epochs} {row['value']:.3g} {row['unit']}"


def _work(
    descriptions: list[dict[str, Any]], environment: dict[str, str]
) -> tuple[list[dict[str, Any]], str]:
    """Run jobs in a new process; return the answers and the reason why some may be missing."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}
    process = subprocess.run(
        [sys.executable, str(HERE / "worker.py")],
        input=json.dumps(descriptions),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**quiet, **os.environ, **environment},
    )
    lines = process.stdout.splitlines()
    answers = [json.loads(line.removeprefix(MARKER)) for line in lines if line.startswith(MARKER)]
    last_line = process.stderr.strip().splitlines()[-1:] or ["no message"]
    return answers, f"exit code {process.returncode}: {last_line[0]}"


if __name__ == "__main__":
    main()
