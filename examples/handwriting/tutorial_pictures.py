"""The pictures of docs/handwriting.md: photos to try, and figures.

``python examples/handwriting/tutorial_pictures.py`` trains the default network on MNIST, writes
docs/data/digits/*.jpg and docs/images/handwriting-*.png, and prints the first table of the page:
what the network says to each photo.
"""

import io
from pathlib import Path
from textwrap import wrap

import matplotlib.pyplot as plt
import numpy as np
import odd_pictures
from photos import drawn, photo
from PIL import Image
from strokes import varied, written
from troubles import PEN, TROUBLES, pictures_with

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, fetch_mnist
from sk_mnist.cli.picture_classifier import unfamiliar_rows

DOCS = Path(__file__).resolve().parents[2] / "docs"
SIDE = 240


def draw_pairs(
    titles: list[str],
    pictures: list[bytes],
    captions: list[str],
    n_columns: int,
    path: Path,
) -> None:
    """Save a figure with each picture above the pixels that a classifier gets."""
    pixels = DigitImageTransformer().transform(pictures)
    n_rows = -(-len(pictures) // n_columns)
    figure, axes = plt.subplots(
        2 * n_rows,
        n_columns,
        figsize=(1.25 * n_columns, 2.8 * n_rows),
        layout="constrained",
        squeeze=False,
    )
    for ax in axes.flat:
        ax.axis("off")
    for i, (title, picture, row, caption) in enumerate(
        zip(titles, pictures, pixels, captions, strict=True)
    ):
        above, below = axes[2 * (i // n_columns) : 2 * (i // n_columns) + 2, i % n_columns]
        above.imshow(Image.open(io.BytesIO(picture)).convert("RGB"))
        above.set_title(title, fontsize=8)
        below.imshow(row.reshape(28, 28), cmap="gray")
        below.set_title(caption, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def say(clf: KerasMLPClassifier, pictures: list[bytes]) -> list[str]:
    """Return what `sk-mnist predict` says to each picture, in a few words."""
    pixels = DigitImageTransformer().transform(pictures)
    probabilities = clf.predict_proba(pixels)
    marks = np.where(unfamiliar_rows(pixels), "\nunfamiliar", "")
    return [
        f"{clf.classes_[row.argmax()]} ({100 * row.max():.0f}%){mark}"
        for row, mark in zip(probabilities, marks, strict=True)
    ]


def print_table(clf: KerasMLPClassifier, names: list[str], pictures: list[bytes]) -> None:
    """Print the table that `sk-mnist predict` prints, in Markdown."""
    pixels = DigitImageTransformer().transform(pictures)
    marks = np.where(unfamiliar_rows(pixels), "unfamiliar", "")
    print("| file | digit | probability | runner-up | note |\n| --- | --- | --- | --- | --- |")
    for name, row, mark in zip(names, clf.predict_proba(pixels), marks, strict=True):
        second, first = row.argsort()[-2:]
        print(
            f"| digits/{name}.jpg | {first} | {100 * row[first]:.1f}% | "
            f"{second} ({100 * row[second]:.1f}%) | {mark} |"
        )


def as_photo(picture: np.ndarray, rng: np.random.Generator) -> bytes:
    """Return a photo of a gray picture."""
    return photo(1 - picture / 255.0, rng)


def main() -> None:
    """Write all pictures."""
    clf = KerasMLPClassifier(random_state=0).fit(*fetch_mnist(subset="train", return_X_y=True))
    rng = np.random.default_rng(4)

    digits = [photo(drawn(written(digit, rng), PEN, SIDE, rng), rng) for digit in range(10)]
    letter = photo(drawn(varied(odd_pictures.WRITTEN_LETTERS["A"], rng), PEN, SIDE, rng), rng)
    names = [*map(str, range(10)), "letter"]
    directory = DOCS / "data" / "digits"
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in zip(names, [*digits, letter], strict=True):
        (directory / f"{name}.jpg").write_bytes(content)
    print_table(clf, names, [*digits, letter])
    images = DOCS / "images"
    titles = [f"{name}.jpg" for name in names[:-1]]
    draw_pairs(titles, digits, say(clf, digits), 5, images / "handwriting-photos.png")

    troubles = [*TROUBLES][1:]
    pictures = [pictures_with(trouble, 10, rng)[0][i % 10] for i, trouble in enumerate(troubles)]
    titles = ["\n".join(wrap(trouble, 16)) for trouble in troubles]
    draw_pairs(titles, pictures, say(clf, pictures), 5, images / "handwriting-troubles.png")

    X, y = fetch_mnist(subset="test", return_X_y=True)
    odd = {
        "letter": odd_pictures.written_letters(1, rng),
        "in a font": odd_pictures.typeset_letters(1, rng),
        "scribble": odd_pictures.scribbles(1, rng),
        "shape": odd_pictures.shapes(1, rng),
        "upside down": odd_pictures.upside_down(X[:20], y[:20]),
        "mirrored": odd_pictures.mirrored(X[:20], y[:20]),
    }
    pictures = [as_photo(listed[0], rng) for listed in odd.values()]
    draw_pairs([*odd], pictures, say(clf, pictures), 6, images / "handwriting-unfamiliar.png")


if __name__ == "__main__":
    main()
