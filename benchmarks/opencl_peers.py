"""The peers of benchmarks/opencl.py: how each library is given a problem, called and waited for.

Every peer uses all cores, has its data where it computes (on the device, if it has one), makes
several calls in a row, and is waited for once after the last.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Call = Callable[[], Any]
Line = dict[str, Any]

#: Seconds that the measurement of one problem takes, about, and the batches it is divided into.
SECONDS, BATCHES = 0.15, 15


class Missing(Exception):
    """The peer cannot run here; the message says why."""


class Numpy:
    """NumPy, eager. Its functions in float64 are the reference for everybody."""

    module = "numpy"

    def __init__(self, device: str) -> None:
        self.version = np.__version__

    # -- running ------------------------------------------------------------

    def put(self, array: Any) -> Any:
        return array

    def put_labels(self, labels: Any) -> Any:
        return self.put(labels)

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        return lambda: formula(self, *inputs)

    def finish(self, result: Any) -> None:
        """Wait until the result is there."""

    def read(self, result: Any) -> Any:
        return result

    # -- functions ------------------------------------------------------------

    exp, tanh = staticmethod(np.exp), staticmethod(np.tanh)

    @staticmethod
    def relu(x: Any) -> Any:
        return np.maximum(x, 0)

    @staticmethod
    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def sum(x: Any, axis: int | None) -> Any:
        return x.sum(axis)

    @staticmethod
    def max(x: Any, axis: int | None) -> Any:
        return x.max(axis)

    @staticmethod
    def var(x: Any, axis: int | None) -> Any:
        return x.var(axis)

    @staticmethod
    def softmax(x: Any) -> Any:
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    @staticmethod
    def cross_entropy_and_gradient(z: Any, labels: Any) -> Any:
        rows = np.arange(len(z))
        z = z - z.max(1, keepdims=True)
        e = np.exp(z)
        total = e.sum(1, keepdims=True)
        loss = (np.log(total[:, 0]) - z[rows, labels]).mean()
        gradient = e / total
        gradient[rows, labels] -= 1
        return loss, gradient / np.float32(len(z))


class Microgd(Numpy):
    """mg.compile on arrays that lie on the device."""

    module = "microgd"

    def __init__(self, device: str) -> None:
        import microgd as mg
        from microgd.opencl.devices import choose

        self.mg = mg
        self.device = choose(device)
        self.version = mg.__version__ if hasattr(mg, "__version__") else ""
        self.exp, self.tanh, self.relu, self.sigmoid = mg.exp, mg.tanh, mg.relu, mg.sigmoid
        self.program: Any = None

    def put(self, array: Any) -> Any:
        return self.mg.device_array(array, self.device)

    def put_labels(self, labels: Any) -> Any:
        """Classes in float32: whole numbers would make the one-hot rows, and all after, float64."""
        return self.put(labels.astype(np.float32))

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        self.program = program = self.mg.compile(
            lambda *given: formula(self, *given), device=self.device
        )
        return lambda: program(*inputs)

    def profile(self, *given: Any) -> Line:
        """Seconds of each kernel, by the device's own clock."""
        if self.device.kind == "interpreter":
            return {}
        kernels = self.program.profile(*given, repeats=15).kernels
        table = [(k.name, k.seconds) for k in kernels]
        return {"kernels": len(table), "device": sum(k.seconds for k in kernels), "table": table}

    def finish(self, result: Any) -> None:
        if self.device.kind != "interpreter":
            self.device.queue.finish()

    def read(self, result: Any) -> Any:
        return [np.asarray(r) for r in result] if isinstance(result, tuple) else np.asarray(result)

    def sum(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return self.mg.sum(x, axis=axis)

    def max(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return self.mg.max(x, axis=axis)

    def var(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return self.mg.var(x, axis=axis)

    def softmax(self, x: Any) -> Any:  # type: ignore[override]
        return self.mg.softmax(x)

    def cross_entropy_and_gradient(self, z: Any, labels: Any) -> Any:  # type: ignore[override]
        return self.mg.value_and_grad(lambda z: self.cross_entropy(z, labels))(z)

    def cross_entropy(self, z: Any, labels: Any) -> Any:
        """The mean over the rows."""
        mg = self.mg
        return -(mg.one_hot(labels, z.shape[1]) * mg.log_softmax(z)).sum() / float(z.shape[0])


class Torch(Numpy):
    """PyTorch, eager."""

    module = "torch"

    def __init__(self, device: str) -> None:
        import torch

        torch.set_num_threads(len(os.sched_getaffinity(0)))
        self.torch = torch
        self.version = torch.__version__
        self.exp, self.tanh, self.relu = torch.exp, torch.tanh, torch.relu
        self.sigmoid = torch.sigmoid

    def put(self, array: Any) -> Any:
        return self.torch.from_numpy(array)

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        return lambda: formula(self, *inputs)

    def read(self, result: Any) -> Any:
        results = result if isinstance(result, tuple) else (result,)
        read = [r.detach().numpy() for r in results]
        return read if isinstance(result, tuple) else read[0]

    def sum(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return x.sum() if axis is None else x.sum(axis)

    def max(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return x.amax() if axis is None else x.amax(axis)

    def var(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return self.torch.var(x, axis, correction=0)

    def softmax(self, x: Any) -> Any:  # type: ignore[override]
        return self.torch.softmax(x, 1)

    def cross_entropy_and_gradient(self, z: Any, labels: Any) -> Any:  # type: ignore[override]
        z = z.detach().requires_grad_()
        loss = self.torch.nn.functional.cross_entropy(z, labels)
        return loss, *self.torch.autograd.grad(loss, z)


class TorchCompile(Torch):
    """torch.compile with its default settings."""

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        if formula.__name__ == "cross_entropy":
            raise Missing("autograd inside torch.compile")
        compiled = self.torch.compile(lambda *given: formula(self, *given), dynamic=False)
        return lambda: compiled(*inputs)


class Jax(Numpy):
    """JAX, jit."""

    module = "jax"

    def __init__(self, device: str) -> None:
        import jax

        self.jax, self.version = jax, jax.__version__
        jnp = jax.numpy
        self.exp, self.tanh, self.relu = jnp.exp, jnp.tanh, jax.nn.relu
        self.sigmoid = jax.nn.sigmoid

    def put(self, array: Any) -> Any:
        return self.jax.device_put(array)

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        compiled = self.jax.jit(lambda *given: formula(self, *given))
        return lambda: compiled(*inputs)

    def finish(self, result: Any) -> None:
        self.jax.block_until_ready(result)

    def read(self, result: Any) -> Any:
        return [np.asarray(r) for r in result] if isinstance(result, tuple) else np.asarray(result)

    def softmax(self, x: Any) -> Any:  # type: ignore[override]
        return self.jax.nn.softmax(x, 1)

    def cross_entropy(self, z: Any, labels: Any) -> Any:
        hot = self.jax.nn.one_hot(labels, z.shape[1])
        return -(hot * self.jax.nn.log_softmax(z)).sum() / z.shape[0]

    def cross_entropy_and_gradient(self, z: Any, labels: Any) -> Any:  # type: ignore[override]
        return self.jax.value_and_grad(self.cross_entropy)(z, labels)


class Autograd(Numpy):
    """HIPS autograd: NumPy that remembers."""

    module = "autograd"

    def __init__(self, device: str) -> None:
        import autograd

        self.autograd, self.version = autograd, getattr(autograd, "__version__", "")
        self.np = importlib.import_module("autograd.numpy")

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        raise Missing("autograd is a peer of training steps only")

    def relu(self, x: Any) -> Any:  # type: ignore[override]
        return self.np.maximum(x, 0)

    def cross_entropy(self, z: Any, labels: Any) -> Any:
        np_ = self.np
        top = np_.max(z, axis=1, keepdims=True)
        chosen = z[np.arange(len(labels)), labels]
        return np_.mean(top[:, 0] + np_.log(np_.sum(np_.exp(z - top), axis=1)) - chosen)


class Tinygrad(Numpy):
    """tinygrad, TinyJit."""

    module = "tinygrad"
    on = "CPU"

    def __init__(self, device: str) -> None:
        if self.on == "CL":
            _opencl_for_others()
        os.environ["DEV"] = self.on
        import tinygrad

        self.tinygrad, self.version = tinygrad, ""
        Tensor = tinygrad.Tensor
        try:
            (Tensor([1.0, 2.0], device=self.on) + 1).numpy()
        except Exception as error:
            raise Missing(f"{type(error).__name__}: {error}") from error
        self.exp, self.tanh, self.relu = Tensor.exp, Tensor.tanh, Tensor.relu
        self.sigmoid = Tensor.sigmoid

    def put(self, array: Any) -> Any:
        return self.tinygrad.Tensor(array, device=self.on).realize()

    def prepared(self, formula: Callable[..., Any], inputs: list[Any]) -> Call:
        def realized(*given: Any) -> Any:
            result = formula(self, *given)
            if isinstance(result, tuple):
                self.tinygrad.Tensor.realize(*result)
                return result
            return result.realize()

        jitted = self.tinygrad.TinyJit(realized)
        return lambda: jitted(*inputs)

    def finish(self, result: Any) -> None:
        self.tinygrad.Device[self.on].synchronize()

    def read(self, result: Any) -> Any:
        return [r.numpy() for r in result] if isinstance(result, tuple) else result.numpy()

    def sum(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return x.sum(axis)

    def max(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return x.max(axis)

    def var(self, x: Any, axis: int | None) -> Any:  # type: ignore[override]
        return x.var(axis, correction=0)

    def softmax(self, x: Any) -> Any:  # type: ignore[override]
        return x.softmax(1)

    def cross_entropy_and_gradient(self, z: Any, labels: Any) -> Any:  # type: ignore[override]
        z = z.detach()
        loss = z.sparse_categorical_crossentropy(labels)
        return loss, *loss.gradient(z)


class TinygradCL(Tinygrad):
    """tinygrad on the OpenCL driver that microgd found."""

    on = "CL"


def _opencl_for_others() -> None:
    """Show the driver of the extra `cpu` to other users of OpenCL in this process."""
    try:
        from microgd.opencl.devices import devices

        devices(check=False)
    except ImportError:
        return


PEERS: dict[str, type[Numpy]] = {
    "microgd": Microgd,
    "numpy": Numpy,
    "numpy, as set": Numpy,
    "torch": Torch,
    "torch.compile": TorchCompile,
    "jax": Jax,
    "autograd": Autograd,
    "tinygrad CPU": Tinygrad,
    "tinygrad CL": TinygradCL,
}


def start(name: str, device: str) -> Any:
    """The peer, ready.

    Raises:
        Missing: it is not installed, or cannot run here.
    """
    kind = PEERS[name]
    try:
        importlib.import_module(kind.module)
    except ImportError as error:
        raise Missing(f"not installed (pip install {kind.module})") from error
    return kind(device)


# -- the clock ---------------------------------------------------------------------------------


def measure(call: Call, finish: Callable[[Any], None], seconds: float = SECONDS) -> Line:
    """Seconds of a call in the quickest batch, and for how many of them the caller was busy.

    What else the computer does only ever adds to a time, and with a library's threads it adds much.
    """
    for _ in range(3):
        finish(call())  # warm up; jits need more than one call
    once = _batch(call, finish, 1)[1]
    count = max(1, min(10_000, int(seconds / BATCHES / max(once, 1e-7))))
    batches = [_batch(call, finish, count) for _ in range(BATCHES)]
    busy, total = min(batches, key=lambda batch: batch[1])
    return {"seconds": total / count, "busy": busy / count}


def _batch(call: Call, finish: Callable[[Any], None], count: int) -> tuple[float, float]:
    result = None
    began = time.perf_counter()
    for _ in range(count):
        result = call()
    called = time.perf_counter()
    finish(result)
    return called - began, time.perf_counter() - began
