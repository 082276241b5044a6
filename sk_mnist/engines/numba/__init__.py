"""The CPU engine: Adam with compiled kernels, which need neither Keras nor TensorFlow."""
