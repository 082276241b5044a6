"""KerasMLPClassifier: parameters, docstrings and the contract with scikit-learn; no numerics."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from sk_mnist import __version__
from sk_mnist._utils.callback_support import CallbackSupportMixin
from sk_mnist._utils.fit_context import fit_context
from sk_mnist._utils.python_numbers import with_python_numbers
from sk_mnist._utils.typing import FloatArray, KerasOptimizer
from sk_mnist._utils.versions import warn_of_other_version
from sk_mnist.data import targets
from sk_mnist.data.checks import (
    as_numpy,
    check_before_validation,
    integers_in_range,
    is_plain,
)
from sk_mnist.data.input_scaling import InputScaling, ScalingMethod
from sk_mnist.data.units import other_units
from sk_mnist.engines.base import EngineName, first_engine_of
from sk_mnist.export.mixin import ExportMixin
from sk_mnist.network import forward
from sk_mnist.network.activations import ACTIVATIONS, ActivationName
from sk_mnist.network.input_limit import limit_of
from sk_mnist.network.spec import OutActivation
from sk_mnist.prediction import backend
from sk_mnist.training.optimizers import OPTIMIZERS, OptimizerName
from sk_mnist.training.schedules import SCHEDULES, ScheduleName

if TYPE_CHECKING:
    from keras.callbacks import Callback

    from sk_mnist.training.request import FitRequest


class KerasMLPClassifier(ExportMixin, CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Multi-layer perceptron classifier with compiled training and Keras features.

    Hidden layers compute ``activation(x @ coef + intercept)``, and the output layer gives the
    probability of each class. A Keras optimizer minimizes the cross-entropy on shuffled batches. On
    a CPU, the optimizers "adam", "adamw", "rmsprop" and "sgd" are those of compiled kernels of this
    package, which train without TensorFlow; all others are Keras's own, compiled by TensorFlow.

    Parameters
    ----------
    hidden_layer_sizes : int, array-like of int or "auto", default="auto"
        Number of units of each hidden layer. An empty tuple gives a logistic regression. "auto" is
        (512, 256) for 10,000 samples or more, and (256, 128) for fewer.

    activation : {"relu", "tanh", "logistic", "identity", "elu", "gelu", "leaky_relu", "selu", \
            "silu"}, default="relu"
        Activation function of the hidden layers, by scikit-learn's name or else Keras's.

    dropout : float or "auto", default="auto"
        Probability, in [0, 1), that an output of a hidden layer is set to zero in a training step;
        the others are scaled up to keep the mean [1]_. Larger values regularize more. "auto" is
        0.2; it is 0.1 for 10,000 samples or more, and for fewer than 1,000 it is 0.5 if all hidden
        layers have 100 units or more. Fewer than 48 samples are trained without dropout.

    alpha : float, default=0.0
        Strength of the L2 penalty on the weights, as in `MLPClassifier`: ``0.5 * alpha`` times the
        sum of the squared weights (without intercepts) is added to the summed loss of the batch.
        The penalty applies to the weights for scaled inputs (see `input_scaling`).

    input_scaling : {"robust", "rms", "standard"} or None, default="robust"
        Scaling applied to the inputs, with statistics of the training set that are weighted like
        its samples.

        - "robust": each feature minus its median, divided by its interquartile range (in units that
          make this the standard deviation of normally distributed data), then limited smoothly to
          (-3, 3) by ``3 * tanh(x / 3)``, so that outliers and heavy tails do no harm [4]_. Features
          that are zero in 10% of the samples or more, such as pixels, counts and indicators, keep
          their zeros and are divided by half the root mean square of their other values. The limit
          is a part of the network, in front of the first layer. uint8 data, which are pixels, are
          scaled by "rms" instead, as they share a unit and have no outliers.
        - "rms": all of X divided by one number, its root mean square. For features in one unit.
        - "standard": each feature minus its mean, divided by its standard deviation.
        - None: X as it is.

        What is linear is folded into ``coefs_[0]`` and ``intercepts_[0]`` after training.

    optimizer : {"adam", "adamw", "sgd", "rmsprop", "nadam", "adamax", "adagrad", "adadelta", \
            "lion", "lamb", "ftrl"} or keras.optimizers.Optimizer, default="adam"
        Keras optimizer [2]_. A name selects Keras's defaults for everything but the learning
        rate; "sgd" has a Nesterov momentum of 0.9, as in `MLPClassifier`. An instance is copied,
        never changed, and brings its own options and learning rate, a number or a Keras schedule;
        `learning_rate` then has to stay at its default. With `use_ema`, the fitted network has the
        averaged weights, which `early_stopping` scores, too, while training continues with the
        weights themselves. Wrapper optimizers, callable learning rates and
        `exclude_from_weight_decay` are not supported. To copy or save an estimator with an
        optimizer class of your own, register the class with `keras.saving`.

    learning_rate : float, default=0.002
        Learning rate of the optimizer at the first step.

    learning_rate_schedule : {"linear", "cosine", "constant"}, default="linear"
        Learning-rate schedule. "linear" decreases the rate linearly to zero over all steps of a
        fit, "cosine" following a cosine. `partial_fit`, which cannot know the number of steps to
        come, always uses `learning_rate`. An optimizer whose learning rate is a Keras schedule
        follows that schedule instead.

    epochs : int or "auto", default="auto"
        Number of passes over the training set. "auto" is 10, or as many as make 600 steps. Unlike
        `MLPClassifier`, training never stops before that unless `early_stopping` is set.

    batch_size : int or "auto", default="auto"
        Number of samples per training step; the last batch of an epoch may be smaller. "auto" is a
        power of two near a 32nd of the samples, from 32 to 128; fewer than 64 samples are one
        batch.

    label_smoothing : float, default=0.05
        Share, in [0, 1), of each target that is distributed evenly over all classes. It makes the
        network more accurate and less confident. From 10,000 samples on, 5% of them (2,000 at most)
        are held out to put the confidence right by temperature scaling [3]_: after training, the
        logits are divided by the number `temperature_` that gives the smallest cross-entropy on
        these samples. With fewer samples, on which a network overfits, and in `partial_fit`,
        probabilities stay as they are.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, ``{label: weight}``, which multiply the sample weights in the loss.
        "balanced" weights each class by ``n_samples / (n_classes * n_samples_of_the_class)``; in
        `partial_fit`, separately for each call. For multi-label targets only "balanced" and None
        are supported.

    early_stopping : bool, default=False
        Whether to hold out `validation_fraction` of the training set, to stop when the accuracy
        on it has not improved by `tol` for `n_iter_no_change` consecutive epochs, and to restore
        the weights of the best epoch. The split is stratified unless y is multi-label or the
        held-out set is too small to contain every class.

    validation_fraction : float, default=0.1
        Share of the training set, in (0, 1), to hold out. Only used with `early_stopping`.

    n_iter_no_change : int or inf, default=5
        Number of consecutive epochs without improvement after which training stops. With infinity
        it never stops early, and the best of all epochs is kept. Only used with `early_stopping`.

    tol : float, default=1e-4
        Smallest increase of the accuracy that counts as an improvement. Only used with
        `early_stopping`.

    warm_start : bool, default=False
        Whether `fit` continues from the previous fit: weights, optimizer state, random numbers and
        schedule. As in Keras with `initial_epoch`, and in scikit-learn's ensembles, `epochs` is
        then the total: fit with ``epochs=10``, set ``epochs=15`` and fit again for 5 more, or
        call `fit` again to finish a training that was interrupted. The estimator then keeps the
        optimizer state, which triples its size with "adam".

    callbacks : list of keras.callbacks.Callback or None, default=None
        Keras callbacks for `fit`, called at each epoch; batch hooks are called once per epoch, as
        in Keras with `steps_per_execution`. They see a compiled Keras model with the current
        weights. Changes to its weights, to the learning rate of its optimizer and to
        ``stop_training`` take effect. Callbacks that set the learning rate work best with
        ``learning_rate_schedule="constant"``: they set the first rate of an epoch, from which a
        schedule decreases within the epoch. `BackupAndRestore` and `SwapEMAWeights` are not
        supported. Copies of an estimator, as a grid search makes them, have copies of the
        callbacks. For scikit-learn's own callbacks use `set_callbacks`.

    engine : {"auto", "native", "tensorflow"}, default="auto"
        What trains. "native" are the compiled kernels of this package, which run on the CPU, have
        the optimizers "adam", "adamw", "rmsprop" and "sgd" with the options of Keras's classes
        (but `loss_scale_factor` and `gradient_accumulation_steps`), and need no TensorFlow.
        "tensorflow" are Keras's own optimizers and activations in a function that TensorFlow
        compiles, on a GPU if there is one. Both take the same steps, up to rounding. "auto" is
        "native" where that has the optimizer, unless there is a GPU.

    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the validation split, the order of the samples and the
        dropout masks. The same int gives the same network, bit for bit, on one machine; in float32
        with any number of threads, so that joblib workers train the same network as one process.
        Initial weights are uniform after Glorot and Bengio, as in Keras; with 10,000 samples or
        more of at least 100 features, and in `partial_fit` with so many features, those of the
        first layer are 0.3 times as large, and those of the last are zero.

    verbose : bool or int, default=0
        Whether to print the metrics of each epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels; for multi-label targets the indices of the columns.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    coefs_ : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer. They include the input scaling and are for X as it is, unless
        `input_limit_` says that X is limited.

    intercepts_ : list of ndarray of shape (n_units,)
        Biases of each layer.

    n_layers_ : int
        Number of layers, including the input layer.

    n_outputs_ : int
        Number of outputs: one for a binary problem, otherwise one per class or label.

    out_activation_ : {"softmax", "logistic"}
        Activation of the output layer: softmax for more than two classes, logistic for two classes
        and for multi-label targets.

    n_iter_ : int
        Number of epochs run, over all calls of `partial_fit` and of `fit` with `warm_start`; with
        `early_stopping`, it includes the epochs after the best one.

    t_ : int
        Number of training samples seen in these epochs.

    loss_ : float
        Weighted mean loss of the last epoch, without the L2 penalty.

    loss_curve_ : list of float
        Loss of each epoch.

    validation_scores_ : list of float or None
        Accuracy on the held-out samples after each epoch; None without `early_stopping`.

    best_validation_score_ : float or None
        The best validation score, which the fitted weights have; None without `early_stopping`.

    history_ : dict of str to list of float
        One entry per epoch: "loss", "accuracy" (of the training batches, while the weights change),
        "learning_rate" (of the first step), with `early_stopping` also "val_loss", "val_accuracy".

    hidden_layer_sizes_ : tuple of int
        The number of units of each hidden layer that `hidden_layer_sizes` stood for in this fit.

    input_offset_ : ndarray of shape (n_features,) or (1,)
        What the input scaling subtracts, in float64; of length one if it is the same for all
        features.

    input_scale_ : ndarray of shape (n_features,) or (1,)
        What it then divides by, the typical size of each feature; one for a constant feature.

    input_limit_ : float or None
        The limit of scaled inputs, 3.0 for "robust" scaling; None if they are not limited.

    dropout_ : float
        The rate that `dropout` stood for.

    epochs_ : int
        The number of epochs that `epochs` stood for.

    batch_size_ : int
        The number of samples that `batch_size` stood for.

    engine_ : {"native", "tensorflow"}
        What has trained the network, see `engine`.

    temperature_ : float
        What the logits were divided by after training, see `label_smoothing`; 1.0 if there was
        nothing to put right. The last of `coefs_` and `intercepts_` include it.

    model_ : keras.Sequential
        The fitted network as a compiled Keras model for unscaled X, built on first access. It is a
        copy: training it does not change the estimator.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The network of scikit-learn, without Keras integration.

    Notes
    -----
    The defaults are chosen for accuracy without thought, on tables of numbers as on images; the
    user guide shows how they were measured. What "auto" stands for is in the attributes whose names
    end in an underscore, and is printed with `verbose`. `partial_fit`, which cannot know how many
    samples will come, takes what "auto" is for many samples. A fit that has hardly learned anything
    ends with a `ConvergenceWarning`.

    The dtype of the network follows X, as in `MLPClassifier`: float64 gives a float64 network, any
    other dtype a float32 network, which trains twice as fast. uint8 data are never converted as a
    whole. Samples of weight zero are not trained on; their classes are in `classes_` all the same.

    Importing this class, training with the defaults, loading with joblib and predicting import
    neither Keras nor TensorFlow; `model_` and training by TensorFlow do. An optimizer given as an
    instance and Keras callbacks are saved with the estimator and import Keras when it is loaded.
    `skops.io` cannot save them: there, give the optimizer by name.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
       overfitting", JMLR 15, 2014.
    .. [2] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, for the
       default; the documentation of `keras.optimizers` names the sources of the others.
    .. [3] C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    .. [4] D. Holzmüller et al., "Better by default: strong pre-tuned MLPs and boosted trees on
       tabular data", NeurIPS 2024, which inspired the defaults for tables. They limit by another
       smooth function.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sk_mnist import KerasMLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> clf = KerasMLPClassifier(random_state=0).fit(X_train, y_train)
    >>> clf.predict(X_test[:5])
    array([2, 8, 2, 6, 6])
    >>> clf.predict_proba(X_test).shape
    (450, 10)
    >>> clf.score(X_test, y_test) > 0.95
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own form
        "hidden_layer_sizes": [
            StrOptions({"auto"}),
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "input_scaling": [StrOptions({"robust", "rms", "standard"}), None],
        "optimizer": [StrOptions(set(OPTIMIZERS)), HasMethods(["apply", "get_config"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES))],
        "epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "engine": [StrOptions({"auto", "native", "tensorflow"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    classes_: npt.NDArray[Any]
    n_features_in_: int
    feature_names_in_: npt.NDArray[np.object_]
    coefs_: list[FloatArray]
    intercepts_: list[FloatArray]
    n_layers_: int
    n_outputs_: int
    out_activation_: OutActivation
    n_iter_: int
    t_: int
    loss_: float
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    history_: dict[str, list[float]]

    hidden_layer_sizes_: tuple[int, ...]
    batch_size_: int
    epochs_: int
    dropout_: float
    engine_: EngineName
    temperature_: float
    input_offset_: npt.NDArray[np.float64]
    input_scale_: npt.NDArray[np.float64]
    input_limit_: float | None

    # What predictions and later fits continue from.
    _activation: ActivationName
    _input_scaling: ScalingMethod | None
    _multilabel: bool
    _resume: dict[str, Any] | None

    def __init__(
        self,
        hidden_layer_sizes: (
            int | Sequence[int] | npt.NDArray[np.integer[Any]] | Literal["auto"]
        ) = "auto",
        *,
        activation: ActivationName = "relu",
        dropout: float | Literal["auto"] = "auto",
        alpha: float = 0.0,
        input_scaling: ScalingMethod | None = "robust",
        optimizer: OptimizerName | KerasOptimizer = "adam",
        learning_rate: float = 2e-3,
        learning_rate_schedule: ScheduleName = "linear",
        epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        label_smoothing: float = 0.05,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 5,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: Sequence[Callback] | None = None,
        engine: EngineName | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.alpha = alpha
        self.input_scaling = input_scaling
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.engine = engine
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; see the Notes of the class about dtypes.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels: integers, strings, booleans, whole floats or datetime64. For multi-label
            problems zeros and ones; one-hot rows of classes count as such, too: give
            ``y.argmax(axis=1)`` for them.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weight of each sample in the loss. None gives equal weights.

        Returns
        -------
        KerasMLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If a parameter or the data are invalid, or if training diverges. The estimator is then
            unchanged.
        """
        from sk_mnist.training import request as training_request

        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        arguments = {"X": X, "y": y, "metadata": metadata}
        with _unchanged_on_error(self):
            continued = self.warm_start and hasattr(self, "coefs_")
            X, y, sample_weight = self._check_data(X, y, sample_weight, reset=not continued)
            classes = targets.find_classes(y)
            if continued and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"warm_start=True needs the classes of the previous fit, {self.classes_}; "
                    f"y has {classes}. Set warm_start=False to start over."
                )
            self.classes_ = classes  # with those that have no row of positive weight
            parameters = with_python_numbers(self)
            request = training_request.prepare(parameters, X, y, sample_weight, continued=continued)
            context = self._init_callback_context(max_subtasks=request.settings.epochs)
            context.call_on_fit_task_begin(estimator=self, **arguments)
            self._train(parameters, request, context, arguments)
        context.call_on_fit_task_end(estimator=self, reconstruction_attributes={}, **arguments)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on the given samples.

        The first call on a new estimator initializes the network and learns the input scaling,
        which is then kept. Weights, optimizer state and random numbers continue from call to call.
        The learning rate is constant, and no samples are held out: `learning_rate_schedule` and
        `early_stopping` only apply to `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels; they need not contain all classes.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels of all calls. Required in the first call, optional in later ones. It is the
            third argument, as in other estimators of scikit-learn; in `MLPClassifier` that is
            `sample_weight` from version 1.9 on. Give both by name.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weight of each sample in the loss.

        Returns
        -------
        KerasMLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            As in `fit`, and if y has labels that were not declared. The estimator is then
            unchanged.
        """
        from sk_mnist.training import request as training_request

        with _unchanged_on_error(self):
            targets.check_declared_classes(classes, y)
            _check_partial_fit_first_call(self, classes)
            continued = hasattr(self, "coefs_")
            X, y, sample_weight = self._check_data(X, y, sample_weight, reset=not continued)
            if y.ndim == 2 and y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} columns, but {len(self.classes_)} classes were declared: "
                    f"{self.classes_}. An indicator matrix needs one column per class."
                )
            unknown = np.setdiff1d(y[sample_weight > 0] if y.ndim == 1 else [], self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has labels that were not declared: {unknown}. The classes declared in the "
                    f"first call are {self.classes_}; give all labels as `classes` there."
                )
            parameters = with_python_numbers(self)
            request = training_request.prepare(
                parameters, X, y, sample_weight, continued=continued, streaming=True
            )
            self._train(parameters, request)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class of each sample; for multi-label problems, 1 for each label with
            a probability above 0.5.
        """
        return targets.decode(self.predict_proba(X), self.classes_, self._multilabel)

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`, in the dtype of the network. Rows sum to one except
            for multi-label problems, where each label has its own probability.
        """
        p = forward.probabilities(self._logits(X), self.out_activation_)
        if self.n_outputs_ == 1 and len(self.classes_) == 2:
            p = np.hstack([1 - p, p])
        return p

    def predict_log_proba(self, X: Any) -> FloatArray:
        """Predict the logarithm of the probability of each class.

        Computed from the logits, so that it stays finite where `predict_proba` rounds to zero.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        z = self._logits(X)
        if self.n_outputs_ == 1 and len(self.classes_) == 2:
            z = np.hstack([-z, z])
        return forward.log_probabilities(z, self.out_activation_)

    def _check_data(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[Any, npt.NDArray[Any], npt.NDArray[np.float64]]:
        """Check and convert training data."""
        X, y, sample_weight = check_before_validation(X), as_numpy(y), as_numpy(sample_weight)
        with integers_in_range("X"):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                multi_output=True,
                dtype=self._kept_dtypes(reset),
                reset=reset,
            )
        y = targets.check_targets(y)
        if not reset and (y.ndim == 2) != self._multilabel:
            kinds = ("one label per sample", "an indicator matrix of several labels")
            raise ValueError(
                f"The fitted network takes {kinds[self._multilabel]}; y is {kinds[y.ndim == 2]}. "
                "Training cannot continue with another kind of target: use a new estimator."
            )
        with integers_in_range("sample_weight"):
            weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
        if not weight.any():  # scikit-learn says so from version 1.8 on
            raise ValueError("Sample weights must contain at least one non-zero number.")
        return X, y, weight

    def _kept_dtypes(self, reset: bool) -> list[type]:
        """Return the dtypes that X may keep, first the one that others are converted to."""
        if reset:
            return [np.float32, np.float64, np.uint8]
        return [self.coefs_[0].dtype.type, np.uint8]

    def _train(
        self,
        parameters: Self,
        request: FitRequest,
        context: Any = None,
        fit_arguments: dict[str, Any] | None = None,
    ) -> None:
        """Train for `fit`, which has a callback context, or for `partial_fit`, which has none.

        `parameters` is this estimator `with_python_numbers`.
        """
        from sk_mnist.training import callbacks, fit  # these load LLVM

        reporter = callbacks.EpochReporter(self, context, fit_arguments)
        self.__dict__.update(fit.run(parameters, request, reporter))
        self.__dict__.pop("_keras_model", None)

    def _logits(self, X: Any) -> FloatArray:
        if self._is_plain(X):
            z = backend.logits_if_finite(
                X, self.coefs_, self.intercepts_, self._activation, limit=limit_of(self)
            )
            if z is not None:
                return z
        check_is_fitted(self)
        X = check_before_validation(X)
        with integers_in_range("X"):
            X = validate_data(
                self, X, accept_sparse="csr", dtype=self._kept_dtypes(reset=False), reset=False
            )
        self._warn_of_other_units(X)
        return backend.logits(
            X, self.coefs_, self.intercepts_, self._activation, limit=limit_of(self)
        )

    def _warn_of_other_units(self, X: Any) -> None:
        """Warn if validated samples are in other units than the training data."""
        if self._input_scaling is None:
            return
        factor = other_units(X, InputScaling(self.input_offset_, self.input_scale_))
        if factor is not None:
            size = f"{factor:.0f} times larger" if factor > 1 else f"{1 / factor:.0f} times smaller"
            warnings.warn(
                f"X seems to be in other units than at fit: typical values are {size} than those "
                "of the training data, which `input_scale_` shows. Give X in the same units, for "
                "example both as bytes from 0 to 255, or both divided by 255.",
                UserWarning,
                stacklevel=4,
            )

    def _is_plain(self, X: Any) -> bool:
        """Return whether X needs no validation but for finite values, which saves time."""
        fitted = vars(self)
        if "coefs_" not in fitted or "feature_names_in_" in fitted:
            return False
        return is_plain(X, self.n_features_in_, self.coefs_[0].dtype)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_keras_model", None)
        return {**state, "_sk_mnist_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("_sk_mnist_version", "unknown")
        warn_of_other_version(type(self), version, stacklevel=2)
        state.setdefault("engine", "auto")  # earlier files have neither
        if "coefs_" in state:
            engine = first_engine_of(state.get("optimizer"), state.get("_activation", ""))
            state.setdefault("engine_", engine)
        super().__setstate__(state)

    def __dir__(self) -> list[str]:
        # As in scikit-learn, only what this estimator has. Asking for model_, as tab completion and
        # the HTML representation would, imports TensorFlow.
        names = (name for name in object.__dir__(self) if name != "model_")
        return [name for name in names if hasattr(self, name)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


@contextmanager
def _unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Restore the attributes of an estimator if the body fails."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # scikit-learn still needs these to tear its callbacks down.
        names = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
        kept = {name: value for name, value in vars(estimator).items() if name in names}
        vars(estimator).clear()
        vars(estimator).update(before | kept)
        raise
