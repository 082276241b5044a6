"""Accuracy on pictures of digits, by networks that have only seen MNIST's training digits.

Four kinds of pictures go through `DigitImageTransformer`: MNIST's test digits as photos,
scikit-learn's digits enlarged, digits drawn with pens of several widths, and digits in fonts. Two
networks read them: the defaults, trained on MNIST as it is, and one trained on distorted copies,
too. Prints the tables of docs/images.md, and takes about 10 minutes on 2 cores. ``--quick`` trains
on 1,250 digits of the sample, and makes few pictures of others.
"""

import argparse
import io
import time
from collections.abc import Iterator

import numpy as np
from distortion import distorted
from photos import drawn, enlarged, photo
from PIL import Image
from sklearn.datasets import load_digits
from strokes import written
from typeset import installed, typeset

from sk_mnist import (
    DigitImageTransformer,
    KerasMLPClassifier,
    fetch_mnist,
    load_mnist_sample,
)

PENS = (0.015, 0.03, 0.06, 0.1, 0.15, 0.2)
"""Widths, in parts of the longer side of the digit."""

Pictures = tuple[list, np.ndarray]


def mnist_as_photos(X: np.ndarray, y: np.ndarray, n: int) -> Pictures:
    """Return photos of digits of MNIST, of 100 to 1,000 pixels."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(X))[:n]
    return [photo(enlarged(X[i].reshape(28, 28), rng), rng) for i in chosen], y[chosen]


def other_digits(n: int) -> Pictures:
    """Return scikit-learn's digits of 8 x 8 pixels, enlarged to 160 to 400 pixels."""
    rng = np.random.default_rng(0)
    X, y = load_digits(return_X_y=True)
    pictures = []
    for pixels in X[:n]:
        small = Image.fromarray(np.uint8(255 - pixels.reshape(8, 8) * 255 / 16))
        # A margin, as around the digits of any picture.
        field = Image.new("L", (12, 12), 255)
        field.paste(small, (2, 2))
        side = int(rng.integers(160, 401))
        file = io.BytesIO()
        field.resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG")
        pictures.append(file.getvalue())
    return pictures, y[:n]


def pen_drawings(width: float, n: int) -> Pictures:
    """Return photos of digits drawn with a pen of a width."""
    rng = np.random.default_rng(round(1000 * width) + 10_000)  # others than during development
    y = np.arange(n) % 10
    sides = rng.integers(200, 601, n)
    return [
        photo(drawn(written(digit, rng), width, side, rng), rng)
        for digit, side in zip(y.tolist(), sides.tolist(), strict=True)
    ], y


def fonts_as_photos(n_fonts: int) -> Iterator[tuple[str, Pictures]]:
    """Yield the names of fonts that are installed, and a photo of each of their digits."""
    rng = np.random.default_rng(0)
    for path in installed()[:n_fonts]:
        yield path.stem, ([photo(ink, rng) for ink in typeset(path)], np.arange(10))


def score(name: str, pictures: Pictures, classifiers: list[KerasMLPClassifier]) -> np.ndarray:
    """Print a row of the table, and return which pictures the last classifier reads."""
    images, y = pictures
    X = DigitImageTransformer(errors="blank").transform(images)
    correct = [clf.predict(X) == y for clf in classifiers]
    scores = " | ".join(f"{np.mean(each):.1%}" for each in correct)
    print(f"| {name} | {len(y):,} | {scores} |", flush=True)
    return correct[-1]


def score_fonts(classifiers: list[KerasMLPClassifier], n_fonts: int) -> None:
    """Print the row of all fonts, and how many digits of each are read."""
    fonts = dict(fonts_as_photos(n_fonts))
    if not fonts:
        print("| fonts: none of them is installed | 0 | | |")
        return
    images = [image for pictures, _ in fonts.values() for image in pictures]
    y = np.tile(np.arange(10), len(fonts))
    correct = score(f"{len(fonts)} fonts", (images, y), classifiers).reshape(-1, 10)
    print("\nDigits of 10 that the second network reads, by font:")
    counts = zip(fonts, correct.sum(axis=1).tolist(), strict=True)
    print(", ".join(f"{name} {n_correct}" for name, n_correct in counts))


def print_speed(digit: np.ndarray) -> None:
    """Print the speed for photos of a megapixel, decoding included, and for a digit of MNIST."""
    rng = np.random.default_rng(0)
    ink = np.zeros((1000, 1000))
    large = enlarged(digit.reshape(28, 28), rng)[:1000, :1000]
    ink[: large.shape[0], : large.shape[1]] = large
    images = [photo(ink, rng)] * 20
    start = time.process_time()
    DigitImageTransformer().transform(images)
    seconds = (time.process_time() - start) / len(images)
    print(f"\n{60 / seconds:,.0f} photos of 1,000 x 1,000 pixels a minute on one core")
    start = time.process_time()
    DigitImageTransformer().transform([digit.reshape(28, 28)] * 200)
    seconds = (time.process_time() - start) / 200
    print(f"{1000 * seconds:.1f} milliseconds for a digit of 28 x 28 pixels")


def main() -> None:
    """Train both networks, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    if quick:
        X, y = load_mnist_sample(return_X_y=True)
        X_train, y_train, X_test, y_test = X[::4], y[::4], X[1::10], y[1::10]
    else:
        X_train, y_train = fetch_mnist(subset="train", return_X_y=True)
        X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
    sizes = (10, 50, 10, 2) if quick else (2_000, 1797, 500, 100)
    n_photos, n_others, n_drawings, n_fonts = sizes
    rng = np.random.default_rng(0)
    X_more = np.concatenate([X_train, *(distorted(X_train, rng) for _ in range(3))])
    classifiers = [
        KerasMLPClassifier(random_state=0).fit(X_train, y_train),
        KerasMLPClassifier(random_state=0).fit(X_more, np.tile(y_train, 4)),
    ]
    print("| pictures | number | defaults | and distorted copies |\n| --- | --- | --- | --- |")
    scores = " | ".join(f"{clf.score(X_test, y_test):.1%}" for clf in classifiers)
    print(f"| MNIST's test digits, as they are | {len(y_test):,} | {scores} |", flush=True)
    images = X_test.reshape(-1, 28, 28)
    score("the same through the transformer", (list(images), y_test), classifiers)
    score("some of them as photos", mnist_as_photos(X_test, y_test, n_photos), classifiers)
    score("scikit-learn's digits, enlarged", other_digits(n_others), classifiers)
    for width in PENS[::4] if quick else PENS:
        name = f"drawn with a pen of {width:.1%} of their size"
        score(name, pen_drawings(width, n_drawings), classifiers)
    score_fonts(classifiers, n_fonts)
    print_speed(X_test[0])


if __name__ == "__main__":
    main()
