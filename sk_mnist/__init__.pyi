from . import callbacks as callbacks
from . import datasets as datasets
from . import displays as displays
from . import evaluation as evaluation
from . import export as export
from . import images as images
from .callbacks import Checkpoint
from .classifier import KerasMLPClassifier
from .datasets import fetch_mnist, load_mnist_sample
from .displays import (
    ConfusionHeatmapDisplay,
    DigitImageDisplay,
    GridSearchDisplay,
    HiddenUnitsDisplay,
    MisclassifiedDisplay,
    ReliabilityDisplay,
    SaliencyDisplay,
    TrainingCurveDisplay,
)
from .evaluation import (
    calibration_frame,
    classification_report_frame,
    confusion_matrix_frame,
    evaluate,
    expected_calibration_error,
    most_confused,
    top_k_accuracy,
)
from .images import DigitImageTransformer, ImageError
from .loading import load

__version__: str

__all__ = [
    "Checkpoint",
    "ConfusionHeatmapDisplay",
    "DigitImageDisplay",
    "DigitImageTransformer",
    "GridSearchDisplay",
    "HiddenUnitsDisplay",
    "ImageError",
    "KerasMLPClassifier",
    "MisclassifiedDisplay",
    "ReliabilityDisplay",
    "SaliencyDisplay",
    "TrainingCurveDisplay",
    "calibration_frame",
    "callbacks",
    "classification_report_frame",
    "confusion_matrix_frame",
    "datasets",
    "displays",
    "evaluate",
    "evaluation",
    "expected_calibration_error",
    "export",
    "fetch_mnist",
    "images",
    "load",
    "load_mnist_sample",
    "most_confused",
    "top_k_accuracy",
]
