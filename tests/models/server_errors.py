"""How servers say what went wrong: server_errors.jsonl, from their public documentation and reports of their users.

Names and figures are made smaller. `output_limit` is what the request asked for, `shown` a part of the server's words.
"""

import json
from pathlib import Path
from typing import Any

_LINES = Path(__file__).with_name("server_errors.jsonl").read_text(encoding="utf-8").splitlines()
FACTS: list[dict[str, Any]] = [json.loads(line) for line in _LINES]


def body_of(fact: dict[str, Any]) -> str:
    return fact["body"] if isinstance(fact["body"], str) else json.dumps(fact["body"])
