"""RFC 6086: INFO packages, as the tap sends and takes them."""

from __future__ import annotations

import pytest

from sipice.session.events import FragmentReady, Rejected
from sipice.sip.body import SDPFRAG
from sipice.sip.message import parse_message
from sipice.sip.outputs import SendInfo
from tests.marks import rfc
from tests.sip.build import multipart, part
from tests.sip.story import FRAGMENT, info, request, response, sdp
from tests.sip.taps import TRICKLES, alone, call_in, call_out, header, headers, run

INVITE = request("INVITE", 1, body=sdp("offer"))


@rfc("6086", "4.2.1", "MUST", "6086-4.2.1-1")
def test_our_info_names_one_package_and_lists_none() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", FRAGMENT))
    (asked,) = end.asked
    assert isinstance(asked, SendInfo)
    fields = dict(asked.headers)
    assert fields["Info-Package"] == "trickle-ice"
    end.outgoing(request("INFO", 2, "Info-Package: trickle-ice", to="bob", body=FRAGMENT))
    assert header(end.wire[-1], "recv-info") is None


@rfc("6086", "4.2.1", "MUST NOT", "6086-4.2.1-2")
@pytest.mark.parametrize("extra", [(), ("Supported: trickle-ice",)])
def test_none_is_sent_before_the_peer_has_listed_the_package(extra: tuple[str, ...]) -> None:
    end, clock = alone()
    call_out(end, clock, *extra)
    end.event(FragmentReady("bob", FRAGMENT))
    assert end.asked == []
    end.incoming(request("UPDATE", 1, *TRICKLES, by="bob", to="alice"))
    assert len(end.asked) == 1


@rfc("6086", "4.2.1", "MUST NOT", "6086-4.2.1-3")
def test_a_469_ends_neither_the_dialog_nor_the_call() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.event(FragmentReady("bob", FRAGMENT))
    end.outgoing(
        request("INFO", 2, "Info-Package: trickle-ice", to="bob", body=FRAGMENT, body_type=SDPFRAG)
    )
    end.incoming(response(469, 2, "Recv-Info:", method="INFO"))
    assert end.open
    end.outgoing(request("INVITE", 3, to="bob", body=sdp("again")))
    run(clock, 0.1)
    assert end.controller.verbs()[-1] == "begin_offer bob"


@rfc("6086", "4.2.1", "MUST", "6086-4.2.1-4")
def test_each_early_dialog_is_told_by_what_its_own_peer_takes() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.controller.news = FRAGMENT
    end.incoming(response(180, 1, *TRICKLES, by="bob"))
    end.incoming(response(180, 1, "Supported: trickle-ice", "Recv-Info:", by="carol"))
    end.incoming(response(180, 1, *TRICKLES, by="dave"))
    run(clock, 0.1)
    assert [one.dialog.remote for one in end.asked] == ["bob", "dave"]
    end.incoming(info(1, "carol", "alice"))
    assert end.controller.calls[-1] == ("receive_fragment", "carol", FRAGMENT)


@rfc("6086", "note", "rule", "6086-4.2.1-5")
def test_an_info_that_overtakes_its_dialog_is_taken_and_ours_is_tried_again() -> None:
    end, clock = alone()
    call_out(end, clock, confirmed=False)
    end.incoming(info(1, "bob", "alice"))
    assert end.sent()[-1] == "200 INFO"
    assert end.controller.calls[-1] == ("receive_fragment", "bob", FRAGMENT)
    end.incoming(response(180, 1, *TRICKLES))
    end.event(FragmentReady("bob", FRAGMENT))
    end.outgoing(
        request("INFO", 2, "Info-Package: trickle-ice", to="bob", body=FRAGMENT, body_type=SDPFRAG)
    )
    end.incoming(response(481, 2, method="INFO"))
    assert len(end.asked) == 1
    run(clock, 2)
    assert len(end.asked) == 2


