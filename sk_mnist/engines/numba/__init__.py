"""The native engine: compiled kernels on the CPU, which need neither Keras nor TensorFlow."""
