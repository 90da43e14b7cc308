"""Plots show the record: the same points, in the right places, and what cannot be shown is said."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from plot_cases import BOWL, HOSTILE, QUARTIC, STEEP, made

from microgd.errors import ArgumentError, DrawingError, OutputError, ShapeError
from microgd.lab.descend import descend, race
from microgd.lab.descent import Descent
from microgd.lab.problem import from_text
from microgd.plots import style
from microgd.plots.contours import draw_contours, levels_of, shade
from microgd.plots.curve import draw_curve
from microgd.plots.descent import draw_descent
from microgd.plots.loss import draw_loss, draw_rates
from microgd.plots.noise import draw_noise, spread_of
from microgd.plots.parts import _columns, _spread
from microgd.plots.tracks import fit_box
from microgd.plots.words import pretty

pytest.importorskip("matplotlib")


def line(axes, label):
    """The one line of that label."""
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return found


def words(figure) -> str:
    """Everything that is written in a figure's texts and legends."""
    import matplotlib.text

    found = figure.findobj(matplotlib.text.Text)
    return " | ".join(text.get_text() for text in found if text.get_text())


# The data


def test_the_curve_has_the_points_of_the_record():
    walk = descend(QUARTIC, lr=0.2, steps=6, numeric=0.001)
    axes = draw_curve(walk).figure.axes[0]
    drawn = line(axes, walk.label).get_xydata()
    assert np.array_equal(drawn, np.column_stack([walk.points[:, 0], walk.values]))
    x, y = line(axes, "_curve").get_data()
    assert np.allclose(y, x**4 + x + 2)
    star = line(axes, "minimum").get_xydata()
    assert np.allclose(star, [[-0.62996, 1.52753]], atol=1e-5)


def test_the_curve_numbers_its_points_with_t():
    walk = descend(QUARTIC, lr=0.2, steps=6, numeric=0.001)
    axes = draw_curve(walk).figure.axes[0]
    written = {text.get_text(): text.xy for text in axes.texts if text.get_text()}
    assert {"0", "1", "2", "6"} <= set(written)
    for t, place in written.items():
        assert place == (walk.rows[int(t)].point[0], walk.rows[int(t)].value)
    assert not [text for text in draw_curve(walk, numbers=False).figure.axes[0].texts
                if text.get_text()]  # fmt: skip


def test_tangents_have_the_slope_of_the_gradient():
    walk = descend(QUARTIC, lr=0.2, steps=6)
    axes = draw_curve(walk, tangents=True).figure.axes[0]
    tangents = [one.get_xydata() for one in axes.lines if one.get_label() == "_tangent"]
    assert len(tangents) == 7
    for ends, row in zip(tangents, walk, strict=True):
        (x0, y0), (x1, y1) = ends
        assert (y1 - y0) / (x1 - x0) == pytest.approx(row.gradient[0], abs=1e-6)
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((row.point[0], row.value))


def test_contours_have_the_paths_the_starts_the_ends_and_the_minimum():
    walks = race(BOWL, ["sgd", "momentum"], lr=0.1, steps=15)
    axes = draw_contours(walks).figure.axes[0]
    for walk in walks:
        assert np.array_equal(line(axes, walk.label).get_xydata(), walk.points)
    ends = [one.get_xydata()[0] for one in axes.lines if one.get_label() == "_end"]
    assert np.array_equal(ends, [walk.last.point for walk in walks])
    assert np.array_equal(line(axes, "_start").get_xydata(), [[3, 1]])  # one mark for both
    assert np.array_equal(line(axes, "minimum").get_xydata(), [[0, 0]])
    assert axes.get_xlabel() == "x₁"
    assert axes.get_aspect() == 1


def test_contour_lines_lie_where_f_has_their_level():
    from matplotlib.contour import ContourSet

    axes = draw_contours(descend(BOWL, lr=0.1, steps=5)).figure.axes[0]
    lines = [one for one in axes.collections if isinstance(one, ContourSet) and not one.filled]
    assert len(lines) == 1
    for level, path in zip(lines[0].levels, lines[0].get_paths(), strict=True):
        x, y = path.vertices.T
        assert np.allclose(x**2 + 3 * y**2, level, rtol=0.05, atol=0.02)


def test_levels_are_close_in_the_valley_of_rosenbrocks_function():
    x, y = np.meshgrid(np.linspace(-2, 2, 141), np.linspace(-1, 3, 141))
    levels = levels_of((1 - x) ** 2 + 100 * (y - x**2) ** 2, 0.0)
    assert len(levels) == 13
    assert levels == sorted(levels)
    assert levels[0] < 1  # the valley has a line of its own
    assert levels[-1] > 500
    assert levels_of(np.full((3, 3), 7.0)) == []
    assert levels_of(np.full((3, 3), np.nan)) == []


