"""Pictures: what they show, when they show it, and that nothing a user does breaks them."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import microgd as mg
from microgd.draw import palette as palettes
from microgd.draw.engines import engines
from microgd.errors import DrawingError, OutputError

SVG = "{http://www.w3.org/2000/svg}"


def deck():
    x, y, z = (mg.Tensor(v, name=n) for n, v in (("x", -2.0), ("y", 5.0), ("z", -4.0)))
    return (x + y).named("q") * z


def neuron(gate=mg.sigmoid):
    given = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
    t = {n: mg.Tensor(v, name=n) for n, v in given.items()}
    return gate(t["w0"] * t["x0"] + t["w1"] * t["x1"] + t["w2"])


def groups(svg, kind):
    """The SVG groups of a class, by id."""
    root = ET.fromstring(svg)
    found = {}
    for g in root.iter(f"{SVG}g"):
        if kind in (g.get("class") or "").split():
            found[g.get("id")] = g
    return found


def texts(group):
    found = ("".join(t.itertext()).strip() for t in group.iter(f"{SVG}text"))
    return [text for text in found if text]


def numbers(group):
    """The texts of a wire but for names, which are set in Times."""
    return [t for t in group.iter(f"{SVG}text") if "Times" not in (t.get("font-family") or "")]


def shown(group):
    """The numbers of a wire that can be seen."""
    return ["".join(t.itertext()) for t in numbers(group) if t.get("fill") != "#ffffff"]


def wires(drawing):
    """Wire id → its numbers, whether they can be seen or not."""
    found = groups(drawing.svg, "wire").items()
    return {key: ["".join(t.itertext()) for t in numbers(g)] for key, g in found}


def bar(group):
    """The points of a wire's bar, which may have several pieces."""
    return [
        tuple(map(float, point.split(",")))
        for polygon in group.iter(f"{SVG}polygon")
        for point in polygon.get("points").split()
    ]


def test_the_decks_first_circuit_has_its_numbers_above_and_below_each_wire():
    found = wires(mg.draw(deck(), names="none"))
    assert found == {
        "wire-n2.0": ["−2", "−4"],
        "wire-n2.1": ["5", "−4"],
        "wire-n4.0": ["3", "−4"],
        "wire-n4.1": ["−4", "3"],
        "wire-n4.output": ["−12", "1"],
    }


def test_value_stands_above_the_bar_and_gradient_below_it():
    for group in groups(mg.draw(deck(), names="none").svg, "wire").values():
        above, below = (float(t.get("y")) for t in numbers(group))
        heights = [y for _, y in bar(group)]
        assert above < min(heights) < max(heights) < below


def test_the_sigmoid_neuron_as_one_gate_and_as_primitive_gates():
    whole, opened = mg.draw(neuron()), mg.draw(neuron(), expand="sigmoid")
    signs = [texts(g)[0] for g in groups(whole.svg, "gate").values()]
    assert sorted(signs) == sorted(["×", "×", "+", "+", "σ"])
    signs = [texts(g)[0] for g in groups(opened.svg, "gate").values()]
    assert sorted(signs) == sorted(["×", "×", "+", "+", "×−1", "exp", "+1", "1/x"])
    numbers = [t for pair in wires(opened).values() for t in pair]
    for number in ("1.00", "−1.00", "0.37", "1.37", "0.73", "−0.53", "−0.20", "0.20", "0.39"):
        assert number in numbers


def test_expand_all_opens_everything_and_a_primitive_gate_is_refused():
    assert mg.draw(neuron(), expand=True).dot == mg.draw(neuron(), expand="sigmoid").dot
    with pytest.raises(DrawingError, match="primitive"):
        mg.draw(neuron(), expand="exp")
    with pytest.raises(DrawingError, match="Did you mean 'sigmoid'"):
        mg.draw(neuron(), expand="sigmoi")


def test_a_node_used_twice_branches_into_two_wires_with_contributions_of_their_own():
    x = mg.Tensor(3.0, name="x")
    svg = mg.draw(x * x).svg
    assert len(groups(svg, "junction")) == 1
    found = wires(mg.draw(x * x))
    assert found["wire-n0.out"] == ["3", "6"]
    assert found["wire-n1.0"] == found["wire-n1.1"] == ["3", "3"]


