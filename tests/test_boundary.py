"""Decision boundaries: of nets made by hand, of nets that learn, as pictures and animations."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from cli_runner import refused, said
from numpy.testing import assert_allclose, assert_array_equal

from microgd.data import Dataset, read_dataset
from microgd.errors import ArgumentError, OutputError
from microgd.nn import MLP
from microgd.training import (
    Config,
    Model,
    Trainer,
    boundaries,
    boundary,
    load_model,
    model_of,
)

OFFLINE = {"device": "interpreter"}
SVG = "{http://www.w3.org/2000/svg}"


def by_hand(
    weights: Any, biases: Any, kind: str = "classes", mean: Any = (0, 0), deviation: Any = (1, 1)
) -> Model:
    """A linear net with these scores, for data that is scaled so."""
    w = np.array(weights, dtype=float)
    classes = tuple("abcd"[: max(w.shape[1], 2)])
    return Model(
        net=MLP((2, w.shape[1])),
        params={"linear1": {"w": w, "b": np.array(biases, dtype=float)}},
        kept={},
        config=Config(hidden=(), dtype="float64", **OFFLINE),
        scale={"mean": np.array(mean, float), "deviation": np.array(deviation, float)},
        kind=kind,
        classes=classes,
        features=("x1", "x2"),
        shape=(2,),
        epoch=0,
    )


BOX = ((-2.0, 2.0), (-1.0, 3.0))


@pytest.fixture(scope="module")
def seen():
    config = Config(data="spirals(count=90)", hidden=(12,), epochs=6, lr=0.02, **OFFLINE)
    run = Trainer(config)
    return boundaries(run, read_dataset(config.data), size=31), run


# The numbers


def test_probabilities_are_softmax_of_the_scores():
    model = by_hand([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]], [0.1, 0.0, -0.2])
    found = boundary(model, size=9, box=BOX)
    scores = np.array([[model.outputs([[x, y]])[0] for x in found.x] for y in found.y])
    shares = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    assert_allclose(found.probabilities, shares, rtol=1e-12)
    assert_array_equal(found.winners, scores.argmax(axis=2))
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == (-2, 2, -1, 3)


@pytest.mark.parametrize("kind", ["classes", "binary"])
def test_the_boundary_of_a_linear_net_is_the_line(kind):
    from microgd.plots.boundary import line_of

    mean, deviation = np.array([0.5, 1.0]), np.array([2.0, 0.5])
    w, b = np.array([1.5, -0.7]), 0.4
    weights = w[:, None] if kind == "binary" else np.column_stack([0.2 * w, 1.2 * w])
    biases = [b] if kind == "binary" else [0.2 * b, 1.2 * b]
    found = boundary(by_hand(weights, biases, kind, mean, deviation), size=41, box=BOX)
    line = line_of(found)
    line = line[np.isfinite(line).all(axis=1)]
    assert len(line) > 20
    assert_allclose((line - mean) / deviation @ w + b, 0.0, atol=1e-9)
    ends = line[[0, -1]]
    edge = np.isclose(np.abs(ends - [0, 1]), 2.0)  # the box is 4 × 4 around (0, 1)
    assert edge.any(axis=1).all()


def test_a_net_that_is_very_sure_still_has_a_straight_line():
    from microgd.plots.boundary import line_of

    w = 60.0 * np.array([1.0, 0.35])
    line = line_of(boundary(by_hand(np.column_stack([-w, w]), [0, 0]), size=31, box=BOX))
    line = line[np.isfinite(line).all(axis=1)]
    near = np.abs(line @ w) / np.linalg.norm(w)
    assert near.max() < 0.02  # a fifth of a cell of the grid


def test_on_the_boundaries_of_three_classes_two_are_equal():
    from microgd.plots.boundary import line_of

    model = by_hand([[1.0, -1.0, 0.0], [0.5, 0.5, -1.0]], [0.0, 0.0, 0.3])
    line = line_of(boundary(model, size=81, box=BOX))
    line = line[np.isfinite(line).all(axis=1)]
    scores = np.sort(model.outputs(line), axis=1)
    assert_allclose(scores[:, 2], scores[:, 1], atol=0.03)


def test_the_box_holds_the_data_and_not_much_more():
    data = Dataset("d", [[0.0, 10.0], [4.0, 30.0]], [0, 1], ("a", "b"))
    other = Dataset("d", [[-2.0, 20.0]], [0], ("a", "b"))
    found = boundary(by_hand(np.eye(2), [0, 0]), data, other, size=5)
    assert_allclose(found.x[[0, -1]], [-2.48, 4.48])
    assert_allclose(found.y[[0, -1]], [8.4, 31.6])
    alone = boundary(by_hand(np.eye(2), [0, 0], mean=(1, 2), deviation=(3, 4)), size=5)
    assert_allclose(alone.x[[0, -1]], [-6.5, 8.5])
    point = boundary(by_hand(np.eye(2), [0, 0]), other, size=2)
    assert point.x[0] < -2 < point.x[-1]


def test_a_run_is_seen_after_every_epoch(seen):
    frames, run = seen
    assert [one.epoch for one in frames] == list(range(7))
    assert frames[0].row is None
    assert [one.row for one in frames[1:]] == run.history
    net = run.parts.net
    begun = replace(model_of(run), params=net.init(0))
    assert_allclose(frames[0].probabilities, boundary(
        begun, frames[0].train, frames[0].held_out, 31).probabilities, rtol=1e-6)  # fmt: skip
    again = boundary(model_of(run), frames[0].train, frames[0].held_out, 31)
    assert_array_equal(frames[-1].probabilities, again.probabilities)
    train, held_out = read_dataset(run.config.data).split(0.2, seed=0)
    assert_array_equal(frames[0].train.x, train.x)
    assert_array_equal(frames[0].held_out.x, held_out.x)


def test_long_runs_are_thinned_and_show_the_end():
    config = Config(data="xor", hidden=(4,), epochs=11, **OFFLINE)
    frames = boundaries(Trainer(config), read_dataset("xor"), size=2, most=5)
    assert [one.epoch for one in frames] == [0, 3, 6, 9, 11]


def test_a_run_that_stops_early_shows_its_end():
    config = Config(data="moons", hidden=(4,), epochs=50, patience=1, lr=0.5, **OFFLINE)
    run = Trainer(config)
    frames = boundaries(run, read_dataset("moons"), size=2, most=9)
    assert frames[-1].epoch == run.epoch < 50


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        ("digits", {}, "images of 8 × 8"),
        ("lecture-net", {}, "rows of 3 numbers"),
        ("line", {}, "two features"),
        ("moons", {"loss": "squared"}, "crossentropy"),
    ],
)
def test_what_is_no_plane_of_classes(data, options, said):
    model = model_of(Trainer(Config(data=data, hidden=(2,), **options, **OFFLINE)))
    with pytest.raises(ArgumentError, match=said):
        boundary(model)


@pytest.mark.parametrize(
    "options",
    [{"size": 1}, {"size": 2.0}, {"box": ((0, 0), (0, 1))}, {"box": ((0, 1), (0, np.inf))}],
)
def test_options_that_make_no_sense(options):
    with pytest.raises(ArgumentError):
        boundary(by_hand(np.eye(2), [0, 0]), **options)


def test_numbers_for_other_programs():
    found = boundary(by_hand(np.eye(2), [0, 0]), size=3, box=BOX)
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["winners"] == found.winners.tolist()
    rows = list(csv.reader(io.StringIO(found.to_csv())))
    assert rows[0] == ["x1", "x2", "p(a)", "p(b)"]
    assert len(rows) == 10
    assert [float(x) for x in rows[2]] == pytest.approx([0, -1, 0.731059, 0.268941], rel=1e-5)


# The picture

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")


def test_regions_are_coloured_by_class_and_paler_where_unsure():
    from microgd.plots.boundary import colours_of, parts_of
    from microgd.plots.style import series

    found = boundary(by_hand([[-3.0, 3.0], [0.0, 0.0]], [0, 0]), size=21, box=BOX)
    colours = colours_of(found).astype(float)
    for column, label in ((0, 0), (-1, 1)):
        away = 255 - colours[5, column]
        own = 255 - np.array(parts_of(series(label).colour))
        assert_allclose(away / own[own.argmax()], 0.62 * own / own[own.argmax()], atol=0.01)
    strength = (255 - colours[5]).sum(axis=1)
    assert (np.diff(strength[:10]) <= 0).all()
    assert (np.diff(strength[11:]) >= 0).all()


def test_points_stand_where_the_data_is(seen):
    from microgd.plots.boundary import draw_boundary

    frames, _ = seen
    last = frames[-1]
    (axes,) = draw_boundary(last, title="t").figure.axes
    drawn = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert len(drawn) == 6
    for line, (data, label) in zip(
        drawn, [(d, c) for d in (last.train, last.held_out) for c in range(3)], strict=True
    ):
        assert_array_equal(line.get_xydata(), data.x[data.y == label])
        hollow = line.get_markerfacecolor() == "#ffffff"
        assert hollow == (data is last.held_out)
    assert len({line.get_marker() for line in drawn}) == 3
    assert draw_boundary(replace(last, train=None, held_out=None), dark=True).png


def test_the_svg_shows_each_epochs_regions(seen):
    from microgd.plots.boundary import STEPS, levels_of
    from microgd.plots.training_scene import boundary_animation

    frames, _ = seen
    text = boundary_animation(frames, "svg", title="<spirals>").decode()
    root = ElementTree.fromstring(text)
    images = list(root.iter(f"{SVG}image"))
    assert len(images) == 7
    for image, one in zip(images, frames, strict=True):
        kind, _, data = image.get("href").partition(",")
        assert kind == "data:image/png;base64"
        indices = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        assert_array_equal(indices[::-1] // STEPS, one.winners)
        assert_array_equal(indices[::-1] % STEPS, levels_of(one))
    layers = [g for g in root.iter(f"{SVG}g") if re.search(r"-f\d+$", g.get("class") or "")]
    assert [g.get("style") for g in layers] == ["opacity:0"] * 6 + ["opacity:1"]
    # Every moment shows one of them.
    shown = []
    for i in range(7):
        rule = re.search(rf"@keyframes \w+-f{i}\{{(.*?)\}}\}}", text)[1] + "}"
        steps = [(float(p), float(o)) for p, o in re.findall(r"([\d.]+)%\{opacity:(\d)\}", rule)]
        begins = min(p for p, o in steps if o == 1)
        shown.append((begins, min(p for p, o in steps if o == 0 and p > begins)))
    assert [a for a, _ in shown[1:]] == [b for _, b in shown[:-1]]
    assert (shown[0][0], shown[-1][1]) == (0, 100)
    told = [one.text for one in root.iter(f"{SVG}text")]
    assert told[0].split() == ["epoch", "=", "0"]
    assert told[6].startswith("epoch = 6")
    assert f"loss = {frames[6].row.loss:.3f}" in told[6]
    targets = re.findall(r'(?:href|src)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert all(target.startswith(("#", "data:image/png")) for target in targets)
    assert "<script" not in text


def test_the_lines_of_the_svg_are_where_the_grid_says():
    from microgd.plots import style
    from microgd.plots.boundary import line_of
    from microgd.plots.training_scene import _scene, boundary_animation

    found = boundary(by_hand([[-1.0, 1.0], [0.4, -0.4]], [0, 0.2]), size=21, box=BOX)
    root = ElementTree.fromstring(boundary_animation([found], "svg"))
    (path,) = [p for p in root.iter(f"{SVG}path") if "stroke-width: 1.6" in (p.get("style") or "")]
    drawn = np.array(re.findall(r"-?\d+\.?\d*", path.get("d")), dtype=float).reshape(-1, 2)
    with style.context():
        x, y, width, height = _scene([found], "", False).frame
    back = np.column_stack([-2 + 4 * (drawn[:, 0] - x) / width, 3 - 4 * (drawn[:, 1] - y) / height])
    line = line_of(found)
    assert_allclose(back[[0, -1]], line[np.isfinite(line).all(axis=1)][[0, -1]], atol=0.01)
    assert_allclose(back @ [2.0, -0.8] + 0.2, 0.0, atol=0.02)


def test_the_gif_shows_each_epoch(seen):
    from microgd.plots.boundary import colours_of
    from microgd.plots.training_scene import _scene, boundary_animation

    frames, _ = seen
    gif = Image.open(io.BytesIO(boundary_animation(frames, "gif")))
    assert gif.n_frames == 7
    assert gif.info["loop"] == 0
    from microgd.plots import style

    with style.context():
        scene = _scene(frames, "", False)
    for frame in (0, 3, 6):
        gif.seek(frame)
        pixels = np.asarray(gif.convert("RGB")).astype(int)
        scale = pixels.shape[1] / scene.size[0]
        # Far from points and lines the pixels have the colours of the regions.
        wanted = colours_of(frames[frame]).astype(int)
        places = np.array([[x, y] for y in frames[0].y[2:-2] for x in frames[0].x[2:-2]])
        across, down = (scene.on_page(places) * scale).round().astype(int).T
        off = np.abs(pixels[down, across] - wanted[2:-2, 2:-2].reshape(-1, 3)).max(axis=1)
        assert np.median(off) <= 6


class Page(HTMLParser):
    """What a browser makes of the page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = False
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data


