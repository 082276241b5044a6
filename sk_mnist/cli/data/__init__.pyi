from .digits import Dataset, Splits, Subset, load_splits, print_splits

__all__ = ["Dataset", "Splits", "Subset", "load_splits", "print_splits"]
