from .errors import ImageError
from .prepare import PreparedDigit, prepare_digit
from .transformer import DigitImageTransformer
from .unfamiliar import UnfamiliarDigitDetector

__all__ = [
    "DigitImageTransformer",
    "ImageError",
    "PreparedDigit",
    "UnfamiliarDigitDetector",
    "prepare_digit",
]
