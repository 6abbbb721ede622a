"""The examples of docs/library.md, run in their order."""

from __future__ import annotations

import re
from typing import Any

from tests.capabilities import ROOT, needs

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@needs("checkout")
def test_the_examples_of_the_guide_do_what_it_says(capsys: Any) -> None:
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    blocks = _BLOCK.findall(text)
    assert len(blocks) == text.count("```python")
    names: dict[str, Any] = {"__name__": "library"}
    for block in blocks:
        exec(compile(block, "docs/library.md", "exec"), names)
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"b'\\x80 a packet of media' went to 127\.0\.0\.1:\d+", said[0])
    assert re.fullmatch(r"trickled to 127\.0\.0\.1:\d+", said[1])
    assert said[2] == "generation 2 carries media now"
    assert said[3] == "['None', 'active', 'passive']"
    address, rtt, sent, dropped = said[4].split()
    assert address.startswith("127.0.0.1:")
    assert float(rtt) > 0
    assert (sent, dropped) == ("0", "0")
