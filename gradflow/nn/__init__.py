"""Parts of neural networks: modules, layers, activations, losses, spelled as in ``torch.nn``.

>>> import gradflow as gf
>>> net = gf.nn.Sequential(gf.nn.Linear(2, 8), gf.nn.ReLU(), gf.nn.Linear(8, 3))
>>> gf.nn.functional.cross_entropy(net(gf.ones(4, 2)), gf.tensor([0, 1, 2, 0])).shape
()
"""

from . import functional, init, utils
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
from .containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Residual, Sequential
from .convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .layers import Dropout, Embedding, Flatten, Identity, Linear
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
from .normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from .parameter import Parameter
from .pooling import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    Fold,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    Unfold,
    Upsample,
)  # fmt: skip

__all__ = [
    "functional", "init", "utils",
    "Module", "Parameter", "Sequential", "Residual", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict",
    "Identity", "Flatten", "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout", "Embedding",
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "Unfold", "Fold", "Upsample",
    "ReLU", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "Mish", "Hardtanh", "LogSigmoid", "Sigmoid", "Tanh",
    "Softmax", "LogSoftmax",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss",
    "KLDivLoss",
]  # fmt: skip
