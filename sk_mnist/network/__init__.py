"""What a network is, whoever trains it: its layers, activations, loss and initial weights.

The functions here are NumPy and serve as the reference that every engine is tested against. The
view of a network as a Keras model is in `keras_model`.
"""
