"""Checks of all displays."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from sk_mnist.displays import (
    DigitImageDisplay,
    GridSearchDisplay,
    HiddenUnitsDisplay,
    MisclassifiedDisplay,
    ReliabilityDisplay,
    SaliencyDisplay,
    TrainingCurveDisplay,
)
from sk_mnist.evaluation import calibration_frame
from sk_mnist.images import prepare_digit

LONG_NAMES = np.array([f"{number}, a rather long name of a class" for number in range(10)])


def random_images(n_images, side=8):
    return np.random.RandomState(0).rand(n_images, side, side)


def misclassified(n_images, names=LONG_NAMES):
    labels = np.arange(n_images) % len(names)
    confidence = np.linspace(0.99999, 0.3, n_images)
    return MisclassifiedDisplay(
        random_images(n_images),
        names[labels],
        names[labels - 1],
        confidence,
        title=f"The {n_images} most confident of 1,000 errors in 10,000 samples",
    )


def saliency(n_images, names=LONG_NAMES):
    labels = np.arange(n_images) % len(names)
    maps = random_images(n_images) - 0.5
    return SaliencyDisplay(
        random_images(n_images), maps, names[labels], np.full(n_images, 0.5), y_true=names[labels]
    )


def pictures(n_pictures, **options):
    image = np.full((60, 90), 230, dtype=np.uint8)
    image[10:50, 40:46] = 20
    return DigitImageDisplay([prepare_digit(image)] * n_pictures, **options)


def reliability(n_classes):
    rng = np.random.RandomState(0)
    y_proba = rng.dirichlet(np.full(n_classes, 0.1), size=2000)
    frame = calibration_frame(rng.randint(n_classes, size=2000), y_proba, labels=range(n_classes))
    return ReliabilityDisplay(frame, name="a rather long name of a classifier")


def search(**grid):
    (first, across), (second, down) = grid.items()
    params = [{first: one, second: other} for one in across for other in down]
    scores = np.linspace(0.9, 0.98, len(params))
    return GridSearchDisplay(
        {"params": params, "mean_test_score": scores, "std_test_score": np.zeros(len(params))}
    )


def history(n_epochs):
    falling = 1 / np.arange(1, n_epochs + 1)
    return {"loss": falling, "val_loss": falling, "accuracy": 1 - falling}


DISPLAYS = {
    "1 error": lambda: misclassified(1),
    "7 errors": lambda: misclassified(7),
    "25 errors": lambda: misclassified(25),
    "25 errors of digits": lambda: misclassified(25, np.arange(10)),
    "1 map": lambda: saliency(1),
    "7 maps": lambda: saliency(7),
    "25 maps of digits": lambda: saliency(25, np.arange(10)),
    "1 picture": lambda: pictures(1),
    "25 pictures": lambda: pictures(25),
    "7 pictures with names": lambda: pictures(7, names=LONG_NAMES[:7]),
    "1 unit": lambda: HiddenUnitsDisplay(np.random.RandomState(0).randn(64, 1)),
    "36 units": lambda: HiddenUnitsDisplay(np.random.RandomState(0).randn(64, 100)),
    "units of wide images": lambda: HiddenUnitsDisplay(
        np.random.RandomState(0).randn(64, 9), image_shape=(4, 16)
    ),
    "calibration of 2 classes": lambda: reliability(2),
    "calibration of 100 classes": lambda: reliability(100),
    "search of numbers": lambda: search(alpha=[0.01, 0.1, 1.0], rate=[0.1, 0.2]),
    "search of names": lambda: search(layers=list(LONG_NAMES), activation=list(LONG_NAMES[:3])),
    "search of 100 values": lambda: search(rate=list(range(100)), alpha=[0.1, 0.2]),
    "1 epoch": lambda: TrainingCurveDisplay(history(1)),
    "200 epochs": lambda: TrainingCurveDisplay(history(200)),
}

every_display = pytest.mark.parametrize("make", DISPLAYS.values(), ids=DISPLAYS)

ONE_OF_EACH = [
    "7 errors",
    "1 map",
    "1 picture",
    "1 unit",
    "calibration of 2 classes",
    "search of numbers",
    "1 epoch",
]

one_of_each = pytest.mark.parametrize(
    "make", [DISPLAYS[name] for name in ONE_OF_EACH], ids=ONE_OF_EACH
)


def boxes_of_texts(figure):
    """Return all visible texts and their bounding boxes."""
    figure.canvas.draw()
    hidden = set()
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        # Matplotlib has ticks slightly beyond the ends of an axis, which it does not draw.
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        hidden_ticks = [t for t in ticks if not (axis.axes.axison and low <= t.get_loc() <= high)]
        hidden |= {label for tick in hidden_ticks for label in (tick.label1, tick.label2)}
        if not axis.axes.axison:
            hidden |= {axis.label}
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    return {text: text.get_window_extent() for text in texts if text not in hidden}


@one_of_each
def test_displays_plot_returns_self(make):
    display = make()
    assert display.plot() is display


@one_of_each
def test_displays_new_figures_have_a_layout_engine(make):
    assert make().plot().figure_.get_layout_engine() is not None


@one_of_each
def test_displays_draw_into_figures_that_pyplot_does_not_manage(make):
    figure = Figure(layout="constrained")
    display = make().plot(ax=figure.subplots())
    figure.canvas.draw()
    assert display.figure_ is figure
    assert plt.get_fignums() == []


@one_of_each
def test_displays_draw_into_subfigures(make):
    part = Figure(figsize=(9, 5)).subfigures(1, 2)[1]
    assert make().plot(ax=part.subplots()).figure_ is part


@one_of_each
def test_displays_do_not_change_rcparams(make):
    before = dict(mpl.rcParams)
    make().plot()
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
@every_display
def test_displays_texts_stay_within_the_figure(make):
    figure = make().plot().figure_
    bounds = figure.bbox.padded(1)
    for box in boxes_of_texts(figure).values():
        assert bounds.contains(box.x0, box.y0)
        assert bounds.contains(box.x1, box.y1)


@pytest.mark.slow
@every_display
def test_displays_texts_do_not_overlap(make):
    boxes_by_text = boxes_of_texts(make().plot().figure_)
    # The bounding box of slanted text is larger than the text.
    boxes = [box.padded(-1) for text, box in boxes_by_text.items() if text.get_rotation() % 90 == 0]
    assert not [(one, other) for one, other in combinations(boxes, 2) if one.overlaps(other)]


@pytest.mark.slow
@every_display
@pytest.mark.parametrize("size", [(3, 3), (12, 2)])
def test_displays_fit_into_axes_of_any_shape(make, size):
    figure = Figure(figsize=size, layout="constrained")
    make().plot(ax=figure.subplots())
    figure.canvas.draw()
    assert all(ax.get_window_extent().width > 0 for ax in figure.axes)
