"""
Quick start
===========

Train a network on handwritten digits, and evaluate its predictions.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import MisclassifiedDisplay, TrainingCurveDisplay
from sk_mnist.evaluation import evaluate

# %%
# The package comes with a sample of 5,000 MNIST digits; ``fetch_mnist`` returns all 70,000. Each
# row is an image of 28 x 28 pixels.
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
# The defaults work well for digits. The first fit after installation compiles the kernels, which
# takes a few seconds; later fits load them from the cache, also in new processes.
clf = KerasMLPClassifier(random_state=0)
clf.fit(X_train, y_train)
display = TrainingCurveDisplay.from_estimator(clf)

# %%
# A report on held-out digits. In a notebook it renders with figures;
# ``report.to_html("report.html")`` writes it as a web page.
report = evaluate(clf, X_test, y_test)
print(report)

# %%
# The most confident errors.
display = MisclassifiedDisplay.from_estimator(clf, X_test, y_test, n_images=12)
