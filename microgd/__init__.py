"""microgd: an educational autograd interpreter that draws what it does.

A computation is recorded once, as a graph of gates; everything else reads that record.

>>> import microgd as mg
>>> x, y, z = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y"), mg.Tensor(-4.0, name="z")
>>> f = (x + y) * z
>>> f.backward()
>>> x.grad, y.grad, z.grad
(-4.0, -4.0, 3.0)
"""

from typing import TYPE_CHECKING, Any

from microgd.autodiff.check import check_gradients
from microgd.autodiff.functional import grad, jvp, value_and_grad, vjp
from microgd.autodiff.jacobian import hessian, jacobian
from microgd.autodiff.numeric import numeric_gradient
from microgd.draw import notebook as _notebook
from microgd.draw.drawing import Drawing, draw
from microgd.errors import (
    ArgumentError,
    CheckpointError,
    DataError,
    DeviceError,
    DrawingError,
    FileFormatError,
    GateError,
    LanguageError,
    MicrogdError,
    MissingExtraError,
    NonFiniteError,
    OutputError,
    PlaceholderError,
    ShapeError,
    StaleDataError,
    TrainingError,
)
from microgd.gates.activation import (
    apl,
    centred_softplus,
    elu,
    leaky_relu,
    maxout,
    prelu,
    relu,
    selu,
    vrelu,
)
from microgd.gates.arithmetic import add, div, identity, mul, neg, recip, sub
from microgd.gates.exponential import (
    cos,
    exp,
    expm1,
    log,
    log1p,
    sigmoid,
    sin,
    softplus,
    tanh,
)
from microgd.gates.indexing import index, one_hot, place, scatter_add, take
from microgd.gates.linear import matmul
from microgd.gates.movement import broadcast_to, concatenate, reshape, stack, sum_to, transpose
from microgd.gates.opening import expand
from microgd.gates.powers import absolute as abs
from microgd.gates.powers import power as pow
from microgd.gates.powers import sqrt, square
from microgd.gates.random import random_uniform, rrelu
from microgd.gates.reduction import largest as max
from microgd.gates.reduction import log_softmax, logsumexp, mean, softmax
from microgd.gates.reduction import smallest as min
from microgd.gates.reduction import total as sum
from microgd.gates.reduction import variance as var
from microgd.gates.selection import (
    clip,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    maximum,
    minimum,
    not_equal,
    sign,
    where,
)
from microgd.gates.table import TABLE, register, unregister
from microgd.graph.gate import Gate
from microgd.graph.order import topological_order
from microgd.graph.scope import scope
from microgd.interpreter.finite import first_nonfinite, require_finite
from microgd.interpreter.replay import replay
from microgd.language.circuit import Circuit, circuit
from microgd.opencl import showing as _showing
from microgd.tensor import Tensor, constant, placeholder
from microgd.trace.build import trace
from microgd.trace.lesson import Trace
from microgd.translation import speaking

if TYPE_CHECKING:
    from microgd.draw.terminal import draw_terminal
    from microgd.opencl.array import DeviceArray, device_array
    from microgd.opencl.devices import devices
    from microgd.opencl.program import Program, compile
    from microgd.teaching.bugs.buggy import with_bug
    from microgd.teaching.emit.emit import emit
    from microgd.teaching.lectures import lecture
    from microgd.teaching.player.page import play
    from microgd.teaching.slides.slides import slides
    from microgd.teaching.worksheet.sheet import worksheet

Tensor._repr_svg_ = _notebook.tensor_svg
Trace._repr_html_ = _notebook.trace_html
Circuit._repr_svg_ = _notebook.circuit_svg
_showing.drawn_by(_notebook.program_drawing)

__all__ = [
    "TABLE",
    "ArgumentError",
    "CheckpointError",
    "Circuit",
    "DataError",
    "DeviceArray",
    "DeviceError",
    "Drawing",
    "DrawingError",
    "FileFormatError",
    "Gate",
    "GateError",
    "LanguageError",
    "MicrogdError",
    "MissingExtraError",
    "NonFiniteError",
    "OutputError",
    "PlaceholderError",
    "Program",
    "ShapeError",
    "StaleDataError",
    "Tensor",
    "Trace",
    "TrainingError",
    "abs",
    "add",
    "apl",
    "broadcast_to",
    "centred_softplus",
    "check_gradients",
    "circuit",
    "clip",
    "compile",
    "concatenate",
    "constant",
    "cos",
    "device_array",
    "devices",
    "div",
    "draw",
    "draw_terminal",
    "elu",
    "emit",
    "equal",
    "exp",
    "expand",
    "expm1",
    "first_nonfinite",
    "grad",
    "greater",
    "greater_equal",
    "hessian",
    "identity",
    "index",
    "jacobian",
    "jvp",
    "leaky_relu",
    "lecture",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "maxout",
    "mean",
    "min",
    "minimum",
    "mul",
    "neg",
    "not_equal",
    "numeric_gradient",
    "one_hot",
    "place",
    "placeholder",
    "play",
    "pow",
    "prelu",
    "random_uniform",
    "recip",
    "register",
    "relu",
    "replay",
    "require_finite",
    "reshape",
    "rrelu",
    "scatter_add",
    "scope",
    "selu",
    "sigmoid",
    "sign",
    "sin",
    "slides",
    "softmax",
    "softplus",
    "speaking",
    "sqrt",
    "square",
    "stack",
    "sub",
    "sum",
    "sum_to",
    "take",
    "tanh",
    "topological_order",
    "trace",
    "transpose",
    "unregister",
    "value_and_grad",
    "var",
    "vjp",
    "vrelu",
    "where",
    "with_bug",
    "worksheet",
]

#: Floors that are imported when first used: most who import microgd want a picture.
_FLOORS = (
    *("data", "init", "lab", "losses", "nn", "optim", "plots", "schedules", "stopping"),
    *("teaching", "training"),
)
#: Name → its module, imported when first used.
_LATER = {
    "DeviceArray": "opencl.array",
    "Program": "opencl.program",
    "compile": "opencl.program",
    "device_array": "opencl.array",
    "devices": "opencl.devices",
    "lecture": "teaching.lectures",
    "draw_terminal": "draw.terminal",
    "play": "teaching.player.page",
    "emit": "teaching.emit.emit",
    "with_bug": "teaching.bugs.buggy",
    "slides": "teaching.slides.slides",
    "worksheet": "teaching.worksheet.sheet",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _FLOORS:
        return import_module(f"microgd.{name}")
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module 'microgd' has no attribute {name!r}")
    found = getattr(import_module(f"microgd.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_FLOORS})
