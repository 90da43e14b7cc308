"""Stopping rules: each at its boundary, by hand; together; as text; and what they refuse."""

import copy
import math

import numpy as np
import pytest

import microgd as mg
from microgd.errors import ArgumentError
from microgd.stopping import (
    STOPPING,
    AllOf,
    AnyOf,
    Best,
    NoFall,
    Seen,
    SmallGradient,
    SmallLoss,
    SmallStep,
    Steps,
    Stopping,
    ValidationRises,
    read_stopping,
)


def reasons(rule, shown):
    """What a rule says to each step that it is shown."""
    memory, said = rule.begin(), []
    for seen in shown:
        memory, why = rule.look(memory, seen)
        said.append(why)
    return said


def stops_at(rule, shown):
    """The first step that a rule wants to be the last one; None if there is none."""
    said = reasons(rule, shown)
    return next((seen.step for seen, why in zip(shown, said, strict=True) if why), None)


def losses(*values):
    return [Seen(step=t, loss=value) for t, value in enumerate(values)]


def validations(*values):
    return [
        Seen(step=t, validation=value, params={"w": np.array([float(t)])})
        for t, value in enumerate(values)
    ]


# -- a fixed count ------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "step", "stops"), [(3, 2, False), (3, 3, True), (3, 4, True)])
def test_steps(limit, step, stops):
    (why,) = reasons(Steps(limit), [Seen(step=step)])
    assert why == (f"after {step} steps" if stops else None)


def test_no_step_at_all():
    assert reasons(Steps(0), [Seen(step=0)]) == ["after 0 steps"]


# -- parameters that settle ---------------------------------------------------------------------


def moved(before, after, step=1):
    return [Seen(step=step, before=before, params=after)]


def test_a_small_step_is_below_epsilon_and_not_at_it():
    before, after = {"a": 1.0, "b": [2.0, 0.0]}, {"a": 1.0, "b": [5.0, 4.0]}  # 3, 4: 5 and 7
    assert reasons(SmallStep(5.0), moved(before, after)) == [None]
    assert reasons(SmallStep(5.001), moved(before, after)) == ["‖Δw‖ = 5 is below 5.001"]
    assert reasons(SmallStep(7.0, norm="l1"), moved(before, after)) == [None]
    assert reasons(SmallStep(7.5, norm="l1"), moved(before, after)) == ["Σ|Δw| = 7 is below 7.5"]


def test_before_the_first_step_nothing_has_moved():
    assert reasons(SmallStep(1.0), [Seen(step=0)]) == [None]
    assert reasons(SmallStep(1.0), moved(2.0, 2.0, step=0)) == [None]
    assert stops_at(SmallStep(1.0), moved(2.0, 2.0, step=1)) == 1


def test_steps_of_arrays_and_tensors():
    before, after = mg.Tensor([1.0, 2.0]), mg.Tensor([1.0, 2.0 + 1e-6])
    assert stops_at(SmallStep(1e-5), moved(before, after)) == 1
    assert stops_at(SmallStep(1e-5), moved(np.ones((2, 3)), np.ones((2, 3)))) == 1
    assert stops_at(SmallStep(1e-5), moved([1.0], [np.nan])) is None


# -- flat, and low ------------------------------------------------------------------------------


def test_a_small_gradient_is_below_epsilon_and_not_at_it():
    seen = [Seen(step=0, gradients={"x": 3.0, "y": [0.0, -4.0]})]
    assert reasons(SmallGradient(5.0), seen) == [None]
    assert reasons(SmallGradient(5.1), seen) == ["‖∇L‖ = 5 is below 5.1"]


def test_a_gradient_that_is_not_finite_is_not_small():
    for size in (math.nan, math.inf, -math.inf):
        assert reasons(SmallGradient(1e300), [Seen(step=1, gradients=[0.0, size])]) == [None]


def test_a_small_loss_is_below_the_target_and_not_at_it():
    assert reasons(SmallLoss(0.5), losses(0.5, 0.4999)) == [
        None,
        "the loss = 0.4999 is below 0.5",
    ]
    assert stops_at(SmallLoss(-2.0), losses(0.0, -2.0, -2.5)) == 2
    assert stops_at(SmallLoss(0.0), losses(math.nan, math.inf)) is None
    assert stops_at(SmallLoss(0.0), losses(-math.inf)) == 0


# -- a loss that does not fall ------------------------------------------------------------------