def test_the_loss_is_f_against_t():
    walks = race(STEEP, ["sgd", "momentum"], lr=0.3, steps=4)
    axes = draw_loss(walks, log=False).figure.axes[0]
    for walk in walks:
        t, f = line(axes, walk.label).get_data()
        assert np.array_equal(t, range(5))
        assert np.array_equal(f, walk.values)
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "f"


@pytest.mark.parametrize(
    ("problem", "rate", "scale", "name"),
    [
        (STEEP, 0.3, "log", "f"),  # positive, many decades
        (STEEP, 0.001, "linear", "f"),  # hardly moves
        (QUARTIC, 0.2, "log", "f − f*"),  # tends to 1.53
        (replace(QUARTIC, minima=()), 0.2, "linear", "f"),
        (from_text("x**2 - 5", {"x": 3.0}, minima=((0.0,),)), 0.3, "log", "f − f*"),
        (from_text("x**2 - 5", {"x": 3.0}), 0.3, "linear", "f"),
    ],
)
def test_a_logarithmic_axis_where_it_helps(problem, rate, scale, name):
    walk = descend(problem, lr=rate, steps=20)
    axes = draw_loss(walk).figure.axes[0]
    assert (axes.get_yscale(), axes.get_ylabel()) == (scale, name)
    lowest = problem.value(problem.minima[0]) if name != "f" else 0.0
    drawn = line(axes, walk.label).get_ydata()
    assert np.allclose(drawn[:8], walk.values[:8] - lowest, rtol=1e-6, atol=1e-12)


def test_where_zero_has_no_place_on_a_logarithmic_axis_it_is_said():
    walk = made(STEEP, [3, 1, 0.01, 0, 0])
    figure = draw_loss(walk).figure
    assert "f = 0 from t = 3" in words(figure)


def test_rates_are_labelled_where_their_lines_end():
    rates = {"too small": 0.01, "good": 0.2, "too large": 0.95, "far too large $x$": 1.1}
    walks = {name: descend(STEEP, lr=lr, steps=40) for name, lr in rates.items()}
    figure = draw_rates(walks).figure
    axes = figure.axes[0]
    texts = {text.get_text(): text for text in axes.texts if text.get_text()}
    assert set(rates) <= set(texts)
    figure.draw_without_rendering()
    boxes = [texts[name].get_window_extent() for name in rates]
    for i, one in enumerate(boxes):
        assert one.x1 <= figure.bbox.x1  # not clipped
        assert all(not one.overlaps(other) for other in boxes[:i])
    low, high = axes.get_ylim()
    assert low < 0.01 < 9 < high < 40  # what climbs does not squash the others


def test_noise_shows_the_samples_and_their_spread():
    rng = np.random.default_rng(1)
    full = np.array([2.0, 1.0, 0.5])
    batches = {b: full + rng.normal(size=(200, 3)) / b**0.5 for b in (1, 2, 4, 8, 16, 64)}
    figure = draw_noise(batches, full, names=("w[0]", "$b"), coordinates=(0, 2)).figure
    *scatters, spread = figure.axes
    assert [axes.get_title() for axes in scatters] == ["B = 1", "B = 4", "B = 8", "B = 64"]
    for axes, size in zip(scatters, (1, 4, 8, 64), strict=True):
        assert np.array_equal(line(axes, "minibatches").get_xydata(), batches[size][:, [0, 2]])
        assert np.array_equal(line(axes, "full gradient").get_xydata(), [[2.0, 0.5]])
        assert axes.get_xlim() == scatters[0].get_xlim()
    b, s = line(spread, "measured").get_data()
    assert np.array_equal(b, list(batches))
    assert np.allclose(s, [np.sqrt(((batches[k] - full) ** 2).sum(axis=1).mean()) for k in batches])
    x, y = line(spread, "∝ 1/√B").get_data()
    assert y[0] / y[1] == pytest.approx((x[1] / x[0]) ** 0.5)
    assert (spread.get_xscale(), spread.get_yscale()) == ("log", "log")
    assert y[0] == pytest.approx(3**0.5, rel=0.1)  # σ of three normal coordinates


