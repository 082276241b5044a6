"""ImageError: what is wrong with a picture."""

from __future__ import annotations


class ImageError(ValueError):
    """A picture that cannot be read, or in which there is no digit.

    The message is one sentence that names the picture.

    Parameters
    ----------
    name : str
        The picture: its path, or its position among others.

    reason : str
        What is wrong with it, as a predicate: "is empty".

    See Also
    --------
    DigitImageTransformer : Raises it, or marks the picture instead.

    Examples
    --------
    >>> from sk_mnist.images import ImageError
    >>> str(ImageError("notes.txt", "is not a picture"))
    'notes.txt is not a picture.'
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)  # so that it can be pickled
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name} {self.reason}."
