"""
Pipeline and grid search
========================

Combine preprocessing and network in one estimator, and search the parameters of both.
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
# How many of the 784 pixels are needed? The first step selects the most informative ones. It is
# fitted on the training part of each fold only, which avoids data leakage. As usual in
# scikit-learn, the parameters of a step are addressed by its name and two underscores.
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
print(f"cross-validation accuracy: {search.best_score_:.4f}")

# %%
# All fits share the same compiled kernels, whatever the layer sizes and the number of inputs.
print(f"{len(search.cv_results_['params'])} candidates, {search.n_splits_} folds each:")
seconds = search.cv_results_["mean_fit_time"]
for parameters, duration in zip(search.cv_results_["params"], seconds, strict=True):
    print(f"  {parameters}: {duration:.2f} s per fit")

# %%
# Mean test score of all candidates.
display = GridSearchDisplay.from_estimator(search)

# %%
# The fitted search is itself a classifier: the best pipeline, refitted on the whole training set.
print(f"test accuracy: {search.score(X_test, y_test):.4f}")
