"""The lecture decks: five sets of slides on backpropagation and gradient descent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deck:
    """A set of slides, as far as its text tells who made it.

    Attributes:
        id: the number that microgd knows it by: `001`.
        title: in its own language.
        origin: who taught it, or in which course.
        language: `cs`, `ro` or `ru`.
    """

    id: str
    title: str
    origin: str
    language: str

    def __str__(self) -> str:
        return f"{self.id}: {self.title} ({self.origin})"


#: Every deck by its number.
DECKS = {
    deck.id: deck
    for deck in (
        Deck("000", "Metoda největšího spádu a její varianty", "Aplikace neuronových sítí", "cs"),
        Deck(
            "001",
            "Optimizarea funcțiilor de pierdere. Algoritmul coborârii pe gradient",
            "Radu Ionescu, Universitatea din București",
            "ro",
        ),
        Deck(
            "002",
            "Градиентный спуск и метод обратного распространения ошибки",
            "Мария Макарова, Playrix",
            "ru",
        ),
        Deck("003", "Часть 4: Методы оптимизации", "Михаил Романов, Игорь Слинько", "ru"),
        Deck("004", "Trénování sítí", "Aplikace neuronových sítí", "cs"),
    )
}
