import re
from xml.etree import ElementTree

from sipice.cli.demo.picture import LEFT, WIDTH, Picture
from tests.cli.demo.sample import record

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_and_has_a_mark_for_everything() -> None:
    root = ElementTree.fromstring(Picture(record()).draw())
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles.count("selected by us") == 1
    assert "ordinary check, succeeded, 100.0 ms" in titles
    assert "ordinary check, unanswered, 0.0 ms" in titles
    assert sum("packets" in (title or "") for title in titles) == 1
    assert "alice calls" in titles
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "#1 host → host" in texts
    assert "1 s" in texts


def test_time_goes_from_left_to_right_within_the_picture() -> None:
    picture = Picture(record())
    places = [picture.x(at) for at in (0.0, 10.0, 10.5, 11.0, 12.0, 99.0)]
    assert places == sorted(places)
    assert places[0] == places[1] == LEFT
    assert places[-1] == places[-2] < WIDTH


def test_a_call_that_ended_at_once_can_be_drawn() -> None:
    short = record()
    short.ended_at = short.began_at
    for number in re.findall(r'x="(-?[\d.]+)"', Picture(short).draw()):
        assert 0 <= float(number) <= WIDTH
