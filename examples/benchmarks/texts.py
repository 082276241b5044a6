"""Texts of the report: how each group was measured and what its rows mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Heading and explanation of a group; placeholders such as {epochs} refer to the settings."""

    heading: str
    explanation: str


INTRODUCTION = """\
# Performance

This page compares the run time of sk_mnist with that of commonly used alternatives, together with
the accuracy that each one reaches. All rows of a section were measured on the same machine in the
same run. To reproduce the results (two hours on 2 cores, or a few minutes with `--quick`, which
writes to `benchmark_quick/`):

```bash
python -m pip install -e ".[benchmark]" && python examples/benchmarks/run.py
```

Use a separate virtual environment: TensorFlow imports JAX if it is installed, for example by the
extra `test`, and everything that imports TensorFlow then starts more slowly and takes more memory.

Each job runs in its own process. Libraries alternate within each round, so that drifts in the
speed of the machine affect all of them equally. Cells show the median over the rounds, with the
minimum and maximum in parentheses. A ratio is the time (or memory) of a row divided by that of the
reference row (the one with ratio 1) in the same round, also given as median, minimum and maximum;
values above 1 are slower (or larger) than the reference. Imports and data loading are excluded
unless stated otherwise. All libraries use their default number of threads. The raw measurements are
in `examples/benchmarks/results.csv`.

All libraries train the same layers on shuffled batches of 128 with Adam at a constant learning
rate of 0.001, without dropout, weight penalty or validation, for the same number of epochs, on
float32 pixels divided by 255; "sk_mnist (uint8)" gets the raw bytes. `keras.Model.fit` and SciKeras
get integer labels and compute no metrics. PyTorch uses a custom training loop with one permutation
per epoch, batches by indexing, and fused Adam. `MLPClassifier` uses `alpha=0`, and `tol=0` and
`n_iter_no_change` such that it never stops early. skorch has no validation split. SciKeras is used
unmodified: with current scikit-learn its `fit` and `predict` work, but it is no longer recognized
as a classifier, which does not matter here.
"""

TINY_WARNING = """\
**These are results of `--tiny`, which only checks that the benchmarks run. The numbers are
meaningless.**
"""

TEXTS = {
    "fit": Text(
        "Fit",
        "{n_train:,} digits, {epochs} epochs. The first fit in a process includes compilation, or, "
        "for sk_mnist, loading the compiled kernels from the cache on disk. "
        '"sk_mnist (kernels not cached)" is the first process after installation, which fills this '
        "cache. Imports have a separate column. The second fit trains a new, identical model in "
        "the same process. sk_mnist skips pixels that are zero (four out of five); for "
        '"sk_mnist (dense input)" every pixel is at least 1/255, as in data without zeros. The '
        "accuracy is measured on {n_test:,} test digits.",
    ),
    "fit_wide": Text(
        "Fit of a wide network",
        "As above, after a warm-up fit of one epoch, so one-time costs are excluded. Arithmetic "
        "takes most of the time here, and the ratios are smaller.",
    ),
    "names": Text(
        "Activations and optimizers",
        "Fits of {n_train:,} digits, {steady_epochs} epochs, with another activation or optimizer "
        "than ReLU and Adam. All of these train by compiled kernels, without TensorFlow. The first "
        "fit in a process loads their code from the cache on disk. `MLPClassifier` has Nesterov's "
        "momentum in its default for sgd, sk_mnist plain steps.",
    ),
    "names_256": Text(
        "Activations and optimizers with registers of 256 bits",
        "As above, by code for processors without registers of 512 bits: `NUMBA_CPU_NAME` and "
        "`OPENBLAS_CORETYPE` say so to Numba and to the matrix products of `MLPClassifier`.",
    ),
    "options": Text(
        "Cost of options and hardware efficiency",
        "Time per epoch, for sk_mnist only: the median over the epochs of a fit of {steady_epochs} "
        "epochs, after a warm-up fit; hidden layers (512, 512), {n_train:,} digits as float32, all "
        "options alternating in one process, {repeats} times. "
        'For "dense input" every pixel is at least 1/255. '
        "Sample weights are random between 0.5 and 1.5. With early stopping, a tenth of the "
        "digits is only predicted: the last column shows the remaining share of floating-point "
        "operations, which is the ratio to expect if early stopping had no other cost.",
    ),
    "search": Text(
        "Grid search",
        "`GridSearchCV` over 2 architectures, (128, 64) and (256, 128), and 3 learning rates, with "
        "3 folds: 18 fits of {search_epochs} epochs on {search_rows:,} digits, `n_jobs=1`, without "
        "refit, including compilation and the loading of compiled kernels. All libraries get the "
        "same stratified folds. The accuracy is the best mean over the folds. Rows marked "
        '"large" are sk_mnist on {large_search_rows:,} digits, with one worker, and with two '
        "workers as processes (loky, including start and imports) or as threads.",
    ),
    "predict": Text(
        "Prediction",
        "`predict_proba` on one row (median of many calls) and on {n_test:,} rows (median of "
        "{repeats} calls), float32, after a warm-up. The networks were trained for one epoch; with "
        "more epochs more hidden outputs are zero, which sk_mnist leaves out. "
        "`keras.Model.__call__` is a direct call of the model, which Keras recommends for few "
        "rows.",
    ),
    "processes": Text(
        "Import and load times",
        "Wall time of whole new processes, from start to exit, including the interpreter; "
        "{repeats} of each per round. Those that load a model read a file with hidden layers "
        "(128, 64), predict one row and exit. The files of `MLPClassifier` and Keras also contain "
        "the optimizer state.",
    ),
    "memory": Text(
        "Peak memory",
        "Peak resident memory of a process that fits {n_train:,} digits with hidden layers "
        "(512, 256) for 2 epochs. The baseline is the peak of the same process before the fit, "
        "with libraries imported and data loaded, either as uint8 or as float32.",
    ),
    "small": Text(
        "Small data",
        "5-fold cross-validation on the 1,797 digits of `load_digits` (float64, 64 features), "
        "{small_epochs} epochs: sk_mnist with its default layers (512, 256) and with narrower "
        "ones, and `MLPClassifier` with the same layers, batch size and epochs and otherwise its "
        "defaults. The accuracy is the mean over the folds.",
    ),
    "growth": Text(
        "Scaling of time and memory",
        "sk_mnist only, each size in its own process, uint8 input: the median time per epoch, "
        "measured as in the section on options, and the peak memory of the fits above that of the "
        "process before them, which includes the data. For the scaling with rows, the digits are "
        "repeated and the hidden layers are (128, 64); for the scaling with width, there is one "
        "hidden layer and {n_train:,} rows. Exponents are fitted by least squares on the "
        "logarithms: 1 means proportional. A constant memory cost per fit lowers the exponent of "
        "the memory.",
    ),
}
