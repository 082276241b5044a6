from .confusion import ConfusionHeatmapDisplay
from .digit_image import DigitImageDisplay
from .grid_search import GridSearchDisplay
from .hidden_units import HiddenUnitsDisplay
from .misclassified import MisclassifiedDisplay
from .reliability import ReliabilityDisplay
from .saliency import SaliencyDisplay
from .training_curve import TrainingCurveDisplay

__all__ = [
    "ConfusionHeatmapDisplay",
    "DigitImageDisplay",
    "GridSearchDisplay",
    "HiddenUnitsDisplay",
    "MisclassifiedDisplay",
    "ReliabilityDisplay",
    "SaliencyDisplay",
    "TrainingCurveDisplay",
]
