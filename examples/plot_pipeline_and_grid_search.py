"""
Pipeline and grid search
========================

Preprocessing and network as one estimator, whose parameters, those of both, are searched together.
"""

from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.displays import GridSearchDisplay

# %%
# PCA makes float64 of integers, and float64 makes a network of float64. Pixels in float32 stay
# float32, which is faster and uses half of the memory.
X, y = load_mnist_sample(return_X_y=True)
X = X.astype("float32")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=1_000, stratify=y, random_state=0
)

# %%
# The parameters of a step are reached by its name and two underscores, in a pipeline as anywhere
# in scikit-learn. PCA is fitted anew on the training part of each fold, so that no fold has seen
# the digits that it is scored on.
model = Pipeline([
    ("pca", PCA(random_state=0)),
    ("network", KerasMLPClassifier(hidden_layer_sizes=(128,), random_state=0)),
])  # fmt: skip
grid = {
    "pca__n_components": [25, 50],
    "network__learning_rate": [0.005, 0.02, 0.08],
}
search = GridSearchCV(model, grid, cv=3, n_jobs=1).fit(X_train, y_train)
print("best parameters:", search.best_params_)
print(f"accuracy in cross-validation: {search.best_score_:.4f}")

# %%
# Fits that differ in nothing that shapes the network share one compiled program: the learning
# rate costs no further compilation, another number of inputs does.
print(f"{len(search.cv_results_['params'])} candidates, {search.n_splits_} folds each:")
seconds = search.cv_results_["mean_fit_time"]
for parameters, duration in zip(search.cv_results_["params"], seconds, strict=True):
    print(f"  {list(parameters.values())}: {duration:.2f} s a fit")

# %%
# A picture of all candidates.
display = GridSearchDisplay.from_estimator(search)

# %%
# The search is itself a classifier: the best pipeline, fitted on all of the training digits.
print(f"accuracy on test digits: {search.score(X_test, y_test):.4f}")
