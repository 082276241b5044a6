"""What goes into a network: checks of X and y, labels as numbers, and the scaling of the inputs."""
