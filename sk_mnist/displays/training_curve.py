"""Training curves: loss and accuracy per epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from matplotlib.typing import ColorType
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sk_mnist._utils.final_estimator import final_estimator
from sk_mnist.displays._common import check_classifier, stacked_axes

# Above this number of epochs, markers would hide the line.
_MAX_MARKERS = 30


class TrainingCurveDisplay:
    """Loss and accuracy after each epoch of training.

    The loss is shown above the accuracy, each on the training set and, if there is one, on the
    validation set. The best epoch on the validation set is marked: the first one with the highest
    accuracy or, if accuracy was not recorded, with the lowest loss.

    Use :meth:`from_estimator` or :meth:`from_history` to create one.

    Parameters
    ----------
    history : dict of str to array-like of shape (n_epochs,)
        Values after each epoch: at least one of "loss", "accuracy", "val_loss" and
        "val_accuracy". Other keys are ignored.

    Attributes
    ----------
    axes_ : ndarray of shape (n_panels,), dtype=matplotlib.axes.Axes
        The axes of the loss and of the accuracy, if both were recorded.

    best_epoch_ : int or None
        The epoch that is marked, counted from 1. None without a validation set.

    figure_ : matplotlib.figure.Figure
        The figure that contains the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neural_network import MLPClassifier
    >>> from sk_mnist.displays import TrainingCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = MLPClassifier((16,), early_stopping=True, random_state=0).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(classifier)
    >>> display.figure_.savefig("training.png")  # doctest: +SKIP
    """

    axes_: NDArray[np.object_]
    best_epoch_: int | None
    figure_: Figure | SubFigure

    def __init__(self, history: Mapping[str, ArrayLike]) -> None:
        self.history = history

    def plot(
        self,
        ax: Axes | ArrayLike | None = None,
        *,
        palette: str | Sequence[ColorType] = "colorblind",
        mark_best: bool = True,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array-like of them, default=None
            Axes to draw into: one axes, which is switched off and divided, or one axes per
            panel. By default, a new figure is created.

        palette : str or sequence of colors, default="colorblind"
            Colors of the training and the validation curves, see :func:`seaborn.color_palette`.

        mark_best : bool, default=True
            Whether to mark the best epoch on the validation set.

        Returns
        -------
        TrainingCurveDisplay
            The display, with its fitted attributes set.

        Raises
        ------
        ValueError
            If the history has none of the four keys, if its curves differ in length, or if the
            number of axes is not the number of panels.
        """
        curves = _checked_curves(self.history)
        measures = [name for name in ("loss", "accuracy") if {name, f"val_{name}"} & curves.keys()]
        size = (6.4, 1.2 + 2.0 * len(measures))
        self.axes_, self.figure_ = stacked_axes(ax, [1.0] * len(measures), size)
        self.best_epoch_ = _best_epoch(curves)

        colors = sns.color_palette(palette, 2)
        for panel, measure in zip(self.axes_, measures, strict=True):
            _draw_panel(panel, measure, curves, colors)
            if mark_best and self.best_epoch_ is not None:
                _mark_epoch(panel, self.best_epoch_, curves.get(f"val_{measure}"), colors[1])
            panel.legend(loc="best", fontsize="small")
        self.axes_[-1].set_xlabel("Epoch")
        return self

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | ArrayLike | None = None, **plot_options: Any
    ) -> Self:
        """Plot the training curves of a fitted classifier.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier with `history_`, such as :class:`~sk_mnist.KerasMLPClassifier`,
            or with `loss_curve_`, such as :class:`sklearn.neural_network.MLPClassifier`; or a
            fitted pipeline or search that ends in one.

        ax : matplotlib.axes.Axes or array-like of them, default=None
            Axes to draw into, see :meth:`plot`. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        TrainingCurveDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            If the estimator does not record its training.
        """
        check_classifier(estimator, cls)
        check_is_fitted(estimator)
        classifier = final_estimator(estimator)
        if hasattr(classifier, "history_"):
            return cls.from_history(classifier.history_, ax=ax, **plot_options)
        if not hasattr(classifier, "loss_curve_"):
            raise ValueError(
                f"{cls.__name__}.from_estimator needs a classifier with history_ or loss_curve_, "
                f"but {classifier!r} has neither. Pass values that were recorded otherwise to "
                "from_history."
            )
        history = {"loss": classifier.loss_curve_}
        if getattr(classifier, "validation_scores_", None) is not None:
            history["val_accuracy"] = classifier.validation_scores_
        return cls.from_history(history, ax=ax, **plot_options)

    @classmethod
    def from_history(
        cls,
        history: Mapping[str, ArrayLike],
        *,
        ax: Axes | ArrayLike | None = None,
        **plot_options: Any,
    ) -> Self:
        """Plot the training curves of a history.

        Parameters
        ----------
        history : dict of str to array-like of shape (n_epochs,)
            Values after each epoch: "loss", "accuracy", "val_loss" and "val_accuracy", as in
            the attribute `history` of :class:`keras.callbacks.History`.

        ax : matplotlib.axes.Axes or array-like of them, default=None
            Axes to draw into, see :meth:`plot`. By default, a new figure is created.

        **plot_options : dict
            Further keyword arguments of :meth:`plot`.

        Returns
        -------
        TrainingCurveDisplay
            The display, already drawn.

        Examples
        --------
        >>> from sk_mnist.displays import TrainingCurveDisplay
        >>> history = {"loss": [0.9, 0.4, 0.2], "val_loss": [0.8, 0.5, 0.6]}
        >>> TrainingCurveDisplay.from_history(history).best_epoch_
        2
        """
        return cls(history).plot(ax, **plot_options)


