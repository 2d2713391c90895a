"""Examples to learn from: datasets, batches of them, and some real ones.

``datasets``: what holds examples, and ``random_split``.  ``loader``: ``DataLoader``.  ``tables``: the sets that scikit-learn
carries.  ``images``: MNIST and Fashion-MNIST, downloaded once by ``fetching``.

>>> import gradflow as gf
>>> points = gf.data.TensorDataset(gf.arange(6.0).reshape(3, 2), gf.tensor([0, 1, 1]))
>>> for x, y in gf.data.DataLoader(points, batch_size=2):
...     print(x.tolist(), y.tolist())
[[0.0, 1.0], [2.0, 3.0]] [0, 1]
[[4.0, 5.0]] [1]
"""

from .datasets import Dataset, IterableDataset, Samples, Subset, TensorDataset, default_collate, random_split
from .fetching import cache_folder, fetch
from .images import fashion_mnist, mnist, read_idx
from .loader import DataLoader
from .tables import breast_cancer, diabetes, digits, iris, wine

__all__ = [
    "Dataset", "IterableDataset", "TensorDataset", "Samples", "Subset", "DataLoader", "default_collate", "random_split",
    "breast_cancer", "diabetes", "digits", "iris", "wine", "mnist", "fashion_mnist", "read_idx", "cache_folder", "fetch",
]  # fmt: skip
