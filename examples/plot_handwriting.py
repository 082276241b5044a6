"""
Read your own handwriting
=========================

From pictures of any size to the digits that they show.
"""

import matplotlib.pyplot as plt
from PIL import Image, ImageDraw
from sklearn.pipeline import make_pipeline

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, load_mnist_sample
from sk_mnist.images import UnfamiliarDigitDetector

# %%
# Yours are photos, and this example has to draw some. Each is a path of the pen.
STROKES = {
    "1": "120,75 150,45 147,210",
    "2": "90,90 110,55 145,48 168,80 150,125 85,200 175,195",
    "4": "110,45 85,140 170,138 165,60 160,215",
    "7": "85,60 175,55 120,205",
    "M": "70,205 80,60 125,150 170,60 185,205",
}


def photo(stroke: str) -> Image.Image:
    """Draw blue ink on paper on which a shadow falls."""
    light = Image.linear_gradient("L").point(lambda level: 235 - level // 4).rotate(30)
    picture = Image.merge("RGB", [light.crop((48, 48, 208, 208)).resize((256, 256))] * 3)
    points = [tuple(map(int, point.split(","))) for point in stroke.split()]
    ImageDraw.Draw(picture).line(points, fill=(40, 50, 120), width=12, joint="curve")
    return picture


pictures = [photo(stroke) for stroke in STROKES.values()]

# %%
# ``DigitImageTransformer`` removes the shadow, finds the ink, and makes each picture a row of
# 28 x 28 pixels like those of MNIST, so that a classifier of these reads it. Paths of files and
# arrays do as well as these images of Pillow. The transformer has nothing to learn: a pipeline with
# a fitted classifier is ready.
X, y = load_mnist_sample(return_X_y=True)
clf = KerasMLPClassifier(random_state=0).fit(X, y)
reader = make_pipeline(DigitImageTransformer(), clf)
print(reader.predict(pictures))

# %%
# A classifier of digits sees a digit in everything, also in the letter. Whether a picture looks
# like a digit at all, a detector tells that knows digits.
pixels = reader[0].transform(pictures)
familiar = UnfamiliarDigitDetector().fit(X).predict(pixels)
figure, axes = plt.subplots(2, len(pictures), figsize=(8, 3.6), layout="constrained")
columns = zip(*axes, pictures, pixels, clf.predict(pixels), familiar, strict=True)
for above, below, picture, row, digit, mark in columns:
    above.imshow(picture)
    below.imshow(row.reshape(28, 28), cmap="gray")
    below.set_title(digit if mark == 1 else f"{digit}, but unfamiliar", fontsize=10)
for ax in axes.flat:
    ax.axis("off")