def test_noise_that_is_none():
    figure = draw_noise({1: [[1.0, 2.0], [3.0, 2.0]], 2: [[2.0, 2.0]]}, [2.0, 2.0]).figure
    assert "no spread at B = 2" in words(figure)
    draw_noise({2: [[2.0, 2.0]]}, [2.0, 2.0]).png  # noqa: B018
    assert spread_of(np.array([[3.0, 4.0]]), np.zeros(2)) == 5.0
    with pytest.raises(ShapeError, match="n × 2"):
        draw_noise({1: [1.0, 2.0]}, [2.0, 2.0])
    with pytest.raises(ArgumentError, match="two coordinates"):
        draw_noise({1: [[1.0, 2.0]]}, [2.0, 2.0], coordinates=(0, 2))
    with pytest.raises(ArgumentError, match="no noise"):
        draw_noise({}, [2.0, 2.0])
    with pytest.raises(ArgumentError, match="inf or NaN"):
        draw_noise({1: [[np.nan, 1.0]]}, [2.0, 2.0])


def test_noise_of_one_coordinate_is_stacked_by_draw():
    figure = draw_noise({1: [[1.0], [3.0], [5.0]], 3: [[3.0]]}, [3.0], names=("∂L/∂w", "")).figure
    dots = line(figure.axes[0], "minibatches").get_data()
    assert np.array_equal(dots, [[1.0, 3.0, 5.0], [0.0, 0.5, 1.0]])


@pytest.mark.parametrize(
    ("problem", "names"),
    [
        (QUARTIC, ["f", "f − f*"]),
        (BOWL, ["x₂", "f"]),
        (from_text("sum(w**2)", {"w": [1.0, 2.0, 3.0]}), ["f", "‖∇f‖"]),
    ],
)
def test_draw_descent_takes_the_right_pair(problem, names):
    walk = descend(problem, lr=0.2, steps=25)
    figure = draw_descent(walk).figure
    assert [axes.get_ylabel() for axes in figure.axes] == names
    assert walk.label in figure.get_suptitle()
    if problem.dimensions == 3:
        norms = line(figure.axes[1], walk.label).get_ydata()
        assert np.allclose(norms, [np.linalg.norm(row.gradient) for row in walk])


def test_a_race_has_a_legend_that_covers_nothing():
    walks = race(BOWL, ["sgd", "momentum", "adam", "rmsprop", "nesterov"], lr=0.1, steps=10)
    figure = draw_descent(walks).figure
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:5] == [d.label for d in walks]
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    for axes in figure.axes:
        assert not box.overlaps(axes.get_window_extent())
    looks = {(one.get_color(), one.get_linestyle(), one.get_marker())
             for one in legend.get_lines()[:5]}  # fmt: skip
    assert len({colour for colour, _, _ in looks}) == len({mark for _, _, mark in looks}) == 5


# What cannot be shown


@pytest.mark.parametrize(
    ("points", "diverged", "said"),
    [
        ([(3, 1), (-40, 2), (1e9, -3), (-1e160, 5), (np.inf, np.nan)], 4, "diverged at t = 4"),
        ([(3, 1), (2, 1), (np.nan, 1)], 2, "diverged at t = 2"),
        ([(3, 1), (2.5, 1), (2, 1), (1e140, 1e140)], None, "leaves the picture at t = 3"),
        ([(np.nan, np.nan)], 0, "diverged at t = 0"),
        ([(3, 1)], None, ""),
        ([(3, 1), (3, 1), (3, 1)], None, ""),
        ([(0, 0)], None, ""),
        ([(1e-320, 1), (1e-320, 1)], None, ""),
        ([(1e12, 1e12), (1e12 + 1, 1e12)], None, ""),
    ],
)
@pytest.mark.parametrize("box", [None, ((-4.0, 4.0), (-2.0, 2.0))], ids=["fitted", "given"])
def test_any_path_can_be_drawn_and_what_is_left_out_is_said(points, diverged, said, box):
    walk = made(replace(BOWL, minima=(), box=box), points, diverged=diverged)
    plot = draw_descent([walk, walk])
    assert plot.png
    figure = plot.figure
    if said:
        assert said in words(figure)
    (left, right), (low, high) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert np.isfinite([left, right, low, high]).all()
    assert right > left
    assert high > low


@pytest.mark.parametrize("rate", [0.2, 1.01, 1.5, 100.0, 1e200])
def test_one_dimension_at_any_rate(rate):
    walk = descend(STEEP, lr=rate, steps=1500)
    figure = draw_descent(walk).figure
    assert style.to_bytes(figure, "png")
    if walk.diverged is not None:
        assert f"diverged at t = {walk.diverged}" in words(figure)