@pytest.mark.parametrize("name", ["net", "</script><img src=x>", "{{data}}", "-->"])
def test_the_page_tells_the_history_and_asks_for_nothing(seen, name):
    from microgd.plots.training_scene import boundary_animation

    frames, run = seen
    data = boundary_animation(frames, "html", title=name, name=name)
    page = Page(data)
    told = json.loads(page.scripts[0])
    assert told["frames"] == list(range(7))
    assert told["clock"] == "epoch"
    (row,) = told["runs"]
    assert row["name"] == name
    assert row["cells"][0] == ["–"] * 4
    for cells, epoch in zip(row["cells"][1:], run.history, strict=True):
        numbers = [float(cell.rstrip("%")) for cell in cells]
        wanted = [
            epoch.loss,
            100 * epoch.accuracy,
            epoch.held_out_loss,
            100 * epoch.held_out_accuracy,
        ]
        assert_allclose(numbers, wanted, atol=0.051)
    for _, attrs in page.tags:
        for attribute in ("src", "href", "xlink:href", "srcset", "action"):
            assert (attrs.get(attribute) or "#").startswith(("#", "data:image/png;base64,"))
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    assert len([t for t, _ in page.tags if t == "script"]) == 2
    assert not [t for t, _ in page.tags if t == "img"]
    picture = data.decode()
    picture = picture[picture.index('<svg id="scene"') : picture.index('<div class="player"')]
    assert not re.findall(r"#[0-9a-f]{6}\b", picture)  # all of them follow the reader's setting


