"""Search hyperparameters with Optuna, and prune unpromising trials.

Requires the extra ``optuna``. Each trial trains epoch by epoch with ``partial_fit`` and reports its
accuracy on held-out digits; the pruner stops trials that are worse than the median of the others.
"""

import argparse

import optuna
from sklearn.model_selection import train_test_split

from sk_mnist import KerasMLPClassifier, load_mnist_sample

EPOCHS = 10


def main() -> None:
    """Run a study on the bundled sample of 5,000 digits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    options = parser.parse_args()
    X, y = load_mnist_sample(return_X_y=True)
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, stratify=y, random_state=0)

    def objective(trial: optuna.Trial) -> float:
        clf = KerasMLPClassifier(
            hidden_layer_sizes=(trial.suggest_categorical("units", [64, 128, 256]),),
            learning_rate=trial.suggest_float("learning_rate", 1e-4, 3e-2, log=True),
            dropout=trial.suggest_float("dropout", 0.0, 0.5),
            random_state=0,
        )
        for epoch in range(EPOCHS):
            clf.partial_fit(X_train, y_train, classes=range(10))
            accuracy = clf.score(X_valid, y_valid)
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return accuracy

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    study.optimize(objective, n_trials=options.trials)
    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    print(f"{len(study.trials)} trials, {pruned} of them pruned")
    print(f"best accuracy on held-out digits {study.best_value:.4f} with {study.best_params}")


if __name__ == "__main__":
    main()
