"""``python ci/bench``: gradflow beside other libraries, on the same problems, in one run.

The arguments are explained by ``python ci/bench --help``, the parts of the program by their own first lines:

    problems.py   the workloads W1-W7: sizes, data, and the ratios that are aimed at
    peers/        one adapter for each library
    worker.py     the process that a library has for itself, and how a turn is timed
    rotation.py   whose turn it is
    measure.py    medians, ratios, and whether the libraries agree
    starts.py     W8: importing, the first gradient, sizes and memory of new processes
    report.py     the table and the file; plot.py the picture
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parent.parent)  # so that this folder is the package ``bench``

from bench.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
