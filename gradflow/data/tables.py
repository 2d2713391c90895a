"""The real sets that scikit-learn carries, as tensors with names; nothing is downloaded."""

from __future__ import annotations

from typing import Any

from .._creation import tensor
from ..backend import dtypes
from ..typing import DeviceLike, DType
from .datasets import Samples


def _table(name: str, device: DeviceLike, dtype: DType) -> Samples:
    try:
        from sklearn import datasets
    except ImportError as problem:
        raise ImportError(
            f"gf.data.{name} is a set that scikit-learn carries, which cannot be imported here ({problem}): "
            "pip install 'gradflow-autograd[demo]'"
        ) from None
    found: Any = getattr(datasets, f"load_{name}")()
    names = getattr(found, "target_names", ())
    y = tensor(found.target, dtype=dtypes.int64 if len(names) else dtype or dtypes.get_default_dtype(), device=device)
    x = tensor(found.data, dtype=dtype or dtypes.get_default_dtype(), device=device)
    return Samples(x, y, name, found.feature_names, names)


def digits(*, device: DeviceLike = None, dtype: DType = None) -> Samples:
    """1,797 handwritten digits: ``x`` (1797, 64), 8 x 8 pixels from 0 to 16 in rows, ``y`` the digit.

    Parameters
    ----------
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    ImportError
        Without scikit-learn.

    References
    ----------
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.digits()
    digits: 1797 examples, x float32 (1797, 64), y int64 (1797,), 10 classes
    """
    return _table("digits", device, dtype)


def breast_cancer(*, device: DeviceLike = None, dtype: DType = None) -> Samples:
    """569 tumours: ``x`` (569, 30) measures of cell nuclei in pictures, ``y`` 0 malignant or 1 benign.

    Parameters
    ----------
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    ImportError
        Without scikit-learn.

    References
    ----------
    Wolberg et al., "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning Repository (1993).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.breast_cancer().target_names
    ('malignant', 'benign')
    """
    return _table("breast_cancer", device, dtype)


def diabetes(*, device: DeviceLike = None, dtype: DType = None) -> Samples:
    """442 patients: ``x`` (442, 10) age, sex, body mass, blood; centred, each column of length 1; ``y`` how far the illness went.

    ``y`` is a measured value, from 25 to 346, a year later: for regression.

    Parameters
    ----------
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x`` and ``y``; None: the default dtype.

    Returns
    -------
    Samples
        Without ``target_names``.

    Raises
    ------
    ImportError
        Without scikit-learn.

    References
    ----------
    Efron et al., "Least angle regression" (2004).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.diabetes()
    diabetes: 442 examples, x float32 (442, 10), y float32 (442,)
    """
    return _table("diabetes", device, dtype)


def iris(*, device: DeviceLike = None, dtype: DType = None) -> Samples:
    """150 irises: ``x`` (150, 4) lengths and widths of sepals and petals in cm, ``y`` which of three species.

    Parameters
    ----------
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    ImportError
        Without scikit-learn.

    References
    ----------
    Fisher, "The use of multiple measurements in taxonomic problems" (1936).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.iris().target_names
    ('setosa', 'versicolor', 'virginica')
    """
    return _table("iris", device, dtype)


def wine(*, device: DeviceLike = None, dtype: DType = None) -> Samples:
    """178 wines: ``x`` (178, 13) what chemists measured in them, ``y`` which of three growers.

    Parameters
    ----------
    device : device or str, optional
        Where the tensors are.
    dtype : dtype or str, optional
        The dtype of ``x``; None: the default dtype.

    Returns
    -------
    Samples
        ``y`` are int64, with ``target_names``.

    Raises
    ------
    ImportError
        Without scikit-learn.

    References
    ----------
    Aeberhard and Forina, "Wine", UCI Machine Learning Repository (1992).

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.data.wine().feature_names[:2]
    ('alcohol', 'malic_acid')
    """
    return _table("wine", device, dtype)
