"""Animations: every format tells the record, plays alone, and takes a name for a name."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from plot_cases import BOWL, HOSTILE, QUARTIC, made

from microgd.errors import ArgumentError, OutputError
from microgd.lab.descend import descend, race
from microgd.lab.problem import from_text
from microgd.plots import style
from microgd.plots.animate import animate, animation
from microgd.plots.scene import MOST_FRAMES, build_scene, thin
from microgd.plots.svg import lengths

Image = pytest.importorskip("PIL.Image")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def walks():
    return race(BOWL, ["sgd", "momentum"], lr=0.1, steps=12)


def numbers(text: str) -> np.ndarray:
    """The points of an SVG path."""
    return np.array(re.findall(r"-?\d+\.?\d*", text), dtype=float).reshape(-1, 2)


def by_class(root, ending: str):
    """The elements whose class ends so."""
    return [one for one in root.iter() if (one.get("class") or "").endswith(ending)]


def axes_of(root) -> tuple[np.ndarray, np.ndarray]:
    """Where the tick marks of each axis stand on the page, from the background itself."""
    found = []
    for name, attribute in (("matplotlib.axis_1", "x"), ("matplotlib.axis_2", "y")):
        (axis,) = [one for one in root.iter() if one.get("id") == name]
        ticks = [one for one in axis.iter(f"{SVG}use") if one.get("x")]
        places = {round(float(one.get(attribute)), 2) for one in ticks
                  if "href" in " ".join(one.keys()) and one.get("transform") is None}  # fmt: skip
        found.append(np.array(sorted(places)))
    return found[0], found[1]


# The SVG


def test_the_paths_of_the_svg_are_the_points_of_the_record(walks):
    root = ElementTree.fromstring(animation(walks, "svg"))
    with style.context():
        scene = build_scene(walks)
    low, high = (np.array(limits) for limits in zip(scene.axes.get_xlim(), scene.axes.get_ylim(),
                                                    strict=True))  # fmt: skip
    x, y, width, height = scene.frame
    for place, walk in enumerate(walks):
        (path,) = by_class(root, f"-p{place}")
        drawn = numbers(path.get("d"))
        # Back from the page to the data, by nothing but the frame and the limits.
        back = low + (high - low) * np.column_stack(
            [(drawn[:, 0] - x) / width, 1 - (drawn[:, 1] - y) / height]
        )
        assert np.allclose(back, walk.points, atol=0.005)


def test_the_frame_of_the_overlay_is_the_frame_of_the_background(walks):
    root = ElementTree.fromstring(animation(walks, "svg"))
    with style.context():
        scene = build_scene(walks)
    x, y, width, height = scene.frame
    ticks = scene.axes.get_xticks(), scene.axes.get_yticks()
    limits = scene.axes.get_xlim(), scene.axes.get_ylim()
    across = [x + width * (t - limits[0][0]) / (limits[0][1] - limits[0][0]) for t in ticks[0]]
    down = [y + height * (limits[1][1] - t) / (limits[1][1] - limits[1][0]) for t in ticks[1]]
    seen_x, seen_y = axes_of(root)
    for expected, seen in ((across, seen_x), (down, seen_y)):
        assert len(seen) > 2
        for place in seen:
            assert min(abs(place - e) for e in expected) < 0.02


def test_the_key_frames_follow_the_record_in_step(walks):
    text = animation(walks, "svg").decode()
    with style.context():
        scene = build_scene(walks)
    for place, points in enumerate(scene.places):
        rule = re.search(rf"@keyframes \w+-m{place}\{{(.*?)\}}\}}", text)[1]
        stops = re.findall(r"([\d.]+)%\{transform:translate\(([-\d.]+)px,([-\d.]+)px\)", rule)
        assert len(stops) == len(points) + 1
        assert np.allclose([(float(x), float(y)) for _, x, y in stops[:-1]], points, atol=0.006)
        times = [float(percent) for percent, _, _ in stops]
        assert times[0] == 0
        assert times[-1] == 100
        assert np.allclose(np.diff(times[:-1]), times[1], atol=0.002)
        rule = re.search(rf"@keyframes \w+-p{place}\{{(.*?)\}}\}}", text)[1]
        hidden = [float(o) for o in re.findall(r"dashoffset:([-\d.]+)px", rule)]
        whole = lengths(points)[-1] + 1
        assert np.allclose(hidden[:-2], [whole - d for d in lengths(points)[:-1]], atol=0.006)
        assert hidden[-2:] == [0, 0]


def test_the_svg_plays_alone_and_stands_still_where_that_is_wanted(walks):
    text = animation(walks, "svg").decode()
    root = ElementTree.fromstring(text)
    assert not [
        one for one in root.iter() if one.tag.endswith(("script", "image", "foreignObject"))
    ]
    targets = re.findall(r'(?:href|src)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert all(target.startswith("#") for target in targets)
    assert "prefers-reduced-motion" in text
    assert "infinite" in text
    told = [one.text for one in root.iter(f"{SVG}text")]
    assert told == [f"t = {t}" for t in range(13)]
    # What is not animated shows the end.
    (marker,) = by_class(root, "-m0")
    with style.context():
        last = build_scene(walks).places[0][-1]
    assert np.allclose(numbers(marker.get("style").replace("px", "")), last, atol=0.006)


def test_one_dimension_moves_over_the_curve():
    walk = descend(QUARTIC, lr=0.2, steps=6, numeric=0.001)
    root = ElementTree.fromstring(animation(walk, "svg"))
    told = [one.text for one in root.iter(f"{SVG}text")]
    assert told[0].split() == ["t", "=", "0", "f", "=", "4"]
    assert told[-1].split() == ["t", "=", "6", "f", "=", "1.528"]
    with style.context():
        scene = build_scene([walk])
        assert np.allclose(scene.at(scene.tracks[0]), np.column_stack([walk.points, walk.values]))


def test_many_dimensions_move_over_the_loss():
    walk = descend(from_text("sum(w**2)", {"w": [1.0, 2.0, 3.0]}), lr=0.1, steps=6)
    with style.context():
        scene = build_scene([walk])
    assert np.array_equal(scene.at(scene.tracks[0]), np.column_stack([range(7), walk.values]))
    assert b"<svg" in animation(walk, "html")


# Length and trouble


@pytest.mark.parametrize("rows", [1, 2, 199, 200, 201, 399, 1000, 12345])
def test_long_runs_are_thinned(rows):
    frames, said = thin(rows)
    assert len(frames) <= MOST_FRAMES
    assert (frames[0], frames[-1]) == (0, rows - 1)
    assert list(frames) == sorted(set(frames))
    assert bool(said) == (rows > MOST_FRAMES)
    assert len(frames) == rows or len(frames) >= MOST_FRAMES // 2


@pytest.mark.parametrize(
    ("rows", "said"), [(300, "2nd"), (500, "3rd"), (2200, "12th"), (4190, "22nd")]
)
def test_thinning_is_said_in_english(rows, said):
    assert thin(rows)[1] == f"every {said} step shown"


def test_thinning_is_said_in_every_format():
    walk = descend(BOWL, lr=0.01, steps=300)
    assert "Every 2nd step shown." in animation(walk, "html").decode()
    with style.context():
        scene = build_scene([walk])
        assert "every 2nd step shown" in scene.axes.get_xlabel()
    assert len(scene.frames) == 151
    assert "@keyframes" in animation(walk, "svg").decode()


@pytest.mark.parametrize("format", ["gif", "svg", "html"])
@pytest.mark.parametrize(
    "points",
    [
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(np.nan, 1)],
        [(3, 1), (-50, 2), (1e9, 3), (1e140, 1), (np.inf, np.nan)],
    ],
    ids=["one row", "no move", "nothing finite", "diverged"],
)
def test_any_record_can_be_animated(points, format):
    sound = made(BOWL, [(3, 1), (1, 0), (0, 0)])
    assert animation([made(BOWL, points), sound], format)
    data = animation(made(BOWL, points), format)
    if format == "svg":
        ElementTree.fromstring(data)
        assert b"nan" not in re.sub(rb"NaN", b"", data)
    if format == "html":
        json.loads(Page(data).data)


def test_a_run_that_ended_waits_for_the_others():
    short, long = made(BOWL, [(3, 1), (2, 1)]), made(BOWL, [(3, 1), (2, 0), (1, 0), (0, 0)])
    with style.context():
        scene = build_scene([short, long])
    assert np.array_equal(scene.at(scene.tracks[0]), [(3, 1), (2, 1), (2, 1), (2, 1)])
    assert [scene.said(i) for i in range(4)] == ["t = 0", "t = 1", "t = 2", "t = 3"]


# The GIF


def test_the_gif_has_a_picture_for_every_step_and_loops(walks):
    data = animation(walks, "gif")
    gif = Image.open(io.BytesIO(data))
    assert gif.n_frames == 13
    assert gif.info["loop"] == 0
    assert gif.size == (810, 576)
    waits, pictures = [], []
    for frame in range(13):
        gif.seek(frame)
        waits.append(gif.info["duration"])
        pictures.append(np.asarray(gif.convert("RGB")))
    assert len(set(waits[:-1])) == 1
    assert waits[-1] == 1800
    assert all((a != b).any() for a, b in pairwise(pictures))
    with style.context():
        scene = build_scene(walks)
    scale = 810 / scene.size[0]
    for frame in (0, 5, 12):
        # The marker of the last run, a square, lies on top where the record says: its colour is all
        # around there, farther than a dot or the line reaches.
        x, y = (scene.places[1][frame] * scale).round().astype(int)
        expected = [int(scene.tracks[1].series.colour[i : i + 2], 16) for i in (1, 3, 5)]
        around = [(0, 0), (5, 0), (-5, 0), (0, 5), (0, -5)]
        assert [pictures[frame][y + j, x + i].tolist() for i, j in around] == [expected] * 5
    assert pictures[0][1, 1].tolist() == [255, 255, 255]


def test_sixty_steps_make_a_gif_that_can_be_sent():
    walks = race("rosenbrock", ["sgd", "momentum", "adam"], lr=0.0005, steps=60)
    assert len(animation(walks, "gif")) < 2_000_000


# The page


class Page(HTMLParser):
    """What a browser makes of the page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(page.decode())
        self.data = self.scripts[0]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.words.append(data)

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_page_tells_the_record(walks):
    page = Page(animation(walks, "html"))
    data = json.loads(page.data)
    assert data["frames"] == list(range(13))
    with style.context():
        scene = build_scene(walks, width=6.4, height=5.2, bare=True)
    for run, walk, places in zip(data["runs"], walks, scene.places, strict=True):
        assert run["name"] == walk.label
        assert np.allclose(run["places"], places, atol=0.006)
        for cells, row in zip(run["cells"], walk, strict=True):
            told = [float(cell.replace("−", "-")) for cell in cells]
            assert np.allclose(told, [*row.point, row.value, *row.gradient], rtol=1e-3)
    heads = "".join(page.words)
    for head in ("x₁", "x₂", "∂f/∂x₁", "f = x₁² + 3·x₂²"):
        assert head in heads