def test_patience_is_counted_from_the_best_step():
    shown = losses(5.0, 4.0, 4.0, 4.5, 3.0)
    assert stops_at(NoFall(1), shown) == 2
    assert stops_at(NoFall(2), shown) == 3
    assert stops_at(NoFall(3), shown) is None
    assert reasons(NoFall(2), shown)[3] == (
        "the loss has not fallen for 2 steps, since 4 at step 1"
    )


def test_an_equal_loss_is_no_fall_and_a_slow_one_is():
    assert stops_at(NoFall(3), losses(*[1.0] * 10)) == 3
    assert stops_at(NoFall(3), losses(*(1.0 - 1e-12 * t for t in range(100)))) is None


def test_a_fall_of_just_so_much_does_not_count():
    halves = losses(4.0, 3.5, 3.0, 2.5, 2.0)
    assert stops_at(NoFall(1, least=0.5), halves) == 1
    assert stops_at(NoFall(2, least=0.5), halves) is None  # 3.0 is 1.0 below 4.0
    assert stops_at(NoFall(1, least=0.499), halves) is None


def test_nan_does_not_fall_and_is_never_the_best():
    nan = math.nan
    assert stops_at(NoFall(2), losses(3.0, nan, nan, nan)) == 2
    assert stops_at(NoFall(2), losses(3.0, nan, 2.0, nan, 1.0)) is None
    said = reasons(NoFall(2), losses(nan, nan, nan))
    assert said[:2] == [None, None]
    assert "not fallen for 2 steps" in said[2]
    memory, _ = NoFall(2).look(Best(3.0, 0), Seen(step=1, loss=nan))
    assert memory.loss == 3.0


def test_inf_falls_to_anything_finite():
    assert stops_at(NoFall(2), losses(math.inf, math.inf, math.inf)) == 2
    assert stops_at(NoFall(2), losses(math.inf, math.inf, 5.0)) is None
    assert stops_at(NoFall(2), losses(math.inf, 5.0, 4.0)) is None
    assert stops_at(NoFall(2), losses(1.0, -math.inf, -math.inf, -math.inf)) == 3


def test_patience_counts_steps_and_not_looks():
    shown = [Seen(step=t, loss=1.0) for t in (0, 10, 20, 30)]
    assert stops_at(NoFall(25), shown) == 30
    assert stops_at(NoFall(20), shown) == 20


# -- early stopping -----------------------------------------------------------------------------


def test_early_stopping_keeps_the_best_weights():
    rule, memory = ValidationRises(2), ValidationRises(2).begin()
    for seen in validations(3.0, 2.0, 1.0, 1.5, 1.2, 0.5):
        memory, why = rule.look(memory, seen)
        if why:
            break
    assert seen.step == 4
    assert why == "the validation loss has not fallen for 2 steps, since 1 at step 2"
    assert (memory.loss, memory.step, memory.params["w"].tolist()) == (1.0, 2, [2.0])


def test_the_first_of_equal_validation_losses_is_kept():
    rule = ValidationRises(5)
    memory = rule.begin()
    for seen in validations(1.0, 0.5, 0.5):
        memory, _ = rule.look(memory, seen)
    assert memory.step == 1


def test_steps_without_a_validation_loss_are_passed_over():
    rule, memory = ValidationRises(4), ValidationRises(4).begin()
    for step in range(10):
        validation = 1.0 + step if step % 3 == 0 else None
        seen = Seen(step=step, loss=-step, validation=validation, params=step)
        memory, why = rule.look(memory, seen)
        assert (why is not None) == (step in (6, 9)), step
    assert memory.params == 0
    assert stops_at(ValidationRises(1), losses(1.0, 2.0, 3.0)) is None


def test_the_training_loss_does_not_count_in_early_stopping():
    shown = [Seen(step=t, loss=9.0, validation=5.0 - t) for t in range(5)]
    assert stops_at(ValidationRises(1), shown) is None
    assert stops_at(NoFall(1), shown) == 1


def test_nan_in_validation_is_not_the_best():
    shown = validations(1.0, math.nan, math.nan)
    assert stops_at(ValidationRises(2), shown) == 2
    memory, _ = ValidationRises(2).look(ValidationRises(2).begin(), shown[1])
    assert memory.params is None


# -- purity -------------------------------------------------------------------------------------

EVERYTHING = Seen(
    step=3, loss=1.0, params={"w": 1.0}, before={"w": 1.5}, gradients={"w": 0.5}, validation=2.0
)
RULES = [
    Steps(3),
    SmallStep(1.0),
    SmallGradient(1.0),
    SmallLoss(2.0),
    NoFall(2),
    ValidationRises(2),
    Steps(9) | NoFall(2) | SmallLoss(-5.0),
    Steps(3) & (NoFall(1) | SmallStep(0.1)),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.text)
