"""Places of findings, for editors and for people."""

from __future__ import annotations

import sdp
from sdp.lint import Finding, Severity
from sipice.cli.found import Carrier, Found
from sipice.cli.linted import Linted, counts, file_line, place
from sipice.cli.opened import Opened

TEXT = sdp.parse(b"v=0\r\n")


def finding(line: int | None, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("SDP001", severity, "message", "8866", "5", line, None)


def test_a_line_of_a_file_can_be_jumped_to() -> None:
    found = Found(source="x.sip", description=TEXT, first_line=10)
    assert place(found, finding(3)) == "x.sip:12"
    assert place(found, finding(None)) == "x.sip"


def test_in_a_capture_the_message_is_named() -> None:
    carrier = Carrier(name="INVITE", call_id="c", transport="UDP", size=1, call=2)
    found = Found(source="x.pcap", description=TEXT, first_line=0, carrier=carrier, role="offer")
    assert file_line(found, finding(3)) is None
    assert place(found, finding(3)) == "x.pcap: call 2, INVITE (offer), SDP line 3"


def test_findings_are_counted_by_severity() -> None:
    found = Found(source="x", description=TEXT)
    results = (finding(1), finding(2), finding(3, Severity.INFO))
    linted = Linted(Opened(name="x"), ((found, results),))
    assert counts([linted, linted]) == {"error": 4, "warning": 0, "info": 2}
