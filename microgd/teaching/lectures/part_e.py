"""Part E: learning rates, from decks 000, 002 and 004."""

from __future__ import annotations

from microgd.teaching.lectures import workings_e as by
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber
from microgd.teaching.lectures.workings_e import SLOW, STEPS_DOWN, TRIANGLES
from microgd.translation import N_

N = PrintedNumber

ROWS = (
    Lecture(
        "E1",
        N_("A learning rate that falls: 1/t"),
        N_(
            "A minibatch's gradient is not 0 even at the minimum, so that with a constant rate "
            "SGD wanders about it for ever. Robbins and Monro asked for two things: the rates "
            "must add up to infinity, so that any distance can be walked, and their squares must "
            "not, so that the noise dies out. 1/t meets both. In practice one takes others, such "
            "as 0.1/t^0.3, which falls too slowly for the second."
        ),
        ("002",),
        commands=(
            'microgd schedule "inversetime(lr=1)" "power(lr=0.1, power=0.3)" --robbins-monro',
        ),
        numbers=(N(N_("0.1/t^0.3 at t = 1"), "0.1", by.rate(SLOW, 0)),),
        claims=(
            Claim("1/t, 0.1/t^0.3", by.falling_rates),
            Claim(
                N_("1/t meets both conditions, 0.1/t^0.3 and a constant only the first"),
                by.both_conditions,
            ),
        ),
        remarks=(
            N_(
                "The sums on the slide begin at t = 0, where 1/t has no value; the first step is "
                "t = 1."
            ),
        ),
    ),
    Lecture(
        "E2",
        N_("Step decay"),
        N_(
            "Train with a large rate until the loss stops falling, then with a tenth of it, then "
            "with a tenth of that: 50 epochs at 0.1, 25 at 0.01, 25 at 0.001, a hundred in all. "
            "At each step down the loss drops at once: the small rate settles what the large one "
            "was shaking."
        ),
        ("000", "004"),
        commands=(f'microgd schedule "{STEPS_DOWN}" --steps 100 --every 25',),
        numbers=(
            N(N_("epochs at 0.1"), "50", by.epochs_at(0.1)),
            N(N_("epochs at 0.01"), "25", by.epochs_at(0.01)),
            N(N_("epochs at 0.001"), "25", by.epochs_at(0.001)),
            N(N_("rate in the last epoch of the first part"), "0.1", by.rate(STEPS_DOWN, 49)),
            N(N_("rate in the first epoch of the second part"), "0.01", by.rate(STEPS_DOWN, 50)),
            N(N_("rate in the last epoch of the second part"), "0.01", by.rate(STEPS_DOWN, 74)),
            N(N_("rate in the first epoch of the third part"), "0.001", by.rate(STEPS_DOWN, 75)),
            N(N_("rate in the last epoch"), "0.001", by.rate(STEPS_DOWN, 99)),
        ),
    ),
    Lecture(
        "E3",
        N_("Reduce the rate when the loss stops falling"),
        N_(
            "Instead of fixing the epochs beforehand, watch the loss: when it has not fallen for "
            "a while, take half of the learning rate, or a tenth, and go on. This may be done "
            "several times. It is a rule about losses, not about time."
        ),
        ("000", "004"),
        commands=(
            'microgd schedule "reduceonplateau(lr=0.1, factor=0.5, patience=1)" '
            "--losses 1,0.8,0.8,0.8,0.8,0.5,0.5,0.5",
        ),
        claims=(Claim(N_("half and a tenth, with a patience of one loss"), by.half_or_tenth),),
    ),
    Lecture(
        "E4",
        N_("Rates that go up and down"),
        N_(
            "A cyclical rate rises and falls again and again: in straight lines between 0.1 and "
            "0.35, 10 000 steps up and 10 000 down, or along a cosine. The large rates throw the "
            "walk out of poor minima and over saddles, the small ones let it settle."
        ),
        ("000", "002", "004"),
        commands=(
            f'microgd schedule "{TRIANGLES}" --steps 40001 --every 10000',
            'microgd schedule "cycliccosine(lr=0.1, half=20)" --steps 41 --every 10',
        ),
        numbers=(
            N(N_("rate at the bottom"), "0.1", by.rate(TRIANGLES, 0)),
            N(N_("rate at the top, after 10 000 steps"), "0.35", by.rate(TRIANGLES, 10_000)),
            N(N_("rate at the bottom again, after 20 000"), "0.1", by.rate(TRIANGLES, 20_000)),
        ),
        claims=(
            Claim(N_("straight lines between 0.1 and 0.35"), by.triangle),
            Claim(N_("the cosine, down and up"), by.cosine_cycle),
        ),
    ),
    Lecture(
        "E5",
        N_("SGDR: a cosine with warm restarts"),
        N_(
            "The rate falls along half a cosine and is then set back to where it began, at once: "
            "a warm restart, for the weights are kept. Each cycle is longer than the last, here "
            "twice as long. Before each restart the net is at rest, and may be taken as it is."
        ),
        ("000", "004"),
        commands=('microgd schedule "sgdr(lr=0.1, period=10, growth=2)" --steps 40 --every 5',),
        claims=(Claim(N_("cycles of 10, 20 and 40 steps, half a cosine each"), by.warm_restarts),),
    ),
    Lecture(
        "E6",
        N_("The learning-rate finder"),
        N_(
            "Which rate to begin with? Take a step with a tiny one, then with a larger one, and "
            "so on: 200 minibatches with exponents from −8 to 0, and the loss before each step. "
            "Too small rates change nothing, good ones let the loss fall, too large ones let it "
            "explode. Take one from where it falls most steeply."
        ),
        ("000", "004"),
        commands=("microgd lr-find --data blobs --hidden 8 --device interpreter",),
        numbers=(
            N(N_("rates that are tried"), "200", by.tried),
            N(N_("first exponent"), "−8", by.exponent(0)),
            N(N_("last exponent"), "0", by.exponent(-1)),
        ),
        claims=(
            Claim("10 ** np.linspace(-8, 0, num=200)", by.evenly_spaced),
            Claim(N_("each loss is measured before the step at its rate"), by.before_the_step),
        ),
    ),
    Lecture(
        "E7",
        N_("Too small, good, too large, far too large"),
        N_(
            "Four loss curves tell a learning rate. Too small: down, but slowly. Good: steeply "
            "down, then flat. Too large: down and then stuck above the minimum, or to and fro. "
            "Far too large: up. On a bowl the edge is known: above 2 divided by the largest "
            "curvature every step lands farther away than it began."
        ),
        ("000", "002", "004"),
        commands=("microgd descend bowl --rates --every 10",),
        claims=(
            Claim(N_("the four curves end in the order that their names say"), by.four_curves),
            Claim(N_("2 by the largest curvature is the edge"), by.beyond_the_edge),
        ),
    ),
)
