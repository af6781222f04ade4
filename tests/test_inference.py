"""The stream's forecasts are those of the batch, through any dump, and say who spoke."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from causal_alpha.actions import Action
from causal_alpha.asking import predict
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.errors import FrameError, ModelError
from causal_alpha.frames import Frame, Labels
from causal_alpha.history import history
from causal_alpha.inference import DEPTH, Inference, check_features
from causal_alpha.intervals import DAY
from causal_alpha.ledger import Ledger
from causal_alpha.lineup import Lineup
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import Vectors
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Bar, Features, Forecast
from tests.panel import SERVED, bars, blend_artefact, dataset, echo, har_artefact, loaded, times, vectors

KEY = "default|1d"
HASHES = frozenset({SERVED.hash, VOLATILITY.hash})
ORDER = ("blend", "lstm", "har")


def lineup(*artefacts: Artefact) -> Lineup:
    return Lineup(tuple(loaded(one) for one in artefacts), ORDER)


def run(inference: Inference, models: Lineup, frames: list[Frame[Features]]) -> list[Frame[Forecast]]:
    return [inference.push(KEY, frame, models) for frame in frames]


def rows(frames: list[Frame[Forecast]]) -> list[str]:
    return [str(row) for frame in frames for row in frame.rows()]


def test_variance_of_the_stream_is_that_of_the_batch_to_the_last_bit() -> None:
    """On every row: vectors of a ring and of a dataset are equal, and so is what a model says of them."""
    artefact = blend_artefact()
    said = run(Inference(HASHES), lineup(artefact), list(times()))

    live = Frame.concat([frame for frame in said if len(frame)])
    live = live.take(live.labels("family").equals("blend"))
    batch = dataset()
    symbols, starts = live.labels("symbol").tolist(), live.ints("start").tolist()
    rows = range(len(batch))
    places = {(batch.symbols[batch.symbol[row]], int(batch.start[row])): row for row in rows}
    chosen = np.asarray([places[key] for key in zip(symbols, starts, strict=True)])
    windows = Vectors(batch.names, tuple(symbols), batch.lags(chosen, batch.names, artefact.lags))
    expected = artefact.forecast(windows)
    column = (live.ints("horizon") == 5).astype(int)
    assert len(live) > 2000
    assert live.floats("variance").tobytes() == expected.variance[np.arange(len(live)), column].tobytes()


@pytest.mark.parametrize("kill", [300])
def test_forecasts_after_a_kill_are_the_same_to_the_last_bit(kill: int) -> None:
    frames, models = list(times()), lineup(blend_artefact(), har_artefact())
    whole = run(Inference(HASHES), models, frames)
    first = Inference(HASHES)
    before = run(first, models, frames[:kill])

    again = Inference.load(unpack(pack(first.dump())), HASHES)

    assert rows(before + run(again, models, frames[kill:])) == rows(whole)


def test_vectors_that_come_again_change_nothing() -> None:
    """As after a kill of the features agent: the last times again, and the newest one in two parts."""
    frames, models = list(times())[200:], lineup(har_artefact())
    whole, again = Inference(HASHES), Inference(HASHES)
    half = np.arange(len(frames[90])) < 2

    expected = rows(run(whole, models, frames[:100]))
    said = run(again, models, [*frames[:90], *frames[70:90]])
    parts = [again.push(KEY, frames[90].take(mask), models) for mask in (half, half, ~half, ~half)]
    said += [*parts, *run(again, models, frames[91:100])]

    assert [len(frame) > 0 for frame in parts] == [True, False, True, False]
    assert [bool(frame.meta) for frame in parts] == [True, False, True, False]
    assert sorted(rows(said)[: 80 * 10]) == sorted(expected[: 80 * 10])
    assert again.series[KEY].rings.dump()["values"].tobytes() == whole.series[KEY].rings.dump()["values"].tobytes()


def test_rows_fall_back_one_by_one_and_say_who_spoke() -> None:
    """The champion knows some symbols; HAR speaks of the others; the newest symbol has only the EWMA."""
    champion = echo(knows="S00")
    said = run(Inference(HASHES), lineup(champion, har_artefact()), list(times()))[-1]

    served = said.take(~said.flags("shadow"))
    spoke = dict(zip(served.labels("symbol").tolist(), served.labels("family").tolist(), strict=True))
    names = sorted(set(vectors().labels("symbol").tolist()))
    assert set(spoke) == set(names)
    assert {spoke[name] for name in names if name.startswith("S00")} <= {"lstm"}
    assert spoke["NEW"] == "ewma"
    assert set(spoke.values()) >= {"har", "ewma"}


def test_price_that_stands_still_gets_a_narrow_forecast_and_disturbs_nobody() -> None:
    """Every variance is above 0, quantiles rise, and other symbols hear the same without it."""
    frames = list(times())
    models = lineup(blend_artefact(), har_artefact())
    said = [served(frame) for frame in run(Inference(HASHES), models, frames)]
    flat = said[-1].take(said[-1].labels("symbol").equals("FLAT"))
    moving = said[-1].take(~said[-1].labels("symbol").equals("FLAT"))

    assert set(flat.labels("family").tolist()) == {"blend"}
    assert (flat.floats("variance") > 0).all()
    assert flat.floats("variance").max() < moving.floats("variance").min() / 100
    assert all(list(row.quantiles) == sorted(row.quantiles) for row in flat.rows())
    without = [frame.take(~frame.labels("symbol").equals("FLAT")) for frame in frames]
    alone = served(run(Inference(HASHES), models, without)[-1])
    assert alone.floats("variance").tobytes() == moving.floats("variance").tobytes()


def test_split_that_was_announced_changes_no_forecast() -> None:
    """On its day and after it, relative to the price of the day."""
    whole, day = bars(odd=False), 400 * DAY
    halved = whole.labels("symbol").equals("S00") & (whole.ints("start") >= day)
    columns = dict(whole.columns)
    for name in ("open", "high", "low", "close", "vwap"):
        columns[name] = np.where(halved, whole.floats(name) / 2, whole.floats(name))
    columns["volume"] = np.where(halved, 2 * whole.floats("volume"), whole.floats("volume"))
    split = Action(symbol="S00", kind="split", date=day, ts=day, value=2.0, known_at=day - DAY)
    models = lineup(blend_artefact(), har_artefact())

    said = {}
    for name, frame, actions in (("whole", whole, []), ("split", Frame(Bar, columns), [split])):
        features = history(SERVED, frame, SERVED.lookback, actions)
        starts = features.ints("start")
        inference = Inference(HASHES)
        found = [inference.push(KEY, features.take(starts == start), models) for start in np.unique(starts).tolist()]
        said[name] = Frame.concat([served(one).take(one.ints("start")[~one.flags("shadow")] >= day) for one in found])

    assert len(said["split"]) == len(said["whole"]) > 100
    assert said["split"].labels("family").tolist() == said["whole"].labels("family").tolist()
    assert said["split"].floats("variance") == pytest.approx(said["whole"].floats("variance"), rel=1e-9)


def served(said: Frame[Forecast]) -> Frame[Forecast]:
    return said.take(~said.flags("shadow"))


def test_challengers_speak_in_shadow_with_their_own_version() -> None:
    models = Lineup(
        (loaded(har_artefact()), loaded(echo(knows=""), "challenger", "7"), loaded(echo(knows=""), version="6")), ORDER
    )

    said = run(Inference(HASHES), models, list(times()))[-1]

    spoke = {
        (family, version, shadow)
        for family, version, shadow in zip(
            said.labels("family").tolist(), said.labels("version").tolist(), said.flags("shadow").tolist(), strict=True
        )
    }
    assert spoke == {("lstm", "6", False), ("lstm", "7", True), ("har", "1", True)}
    ids = [(row.symbol, row.horizon, row.family, row.version) for row in said.rows()]
    assert len(set(ids)) == len(ids)


def test_vectors_of_another_feature_set_are_left_to_the_ewma() -> None:
    frames = [
        Frame(Features, {**frame.columns, "feature_set": Labels.constant("other", len(frame))}, frame.meta)
        for frame in times()
    ]

    said = run(Inference(HASHES), lineup(har_artefact()), frames)

    assert {name for frame in said for name in frame.labels("family").tolist()} == {"ewma"}


def test_model_that_looks_back_too_far_leaves_rows_to_the_floor() -> None:
    said = run(Inference(HASHES), lineup(echo(knows="", lags=DEPTH + 1), har_artefact()), list(times()))[-1]

    assert "lstm" not in said.labels("family").tolist()
    assert "har" in said.labels("family").tolist()


def test_another_champion_keeps_the_calibration() -> None:
    frames = list(times())
    inference = Inference(HASHES)
    run(inference, lineup(har_artefact()), frames[:-1])
    seen = inference.series[KEY].calibrators["served"].residuals[0].seen

    said = inference.push(KEY, frames[-1], lineup(replace(har_artefact(), seed=1), blend_artefact()))

    assert inference.series[KEY].calibrators["served"].residuals[0].seen == seen + 1
    assert "blend" in said.labels("family").tolist()


def test_ledger_scores_each_forecast_of_the_stream_once() -> None:
    """All but the last five times have a truth; symbols that got no forecast tell theirs in `meta`."""
    inference, ledger = Inference(HASHES), Ledger()
    said = run(inference, lineup(blend_artefact(), har_artefact()), list(times()))

    scores = [row for frame in said for row in ledger.push(KEY, frame).rows()]

    ids = [(row.symbol, row.start, row.horizon, row.family, row.version) for row in scores]
    made = [row for frame in said for row in frame.rows()]
    last = int(said[-1].meta["made"])
    assert len(set(ids)) == len(ids)
    assert set(ids) == {
        (row.symbol, row.start, row.horizon, row.family, row.version) for row in made if row.due <= last
    }
    assert all(np.isfinite(row.truth) for row in scores)


def test_coverage_is_held_online() -> None:
    """Residuals and the conformal layer make 80 % of 80 %, though the model's own shape is twice too narrow."""
    narrow = replace(har_artefact(), shape=har_artefact().shape / 2)
    inference, ledger = Inference(HASHES), Ledger()
    for frame in times(odd=False):
        ledger.push(KEY, inference.push(KEY, frame, lineup(narrow)))

    tally = ledger.tallies["1d", 1, "har", False]

    assert tally.n > 1500
    assert abs(tally.inside_80 / tally.n - 0.8) < 0.02
    assert abs(tally.inside_95 / tally.n - 0.95) < 0.015