def test_an_unequal_branch_shows_each_contribution_and_the_sum_before_it():
    x, y = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y")
    found = wires(mg.draw(x * y + x))
    assert found["wire-n0.out"] == ["−2", "6"]
    assert sorted(found[k][1] for k in ("wire-n2.0", "wire-n3.1")) == ["1", "5"]


def test_the_losing_input_of_a_max_is_dashed():
    x, y = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y")
    svg = mg.draw(mg.maximum(x, y)).svg
    edges = groups(svg, "wire-out")
    dashes = {k: g.find(f"{SVG}path").get("stroke-dasharray") for k, g in edges.items()}
    assert dashes["wire-n2.0-out"]
    assert not dashes["wire-n2.1-out"]


def test_a_wire_is_dashed_once_its_contribution_is_told():
    """Who loses a max, or that a relu is shut, is for the lesson to tell, not for the picture."""
    trace = mg.circuit("max(x, y) + relu(z)", x=1, y=3, z=-2).trace()
    losing = {e.wire: e.step for e in trace.events if e.kind == "contribution"}
    losing = {wire: losing[wire] for wire in ("n2.0", "n4.0")}
    bars = set()
    for step in range(len(trace)):
        svg = mg.draw(trace, step=step).svg
        wires = groups(svg, "wire-out")
        for wire, told in losing.items():
            dashes = wires[f"wire-{wire}-out"].find(f"{SVG}path").get("stroke-dasharray")
            assert bool(dashes) == (step >= told)
        assert not wires["wire-n2.1-out"].find(f"{SVG}path").get("stroke-dasharray")
        for bar in groups(svg, "wire").values():
            bars.add((bar.get("id"), *(p.get("points") for p in bar.iter(f"{SVG}polygon"))))
    assert len(bars) == len({bar[0] for bar in bars})  # each stays where it is, piece by piece


def test_a_tie_is_said_on_the_gate():
    x, y = mg.Tensor(1.0, name="x"), mg.Tensor(1.0, name="y")
    (gate,) = groups(mg.draw(mg.maximum(x, y)).svg, "gate").values()
    assert texts(gate) == ["max", "tie"]


def test_steps_reveal_one_number_after_another_in_frames_of_equal_size():
    f = deck()
    last = len(mg.trace(f).events) - 1
    counts, boxes = [], set()
    for step in range(last + 1):
        svg = mg.draw(f, step=step).svg
        counts.append(sum(len(shown(g)) for g in groups(svg, "wire").values()))
        boxes.add(ET.fromstring(svg).get("viewBox"))
    # 3 inputs, then a value for each forward step, the seed and each contribution
    assert counts == [4, 5, 6, 7, 8, 9, 10]
    assert len(boxes) == 1
    with pytest.raises(DrawingError, match="steps 0 to 6"):
        mg.draw(f, step=7)


def test_the_step_before_a_branch_sum_hides_the_sum_only():
    x, y = mg.Tensor(-2.0, name="x"), mg.Tensor(5.0, name="y")
    f = x * y + x
    lesson = mg.trace(f)
    branch = next(e.step for e in lesson.events if e.kind == "branch")

    def sum_at(step):
        return shown(groups(mg.draw(lesson, step=step).svg, "wire")["wire-n0.out"])

    assert sum_at(branch - 1) == ["−2"]
    assert sum_at(branch) == ["−2", "6"]


def test_forward_only_shows_no_gradient_and_cards_say_not_computed():
    assert all(len(t) == 1 for t in wires(mg.draw(deck(), gradients=False, names="none")).values())
    cards = mg.draw(mg.trace(deck(), backward=False), look="cards").svg
    assert "not computed" in cards
    assert "grad 0" not in cards


def test_cards_show_name_data_and_grad():
    cards = groups(mg.draw(deck(), look="cards").svg, "card")
    assert texts(cards["card-n0"]) == ["x", "data −2", "grad −4"]


def test_the_lecture_look_says_the_rule_of_each_gate():
    svg = mg.draw(neuron(), look="lecture").svg
    words = {t for g in groups(svg, "gate").values() for t in texts(g)}
    assert {"swaps", "distributes", "σ(1−σ)"} <= words


