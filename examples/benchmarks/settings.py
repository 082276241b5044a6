"""Sizes of a run: rows, epochs, rounds and contestants of each group of measurements."""

from __future__ import annotations

from dataclasses import dataclass

from contestants import (
    KERAS,
    KERAS_WRAPPER,
    MLP,
    OURS,
    OURS_BYTES,
    OURS_DENSE,
    OURS_NEW,
    SCIKERAS,
    SKORCH,
    TORCH,
)

GROUPS = (
    "fit",
    "fit_wide",
    "names",
    "names_256",
    "options",
    "search",
    "predict",
    "processes",
    "memory",
    "small",
    "growth",
)

# Items of the group "names": activations and optimizers. First those that MLPClassifier has, too.
NAMES = (
    "tanh",
    "logistic",
    "identity",
    "sgd",
    "elu",
    "selu",
    "silu",
    "gelu",
    "leaky_relu",
    "adamw",
    "rmsprop",
)
OURS_NAMED = (OURS, *(f"{OURS}, {name}" for name in NAMES))
MLP_NAMED = (MLP, *(f"{MLP}, {name}" for name in NAMES[:4]))

# Environment variables of groups: code for processors without registers of 512 bits.
ENVIRONMENTS = {
    "names_256": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+popcnt",
        "OPENBLAS_CORETYPE": "Haswell",
    }
}

# Items of the group "search": sk_mnist with more rows.
LARGE = "sk_mnist, large"
LARGE_LOKY = "sk_mnist, large, 2 processes"
LARGE_THREADS = "sk_mnist, large, 2 threads"

# Items of the group "small" with layers other than the default.
OURS_NARROW = f"{OURS}, (128, 64)"
MLP_NARROW = f"{MLP}, (128, 64)"

COMMANDS = (
    "python -c pass",
    "import sklearn.base",
    "import sk_mnist",
    "from sk_mnist import KerasMLPClassifier",
    "load sk_mnist, predict",
    "load MLPClassifier, predict",
    "load Keras, predict",
)

MODEL_OF_COMMAND = {f"load {name}, predict": name for name in (OURS, MLP)} | {
    "load Keras, predict": KERAS
}


@dataclass(frozen=True)
class Settings:
    """Sizes of a run.

    Attributes
    ----------
    data : {"mnist", "sample"}
        All of MNIST, or the bundled sample of 5,000 digits.
    n_train, n_test : int
        Number of training and test rows.
    rounds : int
        Number of repetitions of each measurement.
    most_rounds : dict of str to int
        Maximum number of rounds, for groups that alternate within a round.
    epochs : int
        Epochs of the groups "fit" and "fit_wide".
    steady_epochs : int
        Epochs of the fits with a time per epoch.
    search_rows, large_search_rows, search_epochs : int
        Rows and epochs of the group "search".
    predict_seconds : float
        Time limit for repeating the prediction of one row.
    repeats : int
        Repetitions per round of batch predictions, new processes and options.
    matrix_size : int
        Size of the square matrices that measure the machine.
    small_epochs : int
        Epochs of the group "small".
    growth_rows, growth_widths : tuple of int
        Sizes of the group "growth".
    items : dict of str to tuple of str
        Items of each group.
    one_process : bool
        Whether all jobs share a process, which is fast but not a valid measurement.
    """

    data: str
    n_train: int
    n_test: int
    rounds: int
    most_rounds: dict[str, int]
    epochs: int
    steady_epochs: int
    search_rows: int
    large_search_rows: int
    search_epochs: int
    predict_seconds: float
    repeats: int
    matrix_size: int
    small_epochs: int
    growth_rows: tuple[int, ...]
    growth_widths: tuple[int, ...]
    items: dict[str, tuple[str, ...]]
    one_process: bool = False

    def items_of(self, group: str) -> tuple[str, ...]:
        """Return the items of a group."""
        if group == "growth":
            rows = tuple(f"rows {size}" for size in self.growth_rows)
            return rows + tuple(f"width {size}" for size in self.growth_widths)
        return self.items.get(group, (OURS,))

    def rounds_of(self, group: str) -> int:
        """Return the number of rounds of a group."""
        return min(self.rounds, self.most_rounds.get(group, self.rounds))


