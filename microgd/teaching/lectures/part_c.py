"""Part C: gradient descent, from decks 000, 001 and 002."""

from __future__ import annotations

from microgd.teaching.lectures import workings_c as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.teaching.lectures.workings_c import TRUE
from microgd.translation import N_

N = PrintedNumber

#: t, x, f(x) and df/dx, as deck 000 prints them.
_QUARTIC = (
    ("1.000", "4.000", "5.006"),
    ("−0.001", "1.999", "1.000"),
    ("−0.201", "1.800", "0.968"),
    ("−0.395", "1.630", "0.755"),
    ("−0.546", "1.543", "0.352"),
    ("−0.616", "1.528", "0.067"),
    ("−0.629", "1.528", "0.005"),
)


def _quartic_numbers() -> tuple[PrintedNumber, ...]:
    return tuple(
        number
        for t, (x, f, slope) in enumerate(_QUARTIC)
        for number in (
            N(f"t = {t}: x", x, by.x_at(t)),
            N(f"t = {t}: f(x)", f, by.f_at(t)),
            N(f"t = {t}: df/dx", slope, by.slope_at(t)),
        )
    )


ROWS = (
    Lecture(
        "C1",
        N_("Down a function of one variable"),
        N_(
            "Gradient descent: look which way f rises, and go a step the other way, x ← x − "
            "γ·df/dx. Here f = x⁴ + x + 2, from x = 1 with γ = 0.2; the derivative is the "
            "numeric one with h = 0.001. The steps are large where f is steep and get small by "
            "themselves where it flattens. After six of them x is where the derivative is 0, at "
            "−1/∛4."
        ),
        ("000",),
        "x**4 + x + 2",
        {"x": "1"},
        commands=("microgd descend quartic --numeric 0.001 --steps 6",),
        numbers=(
            *_quartic_numbers(),
            N(N_("t = 7: x"), "−0.630", by.x_at(7)),
            N(
                N_("the lowest point"),
                "0.62996",
                by.lowest,
                ours="−0.62996",
                because=lambda: 4 ** (-1 / 3),
            ),
        ),
        claims=(
            Claim(N_("the walk by the deck's formula, step by step"), by.quartic_by_hand),
            Claim(N_("at −1/∛4 the derivative is 0"), by.flat_there),
        ),
        remarks=(
            N_("The slide drops the minus sign of the lowest point: −1/2^(2/3) = −0.62996."),
            N_(
                "Beside the table the slides divide rounded numbers, (1.630 − 1.630) / 0.001 = "
                "0.755. The difference is in the decimals that are not shown."
            ),
        ),
    ),
    Lecture(
        "C2",
        N_("Down a function of two variables"),
        N_(
            "The same with two coordinates: the derivative becomes the gradient, one partial "
            "derivative for each coordinate, and all of them step at once. f = 0.06x₁² + 0.25x₂² "
            "− 0.04x₁x₂ is a long bowl. The walk first falls down the steep way, along x₂, and "
            "then creeps along the flat one: after 40 steps x₁ is still on its way to 0."
        ),
        ("000",),
        "0.06*x1**2 + 0.25*x2**2 - 0.04*x1*x2",
        {"x1": "-5", "x2": "-7.5"},
        commands=("microgd descend bowl --numeric 0.001 --steps 40 --digits 2",),
        numbers=(
            N(N_("t = 0: f"), "14.12", by.height(0), ours="14.06", because=by.height(0, TRUE)),
            N(
                N_("t = 0: ∂f/∂x₁"),
                "−0.32",
                by.partial(0, 0),
                ours="−0.30",
                because=by.partial(0, 0, TRUE),
            ),
            N(N_("t = 0: ∂f/∂x₂"), "−3.54", by.partial(0, 1), ours="−3.55"),
            N(
                N_("t = 0: f with x₁ moved by h"),
                "14.125675",
                by.moved(0, 0),
                ours="14.062200",
                because=lambda: by.moved(0, 0, TRUE)() + 0.001,
            ),
            N(
                N_("t = 0: f with x₂ moved by h"),
                "14.121",
                by.moved(0, 1),
                ours="14.059",
                because=by.moved(0, 1, TRUE),
            ),
            N(N_("t = 1: x₁"), "−4.84", by.place(1, 0), ours="−4.85", because=by.place(1, 0, TRUE)),
            N(N_("t = 1: x₂"), "−5.73", by.place(1, 1)),
            N(N_("t = 1: f"), "8.55", by.height(1), ours="8.49", because=by.height(1, TRUE)),
            N(
                N_("t = 1: ∂f/∂x₁"),
                "−0.38",
                by.partial(1, 0),
                ours="−0.35",
                because=by.partial(1, 0, TRUE),
            ),
            N(N_("t = 1: ∂f/∂x₂"), "−2.67", by.partial(1, 1)),
            N(
                N_("t = 1: f with x₁ moved by h"),
                "8.5487",
                by.moved(1, 0),
                ours="8.4946",
                because=by.moved(1, 0, TRUE),
            ),
            N(N_("t = 2: x₁"), "−4.65", by.place(2, 0), ours="−4.67", because=by.place(2, 0, TRUE)),
            N(N_("t = 2: x₂"), "−4.39", by.place(2, 1)),
            N(
                N_("t = 40: x₁"),
                "−0.45",
                by.place(40, 0),
                ours="−0.53",
                because=by.place(41, 0, TRUE),
            ),
            N(
                N_("t = 40: x₂"),
                "−0.05",
                by.place(40, 1),
                ours="−0.06",
                because=by.place(41, 1, TRUE),
            ),
            N(N_("t = 40: f"), "0.01", by.height(40), ours="0.02", because=by.height(40, TRUE)),
            N(N_("t = 40: ∂f/∂x₁"), "−0.06", by.partial(40, 0)),
            N(N_("t = 40: ∂f/∂x₂"), "−0.01", by.partial(40, 1)),
        ),
        claims=(
            Claim(
                N_("2f = x₁·∂f/∂x₁ + x₂·∂f/∂x₂, so that −0.32 and −3.54 belong to f = 14.075"),
                by.euler,
            ),
        ),
        remarks=(
            N_(
                "The slide's coefficients are rounded. Its own formula gives f = 14.06 at the "
                "start, not 14.12. With 0.0625 in the place of 0.06 nearly all of its numbers "
                "come out."
            ),
            N_("−3.54 does not: with either coefficient it is −3.5498, which is −3.55."),
            N_(
                "The last row mixes two steps: −0.45 and −0.05 are where the walk is after 41 "
                "steps, the rest of the row is of step 40. And f with x₁ moved at the start is "
                "printed as 14.125675; −0.32 needs 14.124675."
            ),
        ),
    ),
    Lecture(
        "C3",
        N_("A numeric gradient for CIFAR-10, and why nobody does it"),
        N_(
            "A linear classifier for small pictures has 10 · 3072 weights and 10 biases. It "
            "begins with random weights of nearly 0, so that all ten classes are equally likely "
            "and the loss is about ln 10 = 2.3026. The numeric gradient moves one weight by h = "
            "0.001, computes the loss of the whole data set again, and puts the weight back: 30 "
            "730 times, for a single step. So the gradient has to come from a formula."
        ),
        ("000",),
        commands=("microgd descend bowl --numeric 0.001 --steps 3",),
        numbers=(
            N(N_("10⁴·w, row 1, first"), "17.64", by.weight(0, 0)),
            N(N_("10⁴·w, row 1, second"), "4.00", by.weight(0, 1)),
            N(
                N_("10⁴·w, row 1, last"),
                "9.79",
                by.weight(0, -1),
                ours="2.55",
                because=by.weight(0, 2),
            ),
            N(N_("10⁴·w, row 2, first"), "−18.24", by.weight(1, 0)),
            N(N_("10⁴·w, row 2, second"), "−5.79", by.weight(1, 1)),
            N(N_("10⁴·w, row 2, last"), "−2.71", by.weight(1, -1)),
            N(N_("10⁴·w, row 10, first"), "12.06", by.weight(9, 0)),
            N(N_("10⁴·w, row 10, second"), "−1.81", by.weight(9, 1)),
            N(N_("10⁴·w, row 10, last"), "−15.21", by.weight(9, -1)),
            N("∂L/∂w₁₁", "−0.0057", by.quotient(2.3059561, 2.3059618)),
            N("∂L/∂w₁₂", "−0.01", by.quotient(2.3059519, 2.3059618)),
            N(
                "∂L/∂w₁,₃₀₇₂",
                "−0.0093",
                by.quotient(2.3059526, 2.3059618),
                ours="−0.0092",
                because=by.quotient(2.3059526 - 0.5e-7, 2.3059618 + 0.5e-7),
            ),
        ),
        claims=(
            Claim(N_("the loss at the start is near ln 10"), by.first_loss, 0.01),
            Claim(
                N_("a numeric gradient takes K·D + K = 30 730 more losses"),
                lambda: (by.evaluations(), 30730),
            ),
            Claim(
                N_("numeric and analytic gradient, 3 classes of 4 inputs"),
                by.numeric_against_analytic(3, 4, 5),
                1e-3,
            ),
            Claim(
                N_("the same for 10 · 3072 weights"),
                by.numeric_against_analytic(10, 3072, 2),
                1e-3,
                slow=True,
            ),
        ),
        remarks=(
            N_(
                "The printed weights are NumPy's randn from seed 0. All but one: 9.79 stands at "
                "the end of the first row, and is its third number; the last is 2.55."
            ),
            N_(
                "From the printed losses the third derivative is −0.0092. They are rounded to "
                "seven decimals, and divided by 0.001 that leaves ±0.0001: −0.0093 is within it. "
                "The losses themselves, from 2.3059618, depend on the data set and are taken as "
                "they are."
            ),
        ),
    ),
    Lecture(
        "C4",
        N_("Gradient descent for logistic regression, as a program"),
        N_(
            "Thirty lines of NumPy: for 200 iterations, go through the examples one by one, "
            "compute the scores, the probabilities and the loss, add up the gradients p̂ − p and "
            "(p̂ − p)xᵀ, divide by the number of examples, and take a step. A library does the "
            "same with one matrix product for the whole batch."
        ),
        ("000",),
        commands=('microgd train --data blobs --hidden "" --optimizer sgd --epochs 20',),
        claims=(
            Claim(
                N_("200 iterations of the deck's program, and of gradient descent here"),
                by.logistic_regression,
            ),
        ),
        remarks=(
            N_(
                "The formulas beside the program write L = −(1/N)Σ log p where p̂ is meant: the "
                "log of a target that is 0 or 1 would be of no use. The program has it right."
            ),
        ),
    ),
    Lecture(
        "C5",
        N_("Batches: one example, some, or all"),
        N_(
            "The gradient of the whole data set (B = N) is gradient descent. A random few (1 < B "
            "≪ N) make minibatch gradient descent, a single one (B = 1) stochastic or online "
            "gradient descent; libraries call all of it SGD. A minibatch's gradient is right on "
            "average, and its noise falls with √B only: four times the work, half the noise. "
            "Noise costs precision near the minimum, and helps out of poor ones."
        ),
        ("000", "001", "002"),
        commands=("microgd noise", "microgd descend bowl --noise 0.5 --steps 20"),
        claims=(
            Claim(N_("noise falls with √B, and is 0 at B = N"), by.noise_by_size, 0.08),
            Claim(N_("the gradients of single examples are right on average"), by.right_on_average),
        ),
    ),
    Lecture(
        "C6",
        N_("What troubles gradient descent"),
        N_(
            "In a narrow valley, much steeper across than along, every step that is small enough "
            "not to leap out is too small to get on: the way zig-zags. A local minimum holds for "
            "good. A saddle point has a slope of 0 and holds for long. And minibatches bring "
            "noise."
        ),
        ("000", "002", "004"),
        commands=(
            "microgd descend valley --lr 0.09 --steps 10",
            "microgd descend saddle --steps 80 --every 10",
            "microgd descend double-well --steps 30",
        ),
        claims=(
            Claim(N_("across the valley every step turns round: y ← −0.8·y"), by.zigzag),
            Claim(N_("along it little happens: x ← 0.91·x"), by.creeping),
            Claim(N_("the walk ends in the higher of two minima"), by.local_minimum),
            Claim(
                N_("at a saddle it waits for more than 20 steps, and then goes on"),
                by.saddle_waits,
            ),
        ),
    ),
    Lecture(
        "C7",
        N_("When to stop"),
        N_(
            "After a fixed number of steps; when the weights hardly move, ‖wₜ − wₜ₋₁‖ < ε or Σ|W "
            "− W_old| < ε; when the gradient is nearly 0; when the loss has not fallen for K "
            "steps. In deep learning one looks at data that is not trained on, and stops when "
            "its loss begins to rise: early stopping."
        ),
        ("000", "001", "002", "004"),
        commands=('microgd descend bowl --stop "smallgradient(0.02)" --every 10',),
        claims=(
            Claim(
                N_("‖Δw‖, Σ|Δw|, ‖∇L‖ and a fixed count stop where their formulas say"),
                by.stopping_rules,
            ),
            Claim(
                N_("patience 2: both rules stop two steps after the best loss"), by.early_stopping
            ),
        ),
    ),
    Lecture(
        "C8",
        N_("Several starts"),
        N_(
            "Where a walk ends depends on where it began. So one begins from several points side "
            "by side and keeps the best end. On ½x⁴ − 2x² + x + 5 the hill between the two "
            "valleys is at 0.26: from 0.2 the walk finds the deep valley, from 0.3 the other one."
        ),
        ("002",),
        "0.5*x**4 - 2*x**2 + x + 5",
        {"x": "0.2"},
        commands=(
            "microgd descend double-well --start x=-0.5 --start x=0.3 --steps 60 --every 20",
        ),
        claims=(Claim(N_("four starts, two valleys: the roots of 2x³ − 4x + 1"), by.multi_start),),
    ),
)
