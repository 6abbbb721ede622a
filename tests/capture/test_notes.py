"""Troubles are told once, and counted."""

from __future__ import annotations

from sipice.capture.notes import Note, Notes, Trouble


def test_of_each_kind_the_first_is_told_and_the_others_counted() -> None:
    notes = Notes()
    notes.add(Trouble.GAP, 3, "a - b")
    notes.add(Trouble.TLS, 4)
    notes.add(Trouble.GAP, 9, "c - d")
    assert list(notes) == [Note(Trouble.GAP, "a - b", 3, 2), Note(Trouble.TLS, "", 4, 1)]


def test_a_note_is_a_sentence_for_a_person() -> None:
    notes = Notes()
    for trouble in Trouble:
        notes.add(trouble, 7)
    assert {note.trouble for note in notes} == set(Trouble)
    assert str(Note(Trouble.TLS, "", 7, 1)) == "TLS, cannot be read (packet 7)"
    assert str(Note(Trouble.GAP, "a - b", 7, 2)) == (
        "bytes of a TCP connection are missing in the capture (packet 7: a - b, 2 times)"
    )
