"""Launches: kernels that need nothing of each other are started together, as one.

Starting a kernel costs a few microseconds, more than a small one runs. On a CPU a launch can be
shared: the first work-groups do the first kernel, the next ones the second, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from microgd.opencl.kernel import Kernel

#: A kernel may be given so many arguments in all; devices take at least 1024 bytes of them.
MOST_ARGUMENTS = 96


@dataclass(frozen=True, eq=False)
class Launch:
    """What is started at once: one kernel, or several in one.

    Attributes:
        name: of the function that is run.
        source: its text; of several kernels, only the function that calls them.
    """

    kernels: tuple[Kernel, ...]
    name: str
    source: str
    groups: tuple[int, int, int]
    local: tuple[int, int, int]

    @property
    def items(self) -> tuple[int, int, int]:
        """Work-items along x, y, z."""
        x, y, z = (g * n for g, n in zip(self.groups, self.local, strict=True))
        return x, y, z

    @property
    def title(self) -> str:
        """The kernels' names."""
        return " + ".join(kernel.name for kernel in self.kernels)


def launches_of(steps: Sequence[Sequence[Kernel]]) -> tuple[Launch, ...]:
    """A launch for each step, or several where its kernels cannot be one.

    Arguments:
        steps: kernels that may run side by side.
    """
    made: list[Launch] = []
    for step in steps:
        together = [k for k in step if can_share(k)]
        made += [_alone(k) for k in step if not can_share(k)]
        batch: list[Kernel] = []
        for kernel in together:
            if sum(len(k.arguments) for k in [*batch, kernel]) > MOST_ARGUMENTS:
                made.append(_together(batch))
                batch = []
            batch.append(kernel)
        if batch:
            made.append(_together(batch))
    return tuple(made)


def can_share(kernel: Kernel) -> bool:
    """Whether a kernel can be a function of another: it has one work-item in a group."""
    return prod(kernel.local) == 1 and not any("__local" in line for line in kernel.lines)


def _alone(kernel: Kernel) -> Launch:
    return Launch((kernel,), kernel.function, "", kernel.groups, kernel.local)


def kernel_source(kernel: Kernel) -> str:
    """A kernel's own source, under the name of the function that is run."""
    return kernel.source.replace(f"void {kernel.name}(", f"void {kernel.function}(")


def _together(kernels: Sequence[Kernel]) -> Launch:
    if len(kernels) == 1:
        return _alone(kernels[0])
    name = "together_" + "_".join(kernel.name.split("_")[0] for kernel in kernels)
    parameters: list[str] = []
    lines = ["    size_t g = get_group_id(0);"]
    for number, kernel in enumerate(kernels):
        x, y, z = kernel.groups
        names = []
        for parameter in kernel.parameters:
            kind, given = parameter.rsplit(maxsplit=1)  # `__global float *restrict`, `w0_`
            names.append(f"p{number}_{given}")
            parameters.append(f"{kind} p{number}_{given}")
        places = [
            "g" if x > 1 and y * z == 1 else f"g % {x}" if x > 1 else "0",
            ("g" if x == 1 else f"g / {x}") + (f" % {y}" if z > 1 else "") if y > 1 else "0",
            f"g / {x * y}" if z > 1 else "0",
        ]
        call = f"{kernel.function}_work({', '.join([*names, *places])});"
        if number + 1 < len(kernels):
            lines.append(f"    if (g < {x * y * z}) {{")
            lines += [f"        {call}", "        return;", "    }"]
            lines.append(f"    g -= {x * y * z};")
        else:
            lines.append(f"    {call}")
    source = "\n".join(
        [
            f"// Started together: {', '.join(kernel.name for kernel in kernels)}.",
            "__kernel __attribute__((reqd_work_group_size(1, 1, 1)))",
            f"void {name}({', '.join(parameters)})",
            "{",
            *lines,
            "}",
        ]
    )
    total = sum(prod(kernel.groups) for kernel in kernels)
    return Launch(tuple(kernels), name, source, (total, 1, 1), (1, 1, 1))


def work_source(kernel: Kernel) -> str:
    """A kernel as a function that is told which work-group it is."""
    places = ["const size_t group_x", "const size_t group_y", "const size_t group_z"]
    lines = []
    for line in kernel.lines:
        for number, place in enumerate("xyz"):
            line = line.replace(f"get_group_id({number})", f"group_{place}")
        lines.append(line)
    head = f"inline void {kernel.function}_work({', '.join([*kernel.parameters, *places])})"
    return "\n".join([*kernel.comments, head, "{", *lines, "}"])
