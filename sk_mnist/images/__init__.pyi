from .errors import ImageError
from .prepare import PreparedDigit, prepare_digit
from .transformer import DigitImageTransformer

__all__ = ["DigitImageTransformer", "ImageError", "PreparedDigit", "prepare_digit"]
