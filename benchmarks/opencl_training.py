"""Training steps for benchmarks/opencl.py: one net, Adam, and a data set that stays on the device.

The net is a multilayer perceptron with relu; a step takes the rows of a minibatch from the data
set, goes forward, backward, and updates the parameters. Every peer starts from the same parameters,
sees the same minibatches, and has to arrive at the same losses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from opencl_peers import Autograd, Jax, Microgd, Missing, Numpy, Tinygrad, Torch, TorchCompile

#: name → sizes of the layers, rows of a minibatch
NETS: dict[str, tuple[tuple[int, ...], int]] = {
    "784-128-10, batch 64": ((784, 128, 10), 64),
    "784-512-512-10, batch 256": ((784, 512, 512, 10), 256),
}
NETS_BATCH = dict(NETS.values())
ROWS, BATCHES = 8192, 32
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8

Step = Callable[..., Any]  #: numbers of a minibatch's rows → loss, on the device


def start_of(sizes: tuple[int, ...]) -> list[Any]:
    """Weight, bias, weight, bias … (He)."""
    rng = np.random.default_rng(0)
    found: list[Any] = []
    for n, m in pairwise(sizes):
        found.append(rng.standard_normal((n, m), np.float32) * np.float32(np.sqrt(2 / n)))
        found.append(np.zeros(m, np.float32))
    return found


def data_of(sizes: tuple[int, ...], batch: int) -> tuple[Any, Any, list[Any]]:
    """Numbers, classes, and the rows of each minibatch."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((ROWS, sizes[0]), np.float32)
    labels = rng.integers(0, sizes[-1], ROWS)
    return x, labels, [rng.permutation(ROWS)[:batch] for _ in range(BATCHES)]


# -- one trainer for each library --------------------------------------------------------------


