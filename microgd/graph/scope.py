"""Scopes: names for regions of the graph, so that a layer can be drawn as one box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from microgd.errors import ArgumentError

_scope: ContextVar[str | None] = ContextVar("microgd_scope", default=None)

#: The scope that nodes recorded right now belong to: `"net/layer1"`, or None outside of any.
current_scope = _scope.get


@contextmanager
def scope(name: str) -> Iterator[str]:
    """Name the region of the graph recorded inside the `with` block; scopes nest with `/`.

    >>> import microgd as mg
    >>> with mg.scope("layer1"):
    ...     h = mg.Tensor(2.0) * 3
    >>> h.scope
    'layer1'
    """
    if type(name) is not str or not name or "/" in name:
        raise ArgumentError(f"a scope needs a name without '/', got {name!r}")
    outer = _scope.get()
    path = f"{outer}/{name}" if outer else name
    token = _scope.set(path)
    try:
        yield path
    finally:
        _scope.reset(token)
