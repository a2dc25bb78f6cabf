"""One JSON object on standard output."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def print_json(content: Mapping[str, Any]) -> None:
    # Lone surrogates cannot be printed as UTF-8; as JSON escapes they can.
    text = json.dumps(content, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf8", "backslashreplace") + b"\n")