@rfc("6086", "4.2.2", "MUST", "6086-4.2.2-1")
@pytest.mark.parametrize("package", ["foo", "Trickle-ICE"])
def test_a_package_that_is_not_listed_gets_a_469_with_the_list(package: str) -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(request("INFO", 1, f"Info-Package: {package}", by="bob", to="alice", body=b"x"))
    assert end.sent()[-1] == "469 INFO"
    assert header(end.wire[-1], "recv-info") == "trickle-ice"
    assert "INFO" not in end.delivered()
    assert end.open


@rfc("6086", "4.2.2", "RECOMMENDED", "6086-4.2.2-2")
@pytest.mark.parametrize("body", [b"", b"v=0\r\n"])
def test_a_body_of_another_type_gets_a_415(body: bytes) -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(request("INFO", 1, "Info-Package: trickle-ice", by="bob", to="alice", body=body))
    assert end.sent()[-1] == "415 INFO"
    assert header(end.wire[-1], "accept") == SDPFRAG
    assert "receive_fragment bob" not in end.controller.verbs()


@rfc("6086", "4.2.2", "MUST", "6086-4.2.2-3")
def test_what_is_well_formed_gets_a_200_whatever_it_says() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.trouble["receive_fragment"] = Rejected(488, "", None, "nothing that is known")
    end.incoming(info(1, "bob", "alice", body=b"a=nothing known\r\n"))
    assert end.sent()[-1] == "200 INFO"


@rfc("6086", "4.3.1", "rule/MUST", "6086-4.3.1-1")
def test_the_body_of_the_package_says_so_and_may_be_one_of_several() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    run(clock, 0.1)
    assert headers(end.wire[0], "accept") == ["application/sdp", SDPFRAG]
    end.incoming(response(200, 1, *TRICKLES, body=sdp("answer")))
    run(clock, 0.1)
    body = multipart(
        "b",
        part(b"x", "Content-Type: text/plain"),
        part(FRAGMENT, f"Content-Type: {SDPFRAG}", "Content-Disposition: Info-Package"),
    )
    mixed = "multipart/mixed;boundary=b"
    package = "Info-Package: trickle-ice"
    end.incoming(request("INFO", 1, package, by="bob", to="alice", body=body, body_type=mixed))
    assert end.controller.calls[-1] == ("receive_fragment", "bob", FRAGMENT)
    end.event(FragmentReady("bob", FRAGMENT))
    (asked,) = end.asked
    assert isinstance(asked, SendInfo)
    assert ("Content-Disposition", "Info-Package") in asked.headers


@rfc("6086", "4.3.2", "MUST NOT", "6086-4.3.2-1")
def test_our_responses_to_info_have_no_body() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    for number, package in enumerate(("trickle-ice", "foo"), 1):
        data = info(number, "bob", "alice").replace(
            b"Package: trickle-ice", b"Package: %b" % package.encode()
        )
        end.incoming(data)
        assert parse_message(end.wire[-1]).body == b""
        assert header(end.wire[-1], "content-length") == "0"


@rfc("6086", "4.4", "rule", "6086-4.4-1")
def test_only_cseq_tells_the_order() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    for number in (5, 4, 7):
        end.incoming(info(number, "bob", "alice", body=FRAGMENT + b"%d" % number))
    assert end.sent()[-3:] == ["200 INFO"] * 3
    fragments = [call[2] for call in end.controller.calls if call[0] == "receive_fragment"]
    assert fragments == [FRAGMENT + b"5", FRAGMENT + b"7"], "the one that came late is older"


@rfc("6086", "5.2.2", "MUST", "6086-5.2.2-1")
def test_only_recv_info_says_what_the_peer_takes_and_it_lasts_until_replaced() -> None:
    end, clock = alone()
    call_out(end, clock, "Allow: INFO", "Supported: trickle-ice")
    end.event(FragmentReady("bob", FRAGMENT))
    assert end.asked == []
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(request("UPDATE", 1, by="bob", to="alice"))
    end.outgoing(response(200, 1, method="UPDATE", by="alice", to="bob"))
    end.event(FragmentReady("bob", FRAGMENT))
    assert len(end.asked) == 1, "nothing was said, so nothing has changed"
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(request("UPDATE", 1, "Recv-Info:", by="bob", to="alice"))
    end.outgoing(response(200, 1, method="UPDATE", by="alice", to="bob"))
    end.event(FragmentReady("bob", FRAGMENT))
    assert end.asked == []


