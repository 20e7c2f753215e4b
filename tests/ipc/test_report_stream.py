"""A strategy's reports in their order: each once, and a word in the place of what is missing."""

from ipc.enums import RecordKind
from ipc.report_stream import ReportStream, Words

FAR = 1_000


def report(sequence: int, kind: RecordKind = RecordKind.EXECUTION_REPORT) -> Words:
    """A record as a channel gives it."""
    return (0, kind, sequence, 10 * sequence, 7)


def lagged(last_sequence: int, lost_count: int = 1) -> Words:
    """What a ring that was full says."""
    return (0, RecordKind.LAGGED, last_sequence, 0, lost_count)


def taken(stream: ReportStream, *records: Words) -> list[tuple[str, int]]:
    """What comes out when these went in: the kind's name and the sequence."""
    stream.hold(records)
    return [(RecordKind(words[1]).name, words[2]) for words in stream.take(FAR)]


def reports(*sequences: int) -> list[tuple[str, int]]:
    """What comes out of whole reports."""
    return [("EXECUTION_REPORT", sequence) for sequence in sequences]


def test_what_comes_in_order_goes_out_as_it_came() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), report(6), report(7, RecordKind.VENUE_STATE)) == [
        *reports(5, 6),
        ("VENUE_STATE", 7),
    ]
    assert stream.last_sequence == 7
    assert not stream.is_holding


def test_what_was_seen_before_is_dropped() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), report(6)) == reports(5, 6)
    assert taken(stream, report(5), report(6), report(7)) == reports(7)


def test_a_jump_is_told_in_its_place_and_what_follows_waits() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), report(9), report(10)) == [*reports(5), ("LAGGED", 8)]
    assert stream.is_holding
    assert stream.last_missing() == 8
    assert taken(stream) == reports(9, 10)


def test_the_first_report_ever_seen_is_no_jump() -> None:
    assert taken(ReportStream(), report(1_000)) == reports(1_000)


def test_a_ring_that_was_full_is_told_once_whichever_is_noticed_first() -> None:
    by_ring, by_jump = ReportStream(), ReportStream()
    assert taken(by_ring, report(5), lagged(8), report(9)) == [*reports(5), ("LAGGED", 8)]
    assert taken(by_ring) == reports(9)
    assert taken(by_jump, report(5), report(9), lagged(9)) == [*reports(5), ("LAGGED", 8)]
    assert taken(by_jump) == reports(9)


def test_a_loss_at_the_end_is_told_although_nothing_follows() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), lagged(8)) == [*reports(5), ("LAGGED", 8)]
    assert stream.last_missing() == 8


def test_what_was_fetched_elsewhere_is_not_given_out_again() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), report(9), report(10)) == [*reports(5), ("LAGGED", 8)]
    for sequence in (6, 7, 8, 9):
        stream.give_out(sequence)
    assert taken(stream) == reports(10)


def test_what_no_sequence_counts_goes_through() -> None:
    stream = ReportStream()
    assert taken(stream, report(5), report(0), report(6)) == reports(5, 0, 6)
    assert stream.last_sequence == 6


def test_what_a_dead_engine_told_last_is_told_to_be_missing() -> None:
    stream = ReportStream()
    assert taken(stream, report(5)) == reports(5)
    stream.connect(9, is_new_run=True)
    missing = stream.missing_end(now_ns=1)
    assert missing is not None
    assert (missing[1], missing[2]) == (RecordKind.LAGGED, 9)
    assert stream.missing_end(now_ns=1) is None
    assert stream.last_missing() == 9


def test_a_new_connection_to_the_same_run_misses_nothing() -> None:
    stream = ReportStream()
    assert taken(stream, report(5)) == reports(5)
    stream.connect(9, is_new_run=False)
    assert stream.missing_end(now_ns=1) is None
    assert taken(stream, report(6)) == reports(6)


def test_a_client_that_saw_nothing_yet_misses_nothing() -> None:
    stream = ReportStream()
    stream.connect(9, is_new_run=True)
    assert stream.missing_end(now_ns=1) is None


def test_an_engine_that_remembers_nothing_begins_anew() -> None:
    stream = ReportStream()
    assert taken(stream, report(500), report(503)) == [*reports(500), ("LAGGED", 502)]
    stream.connect(2, is_new_run=True)
    assert not stream.is_holding
    assert taken(stream, report(1), report(2)) == reports(1, 2)


def test_no_more_is_taken_than_there_is_room_for() -> None:
    stream = ReportStream()
    stream.hold([report(1), report(2), report(3)])
    assert [words[2] for words in stream.take(2)] == [1, 2]
    assert [words[2] for words in stream.take(2)] == [3]
