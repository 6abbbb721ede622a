from html.parser import HTMLParser

from sipice.cli.demo.report import html
from tests.cli.demo.sample import record


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "rect", "line", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def test_everything_is_in_it_and_nothing_secret() -> None:
    page = html(record())
    parser = Text()
    parser.feed(page)
    assert parser.open == []
    text = " ".join(parser.text)
    for wanted in (
        "The call went through.",
        "A call between <alice> and bob",
        "660 Hz (sent: 660 Hz)",
        "10.0.0.1:1 > 192.0.2.2:2",
        "selected",
        "not used",
        "1.900 s",
        "<22 characters>",
    ):
        assert wanted in text
    assert "x" * 22 not in page
    assert "<alice>" not in page
    assert "src=" not in page
    assert "<script" not in page


def test_problems_stand_on_top() -> None:
    bad = record()
    bad.problems.append("bob heard <nothing>")
    page = html(bad)
    assert "The call had problems." in page
    assert "bob heard &lt;nothing&gt;" in page
