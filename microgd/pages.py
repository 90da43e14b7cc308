"""Pages: what every HTML page of ours needs, so that no text in it can break out of its place."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def json_in_page(data: Any) -> str:
    """JSON that can stand in a `<script>`: no text in it ends the element or begins another.

    >>> json_in_page({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    # Half of a pair of surrogates is no character that a file could hold.
    return re.sub("[\ud800-\udfff\u2028\u2029]", lambda c: f"\\u{ord(c[0]):04x}", text)


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
