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
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from sk_mnist import __version__
from sk_mnist._utils.fit_context import fit_context
from sk_mnist._utils.typing import FloatArray, KerasOptimizer
from sk_mnist.data import targets
from sk_mnist.data.checks import check_rectangular, is_plain
from sk_mnist.data.input_scaling import ScalingMethod
from sk_mnist.export.mixin import ExportMixin
from sk_mnist.network import forward
from sk_mnist.network.activations import ACTIVATIONS, ActivationName
from sk_mnist.network.spec import OutActivation
from sk_mnist.prediction import backend
from sk_mnist.training.optimizers import OPTIMIZERS, OptimizerName
from sk_mnist.training.schedules import SCHEDULES, ScheduleName

if TYPE_CHECKING:
    from keras.callbacks import Callback


class KerasMLPClassifier(ExportMixin, CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Multi-layer perceptron classifier with compiled training and Keras features.

    Hidden layers compute ``activation(x @ coef + intercept)``, and the output layer gives the
    probability of each class. A Keras optimizer minimizes the cross-entropy on shuffled batches. On
    a CPU, Adam with the activations "relu", "leaky_relu" and "identity" is trained by compiled
    kernels of this package, everything else by TensorFlow.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(512, 256)
        Number of units of each hidden layer. An empty tuple gives a logistic regression.

    activation : {"relu", "tanh", "logistic", "identity", "elu", "gelu", "leaky_relu", "selu", \
            "silu"}, default="relu"
        Activation function of the hidden layers, by scikit-learn's name or else Keras's.

    dropout : float, default=0.0
        Probability, in [0, 1), that an output of a hidden layer is set to zero in a training step;
        the others are scaled up to keep the mean [1]_. Larger values regularize more.

    alpha : float, default=0.0
        Strength of the L2 penalty on the weights, as in `MLPClassifier`: ``0.5 * alpha`` times the
        sum of the squared weights (without intercepts) is added to the summed loss of the batch.
        The penalty applies to the weights for scaled inputs (see `input_scaling`).

    input_scaling : {"rms", "standard"} or None, default="rms"
        Scaling applied to the inputs. "rms" divides all of X by one number, the root mean square
        of the training set, so that inputs have unit scale whatever their unit, and zeros stay
        zeros. "standard" subtracts the mean of each feature and divides by its standard deviation,
        for features in different units. None leaves X as it is. Statistics are weighted by
        `sample_weight`. After training, the scaling is folded into ``coefs_[0]`` and
        ``intercepts_[0]``.

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

    epochs : int, default=10
        Number of passes over the training set. Unlike `MLPClassifier`, training never stops
        before that unless `early_stopping` is set.

    batch_size : int, default=128
        Number of samples per training step; the last batch of an epoch may be smaller.

    label_smoothing : float, default=0.0
        Share, in [0, 1), of each target that is distributed evenly over all classes.

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

    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the validation split, the order of the samples and the
        dropout masks. The same int gives the same network, bit for bit, on one machine; in float32
        with any number of threads, so that joblib workers train the same network as one process.

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
        Weights of each layer, for unscaled X: they include the input scaling.

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

    model_ : keras.Sequential
        The fitted network as a compiled Keras model for unscaled X, built on first access. It is a
        copy: training it does not change the estimator.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The network of scikit-learn, without Keras integration.

    Notes
    -----
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
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "input_scaling": [StrOptions({"rms", "standard"}), None],
        "optimizer": [StrOptions(set(OPTIMIZERS)), HasMethods(["apply", "get_config"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES))],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
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

    # What predictions and later fits continue from.
    _activation: ActivationName
    _input_offset: npt.NDArray[np.float64]
    _input_scale: npt.NDArray[np.float64]
    _multilabel: bool
    _resume: dict[str, Any] | None

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | npt.NDArray[np.integer[Any]] = (512, 256),
        *,
        activation: ActivationName = "relu",
        dropout: float = 0.0,
        alpha: float = 0.0,
        input_scaling: ScalingMethod | None = "rms",
        optimizer: OptimizerName | KerasOptimizer = "adam",
        learning_rate: float = 2e-3,
        learning_rate_schedule: ScheduleName = "linear",
        epochs: int = 10,
        batch_size: int = 128,
        label_smoothing: float = 0.0,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 5,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: Sequence[Callback] | None = None,
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
            Class labels (any sortable type), or zeros and ones for multi-label problems.
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
        context = self._init_callback_context(max_subtasks=self.epochs)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        arguments = {"X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(estimator=self, **arguments)
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
            X, y, sample_weight = _with_positive_weight(X, y, sample_weight)
            self._train(X, y, sample_weight, continued, context, arguments)
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
            All labels of all calls. Required in the first call, optional in later ones.
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
        with _unchanged_on_error(self):
            _check_partial_fit_first_call(self, classes)
            continued = hasattr(self, "coefs_")
            X, y, sample_weight = _with_positive_weight(
                *self._check_data(X, y, sample_weight, reset=not continued)
            )
            if y.ndim == 2 and y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} columns, but {len(self.classes_)} classes were declared: "
                    f"{self.classes_}. An indicator matrix needs one column per class."
                )
            unknown = np.setdiff1d(y if y.ndim == 1 else [], self.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has labels that were not declared: {unknown}. The classes declared in the "
                    f"first call are {self.classes_}; give all labels as `classes` there."
                )
            self._train(X, y, sample_weight, continued)
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
        check_rectangular(X)
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
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        return X, y, weight

    def _kept_dtypes(self, reset: bool) -> list[type]:
        """Return the dtypes that X may keep, first the one that others are converted to."""
        if reset:
            return [np.float32, np.float64, np.uint8]
        return [self.coefs_[0].dtype.type, np.uint8]

    def _train(
        self,
        X: Any,
        y: npt.NDArray[Any],
        sample_weight: npt.NDArray[np.float64],
        continued: bool,
        context: Any = None,
        fit_arguments: dict[str, Any] | None = None,
    ) -> None:
        """Train for `fit`, which has a callback context, or for `partial_fit`, which has none."""
        from sk_mnist.training import callbacks, fit  # these load Numba

        request = fit.FitRequest(X, y, sample_weight, continued, streaming=context is None)
        reporter = callbacks.EpochReporter(self, context, fit_arguments)
        self.__dict__.update(fit.run(self, request, reporter))
        self.__dict__.pop("_keras_model", None)

    def _logits(self, X: Any) -> FloatArray:
        if self._is_plain(X):
            z = backend.logits_if_finite(X, self.coefs_, self.intercepts_, self._activation)
            if z is not None:
                return z
        check_is_fitted(self)
        check_rectangular(X)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=self._kept_dtypes(reset=False), reset=False
        )
        return backend.logits(X, self.coefs_, self.intercepts_, self._activation)

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
        if version != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=f"{type(self).__name__} (sk_mnist)",
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
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


def _with_positive_weight(
    X: Any, y: npt.NDArray[Any], weight: npt.NDArray[np.float64]
) -> tuple[Any, npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Leave out the samples of weight zero."""
    if weight.all():
        return X, y, weight
    rows = np.flatnonzero(weight)
    return X[rows], y[rows], weight[rows]


@contextmanager
def _unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Restore the attributes of an estimator if the body fails."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
