"""Run the commands of the gallery, and write its page: python docs/make_gallery.py [FOLDER].

Each picture is what its command draws; nothing is drawn for the gallery alone. What a command
writes as PDF is shown as a picture of one page, which typst sets from the same source; what it
writes as HTML is a photograph, which `--browser` takes anew where Chromium is installed.
"""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from microgd_cli.main import cli

DOCS = Path(__file__).parent
FOLDER = DOCS / "pictures" / "gallery"
#: What a picture of a plot is wide, in pixels, and how many colours it has.
WIDTH, COLOURS = 900, 256


@dataclass(frozen=True)
class Picture:
    """What is shown, and the command that makes it.

    Attributes:
        name: of the picture's file.
        text: what there is to see, which is also what a screen reader says.
        command: as one types it; what it writes is in `-o`.
        page: of a PDF, which one is shown.
        window: of an HTML page: how large, and what to append to its address.
    """

    name: str
    text: str
    command: str
    page: int = 0
    window: tuple[int, int, str] | None = None

    @property
    def file(self) -> str:
        """The file that the command writes."""
        words = shlex.split(self.command)
        option = "-o" if "-o" in words else "--draw"
        return words[words.index(option) + 1]

    @property
    def shown(self) -> str:
        """The file that the page shows."""
        return f"{self.name}.{'svg' if self.file.endswith('.svg') else 'png'}"


NEURON = '"sigmoid(w0*x0 + w1*x1 + w2)" w0=2 x0=-1 w1=-3 x1=-2 w2=-3'
BRANCH = '"x*x + x*max(x, y)" x=-2 y=5'
GALLERY: dict[str, tuple[Picture, ...]] = {
    "Circuits": (
        Picture(
            "circuit",
            "The circuit of every first lecture: values above the wires, gradients below.",
            'microgd draw "(x + y) * z" x=-2 y=5 z=-4 -o circuit.svg',
        ),
        Picture(
            "neuron",
            "A neuron, its sigmoid opened into ×−1, exp, +1 and 1/x.",
            f"microgd draw {NEURON} --expand sigmoid -o neuron.svg",
        ),
        Picture(
            "badges",
            "The look for lectures: each gate says in a word what it does to the gradient.",
            f"microgd draw {NEURON} --look lecture -o badges.svg",
        ),
        Picture(
            "branch",
            "Where a wire branches, gradients add (Σ); the input that loses a max is dashed.",
            f"microgd draw {BRANCH} -o branch.svg",
        ),
        Picture(
            "step",
            "One step of the backward pass: what is known by then, and the gate whose turn it is.",
            'microgd draw "(x + y) * z" x=-2 y=5 z=-4 --step 5 -o step.svg',
        ),
        Picture(
            "cards",
            "As micrograd draws it: cards with name, data and gradient.",
            'microgd draw "a*b + c" a=2 b=-3 c=10 --look cards -o cards.svg',
        ),
        Picture(
            "colour-blind",
            "Colours that everybody can tell apart.",
            f"microgd draw {BRANCH} --look lecture --palette colour-blind -o colour-blind.svg",
        ),
        Picture(
            "dark",
            "For dark slides.",
            f"microgd draw {BRANCH} --palette dark -o dark.svg",
        ),
        Picture(
            "jacobian",
            "Arrays: the local Jacobian under each wire.",
            'microgd draw "sum(relu(W @ x))" W="[[1,2],[0,-1]]" x="[1,-2]" --jacobian'
            " -o jacobian.svg",
        ),
        Picture(
            "paths",
            "One of the paths that a derivative is the sum of.",
            'microgd paths "(x + y) * x" x=3 y=2 --to x --most 1 -o paths.svg',
        ),
    ),
    "Mistakes": (
        Picture(
            "overwrite",
            "= for +=: the most popular mistake, below the right thing.",
            "microgd draw --bug overwrite -o overwrite.svg",
        ),
        Picture(
            "dfs-order",
            "A gate that hands on its gradient before it has all of it.",
            "microgd draw --bug dfs-order -o dfs-order.svg",
        ),
        Picture(
            "no-zero-grad",
            "Three steps of gradient descent, with and without setting the gradients to 0.",
            "microgd draw --bug no-zero-grad -o no-zero-grad.svg",
        ),
    ),
    "To hand out": (
        Picture(
            "player",
            "A page that plays a calculation, gate by gate.",
            "microgd lecture play A2 -o player.html",
            window=(1200, 900, "#step-14"),
        ),
        Picture(
            "player-dark",
            "The same on a phone, at night.",
            "microgd lecture play A1 -o player-dark.html",
            window=(400, 860, "#step-5"),
        ),
        Picture(
            "slides",
            "Slides, here in Czech: a page for each step.",
            "microgd slides A2 --lang cs -o slides.pdf",
            page=15,
        ),
        Picture(
            "worksheet",
            "A worksheet, its answers on later pages.",
            "microgd worksheet --seed 7 --level 3 --count 6 --lang cs -o worksheet.pdf",
            page=1,
        ),
        Picture(
            "answers",
            "Its answers, with every step.",
            "microgd worksheet --seed 7 --level 3 --count 6 --lang cs --only-key -o answers.pdf",
            page=1,
        ),
    ),
    "Walking down": (
        Picture(
            "quartic",
            "The lecture's first descent, in six steps, by a numeric gradient.",
            'microgd descend "x**4 + x + 2" x=1 --lr 0.2 --steps 6 --numeric 0.001 -o quartic.png',
        ),
        Picture(
            "bowl",
            "In two dimensions: a path over contours, and the loss beside it.",
            "microgd descend bowl --steps 40 -o bowl.png",
        ),
        Picture(
            "race",
            "A race in a narrow valley.",
            'microgd descend valley --optimizer "sgd,momentum,adam(betas=(0.8, 0.99))" --steps 60'
            " -o race.png",
        ),
        Picture(
            "starts",
            "Which valley is found depends on the start.",
            "microgd descend double-well --start x=-0.5 --start x=0.5 --start x=2 -o starts.png",
        ),
        Picture(
            "rates",
            "Learning rates: too small, good, too large, far too large.",
            "microgd descend bowl --rates --steps 30 -o rates.png",
        ),
        Picture(
            "noise",
            "Minibatches: how much noise the gradient has, by batch size.",
            "microgd noise --batch 1,8,64,512 -o noise.png",
        ),
        Picture(
            "adam",
            "An optimizer is made of gates, too: one step of Adam.",
            "microgd optimizer adam --lr 0.1 --draw -o adam.svg",
        ),
        Picture(
            "schedules",
            "Learning rates that change.",
            'microgd schedule "cosine(lr=0.1, steps=60)" "sgdr(lr=0.1, period=10, growth=2)"'
            " --steps 60 -o schedules.png",
        ),
    ),
    "Nets": (
        Picture(
            "digits",
            "Data: handwritten digits.",
            "microgd data digits -o digits.png",
        ),
        Picture(
            "initialisations",
            "Hidden values of a deep net, by initialisation.",
            "microgd histograms --layers 4 --width 64 -o initialisations.png",
        ),
        Picture(
            "kernels",
            "A layer as OpenCL kernels: which gates became one program.",
            'microgd kernels "softmax(relu(x @ w + b))" x:64x784 w:784x10 b:10 --no-grad'
            " --draw kernels.svg",
        ),
    ),
}

