"""The six patterns of RFC 6337 and all that lies between them, as seen in the messages."""

from __future__ import annotations

import pytest

from sipice.sip.call import DialogState, Meaning, Outcome, Remark
from tests.marks import rfc
from tests.sip.build import multipart, part
from tests.sip.story import (
    ACK,
    INVITE,
    OFFERLESS,
    OK,
    meanings,
    name,
    rack,
    request,
    response,
    sdp,
    summary,
    the_dialog,
    told,
)


def test_pattern_1_is_offer_in_invite_and_answer_in_2xx() -> None:
    dialog = the_dialog(INVITE, response(180, 1), OK, ACK)
    assert summary(dialog) == [(1, "offer", "answer", "answered")]
    assert (dialog.from_tag, dialog.to_tag) == ("alice", "bob")
    assert dialog.state is DialogState.CONFIRMED
    assert meanings(INVITE, response(180, 1), OK, ACK) == [
        Meaning.OFFER,
        Meaning.NOTHING,
        Meaning.ANSWER,
        Meaning.NOTHING,
    ]


@rfc("6337", "2.2", "must", "6337-2.2-1")
def test_pattern_2_is_offer_in_2xx_and_answer_in_ack() -> None:
    ack = request("ACK", 1, to="bob", body=sdp("answer"))
    ok = response(200, 1, body=sdp("offer"))
    assert summary(the_dialog(OFFERLESS, ok)) == [(2, "offer", None, "pending")]
    assert summary(the_dialog(OFFERLESS, ok, ack)) == [(2, "offer", "answer", "answered")]
    assert meanings(OFFERLESS, ok, ack) == [Meaning.NOTHING, Meaning.OFFER, Meaning.ANSWER]


@rfc("6337", "2.2", "must", "6337-2.2-2")
def test_pattern_3_is_the_answer_in_a_reliable_1xx_that_nothing_changes() -> None:
    progress = response(183, 1, rseq=5, body=sdp("answer"))
    later = response(183, 1, rseq=6, body=sdp("other"))
    dialog = the_dialog(INVITE, progress, request("PRACK", 2, rack(5, 1), to="bob"), later, OK)
    assert summary(dialog) == [(3, "offer", "answer", "answered")]
    assert dialog.exchanges[0].remarks == (Remark.LATER_SDP_DIFFERS,)
    assert meanings(INVITE, progress, later, OK)[1:] == [
        Meaning.ANSWER,
        Meaning.IGNORED,
        Meaning.IGNORED,
    ]


@rfc("3262", "5", "MUST", "3262-5-2")
@rfc("6337", "2.2", "must", "6337-2.2-1")
def test_pattern_4_is_offer_in_a_reliable_1xx_and_answer_in_prack() -> None:
    prack = request("PRACK", 2, rack(5, 1), to="bob", body=sdp("answer"))
    progress = response(183, 1, rseq=5, body=sdp("offer"))
    repeated = response(200, 1, body=sdp("offer"))
    dialog = the_dialog(OFFERLESS, progress, prack, response(200, 2, method="PRACK"), repeated, ACK)
    assert summary(dialog) == [(4, "offer", "answer", "answered")]
    assert meanings(OFFERLESS, progress, prack, repeated)[1:] == [
        Meaning.OFFER,
        Meaning.ANSWER,
        Meaning.IGNORED,
    ]


@rfc("3262", "5", "MUST", "3262-5-1")
@rfc("6337", "2.2", "must", "6337-2.2-3")
def test_pattern_5_is_a_second_offer_in_prack_and_its_answer_in_the_2xx() -> None:
    dialog = the_dialog(
        INVITE,
        response(183, 1, rseq=5, body=sdp("answer")),
        request("PRACK", 2, rack(5, 1), to="bob", body=sdp("second")),
        response(200, 2, method="PRACK", body=sdp("reply")),
    )
    assert summary(dialog) == [
        (3, "offer", "answer", "answered"),
        (5, "second", "reply", "answered"),
    ]
    assert dialog.exchanges[1].remarks == ()


@rfc("6337", "2.2", "must", "6337-2.2-3")
def test_an_offer_in_the_prack_of_a_1xx_without_answer_is_remarked() -> None:
    dialog = the_dialog(
        INVITE,
        response(183, 1, rseq=5),
        request("PRACK", 2, rack(5, 1), to="bob", body=sdp("second")),
    )
    assert dialog.exchanges[1].remarks == (
        Remark.OFFER_TOO_EARLY,
        Remark.PRACK_OFFER_TOO_EARLY,
    )