def test_the_page_asks_for_nothing_and_can_be_used_by_all(walks):
    page = Page(animation(walks, "html"))
    for _, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (attrs.get(name) or "#").startswith("#")
    policy = [m["content"] for m in page.named("meta") if "http-equiv" in m]
    assert policy
    assert policy[0].startswith("default-src 'none'")
    assert any("width=device-width" in (m.get("content") or "") for m in page.named("meta"))
    buttons = page.named("button")
    assert len(buttons) == 5
    assert all(b["aria-label"] for b in buttons)
    (slider,) = [i for i in page.named("input") if i["type"] == "range"]
    assert (slider["max"], slider["aria-label"]) == ("12", "Step")
    text = animation(walks, "html").decode()
    for needed in ("prefers-reduced-motion", "prefers-color-scheme", "aria-live", "ArrowRight"):
        assert needed in text
    assert len(page.named("th")) == 7 + 2  # heads and runs


def test_every_colour_of_the_page_has_a_dark_one(walks):
    text = animation(walks, "html").decode()
    picture = text[text.index('<svg id="scene"') : text.index("</svg>")]
    assert not re.findall(r"#[0-9a-f]{6}\b", picture.replace("#ffcf33", ""))  # the star's
    places = {int(place) for place in re.findall(r"var\(--c(\d+)\)", picture)}
    light, dark = (dict(re.findall(r"--c(\d+):(#\w{6})", rule))
                   for rule in re.findall(r":root\{ (--c.*?) \}", text))  # fmt: skip
    assert places <= set(map(int, light))
    assert light.keys() == dark.keys()


