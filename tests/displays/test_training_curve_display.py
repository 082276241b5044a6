import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sk_mnist import KerasMLPClassifier
from sk_mnist.displays import TrainingCurveDisplay

pytestmark = pytest.mark.slow

HISTORY = {
    "loss": [0.9, 0.5, 0.3, 0.2],
    "accuracy": [0.7, 0.8, 0.9, 0.95],
    "val_loss": [0.8, 0.4, 0.5, 0.6],
    "val_accuracy": [0.7, 0.8, 0.85, 0.85],
    "learning_rate": [0.1, 0.1, 0.1, 0.1],
}


@pytest.fixture(scope="module")
def fitted(digits):
    """Return a KerasMLPClassifier that was trained with a validation set."""
    classifier = KerasMLPClassifier((16,), epochs=3, early_stopping=True, random_state=0)
    return classifier.fit(*digits)


@pytest.fixture(scope="module")
def mlp(digits):
    """Return an MLPClassifier that was trained with a validation set."""
    return MLPClassifier((16,), early_stopping=True, random_state=0).fit(*digits)


def curve(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return line


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_training_curve_loss_is_above_accuracy():
    display = TrainingCurveDisplay.from_history(HISTORY)
    assert [ax.get_ylabel() for ax in display.axes_] == ["Loss", "Accuracy"]
    upper, lower = (ax.get_position() for ax in display.axes_)
    assert upper.y0 > lower.y1


@pytest.mark.parametrize(("panel", "name"), [(0, "loss"), (1, "accuracy")])
def test_training_curve_shows_training_and_validation(panel, name):
    ax = TrainingCurveDisplay.from_history(HISTORY).axes_[panel]
    assert_allclose(curve(ax, "Training").get_ydata(), HISTORY[name])
    assert_allclose(curve(ax, "Validation").get_ydata(), HISTORY[f"val_{name}"])


def test_training_curve_epochs_count_from_one():
    ax = TrainingCurveDisplay.from_history(HISTORY).axes_[0]
    assert curve(ax, "Training").get_xdata().tolist() == [1, 2, 3, 4]


def test_training_curve_ticks_are_integers():
    display = TrainingCurveDisplay.from_history(HISTORY)
    display.figure_.canvas.draw()
    ticks = display.axes_[1].get_xticks()
    assert_allclose(ticks, np.round(ticks))


def test_training_curve_best_epoch_has_first_highest_validation_accuracy():
    assert TrainingCurveDisplay.from_history(HISTORY).best_epoch_ == 3


def test_training_curve_best_epoch_has_lowest_validation_loss_without_accuracy():
    history = {"loss": HISTORY["loss"], "val_loss": HISTORY["val_loss"]}
    assert TrainingCurveDisplay.from_history(history).best_epoch_ == 2


def test_training_curve_legend_shows_best_epoch_and_score():
    display = TrainingCurveDisplay.from_history(HISTORY)
    assert [labels(ax)[-1] for ax in display.axes_] == [
        "Best epoch: 3 (0.5)",
        "Best epoch: 3 (0.85)",
    ]


def test_training_curve_without_mark_best():
    display = TrainingCurveDisplay.from_history(HISTORY, mark_best=False)
    assert labels(display.axes_[0]) == ["Training", "Validation"]


def test_training_curve_has_no_best_epoch_without_validation():
    display = TrainingCurveDisplay.from_history({"loss": [1, 2], "accuracy": [0, 1]})
    assert display.best_epoch_ is None
    assert labels(display.axes_[0]) == ["Training"]


def test_training_curve_best_epoch_ignores_nan():
    history = {"loss": [3, 2, 1], "val_accuracy": [np.nan, 0.8, np.nan]}
    assert TrainingCurveDisplay.from_history(history).best_epoch_ == 2


def test_training_curve_of_loss_has_one_panel():
    display = TrainingCurveDisplay.from_history({"loss": [1.0]})
    assert [ax.get_ylabel() for ax in display.axes_] == ["Loss"]


def test_training_curve_of_one_epoch_is_visible():
    ax = TrainingCurveDisplay.from_history({"loss": [1.0]}).axes_[0]
    assert curve(ax, "Training").get_marker() == "o"


def test_training_curve_divides_one_axes():
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    display = TrainingCurveDisplay.from_history(HISTORY, ax=right)
    figure.canvas.draw()
    assert display.figure_ is figure
    assert not right.axison
    assert not left.child_axes
    for ax in display.axes_:
        assert right.bbox.padded(1).contains(ax.bbox.x0, ax.bbox.y0)


def test_training_curve_title_of_divided_axes_is_above_the_panels():
    figure, ax = plt.subplots(layout="constrained")
    display = TrainingCurveDisplay.from_history(HISTORY, ax=ax)
    title = ax.set_title("Training")
    figure.canvas.draw()
    assert title.get_window_extent().y0 >= display.axes_[0].bbox.y1


def test_training_curve_rejects_dividing_axes_twice():
    _, ax = plt.subplots()
    TrainingCurveDisplay.from_history(HISTORY, ax=ax)
    with pytest.raises(ValueError, match=r"Pass ax=display\.axes_"):
        TrainingCurveDisplay.from_history(HISTORY, ax=ax)


def test_training_curve_draws_into_the_same_panels_again():
    display = TrainingCurveDisplay.from_history(HISTORY, ax=plt.subplots()[1])
    again = TrainingCurveDisplay.from_history(HISTORY, ax=display.axes_)
    assert again.axes_.tolist() == display.axes_.tolist()


def test_training_curve_takes_one_axes_per_panel():
    _, axes = plt.subplots(1, 2)
    assert TrainingCurveDisplay.from_history(HISTORY, ax=axes).axes_.tolist() == axes.tolist()


def test_training_curve_rejects_wrong_number_of_axes():
    with pytest.raises(ValueError, match="one axes or 2 of them, got 3"):
        TrainingCurveDisplay.from_history(HISTORY, ax=plt.subplots(3)[1])


def test_training_curve_from_estimator_shows_history(fitted):
    display = TrainingCurveDisplay.from_estimator(fitted)
    assert_allclose(
        curve(display.axes_[1], "Validation").get_ydata(), fitted.history_["val_accuracy"]
    )


def test_training_curve_from_estimator_shows_loss_curve_of_mlp_classifier(mlp):
    display = TrainingCurveDisplay.from_estimator(mlp)
    assert_allclose(curve(display.axes_[0], "Training").get_ydata(), mlp.loss_curve_)
    assert_allclose(curve(display.axes_[1], "Validation").get_ydata(), mlp.validation_scores_)


def test_training_curve_from_search_over_pipelines(digits):
    network = MLPClassifier((8,), max_iter=20, random_state=0, tol=1)
    pipeline = make_pipeline(MinMaxScaler(), network)
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.1]}, cv=2).fit(*digits)
    display = TrainingCurveDisplay.from_estimator(search)
    expected = search.best_estimator_[-1].loss_curve_
    assert_allclose(curve(display.axes_[0], "Training").get_ydata(), expected)


