"""Pictures of a recorded computation: ``graph`` draws it, ``sweep`` plays its backward pass, ``trace`` notes its modules.

Drawing needs ``pip install 'gradflow-autograd[viz]'`` (pygraphviz, whose wheels bring Graphviz along, for the layout; matplotlib
for PNG and PDF).  Without it there are the same things as text.

>>> import gradflow as gf
>>> a = gf.tensor(1.0, requires_grad=True)
>>> b = a + a
>>> c = b + b
>>> print(gf.viz.graph(c, params={"a": a, "b": b}))
add  ()  ← b, b
b = add  ()  ← a, a
a  ()

    reading.py     the nodes of a graph, and the names of tensors
    tracing.py     which call of which module made a node
    gradients.py   the gradients on every way back, by hooks
    boxes.py       what is drawn: boxes, folded if there are too many, and what joins them
    text.py        as lines of text
    layout.py      where the boxes go
    scale.py       the colours of gradients, and their legend
    drawing.py     shapes as SVG, and by matplotlib as PNG and PDF
    picture.py     the graph
    steps.py       the backward pass step by step
"""

from .picture import Graph, graph
from .steps import Sweep, sweep
from .tracing import Trace, trace

__all__ = ["Graph", "Sweep", "Trace", "graph", "sweep", "trace"]
