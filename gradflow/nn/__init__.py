"""Parts of neural networks: modules, layers, activations, losses, spelled as in ``torch.nn``.

>>> import gradflow as gf
>>> net = gf.nn.Sequential(gf.nn.Linear(2, 8), gf.nn.ReLU(), gf.nn.Linear(8, 3))
>>> gf.nn.functional.cross_entropy(net(gf.ones(4, 2)), gf.tensor([0, 1, 2, 0])).shape
()
"""

from . import functional
from .activations import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)  # fmt: skip
from .containers import ModuleDict, ModuleList, Sequential
from .layers import BatchNorm1d, BatchNorm2d, Dropout, Embedding, Flatten, Identity, LayerNorm, Linear
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)  # fmt: skip
from .module import Module
from .parameter import Parameter

__all__ = [
    "functional",
    "Module", "Parameter", "Sequential", "ModuleList", "ModuleDict",
    "Identity", "Flatten", "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout", "Embedding",
    "ReLU", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "Mish", "Hardtanh", "LogSigmoid", "Sigmoid", "Tanh",
    "Softmax", "LogSoftmax",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss",
    "KLDivLoss",
]  # fmt: skip