def test_drawing_changes_no_gradient():
    f = deck()
    mg.draw(f).svg  # noqa: B018 rendering is what is tested
    mg.draw(f).svg  # noqa: B018
    x = f.inputs[0].inputs[0]
    assert x.grad is None
    f.backward()
    mg.draw(f).svg  # noqa: B018
    assert x.grad == -4.0


def test_same_program_same_bytes():
    first, second = mg.draw(neuron(), expand="sigmoid"), mg.draw(neuron(), expand="sigmoid")
    assert first.dot == second.dot
    assert first.svg == second.svg
    assert first.png == second.png


@pytest.mark.parametrize("look", ["circuit", "lecture", "cards"])
@pytest.mark.parametrize(
    "name",
    ['<b>&"', "a\\b", "\\N", "\\", "two\nlines", "", "n1", "n0", "a:b", "é", "x" * 300, "<x>"],
)
def test_any_name_is_drawn_as_it_is(look, name):
    x, y = mg.Tensor(1.5, name=name), mg.Tensor(2.5, name="y")
    with mg.scope(name.replace("/", "") or "s"):
        f = (x * y).named(name) + x
    svg = mg.draw(f, look=look).svg
    ET.fromstring(svg)
    words = " ".join("".join(t.itertext()) for t in ET.fromstring(svg).iter(f"{SVG}text"))
    assert " ".join(name.split())[:20] in words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (float("nan"), "NaN"),
        (float("inf"), "inf"),
        (float("-inf"), "−inf"),
        (1e-12, "1.00e−12"),
        (1e9, "1.00e9"),
    ],
)
def test_odd_numbers_are_written_honestly(value, text):
    x = mg.Tensor(value, name="x")
    assert wires(mg.draw(x * 1.0))["wire-n2.0"][0] == text


def test_tensors_show_shape_above_and_norm_below():
    a = mg.Tensor(np.ones((4, 3)), name="A")
    w = mg.Tensor(np.ones((3, 2)), name="W")
    found = wires(mg.draw((a @ w).sum()))
    assert found["wire-n2.0"] == ["4×3", "norm 6.93"]
    assert found["wire-n2.1"] == ["3×2", "norm 9.80"]


def test_a_placeholder_graph_shows_shapes_and_no_gradients():
    x = mg.placeholder((4, 3), name="x")
    assert all(len(t) == 1 for t in wires(mg.draw((x * 2).sum())).values())


def test_bar_ends_meet_edge_ends_and_no_edge_is_lost():
    svg = mg.draw(neuron(), expand="sigmoid").svg
    bars = groups(svg, "wire")
    incoming, outgoing = groups(svg, "wire-in"), groups(svg, "wire-out")
    # An input begins its wire and the output ends its own: no edge there.
    assert (len(bars), len(incoming), len(outgoing)) == (13, 8, 12)
    for key, wire in bars.items():
        xs = [x for x, _ in bar(wire)]
        if f"{key}-in" in incoming:
            ends = re.findall(r"-?[\d.]+", incoming[f"{key}-in"].find(f"{SVG}path").get("d"))
            assert min(xs) - 0.1 <= float(ends[-2]) <= min(xs) + 1.1
        if f"{key}-out" in outgoing:
            starts = re.findall(r"-?[\d.]+", outgoing[f"{key}-out"].find(f"{SVG}path").get("d"))
            assert max(xs) - 1.1 <= float(starts[0]) <= max(xs) + 0.1


def test_the_first_input_of_a_gate_arrives_on_top():
    a, b = mg.Tensor(1.0, name="a"), mg.Tensor(2.0, name="b")
    for f in (a - b, b - a):
        bars = groups(mg.draw(f).svg, "wire")
        tops = [bar(bars[f"wire-n2.{i}"])[0][1] for i in (0, 1)]
        assert tops[0] < tops[1]


def test_every_engine_draws_the_same_texts():
    usable = [e for e in engines() if e.usable and e.draws("svg")]
    assert usable, "no drawing engine at all"
    words = []
    for engine in usable:
        if engine.program is None:
            continue
        svg = mg.draw(neuron(), expand="sigmoid", engine=str(engine.program)).svg
        words.append(sorted(t for g in groups(svg, "wire").values() for t in texts(g)))
    assert all(w == words[0] for w in words)