def test_a_run_that_diverges_leaves_the_box_to_the_others():
    good, bad = descend(BOWL, lr=0.1, steps=20), descend(BOWL, lr=1.0, steps=2000)
    assert bad.diverged is not None
    together = np.array(fit_box([good, bad]))
    assert np.allclose(together, fit_box([good]))
    axes = draw_contours([good, bad]).figure.axes[0]
    assert np.array_equal(line(axes, good.label).get_xydata(), good.points)
    cut = line(axes, f"{bad.label} (diverged at t = {bad.diverged})").get_xydata()
    assert np.isfinite(cut).all()
    assert np.abs(cut).max() < 1e4
    assert np.array_equal(cut[:3], bad.points[:3])


def test_the_cut_piece_points_where_the_step_went():
    walk = made(replace(BOWL, box=((-4.0, 4.0), (-2.0, 2.0))), [(3, 1), (1e140, -1e140)])
    axes = draw_contours(walk).figure.axes[0]
    path = line(axes, "by hand (leaves the picture at t = 1)").get_xydata()
    step = path[1] - path[0]
    assert step[0] == pytest.approx(-step[1])
    assert step[0] > 8


def test_a_constant_function_is_said_to_be_one():
    walk = made(from_text("0*x + 0*y + 3", {"x": 1.0, "y": 2.0}), [(1, 2), (1, 2)])
    assert "f is the same everywhere here" in words(draw_contours(walk).figure)
    flat = made(from_text("0*x + 3", {"x": 1.0}), [1, 1, 1])
    draw_descent(flat).png  # noqa: B018


def test_a_function_that_is_undefined_in_places():
    walk = descend(from_text("log(x) + y**2", {"x": 1.0, "y": 1.0}), lr=0.1, steps=12)
    draw_contours(walk, box=((-1, 2), (-1, 1))).png  # noqa: B018
    draw_curve(descend(from_text("sqrt(x)", {"x": 1.0}), lr=0.1, steps=3), box=((-1, 2),)).png  # noqa: B018


def test_the_problems_box_is_shown_and_widened_for_paths_beside_it():
    boxed = replace(BOWL, box=((-1.0, 1.0), (-1.0, 1.0)))
    assert fit_box([made(boxed, [(0.5, 0.5), (0, 0)])]) == ((-1.0, 1.0), (-1.0, 1.0))
    wider = fit_box([made(boxed, [(2.0, 0.5), (0, 0)])])
    assert wider == pytest.approx(np.array([[-1.0, 2.1], [-1.0, 1.0]]))
    assert fit_box([made(boxed, [(0, 0)])], ((0, 5), (1, 2))) == ((0.0, 5.0), (1.0, 2.0))
    for bad in (((0, 1),), ((1, 0), (0, 1)), ((0, np.inf), (0, 1))):
        with pytest.raises(ArgumentError, match="box"):
            draw_contours(made(boxed, [(0, 0)]), box=bad)


def test_what_does_not_fit_in_one_picture_is_refused():
    one, two = descend(QUARTIC, steps=2), descend(BOWL, steps=2)
    for call in (lambda: draw_curve(two), lambda: draw_contours(one),
                 lambda: draw_descent([one, two]),
                 lambda: draw_curve([one, descend(STEEP, steps=2)])):  # fmt: skip
        with pytest.raises(ArgumentError):
            call()
    for draw in (draw_curve, draw_contours, draw_loss, draw_descent):
        with pytest.raises(ArgumentError, match="at least one"):
            draw([])
        with pytest.raises(ArgumentError, match="expected descents"):
            draw(["sgd"])
        with pytest.raises(ArgumentError, match="no rows"):
            draw(Descent(QUARTIC, "empty", (), "at once"))


# Text


def test_names_are_only_names():
    problem = from_text("a**2", {"a": 1.0}, name=HOSTILE)
    object.__setattr__(problem, "text", HOSTILE)
    walks = [replace(descend(problem, steps=3), label=HOSTILE + str(i)) for i in range(2)]
    for plot in (draw_curve(walks), draw_loss(walks), draw_descent(walks),
                 draw_rates({HOSTILE: walks[0]})):  # fmt: skip
        text = plot.svg
        assert "<img" not in text
        assert plot.png[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x**4 + x + 2", "x⁴ + x + 2"),
        ("(1 - x)**2 + 100*(y - x**2)**2", "(1 − x)² + 100·(y − x²)²"),
        ("x**-2", "x⁻²"),
        ("x**2.5", "x**2.5"),
        ("w10*x1", "w₁₀·x₁"),
        ("log2(x)", "log2(x)"),
        ("1e-3*x", "1e-3·x"),
        ("q = x + y\nq*z", "q = x + y; q·z"),
        ("-x", "−x"),
    ],
)
def test_formulas_are_written_as_on_a_slide(text, written):
    assert pretty(text) == written