@rfc("3311", "5.1", "MAY", "3311-5.1-1")
def test_pattern_6_is_update_by_either_side_early_or_confirmed() -> None:
    dialog = the_dialog(
        INVITE,
        response(183, 1, rseq=5, body=sdp("answer")),
        request("UPDATE", 2, to="bob", body=sdp("early")),
        response(200, 2, method="UPDATE", body=sdp("early reply")),
        response(200, 1),
        ACK,
        request("UPDATE", 1, by="bob", to="alice", body=sdp("hold")),
        response(200, 1, method="UPDATE", by="alice", to="bob", body=sdp("held")),
    )
    assert summary(dialog) == [
        (3, "offer", "answer", "answered"),
        (6, "early", "early reply", "answered"),
        (6, "hold", "held", "answered"),
    ]
    assert [exchange.offer.sender for exchange in dialog.exchanges] == ["alice", "alice", "bob"]


@rfc("6337", "2.2", "must", "6337-2.2-5")
def test_an_update_may_be_without_sdp_and_is_then_no_exchange() -> None:
    refresh = request("UPDATE", 2, to="bob")
    dialog = the_dialog(INVITE, OK, ACK, refresh, response(200, 2, method="UPDATE"))
    assert len(dialog.exchanges) == 1
    odd = response(200, 2, method="UPDATE", body=sdp("odd"))
    assert meanings(INVITE, OK, ACK, refresh, odd)[-1] is Meaning.IGNORED


def test_a_re_invite_is_one_more_exchange_of_the_dialog() -> None:
    dialog = the_dialog(
        INVITE,
        OK,
        ACK,
        request("INVITE", 1, by="bob", to="alice", body=sdp("again")),
        response(200, 1, by="alice", to="bob", body=sdp("yes")),
        request("INVITE", 2, to="bob"),
        response(200, 2, body=sdp("all I have")),
        request("ACK", 2, to="bob", body=sdp("taken")),
    )
    assert summary(dialog) == [
        (1, "offer", "answer", "answered"),
        (1, "again", "yes", "answered"),
        (2, "all I have", "taken", "answered"),
    ]


@rfc("6337", "3.1.1", "must", "6337-3.1.1-1")
def test_sdp_in_an_unreliable_18x_is_a_preview_and_the_exchange_stays_open() -> None:
    (exchange,) = the_dialog(INVITE, response(183, 1, body=sdp("preview"))).exchanges
    assert exchange.outcome is Outcome.PROVISIONAL
    assert exchange.answer is None
    assert exchange.preview is not None
    assert name(exchange.preview.body.data) == "preview"
    assert exchange.ended is None


@rfc("3261", "13.2.1", "MUST", "3261-13.2.1-2")
@rfc("6337", "3.1.1", "must", "6337-3.1.1-2")
def test_the_answer_after_a_preview_is_compared_with_it() -> None:
    preview = response(183, 1, body=sdp("answer"))
    (same,) = the_dialog(INVITE, preview, OK).exchanges
    assert (same.outcome, same.remarks) == (Outcome.ANSWERED, ())
    (other,) = the_dialog(INVITE, preview, response(200, 1, body=sdp("changed"))).exchanges
    assert other.remarks == (Remark.ANSWER_DIFFERS,)
    assert other.preview is not None
    assert name(other.preview.body.data) == "answer"
    later = response(180, 1, body=sdp("second preview"))
    (ignored,) = the_dialog(INVITE, preview, later, OK).exchanges
    assert ignored.remarks == (Remark.LATER_SDP_DIFFERS,)
    assert meanings(INVITE, preview, later, OK)[1:] == [
        Meaning.PREVIEW,
        Meaning.IGNORED,
        Meaning.ANSWER,
    ]


def test_a_2xx_without_sdp_lets_the_preview_stand_or_is_remarked() -> None:
    (stands,) = the_dialog(
        INVITE, response(183, 1, body=sdp("preview")), response(200, 1)
    ).exchanges
    assert (stands.outcome, stands.remarks) == (Outcome.ANSWERED, (Remark.PREVIEW_STANDS,))
    assert (stands.answer, stands.ended) == (stands.preview, 2.0)
    (nothing,) = the_dialog(INVITE, response(200, 1)).exchanges
    assert (nothing.outcome, nothing.remarks) == (Outcome.PENDING, (Remark.NO_ANSWER,))


@rfc("6337", "3.1.2", "should", "6337-3.1.2-1")
def test_without_an_offer_in_the_invite_only_the_first_reliable_sdp_is_the_offer() -> None:
    story = (
        OFFERLESS,
        response(180, 1),
        response(183, 1, body=sdp("unreliable")),
        response(183, 1, rseq=5, body=sdp("offer")),
        response(183, 1, rseq=6, body=sdp("extra")),
        response(200, 1, body=sdp("extra too")),
    )
    assert summary(the_dialog(*story)) == [(4, "offer", None, "pending")]
    assert meanings(*story) == [
        Meaning.NOTHING,
        Meaning.NOTHING,
        Meaning.IGNORED,
        Meaning.OFFER,
        Meaning.IGNORED,
        Meaning.IGNORED,
    ]