def test_files_by_their_ending(tmp_path):
    drawing = mg.draw(deck())
    assert drawing.save(tmp_path / "f.svg").read_text(encoding="utf-8") == drawing.svg
    assert drawing.save(tmp_path / "f.dot").read_text(encoding="utf-8") == drawing.dot
    assert drawing.save(tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DrawingError, match="no ending"):
        drawing.save(tmp_path / "picture")
    with pytest.raises(OutputError, match="missing"):
        drawing.save(tmp_path / "missing" / "f.svg")
    with pytest.raises(DrawingError):
        drawing.save(tmp_path / "f.nonsense")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.dot", "f.png", "f.svg"]


def test_a_failed_drawing_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "f.svg"
    path.write_text("mine")
    with pytest.raises(DrawingError):
        mg.draw(deck(), engine=str(tmp_path / "no-such-program")).save(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"look": "cubist"}, "choose circuit, lecture, cards"),
        ({"palette": "pastel"}, "choose default"),
        ({"names": "some"}, "'given', 'all' or 'none'"),
        ({"focus": "zz"}, "no node 'zz'"),
        ({"focus": "x", "hops": -1}, "0 or more"),
    ],
)
def test_wrong_options_say_what_there_is(options, message):
    with pytest.raises(DrawingError, match=message):
        mg.draw(deck(), **options)


def test_names_of_intermediates():
    assert "wire-n4.0" in wires(mg.draw(deck()))

    def on_wire(wire, **options):
        return texts(groups(mg.draw(deck(), **options).svg, "wire")[wire])

    assert on_wire("wire-n4.0") == ["q", "=", "3", "−4"]
    assert on_wire("wire-n4.0", names="none") == ["3", "−4"]
    assert on_wire("wire-n2.0") == ["x", "−2", "−4"]
    unnamed = neuron()
    words = [texts(g) for g in groups(mg.draw(unnamed).svg, "wire").values()]
    assert not any("=" in w for w in words)
    words = [texts(g) for g in groups(mg.draw(unnamed, names="all").svg, "wire").values()]
    assert ["q", "=", "−2.00", "0.20"] in words


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", palettes.PALETTES)
def test_texts_are_legible_in_every_palette(name):
    palette = palettes.PALETTES[name]
    for ink in (palette.value, palette.gradient, palette.ink, palette.name, palette.wire):
        a, b = sorted([luminance(ink), luminance(palette.background)])
        assert (b + 0.05) / (a + 0.05) >= 4.5, (name, ink)


def test_a_dark_palette_hides_later_steps_too():
    svg = mg.draw(deck(), step=0, palette="dark").svg
    background = palettes.PALETTES["dark"].background
    fills = [t.get("fill") for g in groups(svg, "wire").values() for t in g.iter(f"{SVG}text")]
    assert fills.count(background) == 6


# -- large graphs --------------------------------------------------------------------------------


def layered(layers, width):
    """A net of scalar tanh neurons with a scope for each layer and neuron."""
    values = [mg.Tensor(1.0, name="x0"), mg.Tensor(-2.0, name="x1")]
    for layer in range(layers):
        with mg.scope(f"layer{layer + 1}"):
            made = []
            for neuron_ in range(width if layer < layers - 1 else 1):
                with mg.scope(f"neuron{neuron_ + 1}"):
                    total = mg.Tensor(0.1)
                    for v in values:
                        total = total + mg.Tensor(0.3) * v
                    made.append(total.tanh())
            values = made
    return values[0].named("y")


def test_a_large_graph_is_collapsed_by_its_outermost_scopes():
    svg = mg.draw(layered(3, 4)).svg
    boxes = groups(svg, "box")
    assert sorted(texts(b) for b in boxes.values()) == [
        ["layer1", "20 gates", "12 parameters"],
        ["layer2", "36 gates", "20 parameters"],
        ["layer3", "9 gates", "5 parameters"],
    ]
    assert not groups(svg, "gate")
    found = [shown(g) for g in groups(svg, "wire").values()]
    assert [t[0] for t in found if "wires" in t[0]][:1] == ["4 wires"]