@pytest.mark.parametrize(
    "name", [HOSTILE, "{{data}}", "-->", "]]>", "<!--<script>", "\\u003c/script>"]
)
def test_a_hostile_name_stays_a_name(name):
    problem = from_text("a**2 + b", {"a": 1.0, "b": 2.0}, name=name)
    problem = replace(problem, text="", parts=problem.parts)
    object.__setattr__(problem, "names", (name, "b"))
    walks = [replace(descend(BOWL, steps=2), problem=problem, label=name)] * 2
    data = animation(walks, "html", title=name)
    page = Page(data)
    assert not page.named("img")
    assert len(page.named("script")) == 2
    told = " ".join(" ".join(page.words).split())
    assert style.shown(name, 40) in told
    assert [run["name"] for run in json.loads(page.data)["runs"]] == [style.shown(name, 40)] * 2
    plain = Page(animation([replace(walks[0], label="x")] * 2, "html", title="x"))
    assert [tag for tag, _ in page.tags if tag not in ("path", "use", "g", "defs")] == [
        tag for tag, _ in plain.tags if tag not in ("path", "use", "g", "defs")
    ]
    root = ElementTree.fromstring(animation(walks, "svg", title=name))
    assert root.find(f"{SVG}title").text.strip() == style.shown(name, 80)
    animation(walks, "gif", title=name)


