"""DigitImageTransformer: from pictures to rows of pixels like MNIST's."""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import StrOptions

from sk_mnist._utils.fit_context import fit_context
from sk_mnist.images.errors import ImageError
from sk_mnist.images.pictures import N_PIXELS, as_pictures, name_of
from sk_mnist.images.prepare import Polarity, prepare_digit

# A warning names this number of pictures at most.
_N_NAMED = 10


class DigitImageTransformer(TransformerMixin, BaseEstimator):
    """Turn pictures of handwritten digits into rows of pixels like those of MNIST.

    Photos, scans, drawings and arrays of any size become digits of 28 x 28 pixels, light on black,
    by the procedure that made MNIST's: the digit is scaled to fit into 20 x 20 pixels, keeping its
    aspect ratio, and centered by its center of mass. Before, uneven light is removed, the ink is
    separated from the paper, specks are dropped, and strokes that are too thin or too thick for
    MNIST are corrected.

    The transformer has nothing to learn. It works without a call of `fit`, also as the first step
    of a pipeline around a fitted classifier.

    Parameters
    ----------
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether ink is darker than the background, as on paper, or lighter, as on a blackboard or
        in MNIST. "auto" finds out for each picture.

    errors : {"raise", "blank"}, default="raise"
        What becomes of pictures that cannot be read, or that show no digit. "raise" raises an
        :class:`~sk_mnist.images.ImageError` that names the first. "blank" gives them rows of zeros,
        which no digit has, and issues one warning that names them.

    See Also
    --------
    sk_mnist.images.prepare_digit : The same for one picture, with all steps in between.
    sk_mnist.displays.DigitImageDisplay : What each step did to a few pictures.

    Notes
    -----
    A picture should show one digit. If it shows several, the largest is taken: see
    :func:`~sk_mnist.images.prepare_digit`, which describes the steps.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner. "Gradient-based learning applied to document
    recognition." Proceedings of the IEEE, 86(11):2278-2324, November 1998.

    Examples
    --------
    >>> from PIL import Image, ImageDraw
    >>> from sk_mnist import DigitImageTransformer
    >>> picture = Image.new("RGB", (300, 200), "ivory")
    >>> ImageDraw.Draw(picture).line([(90, 40), (160, 40), (110, 150)], fill="navy", width=9)
    >>> X = DigitImageTransformer().transform([picture])
    >>> X.shape, X.dtype
    ((1, 784), dtype('uint8'))

    With a fitted classifier, pictures can be given to `predict`:

    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_mnist import load_mnist_sample
    >>> clf = KNeighborsClassifier().fit(*load_mnist_sample(return_X_y=True))
    >>> make_pipeline(DigitImageTransformer(), clf).predict([picture])
    array([7])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - scikit-learn's own form
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "errors": [StrOptions({"raise", "blank"})],
    }

    def __init__(
        self, *, polarity: Polarity = "auto", errors: Literal["raise", "blank"] = "raise"
    ) -> None:
        self.polarity = polarity
        self.errors = errors

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Check the parameters, and do nothing else.

        Parameters
        ----------
        X : iterable of pictures, default=None
            Ignored.

        y : Ignored
            Exists for pipelines.

        Returns
        -------
        DigitImageTransformer
            The transformer itself.
        """
        return self

    def transform(self, X: Any) -> NDArray[np.uint8]:
        """Turn pictures into rows of pixels.

        Parameters
        ----------
        X : iterable of pictures, or array-like of shape (n_samples, 784)
            Each picture is a path (str or path-like), the content of a file (bytes), a PIL image,
            or an array of shape (height, width) or (height, width, channels) with 1 to 4 channels:
            gray, gray and opacity, RGB, RGBA. An array of pictures of the same size is an iterable
            of pictures, too, as is a Series or a DataFrame with one column. Rows of 784 pixels, in
            an array, a DataFrame, a Series or a list, are pictures of 28 x 28.

            Arrays of uint8 and uint16 use their full range, those of bool have two values. Floats
            from 0 to 1 and other integers from 0 to 255 are in that range. All others are scaled
            so that their maximum is white and their minimum, if it is negative, is black. Opacity
            is scaled apart from colors.

        Returns
        -------
        ndarray of shape (n_samples, 784), dtype=uint8
            Pixels from 0 for the background to 255 for ink, row by row.

        Raises
        ------
        ImageError
            If a picture cannot be read or shows no digit, and `errors` is "raise".
        ValueError
            If X is not a sequence of pictures.
        """
        self._validate_params()
        pictures = as_pictures(X)
        rows = np.zeros((len(pictures), N_PIXELS), dtype=np.uint8)
        failures = []
        for position, picture in enumerate(pictures):
            try:
                prepared = prepare_digit(
                    picture, polarity=self.polarity, name=name_of(picture, position)
                )
            except ImageError as error:
                if self.errors == "raise":
                    raise
                failures.append(error)
            else:
                rows[position] = prepared.pixels.ravel()
        if failures:
            _warn_of(failures, len(pictures))
        return rows

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the pixels, which are those of :func:`~sk_mnist.fetch_mnist`.

        Parameters
        ----------
        input_features : Ignored
            Exists for pipelines.

        Returns
        -------
        ndarray of shape (784,), dtype=object
            "pixel_0" to "pixel_783".
        """
        return np.array([f"pixel_{index}" for index in range(N_PIXELS)], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _warn_of(failures: list[ImageError], n_pictures: int) -> None:
    listed = " ".join(str(error) for error in failures[:_N_NAMED])
    rest = len(failures) - _N_NAMED
    more = f" And {rest} more." if rest > 0 else ""
    warnings.warn(
        f"{len(failures)} of {n_pictures} pictures became rows of zeros: {listed}{more}",
        UserWarning,
        stacklevel=4,  # scikit-learn wraps `transform` for its output
    )