def test_the_norm_on_a_bundle_is_that_of_its_gradients():
    y = layered(3, 4)
    lesson = mg.trace(y)
    scope = {n.id: (n.scope or "").split("/")[0] for n in lesson.nodes}
    between = [
        w.gradient
        for w in lesson.wires
        if scope[w.source] == "layer2" and scope[w.target] == "layer3"
    ]
    expected = f"norm {np.linalg.norm(between):.2f}"
    assert ["4 wires", expected] in wires(mg.draw(y)).values()


def test_scopes_open_one_by_one():
    y = layered(3, 4)
    svg = mg.draw(y, expand=["layer2/neuron1"]).svg
    assert len(groups(svg, "gate")) == 9
    names = sorted(texts(b)[0] for b in groups(svg, "box").values())
    assert names == ["layer1", "layer3", "neuron2", "neuron3", "neuron4"]
    with pytest.raises(DrawingError, match="Did you mean 'layer2'"):
        mg.draw(y, expand="layer22")


def test_a_small_graph_collapses_when_asked():
    y = layered(2, 1)
    assert not groups(mg.draw(y).svg, "box")
    assert len(groups(mg.draw(y, collapse=True).svg, "box")) == 2


def test_a_graph_without_scopes_that_nobody_could_read_is_refused_with_ways_out():
    x = mg.Tensor(1.0, name="x")
    total = x
    for _ in range(200):
        total = total + x
    with pytest.raises(DrawingError, match=r"200 gates .* mg\.scope.*--focus.*--full"):
        mg.draw(total)
    assert len(groups(mg.draw(total, focus="f", hops=1).svg, "gate")) == 2


def test_a_chain_of_5000_gates_is_traced_refused_and_drawn_around_one_node():
    x = mg.Tensor(1.0, name="x")
    y = x
    for i in range(5000):
        y = mg.sin(y)
        if i == 2500:
            y.name = "middle"
    with pytest.raises(DrawingError, match="5000 gates"):
        mg.draw(y, full=True)
    found = groups(mg.draw(y, focus="middle", hops=2).svg, "gate")
    assert len(found) == 5


def test_scopes_are_drawn_as_clusters():
    with mg.scope("layer1"):
        h = mg.Tensor(2.0, name="x") * mg.Tensor(3.0, name="w")
        h = h.relu()
    svg = mg.draw(h + 1.0).svg
    (cluster,) = groups(svg, "scope").values()
    assert texts(cluster) == ["layer1"]


# -- showing itself --------------------------------------------------------------------------------


def test_tensor_trace_and_drawing_show_themselves_in_notebooks():
    f = deck()
    assert f._repr_svg_().startswith("<svg")
    assert mg.draw(f)._repr_svg_().startswith("<svg")
    assert "<svg" in mg.trace(f)._repr_html_()
    assert "<table" in mg.trace(f)._repr_html_()
    assert mg.Tensor(1.0)._repr_svg_() is None
    x = mg.Tensor(1.0)
    for _ in range(200):
        x = x + 1.0
    assert x._repr_svg_() is None


def test_tooltips_name_no_folder():
    assert "test_draw.py:" in mg.draw(deck()).svg
    assert "/test_draw.py" not in mg.draw(deck()).svg


# -- local Jacobians -------------------------------------------------------------------------------


def test_small_jacobians_are_written_under_their_wires():
    x = mg.Tensor([1.0, -2.0], name="x")
    found = wires(mg.draw(mg.relu(x).sum(), jacobian=True))
    assert found["wire-n1.0"] == ["[1, −2]", "[1, 0]", "1", "0", "0", "0"]
    assert found["wire-n2.0"] == ["[1, 0]", "[1, 1]", "1", "1"]


def test_of_a_large_jacobian_the_picture_tells_size_and_structure():
    x = mg.placeholder((100, 4096), name="x")
    found = wires(mg.draw(mg.relu(x), jacobian=True))
    assert found["wire-n1.0"] == ["100×4096", "409600×409600, diagonal"]


def test_jacobians_need_the_graph():
    for option in ({"jacobian": True}, {"upstream": 2.0}):
        with pytest.raises(DrawingError, match="draw the Tensor"):
            mg.draw(mg.trace(deck()), **option)