def _checked_curves(history: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    keys = ("loss", "val_loss", "accuracy", "val_accuracy")
    curves = {name: np.asarray(history[name], float) for name in keys if name in history}
    if not curves:
        raise ValueError(f"history must have at least one of the keys {keys}, got {list(history)}.")
    shapes = {name: curve.shape for name, curve in curves.items()}
    lengths = set(shapes.values())
    if len(lengths) > 1 or len(next(iter(lengths))) != 1 or (0,) in lengths:
        raise ValueError(
            f"history must have one number per epoch, and curves of the same length, got shapes "
            f"{shapes}."
        )
    return curves


def _best_epoch(curves: Mapping[str, NDArray[np.float64]]) -> int | None:
    if "val_accuracy" in curves:
        score = curves["val_accuracy"]
    elif "val_loss" in curves:
        score = -curves["val_loss"]
    else:
        return None
    return None if np.isnan(score).all() else int(np.nanargmax(score)) + 1


def _draw_panel(
    ax: Axes, measure: str, curves: Mapping[str, NDArray[np.float64]], colors: Sequence[ColorType]
) -> None:
    kinds = (("Training", measure, "-"), ("Validation", f"val_{measure}", "--"))
    for (kind, name, style), color in zip(kinds, colors, strict=True):
        if name in curves:
            epochs = np.arange(1, len(curves[name]) + 1)
            marker = "o" if len(epochs) <= _MAX_MARKERS else None
            ax.plot(epochs, curves[name], style, color=color, marker=marker, ms=3.5, label=kind)
    ax.set_ylabel(measure.capitalize())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)


def _mark_epoch(ax: Axes, epoch: int, curve: NDArray[np.float64] | None, color: ColorType) -> None:
    label = f"Best epoch: {epoch}"
    if curve is not None:
        label += f" ({curve[epoch - 1]:.4g})"
        ax.plot(epoch, curve[epoch - 1], "o", ms=9, mfc="none", mec=color, mew=1.5)
    ax.axvline(epoch, color="0.4", linestyle=":", label=label, zorder=1)
