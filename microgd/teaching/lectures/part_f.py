"""Part F: networks in practice, from deck 004."""

from __future__ import annotations

from microgd.teaching.lectures import workings_f as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.translation import N_

N = PrintedNumber

ROWS = (
    Lecture(
        "F1",
        N_("How weights begin"),
        N_(
            "All zeros will not do: every hidden unit would compute the same and get the same "
            "gradient, for ever. Small random numbers break the symmetry, but how small? Through "
            "six layers of tanh, 0.01·randn lets the values die out, and 1.00·randn drives them "
            "to −1 and 1, where there is no slope. randn/√fan_in (Xavier, Glorot) keeps them as "
            "wide as they were; ReLU cuts half away, and wants randn/√(fan_in/2) (He). Biases "
            "begin at 0, or with ReLU at 0.01."
        ),
        ("004",),
        commands=("microgd histograms", "microgd histograms --activation relu"),
        claims=(
            Claim(N_("zeros: the hidden units stay alike; 0.01·randn: they do not"), by.symmetry),
            Claim(
                N_("the four deviations: 0.01, 1, 1/√fan_in, 1/√(fan_in/2)"), by.deviations, 0.01
            ),
            Claim(
                N_("0.01·randn: each layer is about 0.17 times as wide as the one before"),
                by.too_small,
                0.02,
            ),
            Claim(N_("1.00·randn: more than 85 % of each layer beyond ±0.95"), by.too_large),
            Claim(
                N_("Xavier with tanh, He with ReLU: as wide in the sixth layer as in the first"),
                by.just_right,
            ),
            Claim(
                N_("Xavier with ReLU: √½ of the width is lost in each layer"),
                by.xavier_with_relu,
                0.1,
            ),
        ),
    ),
    Lecture(
        "F2",
        N_("Activations"),
        N_(
            "The function after each linear layer. Sigmoid was the only one for long; tanh is "
            "the same, stretched and centred: 2σ(2x) − 1. ReLU, max(0, x), is cheap and does not "
            "saturate on the right; leaky ReLU, PReLU, VReLU and RReLU let a little through on "
            "the left, of a slope that is fixed, learned or random; ELU and SELU bend there. "
            "Maxout and APL learn their shape."
        ),
        ("004",),
        "f = selu(x)",
        {"x": "-1"},
        commands=("microgd gates selu", "microgd gates apl"),
        numbers=(
            N(N_("λ of SELU"), "1.0507009873554805", by.selu_lambda),
            N(N_("α of SELU"), "1.6732632423543772", by.selu_alpha),
        ),
        claims=(
            Claim(N_("thirteen activations by the formulas of the slides"), by.activations),
            Claim("tanh(x) = 2σ(2x) − 1", by.rescaled_sigmoid),
            Claim(N_("RReLU: slopes at random in [0.1, 0.5)"), by.random_slopes, 0.01),
        ),
        remarks=(
            N_(
                "The slide writes max(αx, x) for PReLU and its kin. That is right for α up to 1 "
                "only: a learned α may grow beyond it, and then x below 0 would be given x."
            ),
            N_(
                "One formula on the slides is headed ELU(x) and has a λ: it is SELU's. λ and α "
                "are printed with 31 decimals, of which a double keeps 16."
            ),
        ),
    ),
    Lecture(
        "F3",
        N_("Vanishing gradients, and units that die"),
        N_(
            "Where an activation is flat, no gradient gets through. A sigmoid's slope is 0.25 at "
            "most, and far out it is nearly 0; ten of them one after another leave a millionth. "
            "Tanh has slope 1 in the middle and is as flat outside. ReLU has slope 1 on the "
            "right and 0 on the left: a unit that is below 0 for every example learns nothing "
            "any more, and is dead."
        ),
        ("004",),
        "h = sigmoid(x); g = sigmoid(h); f = sigmoid(g)",
        {"x": "5"},
        claims=(
            Claim(N_("the steepest slopes: 0.25 of sigmoid, 1 of tanh"), by.steepest),
            Claim(N_("ten sigmoids: 0.25¹⁰ at best"), by.vanishing),
            Claim(N_("where each lets nothing through"), by.saturated),
            Claim(N_("a ReLU below 0 for every example gets no gradient"), by.dead_unit),
        ),
    ),
    Lecture(
        "F4",
        N_("Dropout"),
        N_(
            "In training, each hidden value is set to 0 with probability p. The net cannot rely "
            "on any single one, and so learns what is robust. At test nothing is dropped, and "
            "then the values would be too large by 1/(1 − p) on average: either they are "
            "multiplied by 1 − p then (direct), or divided by it in training already (inverted), "
            "so that nothing is left to do at test."
        ),
        ("004",),
        commands=("microgd summary --data digits --hidden 32 --dropout 0.4",),
        python="""\
>>> import numpy as np
>>> from microgd.nn import Dropout, Mode
>>> hidden = np.ones((1, 4))
>>> Dropout(0.4, inverted=False).forward({}, {}, hidden, Mode())[0].tolist()
[[0.6, 0.6, 0.6, 0.6]]
""",
        claims=(
            Claim(N_("direct and inverted, in training and at test"), by.dropout_modes),
            Claim(N_("p = 0.4: two in five are dropped"), by.share_dropped, 0.01),
            Claim(
                N_("p = 1/3: over all masks a third of the sum is missing on average"),
                by.a_third_less,
            ),
        ),
    ),
    Lecture(
        "F5",
        N_("Batch normalisation"),
        N_(
            "For each column, take off the batch's mean and divide by its deviation: (x − "
            "μ)/√(σ² + ε). Then γ and β, which are learned, stretch and move it as the net "
            "likes. So every layer gets inputs of the same kind, whatever the layers below do, "
            "and larger learning rates work. At test running means from training take the place "
            "of the batch's. It may stand before the nonlinearity, as in the paper, or after it, "
            "which measured better."
        ),
        ("004",),
        commands=("microgd summary --data digits --hidden 32 --norm before",),
        claims=(
            Claim("γ·(x − μ)/√(σ² + ε) + β", by.normalised),
            Claim(
                N_("at test: the running mean and variance, which stay as they are"),
                by.running,
                0.1,
            ),
            Claim(
                N_("its gradient, through mean and variance, against differences"),
                by.through_the_batch,
                1e-6,
            ),
        ),
        remarks=(
            N_(
                "The tables of accuracies on the slides are measurements of others, on ImageNet. "
                "They cannot be computed here and are not among the numbers."
            ),
        ),
    ),
    Lecture(
        "F6",
        N_("Against learning by heart"),
        N_(
            "A net that knows its examples by heart does poorly on others. More data helps most; "
            "then data made from it by small changes; then a penalty on the weights, dropout, "
            "and stopping before the validation loss rises. Or one takes a net that was trained "
            "on much data, freezes its first layers, and trains only the last."
        ),
        ("004",),
        commands=(
            "microgd train --data moons --hidden 16 --dropout 0.2 --l2 0.001 --patience 5 "
            "--epochs 20",
        ),
        claims=(
            Claim(N_("frozen layers stay, the others step"), by.frozen),
            Claim(
                N_("L2: smaller weights, at the minimum of ridge regression"), by.smaller_weights
            ),
        ),
    ),
    Lecture(
        "F7",
        N_("Training in practice"),
        N_(
            "Before training: does the last layer give numbers of the right range? Is the loss "
            "of the untrained net −ln(1/C), because it can only guess among C classes? Can it "
            "learn one single batch by heart? Begin with a small net, Adam at 3·10⁻⁴, no penalty "
            "and no schedule; add one thing at a time; search the options last of all."
        ),
        ("004",),
        commands=("microgd sanity --data blobs --hidden 16 --device interpreter",),
        numbers=(
            N(
                N_("loss of a guess among 10 classes"),
                "2.302",
                by.untrained,
                ours="2.303",
                because=by.cut_off,
            ),
        ),
        claims=(
            Claim(N_("an untrained net's loss is near ln 10"), by.untrained_net, 0.01),
            Claim(
                N_("one batch of eight is learned by heart, to a loss near 0"), by.overfit_one_batch
            ),
            Claim(N_("a sigmoid at the end cannot reach a target of 2"), by.wrong_range),
        ),
        remarks=(
            N_(
                "The slide prints 2.302. −ln 0.1 is 2.302585, cut off there and not rounded: 2.303."
            ),
        ),
    ),
    Lecture(
        "F8",
        N_("Pictures of training"),
        N_(
            "The decks are full of pictures: walks over contours, loss curves, the loss around a "
            "trained net, histograms of hidden values, where a net decides for which class. Each "
            "is a command here. Two things to see in them: a step of gradient descent crosses "
            "the contour at a right angle, and momentum does not."
        ),
        ("000", "002", "003", "004"),
        commands=(
            "microgd descend valley --optimizer sgd,momentum,adam --steps 40 -o race.svg",
            "microgd descend rosenbrock --optimizer adam --animate walk.html",
        ),
        claims=(
            Claim(
                N_("steps of gradient descent stand at right angles to the contours"),
                by.level_lines,
            ),
            Claim(N_("steps of momentum do not, but for the first"), by.momentum_slides),
            Claim(N_("contours are drawn from f at every crossing of a grid"), by.heights),
        ),
    ),
)
