"""Limits: how large a program may be. Text from anywhere is read, so each is checked beforehand."""

#: Characters of a program.
MAX_TEXT = 4_000_000
#: Brackets inside brackets; an operator or a power between two of them may double the depth.
MAX_NESTING = 60
#: Operators in a row, as in `a + b + c + …`, before an assignment has to give the sum a name.
MAX_CHAIN = 1_000
#: Gates and constants recorded by one program.
MAX_NODES = 500_000
#: Elements of one Tensor that a program makes.
MAX_ELEMENTS = 10_000_000
#: Elements of all Tensors that a program makes together.
MAX_TOTAL = 100_000_000
#: Elements read by all gates of a program together; a product of matrices reads one for each
#: multiplication. Some ten seconds of work.
MAX_WORK = 10_000_000_000
#: Numbers written in a program.
MAX_NUMBERS = 300_000
#: Digits of one number.
MAX_DIGITS = 400
#: Axes of a shape, as NumPy has them, and digits of the length of one.
MAX_AXES = 64
MAX_SIZE_DIGITS = 12
#: The largest plain number; beyond it a float is infinite.
MAX_NUMBER = 1.7976931348623157e308
