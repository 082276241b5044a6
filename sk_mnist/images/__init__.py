"""Samples that are images: rows of pixels with a height and a width.

What works on pixels rather than on features belongs here, for the displays and for the report of
`sk_mnist.evaluation` alike. The package knows arrays only, neither classifiers nor plots.
"""
