"""Change one parameter of a plain recipe at a time, and measure the effect on accuracy.

Trains on 50,000 MNIST training digits and scores on the other 10,000; the test set is not used. Run
with ``python examples/which_parameters_matter.py``; three seeds take about 15 minutes on 2 cores.
``--quick`` tries only two of the changes, on 5,000 digits.
"""

import argparse

import numpy as np

from sk_mnist import KerasMLPClassifier, fetch_mnist, load_mnist_sample

RECIPE = {"input_scaling": "rms", "dropout": 0, "label_smoothing": 0}
CHANGES = [
    {},
    *({"hidden_layer_sizes": sizes} for sizes in [(128, 64), (512,), (512, 512), (1024, 512)]),
    *({"learning_rate_schedule": schedule} for schedule in ["cosine", "constant"]),
    *({"learning_rate": rate} for rate in [0.0005, 0.001, 0.004, 0.01]),
    *({"epochs": epochs} for epochs in [5, 20]),
    *({"batch_size": size} for size in [32, 512]),
    *({"dropout": dropout} for dropout in [0.2, 0.5]),
    *({"alpha": alpha} for alpha in [0.01, 0.1]),
    {"label_smoothing": 0.1},
    *({"input_scaling": scaling} for scaling in ["standard", None]),
    *({"activation": activation} for activation in ["tanh", "gelu"]),
    *({"optimizer": optimizer} for optimizer in ["adamw", "nadam"]),
    {"optimizer": "sgd", "learning_rate": 0.05},
    {"early_stopping": True},
]


def main() -> None:
    """Fit each change once per seed and print the accuracies as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        X, y = load_mnist_sample(return_X_y=True)
        n_train, options.seeds = 2_500, 1
        del CHANGES[3:]
    else:
        X, y = fetch_mnist(subset="train", return_X_y=True)
        n_train = 50_000
    print("| change | mean accuracy | worst seed |\n| --- | --- | --- |")
    for change in CHANGES:
        fits = [
            KerasMLPClassifier(random_state=seed, **(RECIPE | change)).fit(X[:n_train], y[:n_train])
            for seed in range(options.seeds)
        ]
        scores = [clf.score(X[n_train:], y[n_train:]) for clf in fits]
        name = ", ".join(f"`{key}={value!r}`" for key, value in change.items()) or "none"
        print(f"| {name} | {np.mean(scores):.2%} | {min(scores):.2%} |", flush=True)


if __name__ == "__main__":
    main()
