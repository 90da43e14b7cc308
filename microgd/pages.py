"""Pages: what every HTML page of ours needs, so that no text in it can break out of its place."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from zlib import compressobj, decompress


def json_in_page(data: Any) -> str:
    """JSON that can stand in a `<script>`: no text in it ends the element or begins another.

    >>> json_in_page({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return without_unseen(text)


def without_unseen(text: str) -> str:
    r"""JSON in which signs that nothing shows are written as escapes: it reads as it did, and does
    nothing to the terminal, editor or page that it passes through.

    >>> print(without_unseen('"a\u202eb"'))
    "a\u202eb"
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)
    )


def packed(text: str) -> str:
    """A text as base64 of raw deflate, much shorter; nothing can break out of that at all.

    `await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream(
    "deflate-raw"))).text()` reads it in a page.

    >>> unpacked(packed("</script>"))
    '</script>'
    """
    packer = compressobj(9, wbits=-15)
    return b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def unpacked(text: str) -> str:
    """What `packed` packed."""
    return decompress(b64decode(text), wbits=-15).decode()


def packed_json(data: Any) -> str:
    """The same of JSON.

    >>> unpacked_json(packed_json({"x": [1, 2]}))
    {'x': [1, 2]}
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return packed(re.sub("[\ud800-\udfff]", lambda half: _escape(half[0]), text))


def unpacked_json(text: str) -> Any:
    """What `packed_json` packed."""
    return json.loads(unpacked(text))


def filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with each `{{name}}` replaced, in one pass: what stands in a part is never
    taken for the name of another.

    >>> filled("<p>{{a}}{{b}}</p>", {"a": "{{b}}", "b": "!"})
    '<p>{{b}}!</p>'
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], template)


def hashed(source: str) -> str:
    """What a Content-Security-Policy calls exactly this style or script.

    >>> hashed("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