@rfc("6337", "2.2", "must", "6337-2.2-4")
@rfc("3262", "4 + errata 4603/4604", "MUST", "3262-4-3")
def test_each_fork_has_its_own_exchange_and_its_own_rseq() -> None:
    call = told(
        INVITE,
        response(183, 1, by="bob", rseq=7, body=sdp("from bob")),
        response(183, 1, by="carol", rseq=7, body=sdp("from carol")),
        response(180, 1, by="dave"),
        request("PRACK", 2, rack(7, 1), to="carol", body=sdp("to carol")),
        response(200, 2, method="PRACK", by="carol", body=sdp("carol again")),
        response(200, 1, by="bob"),
    )
    assert {dialog.to_tag: summary(dialog) for dialog in call.dialogs} == {
        "bob": [(3, "offer", "from bob", "answered")],
        "carol": [
            (3, "offer", "from carol", "answered"),
            (5, "to carol", "carol again", "answered"),
        ],
        "dave": [(1, "offer", None, "pending")],
    }
    assert {dialog.to_tag: dialog.state for dialog in call.dialogs} == {
        "bob": DialogState.CONFIRMED,
        "carol": DialogState.EARLY,
        "dave": DialogState.EARLY,
    }


@rfc("6337", "2.2", "must", "6337-2.2-4")
def test_requests_of_two_forks_may_have_the_same_cseq() -> None:
    call = told(
        INVITE,
        response(183, 1, by="bob", rseq=1, body=sdp("from bob")),
        response(183, 1, by="carol", rseq=1, body=sdp("from carol")),
        request("UPDATE", 2, to="bob", body=sdp("to bob"), branch="first"),
        request("UPDATE", 2, to="carol", body=sdp("to carol"), branch="second"),
        response(200, 2, method="UPDATE", by="carol", body=sdp("carol's"), branch="second"),
        response(200, 2, method="UPDATE", by="bob", body=sdp("bob's"), branch="first"),
    )
    assert [summary(dialog)[1] for dialog in call.dialogs] == [
        (6, "to bob", "bob's", "answered"),
        (6, "to carol", "carol's", "answered"),
    ]


def test_forks_of_an_offerless_invite_make_an_offer_each() -> None:
    call = told(
        OFFERLESS,
        response(183, 1, by="bob", rseq=1, body=sdp("bob's")),
        response(183, 1, by="carol", rseq=1, body=sdp("carol's")),
        request("PRACK", 2, rack(1, 1), to="carol", body=sdp("for carol")),
        request("PRACK", 3, rack(1, 1), to="bob", body=sdp("for bob")),
    )
    assert [summary(dialog) for dialog in call.dialogs] == [
        [(4, "bob's", "for bob", "answered")],
        [(4, "carol's", "for carol", "answered")],
    ]


@pytest.mark.parametrize("status", [488, 491, 500, 606])
def test_a_failure_rejects_the_offer(status: int) -> None:
    dialog = the_dialog(INVITE, response(status, 1), ACK)
    assert summary(dialog) == [(1, "offer", None, "rejected")]
    assert (dialog.exchanges[0].status, dialog.exchanges[0].ended) == (status, 1.0)
    assert dialog.state is DialogState.ENDED
    assert meanings(INVITE, response(status, 1))[1] is Meaning.REJECTION


@rfc("3311", "5.3", "MUST", "3311-5.3-1")
def test_a_rejected_update_leaves_the_dialog_and_its_exchanges() -> None:
    dialog = the_dialog(
        INVITE,
        OK,
        ACK,
        request("UPDATE", 2, to="bob", body=sdp("no good")),
        response(488, 2, method="UPDATE", body=sdp("capabilities")),
    )
    assert summary(dialog) == [
        (1, "offer", "answer", "answered"),
        (6, "no good", None, "rejected"),
    ]
    assert dialog.state is DialogState.CONFIRMED


def test_a_failed_re_invite_undoes_the_exchanges_inside_it() -> None:
    dialog = the_dialog(
        INVITE,
        OK,
        ACK,
        request("INVITE", 2, to="bob", body=sdp("new")),
        response(183, 2, rseq=1, body=sdp("maybe")),
        request("PRACK", 3, rack(1, 2), to="bob"),
        response(200, 3, method="PRACK"),
        request("UPDATE", 4, to="bob", body=sdp("inside")),
        response(200, 4, method="UPDATE", body=sdp("inside too")),
        response(603, 2),
    )
    assert [exchange.remarks for exchange in dialog.exchanges] == [
        (),
        (Remark.UNDONE,),
        (Remark.UNDONE,),
    ]
    assert dialog.state is DialogState.CONFIRMED


