"""Benchmark classifiers with their defaults on tables of numbers, and write docs/tables.md.

Run with ``python -m pip install -e ".[benchmark]" && python examples/benchmarks/tables.py``; takes
about two hours on 2 cores, most of it for RealMLP. Results are saved after every table, and what is
there already is not measured again. Contestants that are not installed are left out.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import tables_data
from rich.console import Console
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tables_contestants import ABLATION, CONTESTANTS, REALMLP, Contestant, installed

from sk_mnist import expected_calibration_error

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "tables.csv"
N_FOLDS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, and write the page."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True)
    if not options.report_only:
        names = options.only or [*CONTESTANTS, *ABLATION]
        measure(names, options.tables, options.repetitions, options.results, console)
    from tables_report import write_page

    write_page(options.results, options.page, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [table.name for table in tables_data.TABLES]
    parser.add_argument("--repetitions", type=int, default=5, help="shuffled folds (default 5)")
    parser.add_argument("--only", nargs="+", help="names of contestants")
    parser.add_argument("--tables", nargs="+", choices=names, default=names, metavar="TABLE")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=HERE.parents[1] / "docs" / "tables.md")
    parser.add_argument("--report-only", action="store_true", help="report existing results")
    return parser


def measure(
    names: Sequence[str],
    tables: Sequence[str],
    repetitions: int,
    results: Path,
    console: Console,
) -> None:
    """Cross-validate contestants, and save the results of each table.

    Parameters
    ----------
    names : sequence of str
        Contestants and changes.
    tables : sequence of str
        Names of tables.
    repetitions : int
        How often the folds are drawn anew; RealMLP only has the first, as it is slow.
    results : Path
        CSV file; rows are appended.
    console : Console
        For messages.
    """
    contestants = installed(names)
    done = _measured(results)
    for table in (table for table in tables_data.TABLES if table.name in tables):
        X, y = tables_data.load(table)
        console.print(f"{table.name}: {X.shape}, {y.max() + 1} classes", highlight=False)
        for repetition in range(repetitions):
            for name, contestant in contestants.items():
                key = (name, table.name, repetition)
                if key in done or (repetition > 0 and name == REALMLP):
                    continue
                rows = _cross_validate(contestant, X, y, repetition)
                frame = pd.DataFrame(rows).assign(
                    contestant=name, table=table.name, repetition=repetition
                )
                frame.to_csv(results, mode="a", header=not results.exists(), index=False)
                seconds = frame["seconds"].sum()
                console.print(f"  {name}: {frame['accuracy'].mean():.2%}, {seconds:.1f} s")


def _measured(results: Path) -> set[tuple[str, str, int]]:
    if not results.exists():
        return set()
    keys = pd.read_csv(results)[["contestant", "table", "repetition"]]
    return set(keys.itertuples(index=False, name=None))


def _cross_validate(
    contestant: Contestant,
    X: npt.NDArray[np.float64],
    y: npt.NDArray[np.intp],
    repetition: int,
) -> list[dict[str, Any]]:
    rows = []
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=repetition)
    for fold, (train, test) in enumerate(folds.split(X, y)):
        classifier = contestant.make(len(train), repetition)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            p = classifier.fit(X[train], y[train]).predict_proba(X[test])
        seconds = time.perf_counter() - start
        rows.append({"fold": fold, **_scores(y[test], p), "seconds": seconds})
    return rows


def _scores(y: npt.NDArray[np.intp], p: npt.NDArray[np.floating[Any]]) -> dict[str, float]:
    p = np.clip(p.astype(np.float64), 1e-6, 1)
    p /= p.sum(axis=1, keepdims=True)
    binary = p.shape[1] == 2
    return {
        "accuracy": float(np.mean(p.argmax(axis=1) == y)),
        "log_loss": float(log_loss(y, p, labels=np.arange(p.shape[1]))),
        "calibration_error": expected_calibration_error(
            y, p, labels=np.arange(p.shape[1]), n_bins=15
        ),
        "auroc": float(roc_auc_score(y, p[:, 1] if binary else p, multi_class="ovr")),
    }


if __name__ == "__main__":
    main()
