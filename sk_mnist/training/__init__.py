"""One fit: its epochs, learning-rate schedule, early stopping, sample weights and callbacks."""
