"""Source: all kernels of a program as one text of OpenCL C."""

from __future__ import annotations

from collections.abc import Sequence

from microgd.opencl.launch import Launch, kernel_source, work_source

#: Products and sums are rounded one by one, as NumPy does it; where fused ones are wanted, the
#: kernels say fma.
_HEAD = "#pragma OPENCL FP_CONTRACT OFF"
_DOUBLE = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable"

#: Philox4x32-10, as `microgd/gates/random.py` has it: the same bits on every device.
_PHILOX = """\
// Philox4x32-10 (Salmon et al., 2011): a number in [0, 1) from a counter, a key and a seed.
inline float philox(uint counter, uint key, uint seed)
{
    uint c0 = counter, c1 = 0, c2 = 0, c3 = 0;
    for (int turn = 0; turn < 10; ++turn) {
        const uint high0 = mul_hi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        const uint high1 = mul_hi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ key;
        c1 = low1;
        c2 = high0 ^ c3 ^ seed;
        c3 = low0;
        key += 0x9E3779B9u;
        seed += 0xBB67AE85u;
    }
    return (float)(c0 >> 8) * 0x1.0p-24f;
}"""


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
    if any("philox(" in text for text in texts.values()):
        head.append(_PHILOX)
    return "\n\n".join([*head, *texts.values()]) + "\n"
