"""The error function for arrays in host memory, which NumPy does not have."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..typing import Array


def erf(x: Array) -> Array:
    """The error function, to within 1 ulp in float64 and 3 in float32.

    Source: for float64 the piecewise rational approximations of Sun's fdlibm (s_erf.c), which split the axis at 0.84375, 1.25
    and 1/0.35; for float32 two polynomials fitted here, x P(x^2) below 1 and 1 - exp(-Q(|x|)) from there to 4.
    """
    x = np.asarray(x)
    if x.dtype.itemsize <= 4 and x.dtype.kind == "f":
        flat = x.reshape(1) if x.ndim == 0 else x
        return _single(flat.astype(np.float32, copy=False)).astype(x.dtype, copy=False).reshape(x.shape)
    return _double(x if x.dtype.kind == "f" else x.astype(np.float64))


def _single(x: Array) -> Array:
    """Both polynomials for all, and the one that holds chosen by its bits: branches would take four times as long."""
    a = np.absolute(x)
    inside = np.less(a, _SINGLE_ONE).astype(np.int32)
    np.negative(inside, inside)
    np.minimum(a, _SINGLE_END, out=a)  # beyond, it is 1 in this precision
    low = _polynomial(a * a, _SINGLE_LOW)
    low *= x
    high = _polynomial(a, _SINGLE_HIGH)
    np.negative(high, high)
    np.exp(high, high)
    np.subtract(_SINGLE_ONE, high, high)
    np.copysign(high, x, high)
    bits, chosen = high.view(np.int32), low.view(np.int32)
    chosen ^= bits
    chosen &= inside
    chosen ^= bits
    return low


def _polynomial(t: Array, coefficients: Any) -> Array:
    """A polynomial in ``t``, its coefficients from the highest down."""
    p = t * coefficients[0]
    for c in coefficients[1:-1]:
        p += c
        p *= t
    p += coefficients[-1]
    return p


_SINGLE_ONE, _SINGLE_END = np.array(1, np.float32), np.array(4, np.float32)
# Least squares in the relative error of erf, reweighted until the error is even: 1e-9 of each before rounding.
_SINGLE_LOW = [
    np.array(c, np.float32)
    for c in (
        7.853857823647559e-05, -0.0008010192541405559, 0.005188327748328447, -0.026853810995817184, 0.1128358542919159,
        -0.3761262595653534, 1.1283791065216064,
    )
]  # fmt: skip
_SINGLE_HIGH = [
    np.array(c, np.float32)
    for c in (
        -0.0001855748996604234, 0.0029396158643066883, -0.021805351600050926, 0.10303743928670883, 0.6382256150245667,
        1.1270400285720825, 0.00035370892146602273,
    )
]  # fmt: skip


def _double(x: Array) -> Array:
    a = np.absolute(x).ravel()
    out = np.ones_like(a)
    part = a < 0.84375
    v = a[part]
    out[part] = v + v * _ratio(v * v, _ERF_SMALL)
    part = (a >= 0.84375) & (a < 1.25)
    out[part] = 0.845062911510467529297 + _ratio(a[part] - 1, _ERF_NEAR_ONE)
    for low, high, coefficients in ((1.25, 1 / 0.35, _ERF_MIDDLE), (1 / 0.35, 6.0, _ERF_TAIL)):
        part = (a >= low) & (a < high)
        v = a[part]
        out[part] = 1 - np.exp(-v * v - 0.5625 + _ratio(1 / (v * v), coefficients)) / v
    out[np.isnan(a)] = np.nan
    return np.copysign(out.reshape(x.shape), x)


def _ratio(t: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    """A quotient of two polynomials in ``t``, each given from its constant term up."""
    top, bottom = coefficients
    p, q = np.full_like(t, top[-1]), np.full_like(t, bottom[-1])
    for c in top[-2::-1]:
        p = p * t + c
    for c in bottom[-2::-1]:
        q = q * t + c
    return p / q


_ERF_SMALL = (
    (0.128379167095512558561, -0.325042107247001499370, -0.0284817495755985104766, -0.00577027029648944159157,
     -2.37630166566501626084e-05),
    (1.0, 0.397917223959155352819, 0.0650222499887672944485, 0.00508130628187576562776, 1.32494738004321644526e-04,
     -3.96022827877536812320e-06),
)  # fmt: skip
_ERF_NEAR_ONE = (
    (-0.00236211856075265944077, 0.414856118683748331666, -0.372207876035701323847, 0.318346619901161753674,
     -0.110894694282396677476, 0.0354783043256182359371, -0.00216637559486879084300),
    (1.0, 0.106420880400844228286, 0.540397917702171048937, 0.0718286544141962662868, 0.126171219808761642112,
     0.0136370839120290507362, 0.0119844998467991074170),
)  # fmt: skip
_ERF_MIDDLE = (
    (-0.00986494403484714822705, -0.693858572707181764372, -10.5586262253232909814, -62.3753324503260060396,
     -162.396669462573470355, -184.605092906711035994, -81.2874355063065934246, -9.81432934416914548592),
    (1.0, 19.6512716674392571292, 137.657754143519042600, 434.565877475229228821, 645.387271733267880336,
     429.008140027567833386, 108.635005541779435134, 6.57024977031928170135, -0.0604244152148580987438),
)  # fmt: skip
_ERF_TAIL = (
    (-0.00986494292470009928597, -0.799283237680523006574, -17.7579549177547519889, -160.636384855821916062,
     -637.566443368389627722, -1025.09513161107724954, -483.519191608651397019),
    (1.0, 30.3380607434824582924, 325.792512996573918826, 1536.72958608443695994, 3199.85821950859553908,
     2553.05040643316442583, 474.528541206955367215, -22.4409524465858183362),
)  # fmt: skip