def test_predict_of_given_vectors_is_what_the_models_say() -> None:
    batch, artefact = dataset(), blend_artefact()
    chosen = np.flatnonzero((batch.start == batch.sessions[-1]) & np.isfinite(batch.values).all(axis=1))
    symbols = [batch.symbols[code] for code in batch.symbol[chosen]]
    values = batch.lags(chosen, batch.names, artefact.lags)
    closes = np.full(len(symbols), 100.0)

    said = predict(
        lineup(artefact), interval="1d", start=0, symbols=symbols, closes=closes, values=values, names=batch.names
    )

    expected = artefact.forecast(Vectors(batch.names, tuple(symbols), values))
    assert len(said) == 2 * len(symbols)
    assert said.floats("variance").reshape(-1, 2).tobytes() == expected.variance.tobytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"values": np.ones((1, 3))}, "values: expected shape"),
        ({"values": np.ones((1, DEPTH + 1, len(VOLATILITY.names)))}, "expected 1 to 128 vectors"),
        ({"names": ("close",), "values": np.ones((1, 3, 1))}, "features: expected return_1, "),
        ({"closes": np.asarray([-1.0])}, "closes: expected 1 prices above 0"),
    ],
)
def test_predict_of_given_vectors_says_what_does_not_fit(change: dict[str, Any], says: str) -> None:
    asked: dict[str, Any] = {"symbols": ["A"], "closes": np.ones(1), "values": np.ones((1, 3, len(VOLATILITY.names)))}

    with pytest.raises(ModelError, match=says):
        predict(Lineup(), interval="1d", start=0, **asked | change)


