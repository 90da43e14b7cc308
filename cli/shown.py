"""Values as the prompt answers them: six digits, all of a small array, some of a large one."""

from __future__ import annotations

from typing import Any

from microgd.translation import _


def shown(value: Any) -> str:
    """A value to read on: six digits of a number, all of a small array, a large one's outline."""
    import numpy as np

    if value is None:
        return _("no numbers")
    array = np.asarray(value)
    if array.ndim == 0:
        return _number(float(array))
    if array.size <= 16:
        return _nested(array.tolist())
    lines = np.array2string(array, threshold=200, precision=4, max_line_width=78)
    return f"{shape_text(array.shape)}\n{lines}"


def _number(x: float) -> str:
    return f"{x + 0.0:.6g}".replace("-", "−")


def _nested(item: Any) -> str:
    if isinstance(item, list):
        return f"[{', '.join(map(_nested, item))}]"
    return _number(float(item))


def shape_text(shape: tuple[int, ...]) -> str:
    from microgd.trace.numbers import format_shape

    return format_shape(shape)