def numpy_step(peer: Numpy, sizes: tuple[int, ...], x: Any, labels: Any, dtype: Any) -> Step:
    """Written by hand, in place where NumPy can."""
    parameters = [p.astype(dtype) for p in start_of(sizes)]
    m = [np.zeros_like(p) for p in parameters]
    v = [np.zeros_like(p) for p in parameters]
    x = x.astype(dtype)
    count = 0

    def step(rows: Any) -> Any:
        nonlocal count
        count += 1
        layers = [x[rows]]
        for n in range(0, len(parameters), 2):
            z = layers[-1] @ parameters[n]
            z += parameters[n + 1]
            if n + 2 < len(parameters):
                np.maximum(z, 0, out=z)
            layers.append(z)
        loss, up = peer.cross_entropy_and_gradient(layers[-1], labels[rows])
        for n in range(len(parameters) - 2, -1, -2):
            below = up @ parameters[n].T * (layers[n // 2] > 0) if n else None
            for k, gradient in ((n, layers[n // 2].T @ up), (n + 1, up.sum(0))):
                m[k] *= BETA1
                m[k] += (1 - BETA1) * gradient
                v[k] *= BETA2
                v[k] += (1 - BETA2) * gradient**2
                root = np.sqrt(v[k] / (1 - BETA2**count))
                root += EPSILON
                parameters[k] -= RATE / (1 - BETA1**count) * m[k] / root
            up = below
        return loss

    return step


def adam(
    xp: Any, count: Any, parameters: list[Any], m: list[Any], v: list[Any], up: list[Any]
) -> tuple[list[Any], list[Any], list[Any]]:
    """Kingma and Ba's Algorithm 1, for arrays of any library."""
    m = [BETA1 * a + (1 - BETA1) * g for a, g in zip(m, up, strict=True)]
    v = [BETA2 * a + (1 - BETA2) * (g * g) for a, g in zip(v, up, strict=True)]
    one, two = 1 - BETA1**count, 1 - BETA2**count
    new = [
        p - RATE * (a / one) / (xp.sqrt(b / two) + EPSILON)
        for p, a, b in zip(parameters, m, v, strict=True)
    ]
    return new, m, v


def forward(xp: Any, parameters: list[Any], x: Any) -> Any:
    for n in range(0, len(parameters), 2):
        x = x @ parameters[n] + parameters[n + 1]
        if n + 2 < len(parameters):
            x = xp.relu(x)
    return x


def microgd_step(peer: Microgd, sizes: tuple[int, ...], x: Any, labels: Any) -> Step:
    """What `microgd train` runs: a net, its loss and mg.optim's Adam as one program."""
    from microgd.autodiff.tree import leaves, rebuilt
    from microgd.training.programs import nothing

    mg = peer.mg
    task = mg.training.Task(
        mg.nn.MLP(sizes), mg.losses.cross_entropy, "classes", mg.optim.Adam((BETA1, BETA2), EPSILON)
    )
    program = peer.program = mg.compile(task.steps_of_rows, device=peer.device, donate=(0, 1, 2))

    def there(tree: Any) -> Any:
        return rebuilt(tree, iter([peer.put(np.asarray(a, np.float32)) for a in leaves(tree)]))

    params = rebuilt(task.net.init(0), iter(start_of(sizes)))
    state = [there(params), there(task.optimizer.init(params)), {}]
    data, none = (peer.put(x), peer.put_labels(labels)), there(nothing())
    size, count = NETS_BATCH[sizes], 0.0

    def step(rows: Any, profile: bool = False) -> Any:
        nonlocal count, state
        if profile:
            return peer.profile(*state, none, data, [rows], count, [RATE])
        *state, sums = program(*state, none, data, [rows], count, [RATE])
        count += 1.0
        return Mean(sums["loss"], size)

    return step


class Mean:
    """A sum of losses on the device, as the mean that the other peers give."""

    def __init__(self, total: Any, count: int) -> None:
        self.total, self.count = total, count

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(float(self.total) / self.count, dtype)

    def __float__(self) -> float:
        return float(self.total) / self.count


def autograd_step(peer: Autograd, sizes: tuple[int, ...], x: Any, labels: Any) -> Step:
    """HIPS autograd, and Adam in NumPy."""
    parameters = start_of(sizes)
    m = [np.zeros_like(p) for p in parameters]
    v = [np.zeros_like(p) for p in parameters]
    count = 0.0

    def loss(parameters: Any, rows: Any) -> Any:
        return peer.cross_entropy(forward(peer, parameters, x[rows]), labels[rows])

    both = peer.autograd.value_and_grad(loss)

    def step(rows: Any) -> Any:
        nonlocal parameters, m, v, count
        count += 1.0
        value, up = both(parameters, rows)
        parameters, m, v = adam(np, count, parameters, m, v, up)
        return value

    return step


def torch_step(
    peer: Torch, sizes: tuple[int, ...], x: Any, labels: Any, fused: bool = False
) -> Step:
    torch = peer.torch
    parameters = [peer.put(p).requires_grad_() for p in start_of(sizes)]
    optimizer = torch.optim.Adam(
        parameters, RATE, (BETA1, BETA2), EPSILON, **({"fused": True} if fused else {})
    )
    x, labels = peer.put(x), peer.put_labels(labels)

    def loss_of(rows: Any) -> Any:
        return torch.nn.functional.cross_entropy(forward(peer, parameters, x[rows]), labels[rows])

    if isinstance(peer, TorchCompile):
        loss_of = torch.compile(loss_of, dynamic=False)

    def step(rows: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_of(rows)
        loss.backward()
        optimizer.step()
        return loss

    return step


def jax_step(peer: Jax, sizes: tuple[int, ...], x: Any, labels: Any) -> Step:
    jax = peer.jax
    parameters = start_of(sizes)
    state = [[peer.put(p) for p in parameters]]
    state += [[peer.put(np.zeros_like(p)) for p in parameters] for _ in range(2)]
    x, labels, count = peer.put(x), peer.put_labels(labels), 0.0

    def train(
        parameters: Any, m: Any, v: Any, count: Any, rows: Any, x: Any, labels: Any
    ) -> tuple[Any, ...]:
        def loss(parameters: Any) -> Any:
            return peer.cross_entropy(forward(peer, parameters, x[rows]), labels[rows])

        value, up = jax.value_and_grad(loss)(parameters)
        return *adam(jax.numpy, count, parameters, m, v, up), value

    jitted = jax.jit(train, donate_argnums=(0, 1, 2))

    def step(rows: Any) -> Any:
        nonlocal count, state
        count += 1.0
        *state, value = jitted(*state, count, rows, x, labels)
        return value

    return step


def tinygrad_step(peer: Tinygrad, sizes: tuple[int, ...], x: Any, labels: Any) -> Step:
    tinygrad = peer.tinygrad
    parameters = [peer.put(p) for p in start_of(sizes)]
    optimizer = tinygrad.nn.optim.Adam(parameters, RATE, BETA1, BETA2, EPSILON)
    x, labels = peer.put(x), peer.put_labels(labels)

    @tinygrad.TinyJit
    def train(rows: Any) -> Any:
        optimizer.zero_grad()
        z = forward(peer, parameters, x[rows])
        loss = z.sparse_categorical_crossentropy(labels[rows]).backward()
        return loss.realize(*optimizer.schedule_step())

    def step(rows: Any) -> Any:
        with tinygrad.helpers.Context(TRAINING=1):
            return train(rows)

    return step


# -- measuring ---------------------------------------------------------------------------------


def steps_of(peer: Any, name: str) -> Iterator[tuple[str, Callable[..., Step]]]:
    """The peer's ways to train."""
    if isinstance(peer, Microgd):
        yield "", microgd_step
    elif isinstance(peer, Autograd):
        yield ", Adam by hand", autograd_step
    elif isinstance(peer, TorchCompile):
        yield ", fused Adam", lambda *a: torch_step(*a, fused=True)
    elif isinstance(peer, Torch):
        yield ", fused Adam", lambda *a: torch_step(*a, fused=True)
        yield ", eager Adam", torch_step
    elif isinstance(peer, Jax):
        yield "", jax_step
    elif isinstance(peer, Tinygrad):
        yield "", tinygrad_step
    else:
        yield " by hand", lambda *a: numpy_step(*a, np.float32)


def expected(sizes: tuple[int, ...], batch: int, count: int) -> list[float]:
    """The first losses, by NumPy in float64."""
    x, labels, batches = data_of(sizes, batch)
    step = numpy_step(Numpy(""), sizes, x, labels, np.float64)
    return [float(step(rows)) for rows in batches[:count]]


def train(peer: Any, make: Callable[..., Step], net: str, order: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the first step, and of a step when it is warm."""
    sizes, batch = NETS[net]
    x, labels, batches = data_of(sizes, batch)
    step = make(peer, sizes, x, labels)
    rows = [peer.put(one) for one in batches]
    began = time.perf_counter()
    losses = [float(np.asarray(peer.read(step(rows[0]))))]
    first = time.perf_counter() - began
    found: dict[str, Any] = {"first": first}
    if isinstance(peer, Microgd):
        executable = peer.program.executable
        found |= {"build": executable.build_seconds, "cached": executable.cached}
    if order["part"] == "compile":
        return found
    losses += [float(np.asarray(peer.read(step(one)))) for one in rows[1:10]]
    if order.get("check", True):
        wanted = expected(sizes, batch, len(losses))
        found["error"] = max(abs(a / b - 1) for a, b in zip(losses, wanted, strict=True))
        if not found["error"] < 2e-3:
            return {"problem": f"losses {losses[-1]} for {wanted[-1]}"}
    found |= _timed(step, rows, peer.finish, order.get("seconds", 0.15) * 10)
    if isinstance(peer, Microgd):
        found |= step(rows[0], profile=True)
    return found


def _timed(step: Step, rows: list[Any], finish: Callable[[Any], None], seconds: float) -> Any:
    """Seconds of a step: all minibatches, then one wait; of the quickest such round."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        result = None
        began = time.perf_counter()
        for one in rows:
            result = step(one)
        called = time.perf_counter()
        finish(result)
        times.append(((time.perf_counter() - began) / len(rows), (called - began) / len(rows)))
    total, busy = min(times)
    return {"seconds": total, "busy": busy}


def work(peer: Any, order: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    """What one process of the benchmark does in the parts `train` and `compile`."""
    for net in NETS:
        if order.get("match", "") not in net:
            continue
        for way, make in steps_of(peer, net):
            try:
                found = train(peer, make, net, order)
            except Missing as missing:
                found = {"problem": str(missing)}
            except Exception as error:
                found = {"problem": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            say({"name": net, "way": way, **found})
