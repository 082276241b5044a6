"""How often the mark for unfamiliar pictures is right: false alarms on digits, alarms on others.

``python examples/handwriting/unfamiliar.py`` prints both tables of docs/handwriting.md, in a few
minutes. The first compares scores on 10,000 training digits that neither the networks nor the
detectors have seen; scores, constants and the false alarm rate of the command line were chosen by
it. The second shows what `sk-mnist predict` does, on test digits and other fonts.
"""

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import odd_pictures
from photos import drawn, enlarged, photo
from scipy.ndimage import gaussian_filter
from scipy.special import logsumexp
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from strokes import written

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, fetch_mnist, load_mnist_sample
from sk_mnist.cli.picture_classifier import FALSE_ALARM_RATE, unfamiliar_rows
from sk_mnist.images import UnfamiliarDigitDetector
from sk_mnist.images.directions import edge_directions

Score = Callable[[np.ndarray], np.ndarray]  # the higher, the less familiar

N_PICTURES = 500


def prepared(pictures: list) -> np.ndarray:
    """Return pictures as rows of pixels, without those that show no ink."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pictures that are rejected already
        rows = DigitImageTransformer(errors="blank").transform(pictures)
    return rows[rows.any(axis=1)]


def odd_rows(X: np.ndarray, y: np.ndarray, fonts: list[str], seed: int) -> dict[str, np.ndarray]:
    """Return rows of pixels that should be unfamiliar, by what they show."""
    rng = np.random.default_rng(seed)
    pictures = {
        "typeset letters": odd_pictures.typeset_letters(N_PICTURES, rng, fonts),
        "written letters": odd_pictures.written_letters(N_PICTURES, rng),
        "scribbles": odd_pictures.scribbles(N_PICTURES, rng),
        "shapes": odd_pictures.shapes(N_PICTURES, rng),
        "noise": odd_pictures.noise(N_PICTURES, rng),
        "textures": odd_pictures.textures(N_PICTURES, rng),
        "upside down": odd_pictures.upside_down(X[: 3 * N_PICTURES], y[: 3 * N_PICTURES]),
        "mirrored": odd_pictures.mirrored(X[: 2 * N_PICTURES], y[: 2 * N_PICTURES]),
    }
    return {name: prepared(listed) for name, listed in pictures.items()}


def digit_rows(X: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return rows of pixels that should be familiar: digits by others, and in photos."""
    rng = np.random.default_rng(seed)
    small = [np.kron(16 - image, np.full((12, 12), 15)) for image in load_digits().images]
    strokes = [
        255 * (1 - drawn(written(digit, rng), float(rng.choice([0.05, 0.08, 0.12])), 240, rng))
        for digit in np.repeat(np.arange(10), N_PICTURES // 10)
    ]
    photos = [photo(enlarged(x.reshape(28, 28), rng), rng) for x in X[:N_PICTURES]]
    return {
        "photos of MNIST": prepared(photos),
        "drawn strokes": prepared(strokes),
        "load_digits": prepared(small),
    }


def network_scores(name: str, clf: KerasMLPClassifier) -> dict[str, Score]:
    """Return scores that need nothing but a network."""
    return {
        f"{name}: probability": lambda X: -clf.predict_proba(X).max(axis=1),
        f"{name}: largest logit": lambda X: -clf._logits(X).max(axis=1),
        f"{name}: energy": lambda X: -logsumexp(clf._logits(X), axis=1),
    }


def unit(X: np.ndarray) -> np.ndarray:
    """Return images as vectors of length one."""
    X = X.astype(np.float32)
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1)


def blurred(X: np.ndarray) -> np.ndarray:
    """Return smoothed images as vectors of length one."""
    images = X.reshape(-1, 28, 28).astype(np.float32)
    return unit(gaussian_filter(images, (0, 1.5, 1.5)).reshape(len(X), -1))


def reference_scores(digits: np.ndarray) -> dict[str, Score]:
    """Return scores that compare with digits, and know nothing of the network."""
    pca = PCA(60, random_state=0).fit(unit(digits))

    def reconstruction_error(X: np.ndarray) -> np.ndarray:
        X = unit(X)
        return np.linalg.norm(X - pca.inverse_transform(pca.transform(X)), axis=1)

    def distance_to_neighbors(describe: Callable) -> Score:
        neighbors = NearestNeighbors(n_neighbors=10).fit(describe(digits))
        return lambda X: neighbors.kneighbors(describe(X))[0].mean(axis=1)

    lof = LocalOutlierFactor(n_neighbors=10, novelty=True).fit(edge_directions(digits))
    detector = UnfamiliarDigitDetector().fit(digits)
    return {
        "pixels: error of 60 components": reconstruction_error,
        "pixels: distance to neighbors": distance_to_neighbors(unit),
        "smoothed: distance to neighbors": distance_to_neighbors(blurred),
        "edges: distance to neighbors": distance_to_neighbors(edge_directions),
        "edges: LocalOutlierFactor": lambda X: -lof.score_samples(edge_directions(X)),
        "UnfamiliarDigitDetector": lambda X: -detector.score_samples(X),
    }


def compare(digits: np.ndarray) -> None:
    """Print the detection rates of all scores at 1% false alarms, on training digits."""
    X, y = fetch_mnist(subset="train", return_X_y=True)
    in_sample = {row.tobytes() for row in digits}
    order = np.random.default_rng(0).permutation(len(X))
    held_out = np.array([i for i in order if X[i].tobytes() not in in_sample])[:10_000]
    rest = np.setdiff1d(order, held_out)
    networks = {
        "default": KerasMLPClassifier(random_state=0),
        "tanh (128, 64)": KerasMLPClassifier((128, 64), activation="tanh", random_state=0),
    }
    scores = {}
    for name, clf in networks.items():
        scores |= network_scores(name, clf.fit(X[rest], y[rest]))
    scores |= reference_scores(digits)
    odd = odd_rows(X[held_out], y[held_out], odd_pictures.FONTS, seed=0)
    familiar = digit_rows(X[held_out], seed=0)
    print("marked, in percent, where 1% of held-out training digits are:\n")
    print("| score |", " | ".join([*odd, *familiar]), "|")
    print("| --- |" + " --- |" * (len(odd) + len(familiar)))
    for name, score in scores.items():
        limit = np.quantile(score(X[held_out]), 0.99)
        rates = [100 * np.mean(score(rows) > limit) for rows in (odd | familiar).values()]
        print(f"| {name} |", " | ".join(f"{rate:.0f}" for rate in rates), "|", flush=True)
    print(f"\nfalse_alarm_rate={FALSE_ALARM_RATE}: ", end="")
    print(f"{100 * np.mean(unfamiliar_rows(X[held_out])):.2f}% of held-out training digits")


def report() -> None:
    """Print how many pictures the command line marks, of test digits and of what is none."""
    X, y = fetch_mnist(subset="test", return_X_y=True)
    rows = {
        "MNIST's test digits": X,
        **digit_rows(X, seed=1),
        **odd_rows(X, y, odd_pictures.OTHER_FONTS, seed=1),
    }
    print("\n| pictures | number | marked |\n| --- | --- | --- |")
    for name, pixels in rows.items():
        print(f"| {name} | {len(pixels):,} | {100 * np.mean(unfamiliar_rows(pixels)):.1f}% |")


def main() -> None:
    """Print both tables, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["scores", "command"])
    only = parser.parse_args().only
    if only != "command":
        compare(load_mnist_sample(return_X_y=True)[0])
    if only != "scores":
        report()


if __name__ == "__main__":
    main()