def test_a_rule_changes_neither_itself_nor_its_memory(rule):
    memory = rule.begin()
    kept = copy.deepcopy(memory)
    text = rule.text
    first = rule.look(memory, EVERYTHING)
    second = rule.look(memory, EVERYTHING)
    assert shown(memory) == shown(kept)
    assert shown(first[0]) == shown(second[0])
    assert first[1] == second[1]
    assert rule.text == text
    assert rule == read_stopping(text)
    assert hash(rule) == hash(read_stopping(text))


def shown(memory):
    """A memory as something that can be compared."""
    if isinstance(memory, tuple):
        return tuple(map(shown, memory))
    return (memory.loss, memory.step, memory.params) if isinstance(memory, Best) else memory


def test_one_rule_serves_two_runs():
    rule = NoFall(2) | Steps(100)
    assert stops_at(rule, losses(1.0, 2.0, 3.0)) == 2
    assert stops_at(rule, losses(1.0, 0.5, 0.4)) is None
    assert stops_at(rule, losses(1.0, 2.0, 3.0)) == 2


# -- any and all --------------------------------------------------------------------------------


def test_any_gives_the_reason_of_the_first_that_wants_to():
    seen = [Seen(step=5, loss=0.1)]
    assert reasons(Steps(5) | SmallLoss(1.0), seen) == ["after 5 steps"]
    assert reasons(SmallLoss(1.0) | Steps(5), seen) == ["the loss = 0.1 is below 1"]
    assert reasons(Steps(6) | SmallLoss(0.1), seen) == [None]


def test_all_want_to_in_the_same_step():
    rule = SmallLoss(1.0) & Steps(2)
    assert reasons(rule, losses(0.5, 0.5, 0.5, 2.0, 0.5)) == [
        None,
        None,
        "the loss = 0.5 is below 1; after 2 steps",
        None,
        "the loss = 0.5 is below 1; after 4 steps",
    ]


def test_every_part_sees_every_step():
    """A part that is not asked would lose count."""
    rule = SmallLoss(-1.0) & NoFall(2)
    assert stops_at(rule, losses(5.0, -3.0, -2.0, -2.0)) == 3
    rule = Steps(1) | NoFall(2)
    memory = rule.begin()
    for seen in losses(5.0, 4.0, 3.0):
        memory, _ = rule.look(memory, seen)
    assert (memory[1].loss, memory[1].step) == (3.0, 2)


def test_chains_are_flat_and_mixed_ones_nest():
    a, b, c = Steps(1), SmallLoss(0.0), NoFall(3)
    assert (a | b | c) == (a | (b | c)) == AnyOf((a, b, c))
    assert (a & b & c) == (a & (b & c)) == AllOf((a, b, c))
    assert (a | b & c) == AnyOf((a, AllOf((b, c))))
    assert ((a | b) & c) == AllOf((AnyOf((a, b)), c))


def test_a_nested_rule_follows_the_truth_table():
    a, b, c = SmallLoss(1.0), SmallGradient(1.0), Steps(5)
    for low in (False, True):
        for flat in (False, True):
            for late in (False, True):
                seen = Seen(
                    step=5 if late else 4,
                    loss=0.5 if low else 1.5,
                    gradients=0.5 if flat else 1.5,
                )
                assert bool(reasons(a & b | c, [seen])[0]) == ((low and flat) or late)
                assert bool(reasons(a & (b | c), [seen])[0]) == (low and (flat or late))
                assert bool(reasons((a | b) & c, [seen])[0]) == ((low or flat) and late)


def test_early_stopping_within_others_keeps_its_weights():
    rule = Steps(100) | ValidationRises(2)
    memory = rule.begin()
    for seen in validations(3.0, 1.0, 2.0, 2.0):
        memory, why = rule.look(memory, seen)
    assert why.startswith("the validation loss")
    assert memory[1].params["w"].tolist() == [1.0]


# -- as text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("steps(10)", Steps(10)),
        ("steps(limit=10)", Steps(10)),
        ("smallstep(1e-3)", SmallStep(1e-3)),
        ("smallstep(1e-3, norm=l1)", SmallStep(1e-3, "l1")),
        ("small-gradient(1e-6)", None),
        ("smallgradient(1e-6)", SmallGradient(1e-6)),
        ("smallloss(-2.5)", SmallLoss(-2.5)),
        ("nofall(10, least=0.5)", NoFall(10, 0.5)),
        ("ValidationRises(3)", ValidationRises(3)),
        ("  steps(1)|steps(2)  ", Steps(1) | Steps(2)),
        ("steps(1) & steps(2) | steps(3)", Steps(1) & Steps(2) | Steps(3)),
        ("steps(1) & (steps(2) | steps(3))", Steps(1) & (Steps(2) | Steps(3))),
        ("(steps(1) | steps(2)) & steps(3)", (Steps(1) | Steps(2)) & Steps(3)),
    ],
)
def test_text(text, rule):
    if rule is None:
        with pytest.raises(ArgumentError):
            read_stopping(text)
        return
    assert read_stopping(text) == rule
    assert read_stopping(rule.text) == rule


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.text)
def test_text_there_and_back(rule):
    again = read_stopping(rule.text)
    assert again == rule
    assert again.text == rule.text


