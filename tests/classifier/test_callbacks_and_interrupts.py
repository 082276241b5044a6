"""`verbose`, scikit-learn callbacks and interrupts."""

import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from classifier_checks import EpochRecorder, InterruptAt, assert_same_network
from optional_features import needs_callbacks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sk_mnist import KerasMLPClassifier

pytestmark = needs_callbacks
if find_spec("sklearn.callback"):
    from sklearn.callback import ProgressBar, ScoringMonitor


def test_verbose_prints_a_line_an_epoch(small, digits, capsys):
    small(verbose=1, early_stopping=True).fit(*digits)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == (
        "Training with hidden_layer_sizes=(16,), dropout=0.0, epochs=3, batch_size=32, "
        "engine='native'"
    )
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert all(f" {name}: " in line for line in lines)


def test_partial_fit_prints_a_line_a_call(small, digits, capsys):
    clf = small(verbose=True)
    for _ in range(2):
        clf.partial_fit(*digits, classes=range(10))
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("Training with hidden_layer_sizes=(16,), ")
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1", "Epoch 2"]


def test_nothing_is_printed_without_verbose(small, digits, capfd):
    small().fit(*digits).predict(digits[0])
    assert capfd.readouterr().out == ""


def test_callbacks_see_each_epoch_with_an_estimator_that_predicts(small, digits):
    X, y = digits
    recorder = EpochRecorder()
    clf = small(epochs=4, learning_rate=0.01).set_callbacks(recorder).fit(X, y)
    assert (recorder.n_planned, recorder.begun, recorder.torn_down) == (4, 4, True)
    assert [e.n_iter_ for e in recorder.epochs] == [1, 2, 3, 4]
    assert_same_network(recorder.epochs[-1], clf)
    losses = [log_loss(y, e.predict_proba(X)) for e in recorder.epochs]
    assert np.all(np.diff(losses) < 0)
    assert all(e.predict(X).shape == (500,) for e in recorder.epochs)


def test_callbacks_do_not_change_the_network(small, fitted, digits):
    assert_same_network(small().set_callbacks(EpochRecorder()).fit(*digits), fitted)


def test_a_callback_that_returns_true_stops_the_training(small, digits):
    recorder = EpochRecorder(stop_after=2)
    clf = small(epochs=10).set_callbacks(recorder).fit(*digits)
    assert clf.n_iter_ == len(recorder.epochs) == 2
    assert_same_network(clf, recorder.epochs[-1])


def test_callbacks_see_the_epochs_that_a_warm_start_adds(small, digits):
    clf = small(epochs=2, warm_start=True).fit(*digits)
    recorder = EpochRecorder()
    clf.set_params(epochs=5).set_callbacks(recorder).fit(*digits)
    assert [e.n_iter_ for e in recorder.epochs] == [3, 4, 5]


def test_callbacks_are_torn_down_when_a_fit_fails(small, digits):
    recorder = EpochRecorder()
    with pytest.raises(ValueError, match="diverged"):
        small(learning_rate=1e30).set_callbacks(recorder).fit(*digits)
    assert recorder.torn_down


def test_scikit_learns_scoring_monitor_scores_each_epoch(small, digits):
    X, y = digits
    monitor, recorder = ScoringMonitor(scoring="accuracy"), EpochRecorder()
    clf = small(epochs=4).set_callbacks(monitor, recorder).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["accuracy"] for row in rows] == [e.score(X, y) for e in recorder.epochs]
    assert rows[-1]["accuracy"] == clf.score(X, y)


def test_scikit_learns_progress_bar_counts_the_epochs(small, digits, capsys):
    small(epochs=4).set_callbacks(ProgressBar()).fit(*digits)
    shown = capsys.readouterr().out
    assert "KerasMLPClassifier" in shown
    assert "100%" in shown


def test_an_interrupt_keeps_the_epochs_that_are_finished(small, digits):
    recorder = EpochRecorder()
    clf = small(epochs=10).set_callbacks(recorder, InterruptAt(begin=4))
    with pytest.warns(UserWarning, match="interrupted by user: the 3 finished epochs of 10"):
        clf.fit(*digits)
    assert clf.n_iter_ == 3
    assert_same_network(clf, recorder.epochs[-1])


