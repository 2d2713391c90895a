"""The contract of ``xp``: every function that a derivative rule or the definition of an operation may call on it.

One text of a rule runs in five namespaces: ``backend.cpu``, ``backend.cuda``, ``_numpy/functions`` (recorded), batches
(``_standins/batching.py``) and symbols (``_standins/symbol.py``).  ``tests/backend/test_contract.py`` holds each of them against
this table: names, parameters and defaults.  It also holds the operations to it: each call of ``xp`` in ``_ops`` fits its
signature.

An implementation may have further parameters if they have defaults; rules do not pass them.  Arguments before ``/`` are passed
by position.  ``out`` and ``copy`` are for the backends: stand-ins make a new array in any case.
"""

from __future__ import annotations

from typing import NamedTuple


class ContractEntry(NamedTuple):
    """What a function of ``xp`` is, how it is called, and which of the stand-ins for arrays take it."""

    kind: str
    signature: str
    stand_ins: frozenset[str]
    """``"batch"``: one call serves all arrays of a batch, by the function's kind or by a form of its own.
    ``"shared"``: it is given no batch, and what it returns is the same for all arrays of one.
    ``"kernel"``: it may stand in the formula of a fused kernel.  ``"recorded"``: it takes Tensors and is recorded.

    A stand-in that is not named refuses the function, with an error that names it.  The rows of a Jacobian are then computed by
    a backward pass for each.
    """