def one(names: str | None, *, width: int = 1, feature_set: str = "other", **changes: Any) -> Frame[Features]:
    row: Any = {"symbol": "A", "interval": "1d", "start": 0, "close": 1.0, "values": (1e-4,) * width}
    return Frame.of(
        Features, [Features(**row | changes, feature_set=feature_set)], {} if names is None else {"names": names}
    )


@pytest.mark.parametrize(
    "features",
    [
        one("ewma_variance"),
        one("x,log_square_ewma", width=2),
        one(",".join(VOLATILITY.names), width=len(VOLATILITY.names), feature_set=VOLATILITY.hash),
        Frame.empty(Features),
    ],
)
def test_vectors_that_inference_can_use_are_admitted(features: Frame[Features]) -> None:
    text = check_features(KEY.encode(), features, HASHES)

    Inference(HASHES).push(text, features, Lineup())
    assert text == KEY


@pytest.mark.parametrize(
    ("key", "features", "says"),
    [
        (None, one("ewma_variance"), "key: expected"),
        (b"BAD", one("ewma_variance"), "key: interval: expected"),
        (b"default|1m", one("ewma_variance"), "interval: expected the key's 1m, was 1d"),
        (b"default|1d", one("ewma_variance", start=2**63 - 1), "start: expected times"),
        (b"default|1d", one(None), "names: expected ewma_variance or log_square_ewma, was ''"),
        (b"default|1d", one("return_1"), "names: expected ewma_variance or log_square_ewma, was 'return_1'"),
        (b"default|1d", one("return_1,ewma_variance"), "names: expected 1 in meta"),
        (b"default|1d", one("ewma_variance", feature_set=SERVED.hash), "names: expected those of the feature set"),
    ],
)
def test_vectors_that_inference_can_not_use_are_refused(
    key: bytes | None, features: Frame[Features], says: str
) -> None:
    with pytest.raises(FrameError, match=says) as refused:
        check_features(key, features, HASHES)

    assert refused.value.reason == "schema"


def test_vectors_of_the_stream_are_admitted() -> None:
    assert {check_features(KEY.encode(), frame, HASHES) for frame in times()} == {KEY}