def test_an_interrupt_while_an_epoch_is_reported_keeps_that_epoch(small, digits):
    clf = small(epochs=10).set_callbacks(InterruptAt(end=2))
    with pytest.warns(UserWarning, match="interrupted by user: the 2 finished epochs of 10"):
        clf.fit(*digits)
    assert clf.n_iter_ == 2


def test_an_interrupt_before_the_first_epoch_ends_leaves_the_estimator_as_it_was(small, digits):
    X, y = digits
    clf = small().fit(X, y)
    p = clf.predict_proba(X)
    clf.set_callbacks(InterruptAt(begin=1))
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X[:, :30], y > 4)
    np.testing.assert_array_equal(clf.predict_proba(X), p)


def test_warm_start_finishes_a_training_that_was_interrupted(small, digits):
    clf = small(epochs=6, warm_start=True).set_callbacks(InterruptAt(begin=3))
    with pytest.warns(UserWarning, match="interrupted"):
        clf.fit(*digits)
    clf.set_callbacks().fit(*digits)
    assert clf.n_iter_ == 6
    rates = 2e-3 * (1 - np.arange(6) / 6)
    assert clf.history_["learning_rate"] == pytest.approx(rates)


def test_a_fit_after_an_interrupt_is_as_any_other(small, fitted, digits):
    with pytest.warns(UserWarning, match="interrupted"):
        small(epochs=10).set_callbacks(InterruptAt(begin=3)).fit(*digits)
    assert_same_network(small().fit(*digits), fitted)


INTERRUPTED_PROCESS = """
import warnings
from sklearn.datasets import load_digits
from sk_mnist import KerasMLPClassifier

X, y = load_digits(return_X_y=True)
clf = KerasMLPClassifier((64,), epochs=100_000, batch_size=8, verbose=1)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    clf.fit(X, y)
print("kept", clf.n_iter_, clf.predict(X).shape[0], [str(w.message) for w in caught])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_on_a_running_process_keeps_the_finished_epochs():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_PROCESS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    while not (line := process.stdout.readline()).startswith("Epoch 5/"):
        assert line, process.stderr.read()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    n_epochs, n_rows, message = re.search(r"kept (\d+) (\d+) (.*)", out).groups()
    assert int(n_epochs) >= 5
    assert int(n_rows) == 1797
    assert f"the {n_epochs} finished epochs of 100000 are kept" in message


class Interrupting(KerasMLPClassifier):
    """Presses Ctrl-C when its third epoch begins."""

    def fit(self, X, y, sample_weight=None):
        self.set_callbacks(InterruptAt(begin=3))
        return super().fit(X, y, sample_weight)


MANY_FITS = {
    "GridSearchCV": lambda clf: GridSearchCV(clf, {"alpha": [0, 1]}, cv=2),
    "BaggingClassifier": lambda clf: BaggingClassifier(clf, 2),
    "VotingClassifier": lambda clf: VotingClassifier([("a", clf), ("b", clf)]),
    "CalibratedClassifierCV": lambda clf: CalibratedClassifierCV(clf, cv=2),
    "OneVsRestClassifier": lambda clf: OneVsRestClassifier(clf),
    "search of a pipeline": lambda clf: GridSearchCV(make_pipeline(clf), {}, cv=2),
}


@pytest.mark.parametrize("kind", MANY_FITS)
def test_an_interrupt_ends_all_fits_of_a_search_or_an_ensemble(digits, kind):
    with pytest.raises(KeyboardInterrupt):
        MANY_FITS[kind](Interrupting((8,), epochs=5)).fit(*digits)


def test_an_interrupt_ends_a_cross_validation(digits):
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(Interrupting((8,), epochs=5), *digits, cv=2)


def test_an_interrupt_in_a_pipeline_keeps_the_epochs_that_are_finished(digits):
    pipeline = make_pipeline(MinMaxScaler(), Interrupting((8,), epochs=5))
    with pytest.warns(UserWarning, match="the 2 finished epochs of 5"):
        pipeline.fit(*digits)
    assert pipeline[-1].n_iter_ == 2