@rfc("6086", "5.2.3", "MUST", "6086-5.2.3-1")
def test_every_invite_of_ours_lists_the_package() -> None:
    end, clock = alone()
    end.outgoing(INVITE)
    end.outgoing(request("INVITE", 1, call_id="offerless"))
    run(clock, 0.1)
    assert [header(data, "recv-info") for data in end.wire] == ["trickle-ice"] * 2


@rfc("6086", "5.2.3", "MUST", "6086-5.2.3-2")
def test_responses_list_it_if_the_request_did_and_all_the_same() -> None:
    end, clock = alone()
    end.incoming(request("INVITE", 1, "Recv-Info: bar", body=sdp("offer")))
    run(clock, 0.1)
    end.outgoing(response(180, 1))
    end.outgoing(response(183, 1, body=sdp("answer"), rseq=1))
    run(clock, 0.1)
    end.incoming(request("PRACK", 2, "RAck: 1 1 INVITE", to="bob"))
    end.outgoing(response(200, 2, method="PRACK"))
    end.outgoing(response(200, 1))
    of_invite = [data for data in end.wire if b"CSeq: 1 INVITE" in data]
    assert [header(data, "recv-info") for data in of_invite] == ["trickle-ice"] * 3
    end, clock = alone()
    call_in(end, clock)
    assert header(end.wire[0], "recv-info") is None, "the request had none"


@rfc("6086", "5.2.4", "MUST", "6086-5.2.4-1")
def test_a_rejected_request_changes_no_packages() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(request("INVITE", 1, "Recv-Info:", by="bob", to="alice", body=sdp("x")))
    run(clock, 0.1)
    end.outgoing(response(488, 1, by="alice", to="bob"))
    end.incoming(request("ACK", 1, by="bob", to="alice"))
    end.event(FragmentReady("bob", FRAGMENT))
    assert len(end.asked) == 1


@rfc("6086", "7.2", "rule", "6086-7.2-1")
def test_names_of_packages_are_case_sensitive_and_have_parameters() -> None:
    for listed, sent in (("Trickle-Ice", 0), ("foo, trickle-ice;x=1", 1)):
        end, clock = alone()
        call_out(end, clock, "Supported: trickle-ice", f"Recv-Info: {listed}")
        end.event(FragmentReady("bob", FRAGMENT))
        assert len(end.asked) == sent
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    end.incoming(
        info(1, "bob", "alice").replace(b"Package: trickle-ice", b"Package: trickle-ice;y")
    )
    assert end.sent()[-1] == "200 INFO"


@rfc("6086", "3", "MUST NOT", "6086-3-1")
def test_info_of_the_old_kind_goes_its_own_way() -> None:
    end, clock = alone()
    call_out(end, clock, *TRICKLES)
    tones = request("INFO", 2, to="bob", body=b"Signal=1", body_type="application/dtmf-relay")
    end.outgoing(tones)
    assert end.wire[-1] == tones
    end.event(FragmentReady("bob", FRAGMENT))
    assert len(end.asked) == 1, "it does not count as one of ours"
    back = request(
        "INFO", 1, by="bob", to="alice", body=b"Signal=2", body_type="application/dtmf-relay"
    )
    end.incoming(back)
    assert end.stack[-1] == back


@rfc("6086", "5.3", "SHALL NOT", "6086-5.3-1")
def test_a_registration_lists_no_package() -> None:
    end, _ = alone()
    end.outgoing(request("REGISTER", 1, "Contact: <sip:alice@192.0.2.1>"))
    assert header(end.wire[0], "recv-info") is None