def test_another_upstream_gradient():
    assert wires(mg.draw(deck(), upstream=2.0, names="none"))["wire-n4.0"] == ["3", "−8"]


def test_a_bias_says_that_it_sums_the_batch():
    x, b = mg.Tensor(np.ones((4, 2)), name="X"), mg.Tensor([1.0, 2.0], name="b")
    svg = mg.draw(((x + b) * x).sum(), look="lecture").svg
    words = [texts(g) for g in groups(svg, "gate").values()]
    assert ["+", "distributes, sums batch"] in words
    assert ["×", "swaps"] in words


def test_the_badge_of_a_power_is_its_own_rule():
    x = mg.Tensor([1.0, 2.0], name="x")
    svg = mg.draw((x**2).sum(), look="lecture").svg
    assert ["x²", "× 2·x"] in [texts(g) for g in groups(svg, "gate").values()]


def test_a_program_shows_itself_too():
    assert mg.circuit("x * y", x=1, y=2)._repr_svg_().startswith("<svg")


def test_no_values_hides_every_number():
    assert all(t == [] for t in wires(mg.draw(deck(), values=False)).values())


def test_transparent_and_compact():
    wide, small = (mg.draw(deck(), compact=c).svg for c in (False, True))
    width = [float(ET.fromstring(s).get("width")) for s in (wide, small)]
    assert width[1] < 0.85 * width[0]

    def behind(**options):
        """What is painted before the first element."""
        return mg.draw(deck(), **options).svg.partition('<g id="wire')[0]

    assert 'fill="#ffffff"' in behind()
    assert 'fill="#ffffff"' not in behind(transparent=True)
    with pytest.raises(DrawingError, match="cards"):
        mg.draw(deck(), look="cards", collapse=True)


def test_names_inside_scopes_are_shown_as_given():
    x = mg.Tensor(1.0, name="x")
    made = []
    for i in (1, 2):
        with mg.scope(f"neuron{i}"):
            made.append(x * mg.Tensor(0.5, name="w"))
    f = made[0] + made[1]
    found = [texts(g)[0] for g in groups(mg.draw(f).svg, "wire").values()]
    assert found.count("w") == 2
    assert {n.label for n in mg.trace(f).nodes} >= {"neuron1.w", "neuron2.w"}


def test_unnamed_inputs_have_no_text_and_no_users_letter():
    x0, w = mg.Tensor(1.0, name="x0"), mg.Tensor(2.0)
    f = x0 * w
    assert wires(mg.draw(f))["wire-n2.1"] == ["2", "1"]
    assert texts(groups(mg.draw(f).svg, "wire")["wire-n2.1"]) == ["2", "1"]
    assert "w1" in {n.label for n in mg.trace(f).nodes}


def test_where_no_engine_is_a_notebook_says_so(tmp_path):
    drawing = mg.draw(deck(), engine=str(tmp_path / "no-such-dot"))
    assert drawing._repr_svg_() is None
    assert "no such program" in drawing._repr_html_()


def test_a_scope_with_a_lone_surrogate_is_drawn():
    with mg.scope("layer\ud800"):
        f = mg.Tensor(1.0, name="x") * 2.0
    ET.fromstring(mg.draw(f).svg)


def test_a_gate_that_carries_a_constant_says_what_it_does_to_the_other_input():
    x = mg.Tensor(3.0, name="x")
    svg = mg.draw(4.0 - (2.0 * x + 1.0), look="lecture").svg
    words = [texts(g) for g in groups(svg, "gate").values()]
    assert ["×2", "scales"] in words
    assert ["+1", "passes"] in words
    assert ["4−", "flips"] in words


def test_many_wires_that_leave_the_picture_are_one() -> None:
    """x is used nine times: two uses stand in the picture, and the seven others are one wire."""
    x = mg.Tensor(2.0, name="x")
    f = x
    for _ in range(8):
        f = f + x * 3.0
    trace = mg.trace(f)
    near = mg.draw(trace, focus=trace.nodes[3].label, hops=1)
    assert near.view is not None
    assert "… ×7" in [i.text for i in near.view.items if i.kind == "ellipsis"]
    (bundle,) = [line for line in near.view.lines if len(line.wires) == 7]
    assert bundle.below == "21"  # seven times 3
