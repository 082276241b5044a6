"""The training loop: what is recorded, when training stops and what is kept."""

import signal
from dataclasses import replace

import numpy as np
import pytest
from jobs import BINARY, ENGINES, MULTILABEL, each_engine
from jobs import SMALL as SOFTMAX
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.metrics import accuracy_score, log_loss

from sk_mnist.data.input_scaling import InputScaling
from sk_mnist.data.training_data import TrainingData
from sk_mnist.engines.base import NetworkState, TrainingTask
from sk_mnist.network import keras_model
from sk_mnist.network.initialization import initial_weights
from sk_mnist.training.early_stopping import is_best_epoch, should_stop
from sk_mnist.training.loop import train
from sk_mnist.training.optimizers import resolve_optimizer
from sk_mnist.training.schedules import SCHEDULES, learning_rates
from sk_mnist.training.state import TrainingPlan, TrainingState

pytestmark = pytest.mark.keras

PLAN = TrainingPlan(
    epochs=4,
    batch_size=16,
    optimizer="adam",
    learning_rate=0.02,
    learning_rate_schedule="constant",
    alpha=0.0,
    dropout=0.0,
    label_smoothing=0.0,
    n_iter_no_change=100,
    tol=1e-4,
)
NEW = TrainingState(NetworkState([]))


class Monitor:
    """Keeps the state after each epoch; acts when the given epoch begins or ends."""

    def __init__(self, stop_after=None, interrupt_in=None):
        self.states = []
        self.n_begun = 0
        self._stop_after = stop_after
        self._interrupt_in = interrupt_in

    def epoch_begins(self, epoch, state, rates):
        self.n_begun += 1
        if self.n_begun == self._interrupt_in:
            signal.raise_signal(signal.SIGINT)
        return state

    def epoch_ends(self, state):
        self.states.append(state)
        return state, len(self.states) == self._stop_after

    def epoch_diverges(self, state):
        return False

    def training_ends(self, state):
        return state


class RecordingRandomState(np.random.RandomState):
    """Keeps the permutations that it draws."""

    def __init__(self, seed):
        super().__init__(seed)
        self.permutations = []

    def permutation(self, rows):
        self.permutations.append(super().permutation(rows))
        return self.permutations[-1]