FULL = Settings(
    data="mnist",
    n_train=60_000,
    n_test=10_000,
    rounds=5,
    most_rounds={"options": 1, "names": 3, "names_256": 3},
    epochs=10,
    steady_epochs=3,
    search_rows=12_000,
    large_search_rows=30_000,
    search_epochs=5,
    predict_seconds=1.0,
    repeats=5,
    matrix_size=2048,
    small_epochs=10,
    growth_rows=(7_500, 15_000, 30_000, 60_000, 120_000, 240_000, 480_000),
    growth_widths=(64, 128, 256, 512, 1024, 2048),
    items={
        "fit": (
            *(OURS, OURS_BYTES, OURS_DENSE, OURS_NEW),
            *(KERAS, KERAS_WRAPPER, SCIKERAS, MLP, SKORCH, TORCH),
        ),
        "fit_wide": (OURS, OURS_BYTES, OURS_DENSE, KERAS, MLP, SKORCH, TORCH),
        "names": (*OURS_NAMED, *MLP_NAMED),
        "names_256": (*OURS_NAMED, *MLP_NAMED),
        "search": (OURS, MLP, SKORCH, SCIKERAS, LARGE, LARGE_LOKY, LARGE_THREADS),
        "predict": (OURS, MLP, KERAS, SKORCH, TORCH),
        "processes": COMMANDS,
        "memory": (OURS_BYTES, OURS, KERAS, MLP, TORCH),
        "small": (OURS, MLP, OURS_NARROW, MLP_NARROW),
    },
)

QUICK = Settings(
    data="mnist",
    n_train=6_000,
    n_test=10_000,
    rounds=1,
    most_rounds={},
    epochs=3,
    steady_epochs=2,
    search_rows=3_000,
    large_search_rows=6_000,
    search_epochs=2,
    predict_seconds=0.5,
    repeats=1,
    matrix_size=2048,
    small_epochs=10,
    growth_rows=(7_500, 30_000),
    growth_widths=(64, 512),
    items={
        "fit": (OURS, OURS_NEW, KERAS, MLP, SKORCH, TORCH),
        "fit_wide": (OURS, KERAS),
        "names": (*OURS_NAMED, *MLP_NAMED),
        "names_256": (*OURS_NAMED, *MLP_NAMED),
        "search": (OURS, MLP),
        "predict": (OURS, KERAS),
        "processes": COMMANDS,
        "memory": (OURS_BYTES, MLP),
        "small": (OURS, MLP, OURS_NARROW, MLP_NARROW),
    },
)

TINY = Settings(
    data="sample",
    n_train=300,
    n_test=300,
    rounds=1,
    most_rounds={},
    epochs=1,
    steady_epochs=2,
    search_rows=300,
    large_search_rows=300,
    search_epochs=1,
    predict_seconds=0.02,
    repeats=1,
    matrix_size=256,
    small_epochs=1,
    growth_rows=(290, 300),
    growth_widths=(8, 16),
    items={
        "fit": (OURS, OURS_DENSE, KERAS, MLP, SKORCH),
        "fit_wide": (OURS, MLP),
        "names": (*OURS_NAMED[:5], *MLP_NAMED),
        "names_256": (OURS, MLP),
        "search": (OURS, MLP, LARGE, LARGE_THREADS),
        "predict": (OURS, MLP),
        "processes": ("python -c pass", "import sk_mnist", "load sk_mnist, predict"),
        "memory": (OURS_BYTES, MLP),
        "small": (OURS, MLP, OURS_NARROW, MLP_NARROW),
    },
    one_process=True,
)
