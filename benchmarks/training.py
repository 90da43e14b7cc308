"""Training steps against PyTorch, JAX, tinygrad, autograd and NumPy, on one computer in one run.

    pip install torch jax tinygrad autograd      # what is missing is said, and left out
    python benchmarks/training.py                # the tables of docs/benchmarks.md

What `microgd train` runs (forward, backward, Adam, the counting of losses) on two nets. Every peer
is a process of its own, they take turns, start from the same parameters, see the same minibatches,
are checked against losses in float64, and are waited for once after 32 steps. It takes the options
of benchmarks/opencl.py, of which it is a part.
"""

from __future__ import annotations

import sys

from opencl import main

if __name__ == "__main__":
    main(["--only", "train", "--peers", "numpy,torch,jax,autograd,tinygrad", *sys.argv[1:]])