def test_labels_are_spread_in_order_and_never_too_close():
    wanted = [0.5, 0.5, 0.51, 0.1, 0.9, 0.52]
    placed = np.array(_spread(wanted, 0.1))
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= 0.1 - 1e-12).all()
    assert (placed[3], placed[4]) == (0.1, 0.9)
    assert _columns(["short"] * 4, 9.0) == 4
    assert _columns(["x" * 60, "y"], 6.0) == 1


# Colours


def test_text_in_every_colour_can_be_read():
    for dark in (False, True):
        page = style.palette_of(dark).page
        for place in range(7):
            colour = style.legible(style.series(place, dark=dark).colour, page)
            light, deep = sorted((style._luminance(colour), style._luminance(page)), reverse=True)
            assert (light + 0.05) / (deep + 0.05) >= 4.5
    assert len({style.series(i).colour for i in range(7)}) == 7
    assert len({str(style.series(i).dash) for i in range(7)}) == 7
    assert style.series(7) == style.series(0)
    assert shade(0.0) != shade(1.0) != shade(1.0, dark=True)


# Files


def test_files_by_their_ending(tmp_path):
    plot = draw_loss(descend(STEEP, steps=3))
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    for ending, start in starts.items():
        path = plot.save(tmp_path / f"loss.{ending}")
        assert path.read_bytes().startswith(start)
    assert plot._repr_svg_() == (tmp_path / "loss.svg").read_text(encoding="utf-8")
    assert plot._repr_png_() == plot.png
    for bad in ("loss", "loss.jpeg", "loss.svg.gz"):
        with pytest.raises(ArgumentError, match=r"\.svg, \.png, \.pdf"):
            plot.save(tmp_path / bad)
    with pytest.raises(ArgumentError, match="format"):
        style.to_bytes(plot.figure, "bmp")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["loss.pdf", "loss.png", "loss.svg"]


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    plot = draw_loss(descend(STEEP, steps=3))
    with pytest.raises(OutputError, match="no directory"):
        plot.save(tmp_path / "missing" / "loss.svg")
    old = tmp_path / "loss.png"
    old.write_bytes(b"old")

    def fails(*_args, **_kwargs):
        raise RuntimeError("halfway")

    monkeypatch.setattr(type(plot.figure), "savefig", fails)
    with pytest.raises(RuntimeError, match="halfway"):
        plot.save(old)
    assert old.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["loss.png"]


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_the_same_record_gives_the_same_bytes(format):
    walk = descend(BOWL, lr=0.1, steps=5)
    first = style.to_bytes(draw_descent(walk).figure, format)
    plot = draw_descent(walk)
    assert style.to_bytes(plot.figure, format) == first
    assert style.to_bytes(plot.figure, format) == first  # the same figure once more
    assert style.to_bytes(draw_descent(walk, dark=True).figure, format) != first


def test_the_users_settings_are_neither_used_nor_changed():
    import matplotlib

    walk = descend(STEEP, steps=3)
    expected = draw_loss(walk).png
    with matplotlib.rc_context({"font.size": 40, "axes.facecolor": "red", "lines.linewidth": 9}):
        before = dict(matplotlib.rcParams)
        assert draw_loss(walk).png == expected
        assert dict(matplotlib.rcParams) == before


# Imports


def test_pyplot_is_never_imported_and_matplotlib_only_when_drawing(tmp_path):
    program = f"""
import sys, microgd
import microgd.plots
assert not any(name.startswith("matplotlib") for name in sys.modules), "too early"
from microgd.lab.descend import descend
walk = descend("quartic", steps=3)
microgd.plots.draw_descent(walk).save({str(tmp_path / "a.png")!r})
for ending in ("gif", "svg", "html"):
    microgd.plots.animate(walk, {str(tmp_path)!r} + "/a." + ending)
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules, "pyplot"
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    for name in [n for n in sys.modules if n.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DrawingError, match=r'pip install "microgd\[plots\]"'):
        draw_loss(descend(STEEP, steps=1))
    from microgd.plots.animate import animation

    with pytest.raises(DrawingError, match=r"microgd\[plots\]"):
        animation(descend(STEEP, steps=1), "svg")
