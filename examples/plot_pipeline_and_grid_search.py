"""
Pipeline and grid search
========================

Preprocessing and network as one estimator, whose parameters, those of both, are searched together.
"""

from sklearn.feature_selection import SelectKBest, chi2
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import GridSearchDisplay

X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=1_000, stratify=y, random_state=0
)

# %%
# How many of the 784 pixels does it take? The first step keeps those that tell most about the
# digit. It is fitted anew on the training part of each fold, so that no fold has seen the digits
# that it is scored on. Parameters of a step are reached by its name and two underscores, as
# anywhere in scikit-learn.
model = Pipeline(
    [
        ("pixels", SelectKBest(chi2)),
        ("network", KerasMLPClassifier(hidden_layer_sizes=(128,), random_state=0)),
    ]
)
grid = {
    "pixels__k": [100, 200, 400],
    "network__learning_rate": [0.002, 0.008, 0.032],
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)
print("best parameters:", search.best_params_)
print(f"accuracy in cross-validation: {search.best_score_:.4f}")

# %%
# All fits share the same compiled code, whatever their layers and the number of their inputs.
print(f"{len(search.cv_results_['params'])} candidates, {search.n_splits_} folds each:")
seconds = search.cv_results_["mean_fit_time"]
for parameters, duration in zip(search.cv_results_["params"], seconds, strict=True):
    print(f"  {parameters}: {duration:.2f} s a fit")

# %%
# A picture of all candidates.
display = GridSearchDisplay.from_estimator(search)

# %%
# The search is itself a classifier: the best pipeline, fitted on all of the training digits.
print(f"accuracy on test digits: {search.score(X_test, y_test):.4f}")
