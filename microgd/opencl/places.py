"""Where microgd keeps what can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_directory() -> Path:
    """The user's folder for microgd's caches. It need not exist, and may not be writable.

    >>> cache_directory().name
    'microgd'
    """
    if sys.platform == "win32":
        chosen, usual = os.environ.get("LOCALAPPDATA"), "AppData/Local"
    elif sys.platform == "darwin":
        chosen, usual = None, "Library/Caches"
    else:
        chosen, usual = os.environ.get("XDG_CACHE_HOME"), ".cache"
    if chosen and Path(chosen).is_absolute():  # XDG says to ignore relative ones
        return Path(chosen) / "microgd"
    try:
        return Path.home() / usual / "microgd"
    except RuntimeError:  # a user without a home keeps nothing: here no folder can be made
        return Path(os.devnull) / "microgd"