_TABLE = (
    # On each element alone; arguments broadcast.
    ("elementwise", "x, /", "batch kernel recorded", """
        absolute arctan conjugate cos cosh erf exp expm1 floor invert isnan log log1p logical_not negative real reciprocal sigmoid
        sign sin sinh sqrt square tanh"""),
    ("elementwise", "x, /", "batch recorded", """
        arccos arccosh arcsin arcsinh arctanh ceil imag isfinite isinf log10 log2 rint tan trunc"""),
    ("elementwise", "a, b, /", "batch kernel recorded", """
        add bitwise_and bitwise_or divide equal greater greater_equal less less_equal logical_and logical_or maximum
        maximum_scalar minimum multiply not_equal pow_scalar power subtract"""),
    ("elementwise", "a, b, /", "batch recorded", """
        arctan2 bitwise_xor floor_divide fmod hypot logaddexp logical_xor remainder"""),
    ("elementwise", "x, dtype, /, *, copy=False", "batch kernel recorded", "astype"),
    ("elementwise", "condition, a, b, /", "batch kernel recorded", "flat where"),
    ("elementwise", "condition, g, /", "batch kernel recorded", "kept"),
    # Over dimensions: one, a tuple of them, or None for all.
    ("reduction", "x, /, axis=None, *, keepdims=False", "batch recorded", "all any max mean min prod sum"),
    ("reduction", "x, axis, /", "batch recorded", "centred"),
    # Along one dimension.
    ("along", "x, axis, /", "batch recorded", "cumprod cumsum"),
    ("along", "x, /, axis=None", "batch recorded", "argmax argmin"),
    ("along", "x, /, *, axis, kind", "batch recorded", "argsort"),
    ("along", "a, u, axis, /", "batch recorded", "recurrence"),
    # Moving elements about.
    ("shape", "x, shape, /", "batch recorded", "reshape"),
    ("shape", "x, shape, /", "batch kernel recorded", "broadcast_to sum_to"),
    ("shape", "x, axes, /", "batch recorded", "transpose"),
    ("shape", "x, axis1, axis2, /", "batch recorded", "swapaxes"),
    ("shape", "x, axis, /", "batch recorded", "flip"),
    ("shape", "x, shift, axis, /", "batch recorded", "roll"),
    ("shape", "x, reps, /", "batch recorded", "tile"),
    ("shape", "arrays, axis, /", "batch recorded", "concatenate"),
    ("shape", "x, widths, /", "batch recorded", "pad"),
    ("shape", "x, k=0, /", "batch recorded", "tril triu"),
    ("shape", "x, offset, axis1, axis2, /", "batch recorded", "diagonal"),
    ("shape", "values, shape, offset, axis1, axis2, /", "batch recorded", "diagonal_scatter"),
    # Picking elements, and putting them back; an index is the same for all arrays of a batch.
    ("index", "x, index, /", "batch recorded", "getitem"),
    ("index", "x, values, index, /", "batch recorded", "index_set"),
    ("index", "values, index, shape, /", "batch recorded", "put_add"),
    ("index", "x, offset, /", "batch recorded", "window"),
    ("index", "x, values, offset, /", "batch recorded", "window_set"),
    ("index", "values, shape, offset, /", "batch recorded", "window_put"),
    ("index", "x, indices, axis, /", "batch recorded", "take take_along_axis"),
    ("index", "x, /", "recorded", "nonzero"),  # how many there are differs from array to array of a batch
    ("index", "x, index, values, /", "", "setitem"),  # of bare arrays: rules write into nothing
    # Sums of products.
    ("contraction", "a, b, /, out=None", "batch recorded", "matmul"),
    ("contraction", "a, b, /", "batch recorded", "dot solve"),  # solve: of as many matrices on both sides
    ("contraction", "equation, /, *operands, optimize=False", "batch recorded", "einsum"),
    # Of square matrices in the last two dimensions.
    ("matrix", "x, /", "batch recorded", "cholesky cofactors det inv inverse_adjoint slogdet"),
    ("matrix", "g, x, /", "batch recorded", "cofactors_back"),
    # Of (N, C, ...) through windows that ``form`` places.
    ("window", "x, weight, size, form, bias=None, /", "batch recorded", "conv"),
    ("window", "g, weight, size, form, /", "batch recorded", "conv_input"),
    ("window", "x, g, kernel, form, /", "batch recorded", "conv_weight"),
    ("window", "x, kernel, size, form, /", "batch recorded", "fold patches pool_max pool_spread pool_sum"),
    ("window", "x, given, most, kernel, form, /", "batch recorded", "pool_pick pool_put"),
    ("window", "x, most, kernel, form, /", "batch", "pool_indices"),  # places, which have no derivative
    ("window", "x, dim, index, weights, /", "batch recorded", "blend"),
    ("window", "x, dim, index, weights, size, /", "batch recorded", "unblend"),
    # Arrays like another, or another in a new form.
    ("like", "x, /, dtype=None, *, copy=True, order='K'", "batch kernel recorded", "array"),
    ("like", "x, /, dtype=None", "batch kernel recorded", "asarray"),
    ("like", "x, /", "batch kernel recorded", "ones_like zeros_like"),
    ("like", "x, value, /", "batch recorded", "full_like"),
    ("like", "x, device, /", "batch recorded", "moved"),
    # Arrays made of numbers.
    ("creation", "shape, dtype, /", "batch kernel recorded", "ones zeros"),
    ("creation", "shape, dtype, /", "batch recorded", "empty"),
    ("creation", "shape, value, dtype, /", "batch kernel recorded", "full"),
    ("creation", "n, /", "shared recorded", "arange"),
    ("creation", "value, dtype, /", "shared kernel recorded", "scalar"),
    ("creation", "x, device, /", "shared", "from_host"),  # of bare arrays
    # What is asked, or set while a block is run.
    ("question", "*shapes", "shared kernel recorded", "broadcast_shapes"),
    ("question", "x, /", "batch kernel", "device_of owner"),  # asked of the array in a Tensor
    ("question", "x, /", "batch", "surely_finite"),  # likewise
    ("setting", "*, divide=None, invalid=None, over=None", "shared recorded", "floating_errors"),
)  # fmt: skip

FUNCTIONS = {
    name: ContractEntry(kind, signature, frozenset(stand_ins.split()))
    for kind, signature, stand_ins, names in _TABLE
    for name in names.split()
}
"""The contract by name."""

CONSTANTS = ("inf", "nan", "pi")

ASKED_OF_ARRAYS = ("T", "dtype", "ndim", "shape", "size")
"""What rules and definitions may ask of an array itself, beside operators and ``x[...]``: no method, for stand-ins have none."""

KERNELS_ALONE = ("cast", "rsqrt")
"""What the formula of a kernel may call beside: it is run on symbols only."""

SERVICES = """
    Courier Numbers Random address alias as_strided ascontiguousarray block_bytes copyto device_count empty_like eye from_dlpack
    generic linspace moveaxis ndarray on owns repeat row_starts scratch svd synchronize to_host
""".split()  # noqa: SIM905
"""What else ``cpu`` and ``cuda`` have: for each other's shared code and for the layers above, never for a rule or definition."""