def test_every_rule_has_a_name():
    kinds = {kind for kind in vars(mg.stopping).values() if isinstance(kind, type)}
    rules = {k for k in kinds if issubclass(k, Stopping)} - {Stopping, AnyOf, AllOf}
    assert set(STOPPING.values()) == rules
    assert all(name == kind.__name__.lower() for name, kind in STOPPING.items())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "steps",
        "steps()",
        "steps(",
        "steps(1.5)",
        "steps(-1)",
        "steps(True)",
        "steps(1, 2)",
        "steps(limits=3)",
        "steps(1) + steps(2)",
        "steps(1) or steps(2)",
        "not steps(1)",
        "step(1)",
        "3",
        "smallstep(0)",
        "smallstep(-1)",
        "smallstep(nan)",
        "smallstep(1, norm=l3)",
        "smallgradient(0)",
        "smallloss(1e999)",
        "nofall(0)",
        "nofall(3, least=-1)",
        "nofall(patience=2.0)",
        "adam(1)",
        "__import__('os')",
        "steps(1) | ",
        "|".join(["steps(1)"] * 3) + "|",
    ],
)
def test_text_that_is_no_rule(text):
    with pytest.raises(ArgumentError):
        read_stopping(text)


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(ArgumentError, match="Did you mean 'steps'"):
        read_stopping("step(1)")


# -- what is missing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        (SmallStep(1.0), "params"),
        (SmallGradient(1.0), "gradients"),
        (SmallLoss(1.0), "loss"),
        (NoFall(1), "loss"),
        (Steps(9) | SmallGradient(1.0), "gradients"),
        (Steps(9) & SmallLoss(1.0), "loss"),
    ],
    ids=lambda x: getattr(x, "text", x),
)
def test_a_rule_that_is_not_shown_what_it_needs_says_so(rule, missing):
    with pytest.raises(ArgumentError, match=f"needs to see the {missing} of each step"):
        reasons(rule, [Seen(step=1)])


def test_a_step_needs_to_know_where_it_came_from():
    with pytest.raises(ArgumentError, match="needs to see the before"):
        reasons(SmallStep(1.0), [Seen(step=1, params=1.0)])


def test_a_loss_of_0_and_parameters_of_0_are_seen():
    assert reasons(SmallLoss(1.0), losses(0.0)) == ["the loss = 0 is below 1"]
    assert stops_at(SmallStep(1.0), moved(0.0, 0.0)) == 1
    assert stops_at(SmallGradient(1.0), [Seen(step=1, gradients=0.0)]) == 1


# -- in a descent -------------------------------------------------------------------------------


def test_a_descent_ends_as_the_rule_says():
    walk = mg.lab.descend("parabola", lr=0.25, steps=50, stop="smallgradient(0.1)")
    assert walk.ended == "‖∇L‖ = 0.09375 is below 0.1"  # 6 · 2⁻⁶
    assert len(walk) == 7
    walk = mg.lab.descend("parabola", lr=0.5, steps=50, stop=SmallStep(1e-9))
    assert walk.ended == "‖Δw‖ = 0 is below 1e-09"
    assert len(walk) == 3
    walk = mg.lab.descend("parabola", lr=1.0, steps=50, stop="nofall(4)")  # 3, −3, 3, …
    assert walk.ended == "the loss has not fallen for 4 steps, since 9 at step 0"


def test_only_rules_are_joined() -> None:
    with pytest.raises(ArgumentError, match="'steps' is none"):
        Steps(3) | "steps"  # type: ignore[operator]


def test_one_step_is_one() -> None:
    assert Steps(1).look(None, Seen(step=1))[1] == "after 1 step"
    memory, _ = NoFall(1).look(NoFall(1).begin(), Seen(step=0, loss=1.0))
    why = NoFall(1).look(memory, Seen(step=1, loss=1.0))[1]
    assert why == "the loss has not fallen for 1 step, since 1 at step 0"
