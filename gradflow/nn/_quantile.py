"""The inverse of the normal distribution function, for ``init.trunc_normal_``."""

from __future__ import annotations

from typing import Any

from .._ops import choosing, transcendental
from .._tensor import Tensor


def quantile(p: Tensor) -> Any:
    """Where the normal distribution function is ``p``."""
    q = p - 0.5
    near = q.abs() <= 0.425
    r = 0.180625 - q * q
    middle = q * _ratio(choosing.where(near, r, 0.0), *_MIDDLE)
    r = (-transcendental.log(choosing.clamp(choosing.minimum(p, 1 - p), 1e-320, None))).sqrt()
    tail = choosing.where(r <= 5, _ratio(r.clamp(max=5.0) - 1.6, *_SIDE), _ratio(r.clamp(min=5.0) - 5, *_FAR))
    return choosing.where(near, middle, choosing.where(q < 0, -tail, tail))


def _ratio(r: Tensor, above: tuple[float, ...], below: tuple[float, ...]) -> Any:
    """The quotient of two polynomials in ``r``, their coefficients from the constant on."""

    def polynomial(coefficients: tuple[float, ...]) -> Any:
        y: Any = coefficients[-1]
        for c in reversed(coefficients[:-1]):
            y = y * r + c
        return y

    return polynomial(above) / polynomial(below)


# Wichura (1988), PPND16: near the median, up to 1 - 1.4e-11, and beyond; relative error about 1e-16.
_MIDDLE = (
    (
        3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
        67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
    ),
    (
        1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
        28729.085735721942674, 5226.4952788528545610,
    ),
)  # fmt: skip
_SIDE = (
    (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
    ),
    (
        1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
        0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ),
)  # fmt: skip
_FAR = (
    (
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
        0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ),
    (
        1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ),
)  # fmt: skip
