"""The words of the report: how each group was measured and what its rows mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Heading and explanation of a group; braces are filled from the settings, e.g. {epochs}."""

    heading: str
    explanation: str


INTRODUCTION = """\
# Performance

How long the same work takes with sk_mnist and with what people use today, with the accuracy that
each reached; all rows of a section were measured on one machine in one run. To repeat it (two
hours on 2 cores, or a few minutes with `--quick`, which writes into `benchmark_quick/` instead):

```bash
python -m pip install -e ".[benchmark]" && python examples/benchmarks/run.py
```

Best in a virtual environment of its own: TensorFlow imports JAX wherever that is installed, as it
is by the extra `test`, and then all that import TensorFlow start more slowly and take more memory.

Every job is a process of its own. Contestants take turns, round after round, so that a machine
whose speed drifts is the same for all. A cell gives the median over the rounds, and in brackets
the smallest and the largest value. A ratio is what the row took, divided by what the reference row
(the one whose ratio is 1) took in the same round; then median, smallest and largest: above 1 means
slower than the reference. Imports and loading of the data are not counted unless a section says so.
Every library keeps its default number of threads. All measurements are in
`examples/benchmarks/results.csv`.

All contestants train the same layers on shuffled batches of 128 with Adam at a constant learning
rate of 0.001, without dropout, penalty or validation, for the same number of epochs, on the
pixels divided by 255 as float32; "sk_mnist (uint8)" is given the bytes as they are.
`keras.Model.fit` and SciKeras are given integer labels and compute no metrics; PyTorch has a loop
by hand with one permutation an epoch, batches by index and fused Adam; `MLPClassifier` has
`alpha=0`, and `tol=0` and `n_iter_no_change` such that it never stops early; skorch has no
validation split. SciKeras is used as it is: with current scikit-learn its `fit` and `predict` work,
and its classifier is no longer recognised as one, which does not matter here.
"""

TINY_WARNING = """\
**These are results of `--tiny`, which only shows that the benchmarks run. Its numbers mean
nothing.**
"""

TEXTS = {
    "fit": Text(
        "A fit",
        "{n_train:,} digits, {epochs} epochs. The first fit in a process has in it what is "
        "compiled, or what sk_mnist loads of its machine code, which the first process after an "
        'installation has kept on disk: that first process is "sk_mnist (newly installed)". '
        "Imports are a column of their own. The second fit is of a new, equal model in the same "
        'process. sk_mnist leaves out pixels that are zero, four of five; for "sk_mnist (no '
        'zeros)" every pixel was made at least 1/255, as a table of numbers would be. The '
        "accuracy is on {n_test:,} test digits.",
    ),
    "fit_wide": Text(
        "A fit of a wide network",
        "As above, after a warm-up fit of one epoch, so without what the first fit costs: here "
        "arithmetic "
        "takes most of the time, and ratios are smaller.",
    ),
    "options": Text(
        "What options cost, and how far the machine's limit is",
        "The time of an epoch, sk_mnist alone: the median of the epochs of a fit of "
        "{steady_epochs}, after a warm-up fit; hidden layers (512, 512), {n_train:,} digits as "
        "float32, all options in turn in one process, {repeats} times. "
        'For "inputs without zeros" every pixel is at least 1/255. '
        "Weights of samples are random between 0.5 and 1.5. With early stopping a tenth of "
        "the digits is only predicted: the last column says what share of the operations is left, "
        "which is what its ratio would be if the rest of early stopping cost nothing.",
    ),
    "search": Text(
        "A grid search",
        "`GridSearchCV` over 2 architectures, (128, 64) and (256, 128), and 3 learning rates, with "
        "3 folds: 18 fits of {search_epochs} epochs on {search_rows:,} digits, `n_jobs=1`, without "
        "refit, what is compiled or loaded included. Stratified folds are given, the same for all. "
        "The accuracy is the best mean over the folds. The rows called large are sk_mnist on "
        "{large_search_rows:,} digits, with one worker, and with two, as processes (loky, whose "
        "start and imports are included) or as threads.",
    ),
    "predict": Text(
        "Predictions",
        "Probabilities of one row (median of many calls) and of {n_test:,} rows (median of "
        "{repeats} calls), float32, after a warm-up. The networks were trained for one epoch, "
        "which does not change the time. `keras.Model.__call__` is calling the model itself, "
        "which Keras recommends for few rows.",
    ),
    "processes": Text(
        "Imports, and loading a model",
        "Wall time of whole new processes, from start to exit, interpreter included; {repeats} of "
        "each a round. Those that load read a file with hidden layers (128, 64), predict one row "
        "and exit; the file of `MLPClassifier` holds the state of the optimizer, too, and that of "
        "Keras likewise.",
    ),
    "memory": Text(
        "Memory",
        "Peak resident memory of a process that fits {n_train:,} digits with hidden layers "
        "(512, 256) for 2 epochs. The baseline is what the same process had reached before the "
        "fit, with libraries imported and data loaded, both as bytes or both as float32.",
    ),
    "small": Text(
        "A small problem",
        "5-fold cross-validation on the 1,797 digits of `load_digits` (float64, 64 features), "
        "{small_epochs} epochs: sk_mnist with its defaults, whose layers are (512, 256), and with "
        "narrower ones, and `MLPClassifier` with the same layers, batches and epochs, else its "
        "defaults. The accuracy is the mean over the folds.",
    ),
    "growth": Text(
        "How time and memory grow",
        "sk_mnist alone, each size in a process of its own, bytes: the median time of "
        "an epoch, as under the options, and the peak memory of the fits over that of the process "
        "before them, which holds the data. Rows are the digits again and again, with hidden "
        "layers (128, 64); width is that of one hidden layer, with {n_train:,} rows. Exponents are "
        "fitted by least squares on the logarithms: 1 means in proportion; what a fit "
        "takes whatever its size makes that of the memory smaller.",
    ),
}
