"""Part A: graphs and backpropagation, from decks 000, 001, 002 and 004."""

from __future__ import annotations

import microgd as mg
from microgd.teaching.lectures import workings_a as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.teaching.lectures.workings_a import NEURON, SIGMOID
from microgd.translation import N_

N = PrintedNumber

ROWS = (
    Lecture(
        "A1",
        N_("A circuit of two gates"),
        N_(
            "A formula is a graph: f = (x + y)·z is an add gate whose result goes into a "
            "multiply gate. Forward, each gate computes its value from its inputs. Backward, it "
            "begins with ∂f/∂f = 1 at the output, and each gate multiplies what comes from above "
            "with its own derivative: the chain rule, one gate at a time. The multiply gate "
            "hands each input the value of the other one; the add gate passes the gradient on to "
            "both."
        ),
        ("001",),
        "q = x + y; f = q * z",
        {"x": "-2", "y": "5", "z": "-4"},
        numbers=(
            *(N("q", "3"), N("f", "−12"), N("∂f/∂f", "1"), N("∂f/∂z", "3")),
            *(N("∂f/∂q", "−4"), N("∂f/∂x", "−4"), N("∂f/∂y", "−4")),
        ),
    ),
    Lecture(
        "A2",
        N_("A neuron with a sigmoid, gate by gate"),
        N_(
            "One neuron: the weighted sum of two inputs and a bias goes through a sigmoid, taken "
            "apart here into ×−1, exp, +1 and 1/x. Every one of these gates has a derivative "
            "that one can write down at once, and the sweep from right to left only multiplies. "
            "The sum passes 0.20 to each of its summands, and each product swaps: w0 gets x0 "
            "times 0.20, and x0 gets w0 times 0.20."
        ),
        ("001",),
        SIGMOID,
        NEURON,
        numbers=(
            *(N("s", "1.00"), N("t", "−1.00"), N("u", "0.37"), N("v", "1.37"), N("f", "0.73")),
            *(N("∂f/∂f", "1.00"), N("∂f/∂v", "−0.53"), N("∂f/∂u", "−0.53")),
            *(N("∂f/∂t", "−0.20"), N("∂f/∂s", "0.20"), N("∂f/∂r", "0.20")),
            *(N("∂f/∂q", "0.20"), N("∂f/∂p", "0.20"), N("∂f/∂w2", "0.20")),
            N("∂f/∂w0", "−0.20"),
            N("∂f/∂x0", "0.40", ours="0.39", because=lambda: 2 * 0.20),
            N("∂f/∂w1", "−0.39"),
            N("∂f/∂x1", "−0.60", ours="−0.59", because=lambda: -3 * 0.20),
        ),
        remarks=(
            N_(
                "Some slides print 0.40 for x0 and −0.60 for x1, others 0.39 and −0.59. The "
                "first multiply the rounded 0.20 by 2 and by −3; before rounding it is 0.1966, "
                "and 2 · 0.1966 = 0.3932, −3 · 0.1966 = −0.5898. Round at the end, not on the "
                "way."
            ),
        ),
    ),
    Lecture(
        "A3",
        N_("Four rules that are enough for a neuron"),
        N_(
            "The derivative of eˣ is eˣ; of 1/x it is −1/x²; of a·x it is a; of c + x it is 1. "
            "With these four and the chain rule one can go back through the whole neuron. Here "
            "they stand in one short chain, so that each can be seen at work: a·x, then exp, "
            "then c + x, then 1/x."
        ),
        ("001", "002"),
        "p = 3 * x; q = exp(p); r = 4 + q; f = 1 / r",
        {"x": "0.5"},
        commands=('microgd trace "1/x" x=2 --sentences', 'microgd trace "exp(x)" x=1 --sentences'),
        claims=(
            Claim(N_("(eˣ)′ = eˣ, (1/x)′ = −1/x², (a·x)′ = a, (c + x)′ = 1"), by.rules),
            Claim(N_("the same four by central differences"), by.rules_by_differences, 1e-8),
            Claim(
                N_("z = eˣ + 2eʸ + 1: ∂z/∂x = eˣ, which is e at x = 1, and ∂z/∂y = 2eʸ"),
                by.two_variables,
            ),
        ),
    ),
    Lecture(
        "A4",
        N_("The sigmoid as one gate"),
        N_(
            "Gates may be grouped. The last four gates of the neuron are the sigmoid, and its "
            "derivative needs nothing but its value: (1 − σ)·σ. With σ = 0.73 it is 0.73 · 0.27 "
            "= 0.20, what the four gates gave one after another. How coarse the gates are is a "
            "matter of taste: the gradients are the same."
        ),
        ("001",),
        "s = w0*x0 + w1*x1 + w2; f = sigmoid(s)",
        NEURON,
        commands=(
            'microgd draw "sigmoid(w0*x0 + w1*x1 + w2)" w0=2 x0=-1 w1=-3 x1=-2 w2=-3 '
            "--expand sigmoid",
        ),
        numbers=(
            N("f", "0.73"),
            N("1 − f", "0.27", lambda: 1 - mg.sigmoid(1.0)),
            N("∂f/∂s", "0.20"),
            N("∂f/∂w2", "0.20"),
        ),
        claims=(
            Claim(N_("one gate or four: the same gradient at every input"), by.grouped),
            Claim("dσ/dx = (1 − σ)·σ", by.sigmoid_slope),
        ),
    ),
    Lecture(
        "A5",
        N_("Add distributes, max routes, multiply swaps"),
        N_(
            "Gates can be read at a glance. An add gate gives the gradient to all its inputs. A "
            "max gate sends it to the largest input, and nothing to the others. A multiply gate "
            "gives each input the gradient times the value of the other one. And where a value "
            "is used twice, the gradients that come back are added."
        ),
        ("001",),
        "2 * (x*y + max(z, w))",
        {"x": "3", "y": "-4", "z": "2", "w": "-1"},
        commands=('microgd trace "x*y + x" x=-2 y=5 --sentences',),
        claims=(
            Claim(N_("add distributes, max routes, multiply swaps"), by.patterns),
            Claim(N_("gradients add where a wire branches"), by.branch),
        ),
    ),
    Lecture(
        "A6",
        N_("A gate as code"),
        N_(
            "A gate is two small functions. forward(x, y) computes z = x·y and keeps x and y. "
            "backward(dz) gets the gradient of the output and returns the gradients of the "
            "inputs: dz·y and dz·x. What the graph does is only to call them in the right order."
        ),
        ("001",),
        "z = x * y",
        {"x": "3", "y": "-4"},
        commands=("microgd gates mul",),
        claims=(Claim("forward: x·y; backward: dz·y, dz·x", by.multiply_gate),),
    ),
    Lecture(
        "A7",
        N_("Vectors: the Jacobian that nobody builds"),
        N_(
            "When a gate takes and gives vectors, its derivative is a matrix, the Jacobian: a "
            "row for each output, a column for each input. For max(0, x) of 4096 numbers it "
            "would be 4096 × 4096, and for a batch of 100 such vectors 409 600 × 409 600. But "
            "each output depends on one input only, so that all but the diagonal is 0, and the "
            "diagonal is 1 where x > 0. So the matrix is never built: the gradient passes where "
            "x > 0, and is 0 elsewhere."
        ),
        ("001",),
        "max(0, x)",
        {"x": "[1, -2, 3]"},
        commands=(
            'microgd trace "max(0, x)" x:4096 --jacobian',
            'microgd trace "max(0, x)" x:100x4096 --jacobian',
            'microgd jacobian "relu(x)" x="[1, -2, 3]"',
        ),
        numbers=(
            N(N_("rows, for 4096 inputs"), "4096", lambda: by.jacobian_rows(4096)),
            N(N_("columns, for 4096 inputs"), "4096", lambda: by.jacobian_columns(4096)),
            N(N_("rows, for a batch of 100"), "409 600", lambda: by.jacobian_rows(100, 4096)),
            N(N_("columns, for a batch of 100"), "409 600", lambda: by.jacobian_columns(100, 4096)),
        ),
        claims=(
            Claim(
                N_("places that are not 0: one for each input"),
                lambda: ([by.nonzeros(4096), by.nonzeros(100, 4096)], [4096, 100 * 4096]),
            ),
            Claim(N_("only the diagonal is not 0, and it is 1 where x > 0"), by.diagonal),
            Claim(N_("a batch of 100 × 4096 goes back as upstream · [x > 0]"), by.never_built),
        ),
    ),
    Lecture(
        "A8",
        N_("Why backpropagation is cheap"),
        N_(
            "The gradients of a net's layers have most of their factors in common: both ∂L/∂W1 "
            "and ∂L/∂W2 contain −(y − f(X·W1)·W2). Written out one by one, they would be "
            "computed again and again; one sweep backward computes each once and hands it on. "
            "The derivative for an early weight is a sum over all paths to the output, and there "
            "are very many paths in a deep net: adding at the branches sums over all of them "
            "without listing one."
        ),
        ("002",),
        "r = W1*x; (y - W2*r)**2 / 2",
        {"x": "2", "W1": "3", "W2": "-1", "y": "1"},
        claims=(
            Claim(
                N_("both gradients by the deck's formulas, with the shared factor computed once"),
                by.shared_factor,
            ),
            Claim(
                N_("the derivative for an early weight is the sum over two paths"),
                by.sum_over_paths,
            ),
        ),
    ),
    Lecture(
        "A9",
        N_("A perceptron in blocks, forward and backward"),
        N_(
            "A net of two layers is four blocks: s₁ = W₁x + b₁, h = σ(s₁), s₂ = W₂h + b₂, q = "
            "σ(s₂). Each block knows how to go back: a sigmoid multiplies by h(1 − h); a linear "
            "block gives its bias the gradient s̄ as it comes, its weights s̄ times its own "
            "input, and its input Wᵀs̄. Blocks like these can be put together in any number."
        ),
        ("004",),
        "s1 = W1 @ x + b1; h = sigmoid(s1); s2 = W2 @ h + b2; q = sigmoid(s2); f = sum(q)",
        {
            "x": "[1, -1]",
            "W1": "[[1, 2], [0, 1]]",
            "b1": "[0, 0]",
            "W2": "[[1, -1]]",
            "b2": "[0]",
        },
        claims=(
            Claim("W̄₂ = s̄₂hᵀ, s̄₂ = q(1 − q)q̄", by.block("W2")),
            Claim("b̄₂ = s̄₂", by.block("b2")),
            Claim("W̄₁ = s̄₁xᵀ, s̄₁ = h(1 − h)h̄, h̄ = W₂ᵀs̄₂", by.block("W1")),
            Claim("b̄₁ = s̄₁", by.block("b1")),
            Claim("x̄ = W₁ᵀs̄₁", by.block("x")),
            Claim(
                N_("with h in the place of x, as the slide has it, the shape would be wrong"),
                by.misprinted_h,
            ),
        ),
        remarks=(
            N_(
                "The slide prints s̄₁hᵀ for the gradient of W₁. The layer's own input belongs "
                "there: s̄₁xᵀ. The shapes tell: for 3 inputs and 4 hidden units W₁ is 4 × 3, and "
                "s̄₁hᵀ would be 4 × 4."
            ),
        ),
    ),
    Lecture(
        "A10",
        N_("The numeric gradient, and gradient checking"),
        N_(
            "A derivative can be measured: move x by a little h, and see how much f changes, "
            "(f(x + h) − f(x)) / h. That is easy to write, only roughly right, and slow: it "
            "takes one more evaluation of f for every input. The analytic gradient is exact and "
            "fast, and easy to get wrong. So one computes with the second, and checks it with "
            "the first."
        ),
        ("000", "001"),
        "x**2",
        {"x": "3"},
        commands=(
            'microgd grad "x**2" x=3 --numeric 0.001',
            'microgd check "0.5*x**4 - 2*x**2 + x + 5" x=2 --sweep',
        ),
        numbers=(
            N("f(3.001)", "9.006001", lambda: by.f_square(3.001)),
            N("f(3)", "9", lambda: by.f_square(3.0)),
            N(N_("numeric gradient, h = 0.001"), "6.001", lambda: by.numeric(0.001)),
            N("∂f/∂x", "6"),
        ),
        claims=(
            Claim(N_("the derivative of ½x⁴ − 2x² + x + 5 is 2x³ − 4x + 1"), by.polynomial_slope),
            Claim(N_("gradient checking finds it right"), by.gradient_check, 1e-8),
            Claim(
                N_("for x² the forward difference is too large by h"), by.forward_is_off_by_h, 1e-8
            ),
        ),
        remarks=(
            N_(
                "6.001 is not wrong: the forward difference of x² is 2x + h, for any h. The "
                "central difference, (f(x + h) − f(x − h)) / 2h, has no such error here; checks "
                "use it."
            ),
        ),
    ),
    Lecture(
        "A11",
        N_("A net of two layers in eleven lines"),
        N_(
            "Four examples of three inputs, a hidden layer of four sigmoids and one at the "
            "output, no biases: the net learns to tell whether exactly one of the first two "
            "inputs is 1. The third input is always 1 and does a bias's work. Both decks print "
            "the same eleven lines of NumPy, one with 5 000 iterations, the other with 60 000. "
            "Seen with our eyes they are gradient descent with learning rate 1 on half the "
            "summed squared error: y − ŷ is minus its gradient, which is why the lines add and "
            "do not subtract."
        ),
        ("001", "004"),
        python="""\
>>> import numpy as np, microgd as mg
>>> X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
>>> y = np.array([[0, 1, 1, 0]]).T
>>> loss = lambda w: 0.5 * mg.sum((y - mg.sigmoid(mg.sigmoid(X @ w[0]) @ w[1])) ** 2)
>>> w = [2 * np.random.random((3, 4)) - 1, 2 * np.random.random((4, 1)) - 1]
>>> for step in range(200):
...     w = [part - slope for part, slope in zip(w, mg.grad(loss)(w))]
""",
        commands=("python examples/eleven_lines.py",),
        claims=(
            Claim(
                N_("200 iterations: the deck's lines and gradient descent end at one place"),
                by.two_layers(200),
            ),
            Claim(N_("5 000 iterations, the same"), by.two_layers(5000), slow=True),
            Claim(N_("60 000 iterations, the same"), by.two_layers(60_000), slow=True),
            Claim(
                N_("after 5 000 iterations of the deck's lines all four answers are right"),
                by.learned(5000),
            ),
        ),
        remarks=(
            N_(
                "The decks do not fix the random weights, so that every run ends a little "
                "differently; here they come from seed 1."
            ),
        ),
    ),
)
