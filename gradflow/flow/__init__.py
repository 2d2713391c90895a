"""Why a network does not learn: values and gradients measured layer by layer, a verdict, and cures that are tried out.

``diagnose``: one batch, nothing changed.  ``watch``: a training, every so many steps.  Both give a ``Report`` with verdicts,
a table, pictures, and ``try_cures``.

>>> import gradflow as gf
>>> _ = gf.manual_seed(0)
>>> net = gf.nn.Sequential(gf.nn.Linear(8, 32), gf.nn.ReLU(), gf.nn.Linear(32, 2))
>>> batch = gf.randn(64, 8), gf.randint(0, 2, (64,))
>>> gf.flow.diagnose(net, gf.nn.CrossEntropyLoss(), batch).healthy
True

``facts``: what was measured.  ``measure``: the hooks.  ``slopes``: the derivative of an activation.  ``trial``: steps on copies.
``signs``: the few numbers that verdicts are decided by.  ``verdicts``: the thresholds.  ``words``: evidence, cause and cures in
words.  ``report``, ``page`` and ``pictures``: how it is shown.  ``cures``:
what can be done about it, as changes of a model or its training.
"""

from .diagnosis import diagnose
from .facts import Facts, Layer, Snapshot, Trial, Weight
from .report import Report
from .watching import watch
from .words import Verdict, judge

__all__ = ["Facts", "Layer", "Report", "Snapshot", "Trial", "Verdict", "Weight", "diagnose", "judge", "watch"]
