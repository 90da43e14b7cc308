"""The lectures' catalogue: worked examples of five decks, each with its numbers, and their check.

>>> a1 = lecture("A1")
>>> a1.title, a1.program
('A circuit of two gates', 'q = x + y; f = q * z')
>>> [finding.got for finding in check(a1)][:3]
['3', '−12', '1']
"""

from microgd.teaching.lectures.catalogue import LECTURES, lecture, of_part, part_titles
from microgd.teaching.lectures.check import Finding, check
from microgd.teaching.lectures.decks import DECKS, Deck
from microgd.teaching.lectures.lecture import Claim, Lecture, PrintedNumber

__all__ = [
    "DECKS",
    "LECTURES",
    "Claim",
    "Deck",
    "Finding",
    "Lecture",
    "PrintedNumber",
    "check",
    "lecture",
    "of_part",
    "part_titles",
]
