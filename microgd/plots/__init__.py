"""Pictures of descents, schedules and gradients, drawn with matplotlib (`microgd[plots]`).

Nothing here changes matplotlib's settings or opens a window; matplotlib is imported when the first
picture is drawn.

>>> import microgd as mg
>>> mg.plots.draw_descent(mg.lab.descend("bowl", steps=5))
<plot, 13 × 6.2 inches>
"""

from microgd.plots.animate import animate, animation
from microgd.plots.contours import draw_contours
from microgd.plots.curve import draw_curve
from microgd.plots.descent import draw_descent
from microgd.plots.hidden_values import draw_histograms
from microgd.plots.loss import draw_loss, draw_rates
from microgd.plots.noise import draw_noise
from microgd.plots.plot import Plot
from microgd.plots.rate_search import draw_rate_search
from microgd.plots.sanity import draw_sanity
from microgd.plots.schedules import draw_schedules
from microgd.plots.watch import watch

__all__ = [
    "Plot",
    "animate",
    "animation",
    "draw_contours",
    "draw_curve",
    "draw_descent",
    "draw_histograms",
    "draw_loss",
    "draw_noise",
    "draw_rate_search",
    "draw_rates",
    "draw_sanity",
    "draw_schedules",
    "watch",
]