@pytest.mark.parametrize("format", ["gif", "svg", "html"])
def test_the_same_run_gives_the_same_bytes(seen, format):
    from microgd.plots.training_scene import boundary_animation

    frames, _ = seen
    assert boundary_animation(frames, format) == boundary_animation(frames, format)


@pytest.mark.parametrize("format", ["gif", "svg", "html"])
def test_a_single_moment_and_many_classes(format):
    from microgd.plots.training_scene import boundary_animation

    data = read_dataset("blobs(count=90, classes=9)")
    run = Trainer(Config(data="blobs", hidden=(), **OFFLINE), data)
    assert boundary_animation([boundary(model_of(run), data, size=9)], format)


def test_files_by_their_ending(seen, tmp_path):
    from microgd.plots.training_scene import animate_boundary, boundary_animation

    frames, _ = seen
    assert animate_boundary(frames[:2], tmp_path / "a.svg").read_bytes().startswith(b"<svg")
    with pytest.raises(ArgumentError, match=r"\.gif, \.svg, \.html"):
        animate_boundary(frames, tmp_path / "a.mp4")
    with pytest.raises(ArgumentError, match="gif, svg, html"):
        boundary_animation(frames, "mp4")
    with pytest.raises(ArgumentError, match="nothing"):
        boundary_animation([], "gif")
    with pytest.raises(OutputError, match="no directory"):
        animate_boundary(frames[:2], tmp_path / "missing" / "a.svg")


