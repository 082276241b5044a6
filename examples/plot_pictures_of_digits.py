"""
Pictures of digits
==================

A classifier that was trained on MNIST expects 28 x 28 pixels, light ink on black, centered.
:class:`~sk_mnist.DigitImageTransformer` makes them from photos, scans and drawings.

First, three pictures: ink on paper in a gradient of light, chalk on a blackboard, and a thin pen on
squared paper. They would be files of yours.
"""

import numpy as np
from PIL import Image, ImageDraw
from sklearn.pipeline import make_pipeline

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import DigitImageDisplay

STROKES = {
    2: [(90, 80), (120, 50), (170, 60), (170, 110), (90, 220), (190, 218)],
    4: [(100, 50), (85, 140), (180, 135), (165, 60), (160, 230)],
    7: [(80, 60), (185, 55), (120, 230)],
}


def draw(digit, width, ink, paper):
    """Return a picture of a digit, with the noise of a camera."""
    image = Image.fromarray(np.uint8(paper))
    ImageDraw.Draw(image).line(STROKES[digit], fill=ink, width=width, joint="curve")
    noise = np.random.default_rng(digit).normal(0, 4, paper.shape)
    return np.uint8(np.clip(image + noise, 0, 255))


light = np.linspace(120, 230, 260) * np.ones((280, 1))
squares = np.full((280, 260), 230)
squares[::30] = squares[:, ::30] = 180
pictures = [draw(2, 20, 40, light), draw(4, 14, 220, light / 4), draw(7, 4, 60, squares)]

# %%
# The transformer does not learn anything, so a pipeline of it and a fitted classifier predicts
# without `fit`. Paths, PIL images and arrays can be mixed.
clf = KerasMLPClassifier(random_state=0).fit(*load_mnist_sample(return_X_y=True))
reader = make_pipeline(DigitImageTransformer(), clf)
print("read as", *reader.predict(pictures))

# %%
# :class:`~sk_mnist.displays.DigitImageDisplay` shows what each step of the preparation did.
probabilities = reader.predict_proba(pictures)
names = [f"a {row.argmax()}, with a probability of {row.max():.0%}" for row in probabilities]
display = DigitImageDisplay.from_images(pictures, names=names)
