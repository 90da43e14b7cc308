"""Source: all kernels of a program as one text of OpenCL C."""

from __future__ import annotations

import re
from collections.abc import Sequence

from microgd.opencl.launch import Launch, kernel_source, work_source

#: Products and sums are rounded one by one, as NumPy does it; where fused ones are wanted, the
#: kernels say fma.
_HEAD = "#pragma OPENCL FP_CONTRACT OFF"
_DOUBLE = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable"

#: Philox4x32-10, as `microgd/gates/random.py` has it: the same bits on every device.
_PHILOX = """\
// Philox4x32-10 (Salmon et al., 2011): numbers in [0, 1) from counters, a key and a seed.
inline FLOAT philoxWIDE(UINT counter, uint key, uint seed)
{
    UINT c0 = counter, c1 = 0, c2 = 0, c3 = 0;
    for (int turn = 0; turn < 10; ++turn) {
        const UINT high0 = mul_hi((UINT)(0xD2511F53u), c0), low0 = 0xD2511F53u * c0;
        const UINT high1 = mul_hi((UINT)(0xCD9E8D57u), c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ key;
        c1 = low1;
        c2 = high0 ^ c3 ^ seed;
        c3 = low0;
        key += 0x9E3779B9u;
        seed += 0xBB67AE85u;
    }
    return convert_FLOAT(c0 >> 8) * 0x1.0p-24f;
}"""


def philox_source(width: str) -> str:
    """The generator for vectors of that width; for single numbers it is \"\"."""
    text = _PHILOX.replace("FLOAT", f"float{width}").replace("UINT", f"uint{width}")
    return text.replace("WIDE", width)


def program_source(launches: Sequence[Launch], double: bool) -> str:
    """The text that a device's compiler is given: every kernel that is no twin of another."""
    texts: dict[str, str] = {}
    for launch in launches:
        if launch.source:
            for kernel in launch.kernels:
                texts.setdefault(f"{kernel.function}_work", work_source(kernel))
            texts[launch.name] = launch.source
        else:
            texts.setdefault(launch.name, kernel_source(launch.kernels[0]))
    head = [_HEAD]
    if double:
        head.insert(0, _DOUBLE)
    widths = {w for text in texts.values() for w in re.findall(r"\bphilox(\d*)\(", text)}
    head += [philox_source(width) for width in sorted(widths)]
    return "\n\n".join([*head, *texts.values()]) + "\n"