def make_data(spec=SOFTMAX, n_validation=0, n_rows=50):
    """Make rows that a network can learn a little about."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 5))
    scores = X @ rng.normal(size=(5, spec.layer_sizes[-1])) + rng.normal(size=(n_rows, 1))
    if spec.out_activation == "softmax":
        labels = scores.argmax(axis=1).astype("int32")
    else:
        labels = (scores > 0).astype("uint8")
    scaling = InputScaling(np.full(5, 0.5), np.full(5, 2.0))
    weight = rng.uniform(0.1, 3, n_rows)
    rows = np.arange(n_rows)
    data = TrainingData(X, labels, weight, scaling, rows)
    if not n_validation:
        return data
    held_out = rows[-n_validation:]
    return replace(
        data,
        train_rows=rows[:-n_validation],
        validation_rows=held_out,
        validation_weight=weight[held_out],
    )


def start_of(spec=SOFTMAX):
    return TrainingState(NetworkState(initial_weights(spec, np.random.RandomState(0))))


def run(
    plan=PLAN,
    data=None,
    spec=SOFTMAX,
    start=None,
    random_state=None,
    monitor=None,
    engine="numba",
):
    data = make_data(spec) if data is None else data
    optimizer = resolve_optimizer(plan.optimizer)
    task = TrainingTask(spec, data, plan.batch_size, optimizer, use_dropout=plan.dropout > 0)
    with ENGINES[engine](task) as trainer:
        return train(
            trainer,
            data,
            plan,
            start or start_of(spec),
            random_state or np.random.RandomState(1),
            monitor or Monitor(),
        )


def weights_of(state):
    return state.network.state().weights


def assert_same_state(first, second):
    first, second = first.network.state(), second.network.state()
    for one, other in zip(first.weights, second.weights, strict=True):
        assert_array_equal(one, other)
    for one, other in zip(first.optimizer_state, second.optimizer_state, strict=True):
        assert_array_equal(one, other)


class TestLearningRates:
    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [
            ("constant", [0.8, 0.8, 0.8, 0.8]),
            ("linear", [0.8, 0.6, 0.4, 0.2]),
            ("cosine", [0.8, 0.4 + 0.4 * np.sqrt(0.5), 0.4, 0.4 - 0.4 * np.sqrt(0.5)]),
        ],
    )
    def test_learning_rates_of_four_steps(self, schedule, expected):
        plan = replace(PLAN, learning_rate=0.8, learning_rate_schedule=schedule)
        assert_allclose(learning_rates(plan, np.arange(4), 4), expected, rtol=1e-15)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_learning_rates_start_with_the_given_one_and_never_grow_nor_reach_zero(self, schedule):
        plan = replace(PLAN, learning_rate=0.3, learning_rate_schedule=schedule)
        rates = learning_rates(plan, np.arange(1000), 1000)
        assert rates.shape == (1000,)
        assert rates[0] == 0.3
        assert (np.diff(rates) <= 0).all()
        assert (rates > 0).all()

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_learning_rates_are_recorded_as_the_first_of_each_epoch(self, schedule):
        plan = replace(PLAN, learning_rate_schedule=schedule)
        n_steps = 4
        expected = learning_rates(plan, n_steps * np.arange(4), 4 * n_steps)
        assert_allclose(run(plan).history["learning_rate"], expected, rtol=1e-15)

    def test_learning_rates_reach_the_optimizer(self):
        constant = run()
        linear = run(replace(PLAN, learning_rate_schedule="linear"))
        assert not np.allclose(weights_of(constant)[0], weights_of(linear)[0])

    def test_learning_rates_are_multiplied_by_the_factor_of_the_state(self):
        doubled = run(start=replace(start_of(), rate_factor=2.0))
        assert_same_state(doubled, run(replace(PLAN, learning_rate=2 * PLAN.learning_rate)))
        assert doubled.history["learning_rate"] == [2 * PLAN.learning_rate] * 4

    def test_learning_rates_of_almost_zero_leave_the_network_as_it_is(self):
        trained = run(replace(PLAN, learning_rate=1e-30))
        for found, expected in zip(weights_of(trained), weights_of(start_of()), strict=True):
            assert_allclose(found, expected, atol=1e-25)


class TestHistory:
    def test_history_has_one_entry_an_epoch(self):
        history = run().history
        assert set(history) == {"loss", "accuracy", "learning_rate"}
        assert {len(values) for values in history.values()} == {4}

    def test_history_has_validation_entries_where_rows_are_held_out(self):
        history = run(data=make_data(n_validation=10)).history
        assert set(history) == {"loss", "accuracy", "learning_rate", "val_loss", "val_accuracy"}
        assert {len(values) for values in history.values()} == {4}

    def test_history_holds_plain_floats(self):
        history = run(data=make_data(n_validation=10)).history
        assert {type(value) for values in history.values() for value in values} == {float}

    def test_history_shows_that_the_network_learns(self):
        history = run(replace(PLAN, epochs=40)).history
        assert history["loss"][-1] < history["loss"][0] / 2
        assert history["accuracy"][-1] > history["accuracy"][0]

    def test_history_of_an_epoch_without_validation_has_nan_there(self):
        state = NEW.record({"loss": 1.0, "val_loss": 2.0}).record({"loss": 0.5})
        assert_array_equal(state.history["val_loss"], [2.0, np.nan])
        later = NEW.record({"loss": 1.0}).record({"loss": 0.5, "val_loss": 2.0})
        assert_array_equal(later.history["val_loss"], [np.nan, 2.0])

    def test_history_of_a_state_is_not_changed_by_recording_the_next(self):
        state = NEW.record({"loss": 1.0})
        state.record({"loss": 0.5})
        assert state.history == {"loss": [1.0]}
        assert state.n_epochs == 1


@each_engine
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "spec", [SOFTMAX, BINARY, MULTILABEL], ids=["softmax", "binary", "multilabel"]
)
def test_validation_metrics_equal_sklearn_on_the_keras_model(spec, container, engine):
    data = make_data(spec, n_validation=20)
    monitor = Monitor()
    sparse_or_not = replace(data, X=container(data.X))
    plan = replace(PLAN, epochs=2)
    history = run(plan, sparse_or_not, spec, monitor=monitor, engine=engine).history
    rows, weight = data.validation_rows, data.validation_weight
    scaled = (data.X[rows] - data.scaling.offset) / data.scaling.scale
    for epoch, state in enumerate(monitor.states):
        probabilities = np.asarray(keras_model.build(spec, weights_of(state), dropout=0.0)(scaled))
        truth = data.labels[rows]
        if spec is SOFTMAX:
            loss = log_loss(truth, probabilities, sample_weight=weight, labels=range(3))
            predicted = probabilities.argmax(axis=1)
        else:
            columns = zip(truth.T, probabilities.T, strict=True)
            loss = sum(log_loss(t, p, sample_weight=weight, labels=[0, 1]) for t, p in columns)
            predicted = (probabilities > 0.5).astype("uint8")
        accuracy = accuracy_score(truth, predicted, sample_weight=weight)
        assert_allclose(history["val_loss"][epoch], loss, rtol=1e-10)
        assert_allclose(history["val_accuracy"][epoch], accuracy, rtol=1e-12)


class TestEpochs:
    @pytest.mark.slow
    def test_epochs_see_every_training_row_once_and_no_validation_row(self):
        """Where no weight changes, the loss of an epoch is the mean over its rows."""
        data = make_data(n_validation=10)
        # With "relu", a row that activates no unit has equal logits, and no best class.
        spec = replace(SOFTMAX, activation="tanh")
        plan = replace(PLAN, learning_rate=1e-30)
        history = run(plan, data, spec, engine="xla").history
        inner = replace(data, validation_rows=data.train_rows)
        inner = replace(inner, validation_weight=data.row_weight[data.train_rows])
        expected = run(replace(plan, epochs=1), inner, spec, engine="xla").history
        assert_allclose(history["loss"], expected["val_loss"][0], rtol=1e-12)
        assert_allclose(history["accuracy"], expected["val_accuracy"][0], rtol=1e-12)

    def test_epochs_shuffle_the_rows_by_the_random_state(self):
        same = [weights_of(run(random_state=np.random.RandomState(seed)))[0] for seed in (1, 1, 2)]
        assert_array_equal(same[0], same[1])
        assert not np.allclose(same[0], same[2])

    def test_epochs_each_have_an_order_of_their_own(self):
        random_state = RecordingRandomState(1)
        run(random_state=random_state, data=make_data(n_validation=10))
        orders = np.array(random_state.permutations)
        assert_array_equal(np.sort(orders), np.tile(np.arange(40), (4, 1)))
        assert len(np.unique(orders, axis=0)) == 4

    def test_epochs_each_have_dropout_masks_of_their_own(self):
        data = make_data()
        # Where all rows are the same and no weight changes, only the masks can make a difference.
        same = replace(data, X=data.X * 0 + 1, labels=data.labels * 0, row_weight=np.ones(50))
        losses = run(replace(PLAN, learning_rate=1e-30, dropout=0.5), same).history["loss"]
        assert len(np.unique(np.round(losses, 12))) == len(losses)

    def test_epochs_go_on_after_a_break_as_if_there_had_been_none(self):
        plan = replace(PLAN, learning_rate_schedule="linear", dropout=0.3)
        random_state = np.random.RandomState(1)
        half_way = run(plan, random_state=random_state, monitor=Monitor(stop_after=2))
        assert half_way.n_epochs == 2
        continued = run(plan, start=half_way, random_state=random_state)
        without_break = run(plan)
        assert_same_state(continued, without_break)
        assert continued.history == without_break.history

    def test_epochs_leave_the_start_alone(self):
        start = start_of()
        run(start=start)
        for found, expected in zip(weights_of(start), weights_of(start_of()), strict=True):
            assert_array_equal(found, expected)
        assert start.n_epochs == 0

    def test_epochs_end_where_the_monitor_says_so(self):
        monitor = Monitor(stop_after=3)
        assert run(monitor=monitor).n_epochs == 3
        assert monitor.n_begun == 3

    def test_epochs_give_plain_arrays(self):
        state = run()
        assert {type(array) for array in weights_of(state)} == {np.ndarray}
        assert {type(array) for array in state.network.state().optimizer_state} == {np.ndarray}
        assert all(weight.flags.writeable for weight in weights_of(state))


def with_scores(*scores):
    state = NEW
    for score in scores:
        state = state.record({"loss": 1.0, "val_accuracy": score})
    return state


class TestEarlyStopping:
    @pytest.mark.parametrize(
        ("scores", "stops"),
        [
            ([0.5], False),
            ([0.5, 0.4], False),
            ([0.5, 0.4, 0.3], True),
            ([0.5, 0.5, 0.5], True),
            ([0.5, 0.4, 0.6, 0.5], False),
            ([0.5, 0.4, 0.6, 0.5, 0.6], True),
            ([0.5, 0.505, 0.509], True),
            ([0.5, 0.505, 0.52], False),
            ([0.1, 0.2, 0.3, 0.4], False),
        ],
    )
    def test_early_stopping_stops_after_two_epochs_without_an_improvement_by_tol(
        self, scores, stops
    ):
        plan = replace(PLAN, n_iter_no_change=2, tol=0.01)
        assert should_stop(with_scores(*scores), plan) == stops

    def test_early_stopping_does_not_stop_without_validation_rows(self):
        state = NEW
        for _ in range(10):
            state = state.record({"loss": 1.0})
        assert not should_stop(state, replace(PLAN, n_iter_no_change=1))

    def test_early_stopping_does_not_count_epochs_without_a_score(self):
        plan = replace(PLAN, n_iter_no_change=2)
        assert not should_stop(with_scores(0.5, np.nan, np.nan, 0.4), plan)
        assert should_stop(with_scores(0.5, np.nan, np.nan, 0.4, 0.4), plan)

    @pytest.mark.parametrize(
        ("scores", "best"),
        [
            ([0.5], True),
            ([0.5, 0.6], True),
            ([0.5, 0.4], False),
            ([0.5, 0.5], False),
            ([0.5, np.nan, 0.6], True),
            ([0.5, np.nan, 0.5], False),
            ([np.nan], True),
        ],
    )
    def test_early_stopping_holds_the_first_of_the_best_scores_for_the_best(self, scores, best):
        assert is_best_epoch(with_scores(*scores)) == best

    def test_early_stopping_holds_the_last_epoch_for_the_best_without_validation_rows(self):
        assert is_best_epoch(NEW.record({"loss": 1.0}).record({"loss": 2.0}))

    def test_early_stopping_returns_the_weights_of_the_best_epoch_and_the_history_of_all(self):
        plan = replace(PLAN, epochs=60, learning_rate=0.3, n_iter_no_change=4)
        monitor = Monitor()
        state = run(plan, make_data(n_validation=20), monitor=monitor)
        scores = state.history["val_accuracy"]
        best = int(np.argmax(scores))
        assert best < len(scores) - 1
        assert_same_state(state, monitor.states[best])
        assert state.history == monitor.states[-1].history

    def test_early_stopping_ends_training_when_patience_does(self):
        plan = replace(PLAN, epochs=60, learning_rate=1e-30, n_iter_no_change=3)
        assert run(plan, make_data(n_validation=20)).n_epochs == 4


class TestInterrupt:
    def test_interrupt_keeps_the_finished_epochs_with_a_warning(self):
        with pytest.warns(UserWarning, match="interrupted by user: the 2 finished epochs of 4"):
            interrupted = run(monitor=Monitor(interrupt_in=3))
        assert_same_state(interrupted, run(monitor=Monitor(stop_after=2)))
        assert interrupted.n_epochs == 2

    def test_interrupt_before_the_first_epoch_ends_leaves_nothing_to_keep(self):
        with pytest.raises(KeyboardInterrupt):
            run(monitor=Monitor(interrupt_in=1))

    def test_interrupt_before_the_first_epoch_after_a_break_leaves_nothing_to_keep(self):
        start = run(monitor=Monitor(stop_after=2))
        with pytest.raises(KeyboardInterrupt):
            run(start=start, monitor=Monitor(interrupt_in=1))

    def test_interrupt_leaves_the_next_training_alone(self):
        expected = run()
        with pytest.warns(UserWarning, match="interrupted"):
            run(monitor=Monitor(interrupt_in=2))
        assert_same_state(run(), expected)


class TestDivergence:
    # The first step makes the weights infinite; a second one sees it in the loss.
    PLAN = replace(PLAN, batch_size=64, optimizer="sgd", learning_rate=1e38, alpha=1e300)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("epochs", "found"), [(1, "a weight that is not finite after 1 "), (2, "a loss of nan")]
    )
    def test_divergence_names_alpha_and_what_to_try(self, epochs, found):
        with pytest.raises(ValueError, match=rf"diverged: {found}.*alpha=1e\+300") as info:
            run(replace(self.PLAN, epochs=epochs), engine="xla")
        assert "Try alpha=0.001 or less" in str(info.value)

    @pytest.mark.slow
    def test_divergence_leaves_the_next_training_alone(self):
        plan = replace(PLAN, optimizer="sgd", batch_size=64)
        expected = run(plan, engine="xla")
        with pytest.raises(ValueError, match="diverged"):
            run(self.PLAN, engine="xla")
        assert_same_state(run(plan, engine="xla"), expected)
