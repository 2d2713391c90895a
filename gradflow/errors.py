"""Every error gradflow raises on purpose.

Each class also inherits from the builtin that PyTorch or NumPy would raise in its place, so code written
for either keeps catching it.  A message says what happened, with names, shapes, dtypes or devices, and
what to do instead.
"""

from __future__ import annotations


class GradflowError(Exception):
    """Base of all gradflow errors: ``except gf.errors.GradflowError`` catches each of them.

    Examples
    --------
    >>> import gradflow as gf
    >>> try:
    ...     gf.ones(2) + gf.ones(3)
    ... except gf.errors.GradflowError as problem:
    ...     print(type(problem).__name__)
    ShapeError
    """


class ShapeError(GradflowError, ValueError, RuntimeError):
    """Shapes that do not fit together, or do not fit the function.

    It is raised where arrays do not broadcast, sizes of a product differ, or a function asks for another number of dimensions.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2) + gf.ones(3)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.ShapeError: add(float32 (2,), float32 (3,)): ...
    """


class DTypeError(GradflowError, TypeError, RuntimeError):
    """A dtype that the operation cannot take, or that cannot hold the result.

    It is raised for complex numbers where an order or a sign is asked for, and for a write in place of floats over whole numbers.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.sign(gf.tensor([1j]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.DTypeError: sign: complex64 numbers have no sign; ...
    """


class DeviceError(GradflowError, RuntimeError, TypeError):
    """Arrays on different devices, or a device that does not exist here.

    It is raised where NumPy is given a tensor on a GPU, too: a copy to the host is never made unasked.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2).cuda(99)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.DeviceError: ...
    """


class ArgumentError(GradflowError, ValueError, RuntimeError):
    """An argument outside of what the function accepts, where no other class says it better.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor([1.0, 2.0]).topk(5)
    Traceback (most recent call last):
        ...
    gradflow.errors.ArgumentError: topk: k = 5 of a dimension with 2 elements
    """


class DivisionError(GradflowError, ZeroDivisionError, RuntimeError):
    """A whole number divided by 0, on the CPU.

    On CUDA, where looking would make the host wait, and in ``gradflow.numpy``, which warns as NumPy does, the result is 0.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.tensor(1) // gf.tensor(0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.DivisionError: floor_divide: a whole number divided by 0; ...
    """


class IndexingError(GradflowError, IndexError):
    """An index or a dimension outside of the array, or an index of a kind that cannot index.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(3)[5]  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.IndexingError: ...index 5 is out of bounds for axis 0 with size 3
    """


class GraphError(GradflowError, RuntimeError):
    """A backward pass that the recorded graph cannot give, or a step that would lose the graph.

    It is raised where nothing requires grad, where a gradient to begin with is missing or the graph has been freed, and where a
    tensor that requires grad is to become a bare array.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(3).sum().backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.GraphError: this tensor does not require grad ...
    """


class InPlaceError(GraphError):
    """An in-place write that autograd cannot allow, or that destroyed a value backward needs.

    It is raised by the write if that is to a leaf that requires grad, to memory that repeats or is read-only; by backward if a
    saved tensor has been overwritten.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.ones(2, requires_grad=True).add_(1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.InPlaceError: add_: a leaf tensor that requires grad cannot be written in place ...
    """


class LostGradientWarning(UserWarning):
    """A Tensor that requires grad became plain numbers, through which no gradient comes back to it.

    It is given once per line of code.  What is meant is said by ``.item()`` or ``.detach()``, and under ``gf.no_grad()``
    nothing is warned of.  To make it an error: ``warnings.simplefilter("error", gf.errors.LostGradientWarning)``.

    Examples
    --------
    >>> import gradflow as gf
    >>> import warnings
    >>> x = gf.tensor(2.0, requires_grad=True)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     number = float(x)
    >>> caught[0].category.__name__
    'LostGradientWarning'
    """


class NonFiniteError(GradflowError, FloatingPointError, RuntimeError):
    """A gradient with NaN or infinite elements, where that was to be an error.

    It is raised by a step of an optimizer with ``error_on_nonfinite=True``, and by LBFGS; nothing has been updated.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.zeros(1, requires_grad=True)
    >>> optimizer = gf.optim.Adam([x], error_on_nonfinite=True)
    >>> gf.sqrt(x).sum().backward()
    >>> optimizer.step()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.NonFiniteError: Adam: the gradient of parameter 0 of group 0 ...
    """


class AnomalyError(GraphError):
    """Anomaly mode met a NaN or an infinity.

    The message names the operation and the line of code where it was called.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.zeros(1, requires_grad=True)
    >>> with gf.autograd.detect_anomaly():  # doctest: +ELLIPSIS
    ...     (gf.sqrt(x) * 0).sum().backward()
    Traceback (most recent call last):
        ...
    gradflow.errors.AnomalyError: backward of sqrt: 1 NaN in the gradient of an input ...
    """


class RuleError(GradflowError, TypeError):
    """A derivative rule that does not fit the operation it is written for, or a formula of which no kernel can be made.

    It is raised when the module of the operation is imported, or when a function under ``gf.fused`` is first called.

    Examples
    --------
    >>> import gradflow as gf
    >>> @gf.fused
    ... def f(x):
    ...     return x if x > 0 else -x
    >>> f(gf.ones(2))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.RuleError: a formula cannot branch on the values of an array: ...
    """


class NoCounterpartError(GradflowError, TypeError):
    """A function or an argument of NumPy's that gradflow does not record, where a gradient would be lost.

    It is raised by NumPy's own functions on a Tensor that requires grad, and by ``gradflow.numpy``.

    Examples
    --------
    >>> import gradflow as gf
    >>> import numpy as np
    >>> x = gf.ones(2, requires_grad=True)
    >>> np.interp(x, x, x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.NoCounterpartError: np.interp is not recorded, ...
    """


class GradcheckError(GradflowError, RuntimeError, AssertionError):
    """A derivative that disagrees with its finite difference, found by ``gradcheck`` or ``gradgradcheck``.

    Examples
    --------
    >>> import gradflow as gf
    >>> x = gf.ones(1, dtype=gf.float64, requires_grad=True)
    >>> gf.gradcheck(lambda x: x * x.detach(), x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gradflow.errors.GradcheckError: the derivative of output 0, entry (0,), ...
    """


class LinAlgError(GradflowError, ValueError, RuntimeError):
    """A matrix without the factorisation or inverse asked for.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.linalg.inv(gf.zeros(2, 2))
    Traceback (most recent call last):
        ...
    gradflow.errors.LinAlgError: linalg.inv: Singular matrix (shape (2, 2))
    """


class FormatError(GradflowError, ValueError, RuntimeError):
    """A file that is not what it should be: foreign, cut short, altered, or made to do harm.

    Examples
    --------
    >>> import gradflow as gf
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
    ...     path = pathlib.Path(folder, "model.npz")
    ...     size = path.write_bytes(b"no archive")
    ...     gf.load(path)
    Traceback (most recent call last):
        ...
    gradflow.errors.FormatError: load: ...
    """


class DownloadError(GradflowError, OSError):
    """A file that could not be fetched whole.

    It is raised by ``gf.data.fetch``, and by the data sets that are downloaded, if no address gives the file with its checksum.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.mnist()  # doctest: +SKIP
    Traceback (most recent call last):
        ...
    gradflow.errors.DownloadError: train-images-idx3-ubyte.gz could not be downloaded
    """
