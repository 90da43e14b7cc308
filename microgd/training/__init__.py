"""Training: configurations, the compiled step, the loop, checkpoints that resume bit for bit.

>>> import microgd as mg
>>> config = mg.training.Config(data="xor", hidden=(8,), lr=0.1, epochs=40, device="interpreter")
>>> run = mg.training.Trainer(config)
>>> for row in run.epochs():
...     pass
>>> row.epoch, row.accuracy
(40, 1.0)
"""

from microgd.training.boundary import Boundary, boundaries, boundary
from microgd.training.config import Config, config_from, read_config
from microgd.training.directions import plane_of, random_direction
from microgd.training.hidden_values import HiddenValues, histograms, histograms_of_run
from microgd.training.history import EpochRow
from microgd.training.landscape import Landscape, landscape
from microgd.training.model import Model, load_model
from microgd.training.programs import Task
from microgd.training.rate_search import RateSearch, find_rate
from microgd.training.sanity_report import Sanity, sanity
from microgd.training.search import search
from microgd.training.search_result import FoldResult, Search, Trial
from microgd.training.snapshot import model_of, snapshots
from microgd.training.space import read_space
from microgd.training.trainer import Trainer

__all__ = [
    "Boundary",
    "Config",
    "EpochRow",
    "FoldResult",
    "HiddenValues",
    "Landscape",
    "Model",
    "RateSearch",
    "Sanity",
    "Search",
    "Task",
    "Trainer",
    "Trial",
    "boundaries",
    "boundary",
    "config_from",
    "find_rate",
    "histograms",
    "histograms_of_run",
    "landscape",
    "load_model",
    "model_of",
    "plane_of",
    "random_direction",
    "read_config",
    "read_space",
    "sanity",
    "search",
    "snapshots",
]
