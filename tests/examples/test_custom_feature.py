import doctest

import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Bar
from causal_alpha.windows import Rings
from examples import custom_feature
from examples.custom_feature import MINE, compute


def bars(n: int) -> list[Bar]:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 0.01, n)))
    return [
        Bar(
            symbol="A",
            interval="1m",
            start=i * interval_ns("1m"),
            open=close,
            high=close,
            low=close,
            close=close,
            volume=1.0,
            vwap=close,
            trades=1,
        )
        for i, close in enumerate(closes.tolist())
    ]


def test_custom_feature_shows_in_its_doctest_what_it_gives() -> None:
    done = doctest.testmod(custom_feature)
    assert (done.failed, done.attempted) == (0, 3)


def test_custom_feature_gives_live_what_it_gives_over_history() -> None:
    rows = bars(50)
    rings = Rings(MINE.lookback)
    live = [row.values[0] for bar in rows for row in rings.push(MINE, Frame.of(Bar, [bar])).rows()]
    past = compute(Frame.of(Bar, rows)).floats("values")[:, 0]
    assert np.asarray(live).tobytes() == past.tobytes()
    assert np.isfinite(past).sum() == 48


def test_custom_feature_counts_falls_only() -> None:
    rows = bars(50)
    values = compute(Frame.of(Bar, rows)).floats("values")[2:, 0]
    for value, (a, b, c) in zip(values, zip(rows[:-2], rows[1:-1], rows[2:], strict=True), strict=True):
        falls = [min(np.log(new.close / old.close), 0.0) for old, new in ((a, b), (b, c))]
        assert np.isclose(value, (falls[0] ** 2 + falls[1] ** 2) / 2, rtol=1e-12)
