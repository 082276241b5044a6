"""
Quick start
===========

Train a network on handwritten digits, and see what it gets right and wrong.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import MisclassifiedDisplay, TrainingCurveDisplay
from sk_mnist.evaluation import evaluate

# %%
# 5,000 digits of MNIST come with the installation. A row is an image of 28 x 28 pixels.
# (``fetch_mnist`` gets all 70,000.)
X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=1_000, stratify=y, random_state=0
)
figure, axes = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
for ax, pixels, digit in zip(axes.flat, X_train, y_train, strict=False):
    ax.imshow(pixels.reshape(28, 28), cmap="gray")
    ax.set_title(digit)
    ax.axis("off")

# %%
# The defaults are good for digits. The very first fit after an installation takes some seconds to
# compile; later ones, in other processes too, do not.
clf = KerasMLPClassifier(random_state=0)
clf.fit(X_train, y_train)
curves = TrainingCurveDisplay.from_estimator(clf)

# %%
# The report, on digits that the network was not trained on. In a notebook it comes with pictures,
# and ``report.to_html("report.html")`` makes a page of it.
report = evaluate(clf, X_test, y_test)
print(report)

# %%
# The mistakes that it was most sure of.
mistakes = MisclassifiedDisplay.from_estimator(clf, X_test, y_test, n_images=12)
