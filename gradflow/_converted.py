"""A tensor's numbers elsewhere: in Python, in NumPy and other libraries, in another dtype, on another device, in a new tensor."""

from __future__ import annotations

import builtins
from typing import Any, TypeVar, cast

import numpy as np

from . import backend
from ._described import Described
from ._ops import device as device_ops
from ._ops import elementwise as e
from ._ops import index as ix
from ._ops import shape as s
from ._recorded import Recorded, is_plotted
from .backend import device as Device
from .backend import dtypes
from .errors import DeviceError, GraphError
from .typing import DeviceLike, DType, SizeLike, Tensor, TensorData, TensorLike

T = TypeVar("T", bound="Tensor")


class Converted(Described):
    """What makes of a Tensor something that holds its numbers."""

    __slots__ = ()

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The bare NumPy array, sharing memory.

        Parameters
        ----------
        force : bool, default False
            True gives an array in any case, as ``to_numpy()``.

        Returns
        -------
        numpy.ndarray
            The memory of this tensor; what is written to it is not recorded.

        Raises
        ------
        GraphError
            If this tensor requires grad.
        DeviceError
            If it lies on CUDA.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).numpy()
        array([1., 1.], dtype=float32)
        """
        if force:
            return self.to_numpy()
        if self.node is not None:
            raise GraphError(
                "numpy(): a bare array would lose the graph of this tensor, which requires grad; NumPy's functions called on the "
                "tensor itself, as np.sin(t), are recorded; for its numbers alone use to_numpy()"
            )
        if self.is_cuda:
            raise DeviceError(f"numpy(): this tensor is on {self.device}; use .cpu().numpy() or to_numpy()")
        return self.array  # type: ignore[no-any-return]

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """The numbers as a NumPy array without a graph, from any device.

        On the CPU it shares the tensor's memory, and changes with it: keep ``to_numpy().copy()`` of a parameter that is trained.

        Returns
        -------
        numpy.ndarray
            The numbers; from CUDA a copy, for which the host waits.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2, requires_grad=True).to_numpy()
        array([1., 1.], dtype=float32)
        """
        return backend.namespace_of(self.array).to_host(self.array)  # type: ignore[no-any-return]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        force = (self.node is not None or self.is_cuda) and is_plotted()
        if self.node is not None and not force:
            raise GraphError(
                "an array of NumPy has no gradient, and this Tensor requires grad: gf.stack or gradflow.numpy.array of Tensors "
                "is recorded; for plain numbers use detach() or to_numpy()"
            )
        array = self.numpy(force=force)
        return array if dtype is None and not copy else np.array(array, dtype, copy=copy)

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.node is not None:
            raise GraphError(
                "DLPack: another library's array would lose the graph of this tensor, which requires grad; an autograd.Function "
                "with a backward records what another library computes; for the numbers alone use detach()"
            )
        data = self.array
        if any(s < 0 or s % data.itemsize for s in data.strides):  # PyTorch takes no such steps, and would end the process
            if kwargs.get("copy") is False:
                raise BufferError(f"DLPack: strides of {data.strides} bytes cannot be shared; use contiguous()")
            data = data.copy()
        return data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def to(self, *where: Tensor | DType | Device, dtype: DType = None, device: DeviceLike = None, copy: bool = False) -> Tensor:
        """The tensor in another dtype, on another device, or as and where another tensor is; recorded.

        Parameters
        ----------
        *where : Tensor, dtype or device
            A dtype, a device or its name, or a tensor whose dtype and device are taken.
        dtype : dtype, optional
            The dtype by name.
        device : device or str, optional
            The device by name.
        copy : bool, default False
            True makes a copy also where there is nothing to change.

        Returns
        -------
        Tensor
            This tensor itself if there is nothing to change.

        Raises
        ------
        DeviceError
            If the device does not exist here.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).to(gf.float64).dtype
        dtype('float64')
        """
        for what in where:
            if isinstance(what, Recorded):
                dtype, device = what.dtype, what.device
            else:
                device, dtype = backend.meant_by(what, device, dtype)
        t: Any = self
        if device is not None:
            t = device_ops.to_device(t, Device(device))
        if dtype is not None:
            wanted = dtypes.as_dtype(dtype)
            t = t if t.dtype == wanted else e.cast(t, wanted)
        return s.clone(cast("Tensor", self)) if copy and t is self else t

    def type(self, dtype: DType) -> Tensor:
        """The tensor in another dtype; recorded.

        Parameters
        ----------
        dtype : dtype
            The dtype.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1.7]).type(gf.int64)
        tensor([1])
        """
        return self.to(dtype=dtype)

    def astype(self, dtype: DType, copy: _bool = True) -> Tensor:
        """The tensor in another dtype, as a copy: NumPy's spelling of ``to(dtype, copy=True)``.

        Parameters
        ----------
        dtype : dtype
            The dtype.
        copy : bool, default True
            False returns a tensor of that dtype as it is.

        Returns
        -------
        Tensor
            The numbers in that dtype; recorded.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1, 2]).astype(gf.float64)
        tensor([1., 2.], dtype=float64)
        """
        return self.to(dtype=dtype, copy=copy)

    def as_subclass(self, cls: builtins.type[T]) -> T:
        """The memory of this tensor, recorded, as another class of Tensor, whose methods it then has.

        Parameters
        ----------
        cls : type
            Tensor or a class made of it, such as ``gradflow.numpy.ndarray``.

        Returns
        -------
        Tensor
            An object of that class: a view.

        Raises
        ------
        TypeError
            If ``cls`` is no class of Tensor.

        Examples
        --------
        >>> import gradflow as gf, gradflow.numpy as gnp
        >>> gf.tensor([1.0, 3.0]).as_subclass(gnp.ndarray).std()
        array(1., dtype=float32)
        """
        if not issubclass(cls, Described):
            raise TypeError(f"as_subclass: {cls.__name__} is no class of Tensor")
        made = ix.getitem(cast("Tensor", self), ...)
        made.__class__ = cls
        return cast("T", made)

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype of another; recorded.

        Parameters
        ----------
        other : Tensor
            The tensor whose dtype is taken.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1, 2]).type_as(gf.ones(1))
        tensor([1., 2.])
        """
        return self.to(dtype=other.dtype)

    def cpu(self) -> Tensor:
        """The tensor on the CPU; recorded.

        Returns
        -------
        Tensor
            This tensor itself if it is there.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).cpu()
        tensor([1., 1.])
        """
        return self.to(device="cpu")

    def cuda(self, index: int | None = None) -> Tensor:
        """The tensor on a CUDA device; recorded.

        Parameters
        ----------
        index : int, optional
            The number of the device, the current one by default.

        Returns
        -------
        Tensor
            This tensor itself if it is there.

        Raises
        ------
        DeviceError
            If there is no such device, or no CuPy.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(2).cuda()  # doctest: +SKIP
        tensor([1., 1.], device='cuda:0')
        """
        return self.to(device=Device("cuda", index))

    def float(self) -> Tensor:
        """The tensor in float32; recorded.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1, 2]).float()
        tensor([1., 2.])
        """
        return self.to(dtype=dtypes.float32)

    def double(self) -> Tensor:
        """The tensor in float64; recorded.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1, 2]).double()
        tensor([1., 2.], dtype=float64)
        """
        return self.to(dtype=dtypes.float64)

    def half(self) -> Tensor:
        """The tensor in float16; recorded.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1, 2]).half()
        tensor([1., 2.], dtype=float16)
        """
        return self.to(dtype=dtypes.float16)

    def long(self) -> Tensor:
        """The tensor in int64, without its fractions; whole numbers have no gradient.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1.7, -1.7]).long()
        tensor([ 1, -1])
        """
        return self.to(dtype=dtypes.int64)

    def int(self) -> Tensor:
        """The tensor in int32, without its fractions; whole numbers have no gradient.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([1.7, -1.7]).int()
        tensor([ 1, -1], dtype=int32)
        """
        return self.to(dtype=dtypes.int32)

    def bool(self) -> Tensor:
        """True where this tensor is not 0; booleans have no gradient.

        Returns
        -------
        Tensor
            This tensor itself if it has that dtype.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([0.0, 2.0]).bool()
        tensor([False,  True])
        """
        return self.to(dtype=dtypes.bool_)

    def new_tensor(self, data: TensorData, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        """A copy of data, with the dtype and on the device of this tensor.

        Parameters
        ----------
        data : array_like
            Numbers, nested lists, an array or a Tensor.
        dtype : dtype, optional
            The dtype, that of this tensor by default.
        requires_grad : bool, default False
            True asks for a gradient.

        Returns
        -------
        Tensor
            A leaf on the device of this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(1, dtype=gf.float64).new_tensor([1, 2])
        tensor([1., 2.], dtype=float64)
        """
        from ._creation import tensor

        return tensor(data, dtype=self.dtype if dtype is None else dtype, device=self.device, requires_grad=requires_grad)

    def new_zeros(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        """A tensor of zeros, with the dtype and on the device of this one.

        Parameters
        ----------
        *size : int or tuple of int
            The lengths of the dimensions.
        dtype : dtype, optional
            The dtype, that of this tensor by default.
        requires_grad : bool, default False
            True asks for a gradient.

        Returns
        -------
        Tensor
            A leaf on the device of this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([5]).new_zeros(2)
        tensor([0, 0])
        """
        return self._new("zeros", size, dtype, requires_grad)

    def new_ones(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        """A tensor of ones, with the dtype and on the device of this one.

        Parameters
        ----------
        *size : int or tuple of int
            The lengths of the dimensions.
        dtype : dtype, optional
            The dtype, that of this tensor by default.
        requires_grad : bool, default False
            True asks for a gradient.

        Returns
        -------
        Tensor
            A leaf on the device of this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([5]).new_ones(2)
        tensor([1, 1])
        """
        return self._new("ones", size, dtype, requires_grad)

    def new_empty(self, *size: SizeLike, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        """A tensor of whatever is in its memory, with the dtype and on the device of this one.

        Parameters
        ----------
        *size : int or tuple of int
            The lengths of the dimensions.
        dtype : dtype, optional
            The dtype, that of this tensor by default.
        requires_grad : bool, default False
            True asks for a gradient.

        Returns
        -------
        Tensor
            A leaf on the device of this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.tensor([5]).new_empty(2).shape
        (2,)
        """
        return self._new("empty", size, dtype, requires_grad)

    def new_full(self, size: SizeLike, fill_value: TensorLike, *, dtype: DType = None, requires_grad: _bool = False) -> Tensor:
        """A tensor of one number, with the dtype and on the device of this one.

        Parameters
        ----------
        size : int or tuple of int
            The lengths of the dimensions.
        fill_value : Tensor or number
            The number.
        dtype : dtype, optional
            The dtype, that of this tensor by default.
        requires_grad : bool, default False
            True asks for a gradient.

        Returns
        -------
        Tensor
            A leaf on the device of this tensor.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.ones(1).new_full((2,), 7)
        tensor([7., 7.])
        """
        from ._filled import full

        return full(size, fill_value, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)

    def _new(self, name: str, size: Any, dtype: DType, requires_grad: _bool) -> Tensor:
        from . import _filled

        made: Tensor = getattr(_filled, name)(*size, dtype=dtype or self.dtype, device=self.device, requires_grad=requires_grad)
        return made


_bool = bool
