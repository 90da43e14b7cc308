"""Part D: optimizers, from decks 000, 002, 003 and 004."""

from __future__ import annotations

from microgd.teaching.lectures import rules_d as deck
from microgd.teaching.lectures import workings_d as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.teaching.lectures.workings_d import RPROP, same
from microgd.translation import N_

N = PrintedNumber

ROWS = (
    Lecture(
        "D1",
        N_("Gradient descent, step by step: SGD"),
        N_(
            "The plainest rule: a step of γ against the gradient, θ ← θ − γ∇L. With minibatches "
            "it is called stochastic. Its two troubles are narrow valleys and slopes that are "
            "hardly there; every rule after it mends one of them."
        ),
        ("000", "002", "003", "004"),
        commands=("microgd optimizer sgd", "microgd descend bowl --optimizer sgd --steps 10"),
        claims=(Claim("θ ← θ − γ∇L", same("sgd", deck.sgd)),),
    ),
    Lecture(
        "D2",
        N_("Momentum: a ball that rolls downhill"),
        N_(
            "Remember the last step and add a part of it to the new one. Where gradients agree, "
            "the ball gathers speed; where they turn to and fro, they cancel. The decks write it "
            "in three ways: v ← αv − γ∇L and θ ← θ + v; or with the signs turned round, h ← αh + "
            "ηg and ω ← ω − h, which is the same walk; or as a ball with friction, which takes "
            "its old speed and so comes a step late."
        ),
        ("000", "002", "003", "004"),
        commands=(
            "microgd optimizer momentum --compare 000,002,003",
            "microgd descend valley --optimizer sgd,momentum --steps 40 --every 10",
        ),
        claims=(
            Claim(
                N_("decks 000 and 004: v ← αv − γ∇L, θ ← θ + v"),
                same("momentum(form='velocity', momentum=0.95)", deck.momentum_000),
            ),
            Claim(
                N_("deck 002: h ← αh + ηg, ω ← ω − h"),
                same("momentum(form='displacement', momentum=0.9)", deck.momentum_002),
            ),
            Claim(
                N_("deck 003, with the sign of its friction turned: w′ = w + v, the old v"),
                same("momentum(form='rolling', momentum=0.9)", lambda: deck.momentum_003(-0.9)),
            ),
            Claim(
                N_("word for word, −βv turns the speed round in every step"), by.rolling_upside_down
            ),
        ),
        remarks=(
            N_(
                "Deck 003 writes v′ = −α∇L − βv. With β > 0 the ball would turn round in every "
                "step. From its own equation of motion, −β is 1 less the friction: a positive "
                "number."
            ),
        ),
    ),
    Lecture(
        "D3",
        N_("Nesterov: look ahead first"),
        N_(
            "The step αv will be taken anyway. So take it first, and ask for the gradient there, "
            "at θ + αv. That needs a gradient at another place than where the parameters are; "
            "written in shifted parameters θ̂ = θ + αv it does not: θ̂ ← θ̂ + v′ + α(v′ − v). It "
            "is the same walk, seen a little further on."
        ),
        ("000", "002", "003", "004"),
        commands=("microgd optimizer nesterov --compare 000,002,003",),
        claims=(
            Claim(
                N_("decks 000 and 004: the gradient at θ + αv"),
                same("nesterov(form='look-ahead', momentum=0.9)", deck.nesterov_000),
            ),
            Claim(
                N_("deck 002: the gradient at ω − αh"),
                same("nesterov(form='displacement', momentum=0.9)", deck.nesterov_002),
            ),
            Claim(
                "θ̂′ = θ̂ + v′ + α(v′ − v)",
                same("nesterov(form='shifted', momentum=0.9)", deck.nesterov_shifted),
            ),
            Claim(
                N_("deck 004: θ̂′ = θ̂ + α²v − γ(1 + α)∇L(θ̂)"),
                same("nesterov(form='shifted', momentum=0.9)", deck.nesterov_004),
            ),
            Claim(N_("the shifted walk is θ + αv of the other one"), by.shifted_path),
        ),
    ),
    Lecture(
        "D4",
        N_("AdaGrad: a learning rate for each parameter"),
        N_(
            "Add up the squares of each parameter's gradients, and divide its step by their "
            "root. What has moved much gets small steps, what has moved little gets large ones, "
            "so that a long valley becomes round. But the sum only grows, and the steps only "
            "shrink: training may end too soon."
        ),
        ("000", "002"),
        commands=("microgd optimizer adagrad --compare 000,002",),
        claims=(
            Claim(N_("deck 000, ε beside the root"), same("adagrad(eps=0.001)", deck.adagrad_000)),
            Claim(
                N_("deck 002, ε under the root"),
                same("adagrad(eps=0.001, eps_inside_root=True)", deck.adagrad_002),
            ),
            Claim(N_("a gradient of 1e−5: a step of 0.99γ, or of 0.03γ only"), by.where_eps_is),
        ),
        remarks=(
            N_(
                "ε only keeps from dividing by 0, but the decks put it in two places. At ε = "
                "1e−7 under the root it counts like 3e−4 beside it."
            ),
        ),
    ),
    Lecture(
        "D5",
        N_("AdaDelta"),
        N_(
            "Deck 000 names AdaDelta beside RMSprop and gives no formula. Like RMSprop it "
            "divides by a running root mean square of the gradients; it multiplies by that of "
            "its own last steps, so that the units fit and it needs no learning rate."
        ),
        ("000",),
        commands=("microgd optimizer adadelta",),
        claims=(
            Claim(
                N_("Zeiler's algorithm 1, with ρ = 0.95 and ε = 1e−6"),
                same("adadelta(rho=0.95)", deck.adadelta, lr=1.0),
            ),
        ),
    ),
    Lecture(
        "D6",
        N_("RMSprop: forget old squares"),
        N_(
            "AdaGrad with a memory that fades: u ← βu + (1 − β)∇L² is a running mean, not a sum, "
            "so that steps do not shrink for ever. The root of u is the usual size of the "
            "gradient, and each parameter's step is divided by its own."
        ),
        ("000", "002", "003", "004"),
        commands=("microgd optimizer rmsprop --compare 000,002,004",),
        numbers=(N(N_("β of decks 000 and 004"), "0.99", by.option("rmsprop", "alpha")),),
        claims=(
            Claim(
                N_("deck 000, ε beside the root"),
                same("rmsprop(alpha=0.99, eps=0.001)", deck.rmsprop_000),
            ),
            Claim(
                N_("deck 002, β 0.9, ε under the root"),
                same(
                    "rmsprop(alpha=0.9, eps=0.001, eps_inside_root=True)",
                    lambda: deck.rmsprop_inside(0.9),
                ),
            ),
            Claim(
                N_("deck 004, β 0.99, ε under the root"),
                same(
                    "rmsprop(alpha=0.99, eps=0.001, eps_inside_root=True)",
                    lambda: deck.rmsprop_inside(0.99),
                ),
            ),
        ),
    ),
    Lecture(
        "D7",
        N_("Rprop: only the sign counts"),
        N_(
            "Each parameter has a step of its own, and only the sign of its gradient decides the "
            "direction. While two gradients in a row have the same sign, the step grows by 1.2; "
            "when the sign turns, a valley was leapt over, and it shrinks by 0.6. It wants the "
            "gradient of all the data: a minibatch's noise turns signs by chance."
        ),
        ("003",),
        commands=("microgd optimizer rprop --compare 003",),
        numbers=(
            N(N_("where two gradients agree"), "1.2", by.factor(1)),
            N(N_("where the sign turns"), "0.6", by.factor(0)),
        ),
        claims=(
            Claim(N_("deck 003's rule, step by step"), same(RPROP, deck.rprop, 60)),
            Claim(N_("gradients a thousand times as large make the same walk"), by.sign_only),
        ),
        remarks=(
            N_(
                "The paper and PyTorch shrink by 0.5, keep the step within bounds, and leave it "
                "as it is where the gradient is 0; the deck has 0.6, no bounds, and shrinks "
                "there, too."
            ),
        ),
    ),
    Lecture(
        "D8",
        N_("The normalised gradient"),
        N_(
            "Divide the gradient by its own length: every step is γ long, whether the slope is "
            "steep or nearly flat. It is the thought between Rprop and RMSprop. It never comes "
            "to rest, because it has no small steps."
        ),
        ("003",),
        commands=("microgd optimizer normalizedgradient",),
        claims=(
            Claim("w ← w − α∇L/‖∇L‖", same("normalizedgradient(eps=0)", deck.normalised)),
            Claim(N_("every step has the length γ"), by.length_is_gamma),
        ),
    ),
    Lecture(
        "D9",
        N_("Adam: momentum and RMSprop together"),
        N_(
            "Adam keeps two running means: v of the gradient, as momentum does, and u of its "
            "square, as RMSprop does, and steps by v/√u. Both begin at 0, and so are too small "
            "at first; dividing by 1 − αᵗ and 1 − βᵗ makes up for it. With α = 0.9 that is 0.1 "
            "in the first step, 0.19 in the second, and after a hundred hardly anything."
        ),
        ("000", "002", "003", "004"),
        commands=("microgd optimizer adam", "microgd optimizer adam --compare 000,002,004"),
        numbers=(
            N("1 − 0.9¹", "0.1", by.correction(1)),
            N("1 − 0.9²", "0.19", by.correction(2)),
            N("1 − 0.9¹⁰⁰", "0.99997", by.correction(100)),
            N("α", "0.9", lambda: by.betas()[0]),
            N("β", "0.999", lambda: by.betas()[1]),
        ),
        claims=(
            Claim(
                N_("deck 000 with the correction"),
                same("adam(eps=0.001)", lambda: deck.adam(corrected=True, inside=False)),
            ),
            Claim(
                N_("deck 000 without it, and deck 003"),
                same(
                    "adam(eps=0.001, bias_correction=False)",
                    lambda: deck.adam(corrected=False, inside=False),
                ),
            ),
            Claim(
                N_("deck 004: no correction, ε under the root"),
                same(
                    "adam(eps=0.001, eps_inside_root=True, bias_correction=False)",
                    lambda: deck.adam(corrected=False, inside=True),
                ),
            ),
            Claim(
                N_("deck 002 word for word: what is corrected is remembered"),
                same(
                    "adam(eps=0.001, eps_inside_root=True, bias_correction='compounded')",
                    deck.adam_002,
                ),
            ),
            Claim(
                N_("deck 003 word for word: β and 1 − β exchanged"),
                same(
                    "adam(betas=(0.1, 0.001), eps=0.001, bias_correction=False)",
                    lambda: deck.adam_003(0.9, 0.999),
                ),
            ),
        ),
        remarks=(
            N_(
                "Deck 000 divides by 1 − αᵗ where the new step is t + 1; in the first step that "
                "is a division by 0. Its own example, 1 − 0.9¹ = 0.1, counts from 1."
            ),
            N_(
                "Deck 002 divides inside the recursion, so that the corrected mean is remembered "
                "and corrected again. Deck 003 gives the new gradient the weight β, and with β = "
                "0.9 would remember next to nothing; its RMSprop has it right."
            ),
        ),
    ),
    Lecture(
        "D10",
        N_("AdamW: weights that decay by themselves"),
        N_(
            "Adam divides everything in the gradient by √v̂, and so also the penalty λθ, if it "
            "is in there: weights with large gradients would hardly be penalised. AdamW takes "
            "the decay out of the gradient and shrinks the weights beside it: θ ← θ − γ(m̂/(√v̂ "
            "+ ε) + λθ)."
        ),
        ("000",),
        commands=("microgd optimizer adamw --compare 000",),
        claims=(
            Claim(
                "θ ← θ − γ(m̂ / (√v̂ + ε) + λθ)",
                same("adamw(weight_decay=0.1, eps=0.001)", lambda: deck.adamw(0.1)),
            ),
            Claim(
                N_("Adam with L2: g ← ∇L + λθ"),
                same(
                    "adam(weight_decay=0.1, eps=0.001)",
                    lambda: deck.adam(corrected=True, inside=False, decay=0.1),
                ),
            ),
            Claim(N_("they are two different walks"), by.l2_is_not_decay_for_adam),
        ),
        remarks=(
            N_(
                "The slide's algorithm has λθ in line 6 and again in line 12. In the paper these "
                "are two algorithms in two colours: line 6 is Adam with L2, line 12 is AdamW."
            ),
            N_(
                "There λ is not multiplied by the learning rate α; in PyTorch and here γλ takes "
                "its place."
            ),
        ),
    ),
    Lecture(
        "D11",
        N_("AMSGrad: never forget a large gradient"),
        N_(
            "Adam's mean of squares fades, and so a rare large gradient is soon forgotten; there "
            "are functions on which Adam therefore walks to the wrong end. AMSGrad divides by "
            "the largest mean so far."
        ),
        ("000",),
        commands=(
            "microgd optimizer amsgrad",
            'microgd descend amsgrad --optimizer "adam(betas=(0, 0.1)), '
            'amsgrad(betas=(0, 0.1))" --steps 100 --every 25',
        ),
        claims=(
            Claim(
                N_("v̂⁺ ← max(v̂⁺, v̂), as the slide shows it from PyTorch's page"),
                same("amsgrad(amsgrad_of='v̂', eps=0.001)", deck.amsgrad),
            ),
            Claim(N_("where Adam goes to the wrong end, AMSGrad does not"), by.wrong_end),
        ),
        remarks=(
            N_(
                "PyTorch's page takes the maximum of the corrected v̂, its program that of v, "
                "and corrects then. microgd has both; they differ in the first steps."
            ),
        ),
    ),
    Lecture(
        "D12",
        N_("AdaBelief: divide by the surprise"),
        N_(
            "If G gathers the real variance, of g − m and not of g, one gets AdaBelief: large "
            "steps where the gradient is what was expected, small ones where it surprises. Deck "
            "002 names it in one line."
        ),
        ("002",),
        commands=("microgd optimizer adabelief",),
        claims=(Claim(N_("the paper's algorithm 2"), same("adabelief", deck.adabelief)),),
    ),
    Lecture(
        "D13",
        N_("Lookahead: run ahead, and come back part of the way"),
        N_(
            "Let another optimizer run k steps, then go to a point between start and finish: x ← "
            "(1 − α)·x_start + α·x_finish, and begin again from there. α is fixed, or fitted "
            "anew each time: put a parabola through the loss at the start and at the finish, "
            "with the slope at the finish, and take its lowest point."
        ),
        ("003",),
        commands=('microgd optimizer "lookahead(sgd, k=3)"',),
        claims=(
            Claim(
                N_("k steps of SGD, then back to (1 − α)·start + α·finish"),
                same("lookahead(sgd, k=4, alpha=0.3)", lambda: deck.lookahead(4, 0.3)),
            ),
            Claim(
                N_("the fitted α solves L̂(0), L̂(1), L̂′(1), and ends where the line is level"),
                by.parabola,
            ),
        ),
    ),
    Lecture(
        "D14",
        N_("L2 penalty and weight decay: when they are the same"),
        N_(
            "A penalty λ‖w‖² adds 2λw to the gradient. For plain gradient descent that only "
            "multiplies the weights by (1 − 2γλ) in every step: they decay, and so the penalty "
            "is often called weight decay. Rules that divide by the size of the gradient divide "
            "the penalty, too; for them the two are not the same."
        ),
        ("000", "004"),
        commands=("microgd optimizer \"sgd(weight_decay=0.1, penalty='whole')\"",),
        claims=(
            Claim(
                "w ← w − γ(dw + 2λw)",
                same("sgd(weight_decay=0.1, penalty='whole')", lambda: deck.penalised(0.1)),
            ),
            Claim(
                "w ← (1 − 2γλ)w − γdw",
                same("sgd(weight_decay=0.1, penalty='whole')", lambda: deck.decayed(0.1)),
            ),
            Claim(N_("for Adam they differ"), by.l2_is_not_decay_for_adam),
        ),
        remarks=(
            N_(
                "The decks' penalty is λ‖w‖², PyTorch's ½λ‖w‖²: with the same λ the first pulls "
                "twice as hard."
            ),
        ),
    ),
    Lecture(
        "D15",
        N_("Which optimizer?"),
        N_(
            "AdamW, to begin with: it works with its default settings nearly everywhere, and "
            "does not mind noise. When everything works, SGD with momentum, a well chosen "
            "learning rate and a schedule may squeeze out a little more, above all on data it "
            "has not seen."
        ),
        ("000",),
        commands=("microgd descend valley --optimizer sgd,momentum,adamw --steps 40 --every 10",),
        claims=(
            Claim(
                N_("in the valley SGD bears rates up to 0.1 only, AdamW five out of five"),
                by.rates_that_work,
            ),
        ),
    ),
)
