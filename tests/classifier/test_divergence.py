"""Training that diverges."""

import pytest
from sklearn.callback import ScoringMonitor


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_training_that_diverges_names_the_learning_rate(small, digits, optimizer):
    clf = small(optimizer=optimizer, learning_rate=1e30)
    with pytest.raises(ValueError, match=r"Training diverged.*learning_rate=1e\+30.*input_scaling"):
        clf.fit(*digits)


def test_a_training_that_diverges_says_so_also_where_a_callback_scores_probabilities(small, digits):
    clf = small(learning_rate=1e30).set_callbacks(ScoringMonitor(scoring="neg_log_loss"))
    with pytest.raises(ValueError, match="Training diverged"):
        clf.fit(*digits)