#: What is drawn in a terminal, as text.
TERMINAL = 'microgd draw "(x + y) * z" x=-2 y=5 z=-4 --terminal'

HEAD = """\
# Gallery

Each picture with the one command that makes it. A script runs the commands, so they work as they
stand here.
"""


def pictures() -> list[Picture]:
    """All of them."""
    return [picture for group in GALLERY.values() for picture in group]


def run(command: str) -> str:
    """What a command prints; it must succeed."""
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})
    result = runner.invoke(cli, shlex.split(command)[1:], prog_name="microgd")
    if result.exit_code:
        raise SystemExit(f"{command}\n{result.output}")
    return result.output


def draw(picture: Picture, folder: Path) -> None:
    """Run the command in a folder of its own, and keep what the page shows."""
    target = folder / picture.shown
    file = picture.file
    with TemporaryDirectory() as place, chdir(place):
        if file.endswith(".pdf"):
            run(picture.command.replace(file, "page.typ"))
            target.write_bytes(page_of(Path("page.typ"), picture.page))
            return
        run(picture.command)
        made = Path(file) if Path(file).exists() else sorted(Path().iterdir())[0]
        if picture.window is not None:
            photograph(made, target, picture.window, dark="dark" in picture.name)
        elif file.endswith(".png"):
            target.write_bytes(small(made.read_bytes()))
        else:
            shutil.copy(made, target)


def page_of(source: Path, number: int) -> bytes:
    """A page of a document, as a picture."""
    import typst

    from microgd.teaching.typesetting import FONTS

    pages = typst.compile(source, format="png", ppi=96, font_paths=[str(FONTS)])
    return small(pages[number - 1] if isinstance(pages, list) else pages)


def small(png: bytes) -> bytes:
    """A picture as the page shows it, with few colours."""
    from PIL import Image  # matplotlib brings it

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))
    found = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        found, "PNG", optimize=True
    )
    return found.getvalue()


def photograph(page: Path, target: Path, window: tuple[int, int, str], *, dark: bool) -> None:
    """What Chromium shows of a page."""
    width, height, address = window
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--window-size={width},{height}", "--virtual-time-budget=3000"),
        *(["--blink-settings=preferredColorScheme=0"] if dark else []),
        f"--screenshot={Path('shot.png').absolute()}",
        f"{page.absolute().as_uri()}{address}",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    target.write_bytes(small(Path("shot.png").read_bytes()))


def page() -> str:
    """The gallery's page."""
    parts = [HEAD]
    for heading, group in GALLERY.items():
        parts.append(f"\n## {heading}\n")
        for picture in group:
            parts.append(f"\n{picture.text}\n\n```sh\n{picture.command}\n```\n")
            parts.append(f"\n![{picture.text}](pictures/gallery/{picture.shown})\n")
        if heading == "Circuits":
            text = "And where there are only letters."
            parts.append(f"\n{text}\n\n```console\n$ {TERMINAL}\n{run(TERMINAL)}```\n")
    return "".join(parts)


def main(folder: Path = FOLDER, *, browser: bool = False) -> None:
    """Draw every picture into the folder; photographs only with a browser."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures():
        if picture.window is None or browser:
            draw(picture, folder)


if __name__ == "__main__":
    main(*map(Path, [a for a in sys.argv[1:] if a != "--browser"]), browser="--browser" in sys.argv)
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")
