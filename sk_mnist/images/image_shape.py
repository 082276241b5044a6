"""Height and width of images that are stored as rows of pixels."""

from __future__ import annotations

from math import isqrt
from typing import Literal, overload

# A table with a square number of columns is rarely one of images. With the 784 columns of MNIST
# it nearly always is.
_MNIST_N_PIXELS = 784


@overload
def resolve_image_shape(
    n_features: int, image_shape: tuple[int, int] | None, *, required: Literal[True]
) -> tuple[int, int]: ...
@overload
def resolve_image_shape(
    n_features: int, image_shape: tuple[int, int] | None, *, required: Literal[False]
) -> tuple[int, int] | None: ...
def resolve_image_shape(
    n_features: int, image_shape: tuple[int, int] | None, *, required: bool
) -> tuple[int, int] | None:
    """Return height and width of the images, by default those of a square.

    Parameters
    ----------
    n_features : int
        Number of pixels of an image.

    image_shape : tuple of (int, int) or None
        Height and width, if the caller was given them.

    required : bool
        Whether the samples have to be images. If they have to, any square number of features is
        an image by default. If not, only the 784 features of MNIST are.

    Returns
    -------
    tuple of (int, int) or None
        Height and width. None if the samples need not be images and do not look like it.

    Raises
    ------
    ValueError
        If `image_shape` does not have `n_features` pixels, or if it is needed and missing.

    Examples
    --------
    >>> from sk_mnist.images.image_shape import resolve_image_shape
    >>> resolve_image_shape(64, None, required=True)
    (8, 8)
    >>> resolve_image_shape(64, None, required=False) is None
    True
    >>> resolve_image_shape(784, None, required=False)
    (28, 28)
    >>> resolve_image_shape(64, (4, 16), required=False)
    (4, 16)
    """
    if image_shape is not None:
        if len(image_shape) != 2 or image_shape[0] * image_shape[1] != n_features:
            raise ValueError(
                f"image_shape must be (height, width) with height * width = {n_features}, the "
                f"number of features, got {image_shape}."
            )
        return image_shape
    if not required and n_features != _MNIST_N_PIXELS:
        return None
    side = isqrt(n_features)
    if side * side != n_features:
        raise ValueError(
            f"{n_features} features are not the pixels of a square image. Give "
            "image_shape=(height, width)."
        )
    return side, side
