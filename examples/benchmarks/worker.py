"""Run jobs in a new process: a JSON list on stdin, one JSON line per job on stdout."""

from __future__ import annotations

import json
import sys
import traceback
from importlib import import_module
from typing import Any

from jobs import Job
from settings import Settings

MARKER = "benchmark-result "
_MODULES = {
    "prepare": "prepare",
    "fit": "fit_times",
    "fit_wide": "fit_times",
    "names": "names_times",
    "names_256": "names_times",
    "options": "options_cost",
    "search": "grid_search",
    "predict": "prediction",
    "processes": "processes",
    "memory": "memory_peak",
    "small": "small_data",
    "growth": "growth",
}


def run(description: dict[str, Any]) -> dict[str, Any]:
    """Run a job and return its rows, or the last line of its error."""
    job = Job(**{**description, "settings": Settings(**description["settings"])})
    try:
        return {"rows": import_module(_MODULES[job.group]).measure(job), "error": None}
    except Exception as error:
        traceback.print_exc()
        return {"rows": [], "error": traceback.format_exception_only(error)[-1].strip()}


if __name__ == "__main__":
    for each in json.load(sys.stdin):
        print(f"\n{MARKER}{json.dumps(run(each))}", flush=True)
