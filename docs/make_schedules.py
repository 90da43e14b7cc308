"""Draw the pictures of schedules.md anew: python docs/make_schedules.py [FOLDER]."""

import sys
from pathlib import Path

from microgd.plots.schedules import draw_schedules
from microgd.schedules import (
    SGDR,
    Constant,
    Cosine,
    CyclicCosine,
    Exponential,
    InverseTime,
    MultiStep,
    OneCycle,
    Piecewise,
    Polynomial,
    Power,
    ReduceOnPlateau,
    Sequence,
    Step,
    Triangular,
    Warmup,
)


def plateau(schedule: ReduceOnPlateau, losses: list[float]) -> list[float]:
    """The rates of a schedule that is told these losses."""
    states = [schedule.init()]
    for loss in losses:
        states.append(schedule.update(states[-1], loss))
    return [schedule.rate(state) for state in states]


def main(folder: Path) -> None:
    """Write every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)

    def save(name, schedules, steps):
        draw_schedules(schedules, steps).save(folder / f"{name}.svg")

    save("powers", [Constant(), InverseTime(lr=0.1), Power(lr=0.1, power=0.3)], 40)
    save("steps", [MultiStep(), Piecewise((0.08, 0.04, 0.02)), Step(lr=0.06, gamma=0.5)], 100)
    save("falls", [Cosine(), Polynomial(steps=100), Exponential()], 121)
    save("one-cycle", [OneCycle(), OneCycle(anneal="linear", three_phase=True)], 100)
    triangles = [
        Triangular(half=20),
        Triangular(half=20, mode="triangular2"),
        Triangular(half=20, mode="exp_range", gamma=0.98),
    ]
    save("triangles", triangles, 161)
    save("restarts", [SGDR(growth=2), CyclicCosine(lr=0.05, half=20)], 150)
    warm = Warmup(Cosine(steps=90), steps=10, start=0.1)
    joined = Sequence((Constant(lr=0.06), Exponential()), (40,))
    save("composed", [warm, joined], 120)
    schedule = ReduceOnPlateau(factor=0.5, patience=5)
    losses = [max(1 - t / 20, 0.4) for t in range(60)]
    rates = plateau(schedule, losses)
    save("plateau", {repr(schedule): rates, "a tenth of the loss": [x / 10 for x in losses]}, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "schedules")
