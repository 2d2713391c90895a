"""Every error gradflow raises on purpose.

Each class also inherits from the builtin that PyTorch or NumPy would raise in its place, so code written
for either keeps catching it.  A message says what happened, with names, shapes, dtypes or devices, and
what to do instead.
"""

from __future__ import annotations


class GradflowError(Exception):
    """Base of all gradflow errors."""


class ShapeError(GradflowError, ValueError, RuntimeError):
    """Shapes that do not fit together."""


class DTypeError(GradflowError, TypeError, RuntimeError):
    """A dtype that the operation cannot take."""


class DeviceError(GradflowError, RuntimeError, TypeError):
    """Arrays on different devices, or a device that does not exist here."""


class ArgumentError(GradflowError, ValueError, RuntimeError):
    """An argument outside of what the function accepts."""


class DivisionError(GradflowError, ZeroDivisionError, RuntimeError):
    """A whole number divided by 0."""


class IndexingError(GradflowError, IndexError):
    """An index outside of the array, or of a kind that cannot index."""


class GraphError(GradflowError, RuntimeError):
    """A backward pass that the recorded graph cannot give."""


class InPlaceError(GraphError):
    """An in-place write that autograd cannot allow, or that destroyed a value backward needs."""


class LostGradientWarning(UserWarning):
    """A Tensor that requires grad became plain numbers, through which no gradient comes back to it.

    It is given once per line of code.  What is meant is said by ``.item()`` or ``.detach()``, and under ``gf.no_grad()``
    nothing is warned of.  To make it an error: ``warnings.simplefilter("error", gf.errors.LostGradientWarning)``.
    """


class NonFiniteError(GradflowError, FloatingPointError, RuntimeError):
    """A gradient with NaN or infinite elements, where that was to be an error."""


class AnomalyError(GraphError):
    """Anomaly mode met a NaN or an infinity."""


class RuleError(GradflowError, TypeError):
    """A derivative rule that does not fit the operation it is written for."""


class NoCounterpartError(GradflowError, TypeError):
    """A NumPy function that gradflow does not record."""


class GradcheckError(GradflowError, RuntimeError, AssertionError):
    """A derivative that disagrees with its finite difference."""


class LinAlgError(GradflowError, ValueError, RuntimeError):
    """A matrix without the factorisation or inverse asked for."""


class FormatError(GradflowError, ValueError, RuntimeError):
    """A file that is not what it should be: foreign, cut short, altered, or made to do harm."""


class DownloadError(GradflowError, OSError):
    """A file that could not be fetched whole."""
