"""What the engine knows of Tensors: their slots, and what the layer of Tensors registers when it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..typing import Array

if TYPE_CHECKING:
    from .accumulate import Leaf
    from .node import Node


class Value:
    """The slots of a Tensor: the bare array, and the node that made it (None where no gradient is asked for)."""

    __slots__ = ("__weakref__", "_base", "_frozen", "_views", "array", "node")
    array: Array
    node: Node | None
    _base: Any  # the Tensor whose memory this one shows
    _views: Any  # the Tensors that show this one's memory
    _frozen: Leaf | None  # where .grad stays while requires_grad is off


class TensorLayer:
    """The class of Tensors, and the namespace of functions over Tensors, in which a recorded backward pass runs rules."""

    __slots__ = ("namespace", "tensor")

    def __init__(self) -> None:
        self.tensor: type[Any] = Value
        self.namespace: Any = None


tensor_layer = TensorLayer()


def register_tensor_layer(tensor: type[Any], namespace: Any) -> None:
    """Called once, when gradflow is imported: the engine lies below Tensors and cannot import them."""
    tensor_layer.tensor, tensor_layer.namespace = tensor, namespace


def wrap(array: Array, node: Node | None = None) -> Any:
    """A Tensor of a bare array."""
    t = object.__new__(tensor_layer.tensor)
    t.array, t.node = array, node
    return t
