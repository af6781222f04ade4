import msgspec
import pytest

from causal_alpha.crosssection import CrossSection
from causal_alpha.frames import Frame
from causal_alpha.intervals import NEVER, SECOND
from causal_alpha.records import Bar


def bar(symbol: str, second: int, close: float = 1.0) -> Bar:
    return Bar(
        symbol=symbol, interval="1s", start=second * SECOND, open=1.0, high=1.0, low=1.0, close=close, volume=1.0,
        vwap=1.0, trades=1,
    )  # fmt: skip


def frame(rows: list[Bar], origin: str, watermark: int, origins: int = 0) -> Frame[Bar]:
    meta = {"origin": origin, "watermark": str(watermark * SECOND)} | ({"origins": str(origins)} if origins else {})
    return Frame.of(Bar, rows, meta)


def taken(section: CrossSection, added: Frame[Bar]) -> list[list[tuple[str, int]]]:
    return [[(row.symbol, row.start // SECOND) for row in part.rows()] for part, _ in section.add(added)]


def test_cross_section_waits_for_every_partition() -> None:
    section = CrossSection(SECOND)

    assert taken(section, frame([bar("A", 0), bar("A", 1)], "ticks/0", 2, origins=2)) == []
    assert taken(section, frame([bar("B", 0)], "ticks/1", 1, origins=2)) == [[("A", 0), ("B", 0)]]
    assert taken(section, frame([], "ticks/1", 2, origins=2)) == [[("A", 1)]]


def test_cross_section_yields_a_time_once() -> None:
    section = CrossSection(SECOND)
    sent = frame([bar("A", 0)], "ticks/0", 1, origins=1)

    assert taken(section, sent) == [[("A", 0)]]
    assert taken(section, sent) == []


def test_cross_section_takes_the_last_word_on_a_symbol() -> None:
    section = CrossSection(SECOND)
    taken(section, frame([bar("A", 0, 1.0)], "ticks/0", 0, origins=2))

    assert taken(section, frame([bar("A", 0, 2.0)], "ticks/0", 1, origins=2)) == []

    ((whole, _),) = section.add(frame([], "ticks/1", 1, origins=2))
    assert [row.close for row in whole.rows()] == [2.0]


def test_past_that_comes_when_its_time_is_over_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    section = CrossSection(SECOND)
    taken(section, frame([bar("A", 5)], "ticks/0", 6, origins=1))

    assert taken(section, frame([bar("B", n) for n in (3, 4, 6)], "bars/yahoo", 7, origins=1)) == []
    assert "bars/yahoo: 2 bars of B came after the features of their time" in caplog.text


def test_first_word_of_a_time_on_a_bar_stands_and_its_source_repeats_it() -> None:
    rows = [msgspec.structs.replace(bar("A", 0, close), source=source) for source, close in (("rest", 2.0), ("x", 3.0))]
    again, late = msgspec.structs.replace(rows[0], close=4.0), msgspec.structs.replace(rows[1], known_at=1, close=5.0)
    closes = []
    for words in (rows, rows[::-1], [*rows, again], [late, *rows]):
        section = CrossSection(SECOND)
        for word in words:
            taken(section, frame([word], "bars/some", 0, origins=1))
        ((whole, _),) = section.add(frame([], "ticks/0", 1, origins=1))
        closes += whole.floats("close").tolist()

    assert closes == [2.0, 3.0, 4.0, 5.0]


def test_partition_that_asks_for_lead_gets_the_time_of_the_slowest_other_until_it_has_a_tick() -> None:
    section = CrossSection(SECOND)
    taken(section, frame([bar("A", 0)], "ticks/0", 5, origins=3))
    taken(section, frame([bar("B", 0)], "ticks/1", 4, origins=3))
    found = [section.lead()]
    for meta, watermark in (({"lead": "1", "ticks": "0"}, -1), ({"ticks": "0"}, 3), ({"ticks": "0"}, 4), ({}, 4)):
        added = frame([], "ticks/2", watermark, origins=3)
        taken(section, Frame(Bar, added.columns, {**added.meta, **meta}))
        section = CrossSection.load(section.dump())
        found.append(section.lead())

    assert found == [
        (NEVER, []),  # it may have ticks that nobody has told of yet
        (4 * SECOND, [2]),
        (4 * SECOND, [2]),
        (4 * SECOND, []),
        (4 * SECOND, []),
    ]
    taken(section, frame([], "ticks/0", 9, origins=3))
    taken(section, frame([], "ticks/1", 9, origins=3))
    assert section.lead() == (4 * SECOND, [])


def test_cross_section_of_a_source_of_bars_is_complete_by_itself() -> None:
    section = CrossSection(SECOND)

    assert taken(section, frame([bar("A", 0), bar("B", 1)], "bars/replay", 2)) == [[("A", 0)], [("B", 1)]]


def test_cross_section_survives_a_dump() -> None:
    section = CrossSection(SECOND)
    taken(section, frame([bar("A", 0)], "ticks/0", 1, origins=2))

    again = CrossSection.load(section.dump())

    assert taken(again, frame([bar("B", 0)], "ticks/1", 1, origins=2)) == [[("A", 0), ("B", 0)]]


def revised(symbol: str, second: int, known_at: int) -> Bar:
    changes = {"state": "revised", "revision": 1, "known_at": known_at * SECOND}
    return msgspec.structs.replace(bar(symbol, second, 9.0), **changes)


def test_cross_section_holds_a_revision_back_until_it_is_known() -> None:
    section = CrossSection(SECOND)
    list(section.add(frame([bar("A", 0)], "ticks/0", 1, origins=1)))

    sent = frame([bar("A", 1), bar("A", 2), revised("A", 0, known_at=3)], "ticks/0", 2, origins=1)
    ((_, none),) = section.add(sent)
    again = CrossSection.load(section.dump())
    ((_, known),) = again.add(frame([], "ticks/0", 3, origins=1))

    assert len(none) == 0
    assert [(row.start, row.close) for row in known.rows()] == [(0, 9.0)]
    assert len(again.revised) == 0