# Files


@pytest.mark.parametrize("format", ["gif", "svg", "html"])
def test_the_same_record_gives_the_same_bytes(walks, format):
    first = animation(walks, format)
    assert animation(walks, format) == first
    if format != "html":
        assert animation(walks, format, dark=True) != first


def test_files_by_their_ending_whole_or_not_at_all(tmp_path, walks, monkeypatch):
    for ending in ("gif", "svg", "html"):
        path = animate(walks, tmp_path / f"race.{ending}")
        assert path.read_bytes() == animation(walks, ending)
    for bad in ("race", "race.mp4"):
        with pytest.raises(ArgumentError, match=r"\.gif, \.svg, \.html"):
            animate(walks, tmp_path / bad)
    with pytest.raises(ArgumentError, match="gif, svg, html"):
        animation(walks, "mp4")
    with pytest.raises(OutputError, match="no directory"):
        animate(walks, tmp_path / "missing" / "race.svg")

    def fails(_scene):
        raise RuntimeError("halfway")

    monkeypatch.setattr("microgd.plots.gif.gif_bytes", fails)
    before = (tmp_path / "race.gif").read_bytes()
    with pytest.raises(RuntimeError, match="halfway"):
        animate(walks, tmp_path / "race.gif")
    assert (tmp_path / "race.gif").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3
