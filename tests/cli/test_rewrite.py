"""``sipice rewrite``: exactly the bytes of sdp.rewrite, and the files they go to."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

import sdp
from sdp import Destination, SdpError
from sdp import rewrite as edits
from sipice.sip.message import parse_message
from tests.capabilities import require

require("cli")

from tests.cli.run import RECORDED, SYNTHETIC, run

OFFER = RECORDED / "baresip-baresip-udp.1.offer.sdp"
PLAIN = SYNTHETIC / "many-sections.sdp"
PWD = "0123456789012345678901"
CANDIDATE = "1 1 UDP 2130706431 192.0.2.1 5000 typ host"


def test_strip_writes_the_bytes_of_the_rewriter() -> None:
    description = sdp.parse(OFFER.read_bytes())
    edits.strip(description)
    assert run("rewrite", "strip", OFFER).data == description.to_bytes()


def test_strip_sends_a_stream_elsewhere() -> None:
    description = sdp.parse(OFFER.read_bytes())
    edits.strip(
        description, {0: [Destination("2001:db8::5", 5000), Destination("2001:db8::5", 5002)]}
    )
    ended = run("rewrite", "strip", OFFER, "--destination", "0=[2001:db8::5]:5000,5002")
    assert ended.data == description.to_bytes()


def test_put_says_all_that_the_options_say() -> None:
    ended = run(
        *("rewrite", "put", PLAIN, "--ufrag", "abcd", "--pwd", PWD),
        *("--candidate", CANDIDATE, "--candidate", f"2={CANDIDATE}"),
        *("--option", "ice2", "--option", "trickle", "--pacing", "20", "--end-of-candidates"),
        *("--destination", "192.0.2.1:5000,192.0.2.2:5001"),
    )
    description = sdp.parse(ended.data)
    assert sdp.effective.credentials(description, 8) == sdp.Credentials("abcd", PWD)
    assert description.ice_options == ("ice2", "trickle")
    assert description.ice_pacing == 20
    assert description.end_of_candidates
    assert [len(section.candidates) for section in description.media] == [1, 0, 1, *[0] * 6]
    assert sdp.effective.default_destination(description, 0, 2) == Destination("192.0.2.2", 5001)


def test_put_at_media_level_leaves_streams_alone_that_are_not_in_use() -> None:
    file = SYNTHETIC / "port-zero.sdp"
    ended = run("rewrite", "put", file, "--ufrag", "abcd", "--pwd", PWD, "--media-level", "--lite")
    description = sdp.parse(ended.data)
    assert description.ice_lite
    assert description.ice_ufrag is None
    assert [section.ice_ufrag for section in description.media] == ["abcd", None]


def test_the_password_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pwd"
    file.write_text(PWD + "\n")
    ended = run("rewrite", "put", PLAIN, "--ufrag", "abcd", "--pwd-file", file)
    assert sdp.parse(ended.data).ice_pwd == PWD


def test_set_origin_changes_what_is_named() -> None:
    ended = run("rewrite", "set-origin", OFFER, "--version", "7", "--address", "2001:db8::1")
    before, after = sdp.parse(OFFER.read_bytes()).origin, sdp.parse(ended.data).origin
    assert before is not None
    assert after is not None
    assert (after.username, after.session_id) == (before.username, before.session_id)
    assert (after.session_version, after.addrtype, after.address) == ("7", "IP6", "2001:db8::1")


def test_a_sip_message_keeps_everything_but_its_body_and_length() -> None:
    file = SYNTHETIC / "invite-multipart-mixed.sip"
    ended = run("rewrite", "strip", file)
    assert b"a=ice-" not in ended.data
    assert b"application/isup" in ended.data
    before, after = parse_message(file.read_bytes()), parse_message(ended.data)
    assert not after.problems
    assert after.header("content-length") == str(len(after.body))
    assert [h.value for h in before.headers if h.key != "content-length"] == [
        h.value for h in after.headers if h.key != "content-length"
    ]


def test_diff_shows_the_changed_lines_and_writes_no_result() -> None:
    ended = run("rewrite", "strip", OFFER, "--diff")
    shown = [line.split(maxsplit=2) for line in ended.out.splitlines()]
    removed = [
        (f"-{number}" if number > 999 else "-", number)
        for number, line in enumerate(OFFER.read_bytes().splitlines(), 1)
        if line.startswith((b"a=ice-", b"a=candidate"))
    ]
    assert [(sign, int(number)) for sign, number, _ in shown] == removed
    assert "a=ice-pwd:<31 characters>" in ended.out
    assert "<" not in run("rewrite", "strip", OFFER, "--diff", "--secrets").out


def test_json_holds_the_bytes() -> None:
    document = run("rewrite", "strip", SYNTHETIC / "non-utf8.sdp", "--json").json
    expected = run("rewrite", "strip", SYNTHETIC / "non-utf8.sdp").data
    assert base64.b64decode(document["base64"]) == expected
    assert document["changed"] is bool(document["changes"])


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.sdp"
    ended = run("rewrite", "strip", OFFER, "-o", target)
    assert (ended.code, ended.data) == (0, b"")
    assert target.read_bytes() == run("rewrite", "strip", OFFER).data
    assert list(tmp_path.iterdir()) == [target]


def test_in_place_keeps_the_mode_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "offer.sdp"
    file.write_bytes(OFFER.read_bytes())
    file.chmod(0o640)
    link = tmp_path / "link.sdp"
    link.symlink_to(file)
    ended = run("rewrite", "strip", "--in-place", "--diff", link)
    assert ended.code == 0
    assert "a=candidate" in ended.out
    assert file.read_bytes() == run("rewrite", "strip", OFFER).data
    assert file.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()


def test_output_may_be_a_device() -> None:
    assert run("rewrite", "strip", OFFER, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


PUT = ("put", str(PLAIN), "--ufrag", "abcd", "--pwd", PWD)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("put", str(PLAIN), "--ufrag", "abc", "--pwd", PWD), "ice-ufrag: 3 characters"),
        (("put", str(PLAIN), "--ufrag", "abcd", "--pwd", "short"), "ice-pwd: 5 characters"),
        (("put", str(PLAIN), "--ufrag", "abcd"), "give either --pwd or --pwd-file"),
        (("put", str(PLAIN), "--ufrag", "abcd", "--pwd-file", "nosuch"), "cannot be read"),
        ((*PUT, "--candidate", "nonsense"), "candidate: 1 fields"),
        ((*PUT, "--candidate", f"99={CANDIDATE}"), "no stream 99; .* streams 0 to 8"),
        ((*PUT, "--candidate", "1 1 UDP 0 192.0.2.1 5 typ host"), "candidate priority: 0 is not"),
        ((*PUT, "--destination", "192.0.2.1"), "'192.0.2.1' is not HOST:PORT"),
        ((*PUT, "--destination", "example.org:5"), "'example.org' is not an IP address"),
        ((*PUT, "--lite", "--pacing", "20"), "ice-pacing: a lite agent does not send it"),
        ((*PUT, "--option", "a b"), "ice-options: 'a b' is not made of ice-chars"),
        (("strip", "missing.sdp"), "missing.sdp does not exist"),
        (("strip", str(SYNTHETIC / "trickle-info.sdpfrag")), "is a fragment; give one SDP"),
        (("strip", str(SYNTHETIC / "invite-offerless.sip")), "without session description"),
        (("strip", str(PLAIN), "-o", "/nosuch/folder/x"), "cannot be written to"),
        (("strip", str(PLAIN), "-o", "x", "-i"), "cannot be rewritten in place"),
        (("strip", "-", "-i"), "cannot be rewritten in place"),
        (("set-origin", str(PLAIN), "--version", "x"), "o= version: 'x' is not a number"),
        (("set-origin", str(SYNTHETIC / "no-o.sdp"), "--version", "1"), "there is no o= line"),
    ],
)
def test_what_cannot_be_done_gets_one_line(arguments: tuple[str, ...], words: str) -> None:
    ended = run("rewrite", *arguments, stdin=PLAIN.read_bytes())
    assert ended.code == 2
    assert ended.data == b""
    assert ended.err.count("\n") == 1
    with pytest.raises(SdpError, match=words):
        raise SdpError(ended.err)


def test_json_says_why_nothing_was_done() -> None:
    ended = run("rewrite", "strip", "/does/not/exist.sdp", "--json")
    assert ended.code == 2
    assert ended.json == {"name": "/does/not/exist.sdp", "error": "does not exist"}
