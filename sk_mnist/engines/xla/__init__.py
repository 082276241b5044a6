"""The TensorFlow engine: any Keras optimizer and activation, on CPUs and GPUs, compiled by XLA."""
