"""The folder of a search: every result is kept as soon as it is there, so that it can go on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from microgd.errors import ArgumentError, OutputError
from microgd.files import write_whole
from microgd.training.search_result import FoldResult, Search

#: The files of a search, and the version of the first.
STATE, RESULTS, BEST = "search.json", "results.csv", "best.toml"
FORMAT = 1


class Kept:
    """The results so far, in a file that is written whole after each of them."""

    def __init__(self, folder: Path | None, about: dict[str, Any]) -> None:
        self.folder, self.about = folder, about
        self._found: dict[tuple[int, int], FoldResult] = {}
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        if (folder / STATE).exists():
            self._read(folder / STATE)

    def get(self, trial: int, fold: int) -> FoldResult | None:
        """A result, if it is there."""
        return self._found.get((trial, fold))

    def diverged(self, trial: int) -> bool:
        """Whether one of a trial's runs did: the others would tell nothing more."""
        return any(one.diverged for one in self.of(trial))

    def of(self, trial: int) -> tuple[FoldResult, ...]:
        """The results of a trial."""
        return tuple(one for (number, _), one in sorted(self._found.items()) if number == trial)

    def add(self, result: FoldResult) -> None:
        """Keep a result."""
        self._found[result.trial, result.fold] = result
        if self.folder is not None:
            results = [asdict(one) for _, one in sorted(self._found.items())]
            told = {"format": FORMAT, "about": self.about, "results": results}
            write_whole(self.folder / STATE, json.dumps(told, indent=1) + "\n")

    def write_results(self, found: Search) -> None:
        """The table, and the best configuration so far."""
        if self.folder is None:
            return
        write_whole(self.folder / RESULTS, found.to_csv())
        if found.trials[0].mean("loss") is not None:
            write_whole(self.folder / BEST, found.trials[0].config.to_toml())

    def _read(self, path: Path) -> None:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["format"] != FORMAT:
                raise ValueError(f"format {told['format']}")
            about = told["about"]
            results = [FoldResult(**one) for one in told["results"]]
        except OSError as error:
            raise OutputError(f"cannot read {path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ArgumentError(f"{path} is no search of this version: {error}") from None
        for name, value in json.loads(json.dumps(self.about)).items():
            if about.get(name) != value:
                raise ArgumentError(
                    f"{self.folder} has another search in it, with "
                    f"{_difference(name, about, value)}: go on with that one, or choose another "
                    "folder"
                )
        self._found = {(one.trial, one.fold): one for one in results}


def _difference(name: str, about: dict[str, Any], value: Any) -> str:
    """What is different, in a few words."""
    old = about.get(name)
    if name == "data":
        return "other data"
    if name == "config" and isinstance(old, dict):
        name = next(key for key in value if old.get(key) != value[key])
        old, value = old.get(name), value[name]
    return f"{name} {old} instead of {value}"