def test_a_failure_of_the_invite_rejects_what_is_open_on_all_forks() -> None:
    call = told(
        INVITE,
        response(183, 1, by="bob", body=sdp("preview")),
        response(180, 1, by="carol"),
        response(487, 1, by="proxy"),
    )
    assert [(d.to_tag, d.exchanges[0].outcome, d.state) for d in call.dialogs] == [
        ("bob", Outcome.REJECTED, DialogState.ENDED),
        ("carol", Outcome.REJECTED, DialogState.ENDED),
    ]


def test_a_challenge_is_a_rejection_and_the_next_invite_the_same_dialog() -> None:
    again = request("INVITE", 2, body=sdp("offer"))
    refused = response(401, 1, by="registrar")
    assert the_dialog(INVITE, refused).state is DialogState.ENDED
    assert the_dialog(INVITE, refused, again).state is DialogState.EARLY
    dialog = the_dialog(INVITE, refused, again, response(200, 2, body=sdp("answer")))
    assert summary(dialog) == [
        (1, "offer", None, "rejected"),
        (1, "offer", "answer", "answered"),
    ]
    assert dialog.exchanges[0].status == 401
    assert (dialog.to_tag, dialog.state) == ("bob", DialogState.CONFIRMED)


def test_an_offer_while_another_is_open_is_remarked() -> None:
    dialog = the_dialog(
        INVITE,
        OK,
        request("UPDATE", 2, to="bob", body=sdp("mine")),
        request("UPDATE", 1, by="bob", to="alice", body=sdp("glare")),
        response(491, 2, method="UPDATE"),
        response(491, 1, method="UPDATE", by="alice", to="bob"),
    )
    assert [(e.outcome.value, e.remarks) for e in dialog.exchanges[1:]] == [
        ("rejected", ()),
        ("rejected", (Remark.OFFER_TOO_EARLY,)),
    ]


def test_an_ack_answers_nothing_but_the_offer_in_a_2xx() -> None:
    ack = request("ACK", 1, to="bob", body=sdp("in vain"))
    assert summary(the_dialog(INVITE, response(200, 1), ack)) == [(1, "offer", None, "pending")]
    offer = response(183, 1, rseq=5, body=sdp("offer"))
    dialog = the_dialog(OFFERLESS, offer, response(200, 1), ack)
    assert summary(dialog) == [(4, "offer", None, "pending")]


def test_sdp_that_may_not_stand_there_is_ignored() -> None:
    ack = request("ACK", 1, to="bob", body=sdp("in vain"))
    bye = request("BYE", 2, to="bob", body=sdp("in vain"))
    progress = response(183, 1, by="", body=sdp("no tag"))
    trying = response(183, 2, method="UPDATE", body=sdp("too early"))
    update = request("UPDATE", 2, to="bob", body=sdp("x"))
    assert meanings(INVITE, progress, OK, ack)[1::2] == [Meaning.IGNORED, Meaning.IGNORED]
    assert meanings(INVITE, OK, update, trying)[-1] is Meaning.IGNORED
    assert meanings(INVITE, OK, bye)[-1] is Meaning.NOTHING


def test_a_bye_ends_the_dialog_from_either_side() -> None:
    assert the_dialog(INVITE, OK, request("BYE", 2, to="x")).state is DialogState.CONFIRMED
    for bye in (request("BYE", 2, to="bob"), request("BYE", 1, by="bob", to="alice")):
        assert the_dialog(INVITE, OK, ACK, bye).state is DialogState.ENDED


def test_the_preferred_alternative_is_the_offer() -> None:
    kind = "multipart/alternative;boundary=e"
    parts = [part(sdp(text), "Content-Type: application/sdp") for text in ("legacy", "modern")]
    message = request("INVITE", 1, body=multipart("e", *parts), body_type=kind)
    assert summary(the_dialog(message)) == [(1, "modern", None, "pending")]


def test_a_lost_1xx_still_lets_the_prack_answer_it() -> None:
    dialog = the_dialog(
        OFFERLESS,
        response(183, 1, rseq=5, body=sdp("offer")),
        request("PRACK", 2, "RAck: nonsense", to="bob", body=sdp("answer")),
    )
    assert summary(dialog) == [(4, "offer", "answer", "answered")]


def test_peers_without_tags_still_make_a_dialog() -> None:
    dialog = the_dialog(INVITE, response(200, 1, by="", body=sdp("answer")))
    assert summary(dialog) == [(1, "offer", "answer", "answered")]
