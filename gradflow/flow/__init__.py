"""Why a network does not learn: values and gradients measured layer by layer, a verdict, and cures that are tried out.

``diagnose``: one batch, nothing changed.  ``watch``: a training, every so many steps.  Both give a ``Report`` with verdicts,
a table, pictures, and ``try_cures``.

>>> import gradflow as gf
>>> _ = gf.manual_seed(0)
>>> net = gf.nn.Sequential(gf.nn.Linear(8, 32), gf.nn.ReLU(), gf.nn.Linear(32, 2))
>>> batch = gf.randn(64, 8), gf.randint(0, 2, (64,))
>>> gf.flow.diagnose(net, gf.nn.CrossEntropyLoss(), batch).healthy
True

    measurements        what was measured: ``Facts``
    _measure            the hooks that measure it
    _activation_slopes  the derivative of an activation
    _trial_steps        steps on copies
    _features           the few numbers that verdicts are decided by
    _verdicts           the thresholds
    wording             evidence, cause and cures in words
    report, _html, _pictures    how it is shown
    _cures, _try_cures  what can be done about it, as changes of a model or its training
"""

import sys as _sys

from . import measurements, wording
from .diagnosis import diagnose
from .measurements import Facts, Layer, Snapshot, Trial, Weight
from .report import Report
from .watching import watch
from .wording import Verdict, judge

# The places of before 0.1, which pickles of then name.
_sys.modules[__name__ + ".facts"], _sys.modules[__name__ + ".words"] = measurements, wording

__all__ = ["Facts", "Layer", "Report", "Snapshot", "Trial", "Verdict", "Weight", "diagnose", "judge", "watch"]