def test_training_curve_rejects_search_without_refit(digits):
    search = GridSearchCV(MLPClassifier((8,), tol=1.0), {"alpha": [0.1]}, cv=2, refit=False)
    with pytest.raises(ValueError, match="refit=True"):
        TrainingCurveDisplay.from_estimator(search.fit(*digits))


def test_training_curve_rejects_classifiers_without_history(digits):
    with pytest.raises(ValueError, match="needs a classifier with history_ or loss_curve_"):
        TrainingCurveDisplay.from_estimator(LogisticRegression(max_iter=3000).fit(*digits))


def test_training_curve_rejects_regressors(digits):
    with pytest.raises(ValueError, match="needs a classifier, got MLPRegressor"):
        TrainingCurveDisplay.from_estimator(MLPRegressor())


def test_training_curve_rejects_history_without_known_keys():
    with pytest.raises(ValueError, match=r"must have at least one of .* got \['learning_rate'\]"):
        TrainingCurveDisplay.from_history({"learning_rate": [0.1]})


@pytest.mark.parametrize(
    "history", [{"loss": [1, 2], "accuracy": [1]}, {"loss": []}, {"loss": 1.0}]
)
def test_training_curve_rejects_curves_of_different_length(history):
    with pytest.raises(ValueError, match="one number per epoch, and curves of the same length"):
        TrainingCurveDisplay.from_history(history)