# The command

NET = ("--data", "moons(count=60)", "--hidden", "4", "--epochs", "3", "--device", "interpreter")


def test_the_command_sees_a_run(tmp_path: Path):
    folder = str(tmp_path / "run")
    said("train", *NET, "--run", folder, "--quiet")
    told = json.loads(said("boundary", folder, "--size", "5", "--json"))
    model = load_model(folder)
    places = [[x, y] for y in told["y"] for x in told["x"]]
    assert np.ravel(told["winners"]).tolist() == model.predict(places).tolist()
    assert told["epoch"] == model.epoch
    assert len(said("boundary", folder, "--size", "4", "--csv", "-").split("\n")) == 4 * 4 + 2
    files = [str(tmp_path / f"b.{ending}") for ending in ("png", "html")]
    table = said("boundary", folder, "--size", "9", "-o", files[0], "--animate", files[1])
    assert "after epoch 3" in table
    assert all(Path(name).stat().st_size > 10_000 for name in files)


def test_the_command_trains_where_there_is_no_run(tmp_path: Path):
    told = said("boundary", *NET, "--size", "3", "--csv", str(tmp_path / "grid.csv"))
    assert told.startswith("training 2-4-2 relu on 48 examples of moons, 3 epochs")
    assert (tmp_path / "grid.csv").read_text().startswith("x1,x2,p(0),p(1)\n")
    assert json.loads(said("boundary", *NET, "--size", "2", "--json"))["epoch"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "There is no net"),
        (("--data", "digits", "--epochs", "1000000"), "images of 8 × 8"),
        (("--data", "digits", "--animate", "x.gif", "--epochs", "1000000"), "images of 8 × 8"),
        (("--data", "line"), "two features"),
        (("--data", "moons", "--loss", "squared"), "crossentropy"),
        (("nowhere",), "no checkpoint"),
        ((*NET, "-o", "x.gif"), "does not end in"),
        ((*NET, "--animate", "x.png"), "does not end in"),
        ((*NET, "--json", "--csv", "-"), "choose one"),
        ((*NET, "--size", "1"), "--size"),
    ],
)
def test_the_command_refuses(arguments: tuple[str, ...], said: str):
    assert said in " ".join(refused(2, "boundary", *arguments).split())


def test_a_run_is_not_shown_among_data_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    said("train", *NET, "--run", "a", "--quiet")
    said("boundary", "a", "--data", "moons(count=60)", "--size", "3")
    wrong = ("a", "--data", "circles(count=60)")
    for more in (
        ("boundary",),
        ("boundary", "--animate", "x.svg"),
        ("landscape",),
        ("landscape", "--path"),
    ):
        assert "circles is not the data that a was trained on" in refused(
            2, more[0], *wrong, *more[1:]
        )
