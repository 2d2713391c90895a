"""Layer 1: the two backends behind one contract.

``cpu`` (NumPy) and ``cuda`` (CuPy) are modules with the same names and signatures; an operation is written over
whichever of them is passed as ``xp``.  CuPy is imported when a CUDA device is first asked for, never before.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from ..errors import ArgumentError, DeviceError, DTypeError
from ..typing import Array, Namespace
from . import cpu, dtypes
from .devices import CPU, device, get_default_device, set_default_device

__all__ = [
    "CPU", "cpu", "cuda_is_available", "device", "elementwise_kernel", "get_default_device", "is_array", "is_backend", "meant_by",
    "namespace_for", "namespace_of", "set_default_device",
]  # fmt: skip

_cuda: Any = None
_HOST = (np.ndarray, np.generic)


def _import_cuda() -> Any:
    global _cuda
    if _cuda is None:
        try:
            from . import cuda
        except ImportError as problem:
            raise DeviceError(
                "device 'cuda' needs CuPy, which cannot be imported here "
                f"({problem}); install it with: pip install 'gradflow-autograd[cuda12x]' (or cuda13x, to match the driver)"
            ) from problem
        _cuda = cuda
    return _cuda


def cuda_is_available() -> bool:
    """True if CuPy is installed and a CUDA device answers.

    Returns
    -------
    bool
        Whether ``device="cuda"`` can be used.

    Examples
    --------
    >>> import gradflow as gf
    >>> isinstance(gf.backend.cuda_is_available(), bool)
    True
    """
    try:
        return bool(_import_cuda().device_count() > 0)
    except DeviceError:
        return False


def namespace_for(where: str | device | None) -> Namespace:
    """The backend of a device: the module of functions that operations call as ``xp``.

    Parameters
    ----------
    where : str, device or None
        The device; None is the default one.

    Returns
    -------
    module
        ``gradflow.backend.cpu`` or ``gradflow.backend.cuda``.

    Raises
    ------
    DeviceError
        When CuPy or the GPU is missing.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.backend.namespace_for("cpu") is gf.backend.cpu
    True
    """
    where = get_default_device() if where is None else device(where)
    if where.type == "cpu":
        return cpu
    cuda = _import_cuda()
    count = cuda.device_count()
    if count == 0:
        raise DeviceError(
            "device 'cuda' needs a GPU and its driver: CuPy is installed but finds no CUDA device; "
            "use device='cpu', or check that nvidia-smi lists a GPU"
        )
    if where.index is not None and where.index >= count:
        raise DeviceError(f"there is no device '{where}': {count} CUDA device(s) here, numbered from 0")
    return cuda


def namespace_of(array: Array, *others: Array) -> Namespace:
    """The backend that an array belongs to; with ``others``, that of the first which is more than a number.

    A NumPy number is the CPU's when it is alone, and fits beside arrays of CuPy.

    Parameters
    ----------
    array : numpy.ndarray, cupy.ndarray or NumPy number
        A bare array, ``Tensor.array``.
    *others : numpy.ndarray, cupy.ndarray, NumPy number or None
        Further ones; None is passed over.

    Returns
    -------
    module
        ``gradflow.backend.cpu`` or ``gradflow.backend.cuda``.

    Raises
    ------
    TypeError
        When `array` is no array of NumPy or CuPy.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.backend.namespace_of(gf.ones(2).array) is gf.backend.cpu
    True
    """
    if isinstance(array, _HOST):
        if others and isinstance(array, np.generic):
            return namespace_of(*(o for o in others if o is not None))
        return cpu
    if _cuda is not None or type(array).__module__.partition(".")[0] == "cupy":
        cuda = _import_cuda()
        if isinstance(array, cuda.ndarray):
            return cuda
    namespace = getattr(array, "__gradflow_namespace__", None)  # a symbol, which stands for any array
    if namespace is not None:
        return namespace
    raise TypeError(f"{type(array).__name__} is not an array of NumPy or CuPy")


def meant_by(what: Any, where: Any, dtype: Any) -> tuple[Any, Any]:
    """Device and dtype, with the one of them replaced that ``what``, an argument of ``to()``, is.

    Parameters
    ----------
    what : device, dtype, str or None
        A device, a dtype, or the name of one.
    where : device or None
        The device that was given otherwise.
    dtype : dtype or None
        The dtype that was given otherwise.

    Returns
    -------
    tuple
        ``(device, dtype)``.

    Raises
    ------
    ArgumentError
        When `what` is neither.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.backend.meant_by("cpu", None, gf.float64)
    (device(type='cpu'), dtype('float64'))
    >>> gf.backend.meant_by(gf.float32, None, None)
    (None, dtype('float32'))
    """
    if isinstance(what, device) or (isinstance(what, str) and what.partition(":")[0] in ("cpu", "cuda")):
        return device(what), dtype
    try:
        return where, None if what is None else dtypes.as_dtype(what)
    except DTypeError:
        raise ArgumentError(
            f"to: {what!r} is neither a device ('cpu', 'cuda' or 'cuda:N') nor a dtype (gf.float32, gf.float64, ...)"
        ) from None


def is_backend(xp: Namespace) -> bool:
    """True for the backends themselves, False for ``gradflow.numpy`` and symbols.

    Parameters
    ----------
    xp : module
        What an operation was given.

    Returns
    -------
    bool
        Whether `xp` computes with bare arrays.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.backend.is_backend(gf.backend.cpu), gf.backend.is_backend(gf.numpy)
    (True, False)
    """
    return xp is cpu or (_cuda is not None and xp is _cuda)


def is_array(value: Any) -> TypeGuard[Any]:
    """True for a NumPy or CuPy array, a NumPy number, or a symbol of one.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        False also for a Tensor.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(2)
    >>> gf.backend.is_array(x.array), gf.backend.is_array(x)
    (True, False)
    """
    if isinstance(value, _HOST) or hasattr(value, "__gradflow_namespace__"):
        return True
    return type(value).__module__.partition(".")[0] == "cupy" and isinstance(value, _import_cuda().ndarray)


def elementwise_kernel(inputs: str, outputs: str, body: str, name: str) -> Any:
    """A ``cupy.ElementwiseKernel`` that writes into the arrays it is given.

    Nothing is compiled before its first launch.

    Parameters
    ----------
    inputs, outputs : str
        The parameters, as CuPy writes them: ``"T x, T y"``.
    body : str
        CUDA code for one element.
    name : str
        The name of the kernel.

    Returns
    -------
    cupy.ElementwiseKernel
        It takes the inputs, and then the outputs, and returns None.

    Raises
    ------
    DeviceError
        When CuPy is missing.

    Examples
    --------
    >>> import gradflow as gf
    >>> def doubled(x):
    ...     kernel = gf.backend.elementwise_kernel("T x", "T y", "y = 2 * x", "doubled")
    ...     y = gf.empty_like(x)
    ...     kernel(x.array, y.array)
    ...     return y
    """
    return _import_cuda().cupy.ElementwiseKernel(inputs, outputs, body, name, no_return=True)
