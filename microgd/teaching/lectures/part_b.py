"""Part B: scores and losses, from decks 000, 001, 002 and 004."""

from __future__ import annotations

from microgd.teaching.lectures import workings_b as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.translation import N_

N = PrintedNumber

ROWS = (
    Lecture(
        "B1",
        N_("Linear scores"),
        N_(
            "A linear classifier gives each class a score, s = Wx + b. Every class has a row of "
            "weights of its own, and its score says how much of that row is in the example. "
            "Training means to change W and b until the right class has the largest score."
        ),
        ("000", "001", "004"),
        "s = W @ x + b",
        {"W": "[[1, -2], [0, 1], [3, 1]]", "x": "[2, 1]", "b": "[0, 1, -1]"},
        claims=(
            Claim(
                N_("each score is its row of weights times the example, plus its bias"),
                by.linear_scores,
            ),
        ),
    ),
    Lecture(
        "B2",
        N_("The multi-class hinge loss"),
        N_(
            "The loss of a support vector machine for many classes: every wrong class whose "
            "score is not at least 1 below the right one's adds what is missing, max(0, sⱼ − s_y "
            "+ 1). For the cat, the car's score 5.1 is too high by 2.9 and the frog's is no "
            "trouble. The car is right by more than 1, and costs nothing. The frog has the "
            "lowest score of all, and pays 6.3 + 6.6."
        ),
        ("001",),
        "d1 = s1 - s0 + 1; d2 = s2 - s0 + 1; f = max(0, d1) + max(0, d2)",
        {"s0": "3.2", "s1": "5.1", "s2": "-1.7"},
        numbers=(
            *(N("d1", "2.9"), N("d2", "−3.9"), N("f", "2.9")),
            N(N_("car: s₀ − s₁ + 1"), "−2.6", lambda: by.over(1, 0)),
            N(N_("car: s₂ − s₁ + 1"), "−1.9", lambda: by.over(1, 2)),
            N(N_("loss of the car"), "0", lambda: by.hinge(1)),
            N(N_("frog: s₀ − s₂ + 1"), "6.3", lambda: by.over(2, 0)),
            N(N_("frog: s₁ − s₂ + 1"), "6.6", lambda: by.over(2, 1)),
            N(N_("loss of the frog"), "12.9", lambda: by.hinge(2)),
            N(N_("mean loss"), "5.27", by.mean_hinge),
            N(
                N_("loss of the frog, in some editions"),
                "10.9",
                lambda: by.hinge(2),
                ours="12.9",
                because=lambda: by.hinge(2) - 2 * 1,
            ),
            N(
                N_("mean loss, in some editions"),
                "4.6",
                by.mean_hinge,
                ours="5.3",
                because=lambda: (by.hinge(0) + by.hinge(1) + by.hinge(2) - 2 * 1) / 3,
            ),
        ),
        claims=(Claim(N_("the loss of each picture, term by term"), by.hinge_by_hand),),
        remarks=(
            N_(
                "Some editions of this example print 10.9 for the frog and a mean of 4.6. There "
                "the margin of 1 is forgotten in both terms, 5.3 + 5.6; with it the loss is 6.3 "
                "+ 6.6 = 12.9."
            ),
        ),
    ),
    Lecture(
        "B3",
        N_("Softmax and cross entropy"),
        N_(
            "Scores are read as logarithms of probabilities that have not been normalised: eˢ "
            "makes them positive, dividing by their sum makes them probabilities. The loss is "
            "minus the logarithm of the right class's. It is 0 only where that probability is 1, "
            "which no finite score reaches, and has no upper bound."
        ),
        ("000", "001"),
        "-log_softmax(s)[0]",
        {"s": "[3.2, 5.1, -1.7]"},
        numbers=(
            N("exp(3.2)", "24.5", lambda: by.unnormalised(0)),
            N("exp(5.1)", "164.0", lambda: by.unnormalised(1)),
            N("exp(−1.7)", "0.18", lambda: by.unnormalised(2)),
            N(N_("probability of the cat"), "0.13", lambda: by.share(0)),
            N(N_("probability of the car"), "0.87", lambda: by.share(1)),
            N(N_("probability of the frog"), "0.00", lambda: by.share(2)),
            N("f", "2.04"),
            N(
                N_("loss of the cat, in some editions"),
                "0.89",
                by.cat_loss,
                ours="2.04",
                because=by.common_logarithm,
            ),
        ),
        claims=(
            Claim(
                N_("sure and right: 0; wrong: without bound; a mere guess of 3 classes: ln 3"),
                by.smallest_loss,
            ),
        ),
        remarks=(
            N_(
                "Some editions of this example print 0.89. That is −log₁₀ 0.13: a logarithm to "
                "the base 10. Everywhere else in these lectures, and in every library, log is "
                "the natural one, and the loss is 2.04."
            ),
        ),
    ),
    Lecture(
        "B4",
        N_("Softmax against the hinge loss, when scores move a little"),
        N_(
            "Three examples of the right class 0, with scores [10, −2, 3], [10, 9, 9] and [10, "
            "−100, −100]. The hinge loss is 0 for all of them. Move the scores of the first or "
            "the third a little, and it stays 0: it is content. The cross entropy is never quite "
            "content, and always wants the right score higher and the others lower."
        ),
        ("001",),
        "f = -log_softmax(s)[0]",
        {"s": "[10, 9, 9]"},
        commands=("python examples/softmax_or_svm.py",),
        claims=(
            Claim(N_("the hinge loss of all three is 0"), by.hinge_is_zero),
            Claim(N_("it stays 0 when the first and the third move by up to 0.2"), by.hinge_stays),
            Claim(
                N_("of [10, 9, 9] it is at its kink: 9.1 costs 0.1, 8.9 nothing"), by.margin_used_up
            ),
            Claim(
                N_("the gradient of the cross entropy is p̂ − p, and not 0"),
                by.cross_entropy_moves,
                1e-12,
            ),
        ),
        remarks=(
            N_(
                "In [10, 9, 9] the margin of 1 is met exactly. So that example's hinge loss is "
                "flat to one side only: a 9 that grows is charged for at once."
            ),
        ),
    ),
    Lecture(
        "B5",
        N_("The gradient of linear softmax"),
        N_(
            "For linear scores with softmax and cross entropy the whole gradient is one line: "
            "the error p̂ − p of each example times its inputs, and the mean over all examples. "
            "Compare with the numeric gradient, which needs one more loss for every single "
            "weight."
        ),
        ("000",),
        "f = -log_softmax(W @ x + b)[0]",
        {"W": "[[0.1, -0.2], [0, 0.3], [0.2, 0.1]]", "x": "[1, 2]", "b": "[0, 0, 0]"},
        claims=(
            Claim("∂L/∂w = (1/N)Σ(p̂ₙ − pₙ)xₙᵀ, ∂L/∂b = (1/N)Σ(p̂ₙ − pₙ)", by.softmax_gradients),
        ),
        remarks=(
            N_(
                "The slide defines p̂ₙ with the right class's weights in the numerator, which "
                "makes it one number. In the gradient p̂ₙ has to be the vector of all "
                "probabilities."
            ),
        ),
    ),
    Lecture(
        "B6",
        N_("Losses for numbers: squared, absolute, log loss"),
        N_(
            "How wrong is a prediction ŷ? Squared error (y − ŷ)² punishes large errors most; "
            "absolute error |y − ŷ| is not so easily pulled aside by a single one; the log loss "
            "is for probabilities of yes or no. ½(y − ŷ)² is the squared error with the 2 of its "
            "derivative taken away: its slope is just ŷ − y. Linear regression has the gradient "
            "−(2/n)Σ(yᵢ − xᵢᵀω)xᵢ."
        ),
        ("002",),
        "f = (y - (w*x + b))**2 / 2",
        {"y": "1", "w": "2", "x": "3", "b": "-1"},
        claims=(
            Claim(N_("linear regression: ∇L = −(2/n)Σ(yᵢ − xᵢᵀω)xᵢ"), by.regression_gradient),
            Claim(
                N_("squared, absolute, half squared error and log loss by their formulas"),
                by.losses_by_hand,
            ),
            Claim("∂/∂ŷ ½(y − ŷ)² = ŷ − y", by.half_square_slope),
        ),
        remarks=(
            N_(
                "The slides sum from i = 0 to n, which would be n + 1 examples, and divide by n. "
                "It is a sum over the n examples."
            ),
        ),
    ),
    Lecture(
        "B7",
        N_("L2 regularisation: why small weights are preferred"),
        N_(
            "Two sets of weights, [1, 0, 0, 0] and [¼, ¼, ¼, ¼], give the example [1, 1, 1, 1] "
            "the same score 1. The penalty λ‖w‖² prefers the second, whose sum of squares is a "
            "quarter: it spreads what it relies on, where the first bets everything on one "
            "feature. Biases are usually left alone."
        ),
        ("000", "004"),
        "score = w @ x; f = score + 0.1 * sum(w**2)",
        {"w": "[0.25, 0.25, 0.25, 0.25]", "x": "[1, 1, 1, 1]"},
        numbers=(
            N("w₁ᵀx", "1", by.score(by.W1)),
            N("w₂ᵀx", "1", by.score(by.W2)),
            N("R(w₁)", "1", by.penalty(by.W1)),
            N("R(w₂)", "0.25", by.penalty(by.W2)),
        ),
        claims=(
            Claim(N_("the penalty leaves biases alone"), by.biases_are_free),
            Claim("d/dw λ‖w‖² = 2λw", by.penalty_slope),
        ),
    ),
    Lecture(
        "B8",
        N_("Ten times the weights: the same answers, a smaller loss"),
        N_(
            "Multiply all weights of a linear classifier by 10. The scores are ten times as "
            "large, their order is what it was, and so every answer is the same. But the "
            "probabilities move apart, and the loss of what is right already gets smaller. A net "
            "could so lower its loss without learning anything; a penalty on large weights keeps "
            "it from that."
        ),
        ("004",),
        "s = W @ x; p = softmax(s); f = -log(p[0])",
        {
            "W": "[[0.016, -0.002, 0.003], [0.003, -0.006, 0.006], [-0.004, -0.006, -0.008]]",
            "x": "[10, 20, 30]",
        },
        numbers=(
            *(N("s[0]", "0.21"), N("s[1]", "0.09"), N("s[2]", "−0.40")),
            *(N("p[0]", "0.41"), N("p[1]", "0.36"), N("p[2]", "0.22")),
            N(N_("10 · s[0]"), "2.05", by.of_004(0, 10), ours="2.10"),
            N(N_("10 · s[1]"), "0.90", by.of_004(1, 10)),
            N(N_("10 · s[2]"), "−4.00", by.of_004(2, 10)),
            N(
                N_("softmax(10·s)[0]"),
                "0.76",
                by.softmax_of(0, 2.10, 0.90, -4.00),
                ours="0.77",
                because=by.softmax_of(0, 2.05, 0.90, -4.00),
            ),
            N(
                N_("softmax(10·s)[1]"),
                "0.24",
                by.softmax_of(1, 2.10, 0.90, -4.00),
                ours="0.23",
                because=by.softmax_of(1, 2.05, 0.90, -4.00),
            ),
            N(N_("softmax(10·s)[2]"), "0.00", by.softmax_of(2, 2.10, 0.90, -4.00)),
        ),
        claims=(
            Claim(N_("the order of the classes stays"), by.same_order),
            Claim(N_("the loss of the class with the largest score falls"), by.smaller_loss),
        ),
        remarks=(
            N_(
                "The slide prints 2.05 for the first score after the scaling; ten times its own "
                "weights give 10 · 0.21 = 2.10, and probabilities 0.77 and 0.23. Its 0.76 and "
                "0.24 are the softmax of 2.05."
            ),
            N_(
                "The printed probabilities 0.41 + 0.36 + 0.22 are 0.99 together: each is rounded "
                "by itself."
            ),
        ),
    ),
)
