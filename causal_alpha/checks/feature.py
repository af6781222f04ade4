"""What every feature must keep to: the past alone, one row at a time, the same today and tomorrow."""

import warnings
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from causal_alpha.checks.walk import untraded, walk
from causal_alpha.features import FIELDS, Feature, FeatureSet, MarketFeature, Window, log_return
from causal_alpha.frames import Floats

G = TypeVar("G", Window, Floats)

_SYMBOLS, _MANY = 5, 30
_AFTER = 24
"""Bars that are looked at after the look-back is full."""
_WIDER = 512
"""Bars by which a window is widened to find a look-back that was declared too short."""
_OPTIONAL = ("volume", "vwap", "bid", "ask", "bid_size", "ask_size", "buy_volume")
"""Fields that a bar with a close may lack."""


def check_feature(feature: Feature | MarketFeature | FeatureSet) -> None:
    """Check all that the contract of a feature promises, on bars of random walks; takes under a second.

    A value must not depend on later bars, on earlier ones than `lookback`, on other rows, on how many rows there are,
    or on former calls. It is one finite float64 a row once `lookback` bars are there, also where nobody traded, and NaN
    where a field it looks at is NaN. The window stays as it was. A market feature takes a symbol without a value
    for one that isn't there, and doesn't mind the order; alone, it is tried on one-bar returns.

    Raises AssertionError, which names the feature, with what was expected and what was there.
    """
    features = _as_set(feature)
    bars = walk(_SYMBOLS, features.lookback + _AFTER, seed=1)
    for own in features.features:
        _check_values(own, bars)
        _check_lookback(own)
        _check_fields(own, bars)
    for market in features.market:
        _check_market(market, features, bars)
    _check_past(features, bars)
    _check_rows(features, bars)
    _check_truncation(features, bars)


def _as_set(feature: Feature | MarketFeature | FeatureSet) -> FeatureSet:
    if isinstance(feature, MarketFeature):
        return FeatureSet((Feature(feature.of, log_return(1), lookback=2),), (feature,))
    if isinstance(feature, Feature):
        return FeatureSet((feature,))
    if isinstance(feature, FeatureSet):
        return feature
    raise AssertionError(f"expected a Feature, MarketFeature or FeatureSet, was {feature!r}")


# -- one function ----------------------------------------------------------------------------------


def _call(name: str, function: Callable[[G], Floats], given: G, rows: int) -> Floats:
    """What a function gives, once it is certain that it has the right form."""
    result = _quietly(name, function, given)
    if not isinstance(result, np.ndarray):
        raise AssertionError(f"{name}: expected an array, was {result!r}")
    _expect(result.shape == (rows,), f"{name}: expected shape ({rows},), was {result.shape}")
    _expect(result.dtype == np.float64, f"{name}: expected float64, was {result.dtype}")
    return result.copy()


def _check_values(feature: Feature, bars: Floats) -> None:
    """Form, finite values, no memory of former calls, no change of the window."""
    name, n = feature.name, bars.shape[1]
    given = bars[:, :, -feature.lookback :].copy()
    usual = _call(name, feature.function, Window(given), n)
    _expect(np.array_equal(given, bars[:, :, -feature.lookback :]), f"{name}: expected a window that stays as it is")
    _expect_finite(name, usual, f"once {feature.lookback} bars are there")
    for scale in (0.01, 100.0):
        _call(name, feature.function, Window(scale * walk(n, feature.lookback, seed=2)), n)
    again = _call(name, feature.function, Window(given), n)
    _expect(bool(_same(usual, again).all()), f"{name}: expected equal values for equal bars, was {usual} and {again}")
    times = bars.shape[2]
    for time in (1, times - 1):
        quiet = Window(untraded(bars, time, times)[:, :, -feature.lookback :])
        _expect_finite(name, _call(name, feature.function, quiet, n), "where nobody traded")


def _check_lookback(feature: Feature) -> None:
    """Widen the window: a function that takes in some more bars, and then no more, wants those.

    One that always takes in the whole window is as long as it is told to be. So is one whose old bars weigh
    less and less: the last bar that makes a difference makes hardly any.
    """
    bars = walk(_MANY, feature.lookback + 2 * _WIDER, seed=4)

    def of_last(width: int) -> Floats:
        return _call(feature.name, feature.function, Window(bars[:, :, -width:]), _MANY)

    short, long = feature.lookback, feature.lookback + _WIDER
    try:
        whole = of_last(bars.shape[2])
        if _same(of_last(short), whole).all() or not _same(of_last(long), whole).all():
            return
        while long - short > 1:
            middle = (short + long) // 2
            short, long = (short, middle) if _same(of_last(middle), whole).all() else (middle, long)
        step = np.abs(of_last(short) - whole)
    except AssertionError:  # made for one width only, which is its good right
        return
    _expect(
        bool((step <= 1e-9 * np.abs(whole)).all()),
        f"{feature.name}: expected a lookback of the {long} bars that it looks at, was {feature.lookback}",
    )


def _check_fields(feature: Feature, bars: Floats) -> None:
    """A field that makes a difference must be missed when it isn't there."""
    name, n = feature.name, bars.shape[1]
    given, other = bars[:, :, -feature.lookback :], walk(n, feature.lookback, seed=5)
    usual = _call(name, feature.function, Window(given), n)
    for field in _OPTIONAL:
        changed, unknown = given.copy(), given.copy()
        changed[FIELDS.index(field)] = other[FIELDS.index(field)]
        unknown[FIELDS.index(field)] = np.nan
        if not _same(_call(name, feature.function, Window(changed), n), usual).all():
            found = _call(name, feature.function, Window(unknown), n)
            _expect(bool(np.isnan(found).all()), f"{name}: expected nan where {field} is nan, was {found}")


def _check_market(market: MarketFeature, features: FeatureSet, bars: Floats) -> None:
    """A symbol without a value is one that isn't there; the order doesn't matter; nothing is remembered."""
    name = market.name
    values = _vectors(FeatureSet(features.features), bars, bars.shape[2] - 1)[0, :, features.names.index(market.of)]
    n = len(values)

    def call(given: Floats) -> Floats:
        before = given.copy()
        result = _call(name, market.function, given, len(given))
        _expect(bool(_same(before, given).all()), f"{name}: expected values that stay as they are")
        return result

    usual = call(values)
    _expect_finite(name, usual, f"where {market.of} is")
    _expect_finite(name, call(values[:1]), "for a single symbol")
    again = call(values)
    _expect(bool(_same(usual, again).all()), f"{name}: expected equal results for equal values, was {usual}, {again}")
    _expect_close(name, usual[::-1], call(values[::-1]), "symbols in another order to give the same")
    there = np.arange(n) != 1
    holed = call(np.where(there, values, np.nan))[there]
    _expect_close(name, call(values[there]), holed, "a symbol without a value to count as absent")
    nothing = call(np.full(n, np.nan))
    _expect(bool(np.isnan(nothing).all()), f"{name}: expected nan where no symbol has a value, was {nothing}")


# -- a whole set -----------------------------------------------------------------------------------


def _vectors(features: FeatureSet, bars: Floats, first: int) -> Floats:
    """Values (times, symbols, names) of bar `first` and those after it, computed at once."""
    fields, symbols, times = bars.shape
    width = features.lookback
    padded = np.concatenate([np.full((fields, symbols, width), np.nan), bars], axis=2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=2)[:, :, first + 1 :].swapaxes(1, 2)
    rows = np.ascontiguousarray(windows).reshape(fields, -1, width)
    stamps = np.repeat(np.arange(first, times), symbols)
    values = _quietly(", ".join(features.names), lambda window: features.compute(window, stamps), Window(rows))
    return values.reshape(times - first, symbols, -1)


def _check_past(features: FeatureSet, bars: Floats) -> None:
    """Whatever comes after a bar, its values and those before it stay."""
    first, times = features.lookback - 1, bars.shape[2]
    usual = _vectors(features, bars, first)
    for cut in (first + 1, (first + times) // 2, times - 1):
        for wild in (1e9, -1.0, 0.0, np.nan):
            poisoned = bars.copy()
            poisoned[:, :, cut:] = wild
            found = _vectors(features, poisoned, first)
            _expect_same(features, usual[: cut - first], found[: cut - first], "later bars to change nothing")


def _check_rows(features: FeatureSet, bars: Floats) -> None:
    """One time or one symbol computed alone, symbols in another order, or one without data."""
    first, times = features.lookback - 1, bars.shape[2]
    whole, own = _vectors(features, bars, first), len(features.features)
    for time in (first, times - 1):
        alone = _vectors(features, bars[:, :, : time + 1], time)
        _expect_same(features, whole[[time - first]], alone, "one time alone to give what all times at once give")
    for symbol in range(_SYMBOLS):
        alone = _vectors(features, bars[:, [symbol]], first)[:, :, :own]
        _expect_same(features, whole[:, [symbol], :own], alone, "a symbol alone to give what it gives among others")
    turned = _vectors(features, bars[:, ::-1], first)[:, ::-1, :own]
    _expect_same(features, whole[:, :, :own], turned, "symbols in another order to give the same")
    without = bars.copy()
    without[:, 1, features.lookback :] = np.nan
    found, others = _vectors(features, without, first), np.arange(_SYMBOLS) != 1
    _expect_same(features, whole[:, others, :own], found[:, others, :own], "a symbol without data to change no other")


def _check_truncation(features: FeatureSet, bars: Floats) -> None:
    """A history that begins later gives the same once it is long enough, and nothing before."""
    for start in (0, 1, _AFTER // 2):
        usual, found = _vectors(features, bars, start), _vectors(features, bars[:, :, start:], 0)
        for place, feature in enumerate(features.features):
            early, rest = np.split(found[:, :, place], [feature.lookback - 1])
            same = _same(usual[feature.lookback - 1 :, :, place], rest)
            _expect(bool(np.isnan(early).all()), f"{feature.name}: expected nan before {feature.lookback} bars")
            _expect_finite(feature.name, rest, f"from {feature.lookback} bars on")
            _expect(bool(same.all()), f"{feature.name}: expected an earlier start of history to change nothing")


# -- comparing -------------------------------------------------------------------------------------


def _quietly(name: str, function: Callable[[G], Floats], given: G) -> Floats:
    """Call without numpy's warnings; whatever it raises is a broken promise."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return function(given)
    except Exception as error:
        hint = "; what it is given must stay as it is" if "read-only" in str(error) else ""
        raise AssertionError(f"{name}: expected values, raised {type(error).__name__}: {error}{hint}") from error


def _same(a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    """Equal to the last bit; all NaNs are one."""
    same: npt.NDArray[np.bool_] = (a == b) & (np.signbit(a) == np.signbit(b)) | np.isnan(a) & np.isnan(b)
    return same


def _expect(true: bool, message: str) -> None:
    if not true:
        raise AssertionError(message)


def _expect_same(features: FeatureSet, usual: Floats, found: Floats, what: str) -> None:
    differs = np.argwhere(~_same(usual, found))
    if len(differs):
        at = tuple(differs[0])
        raise AssertionError(f"{features.names[at[-1]]}: expected {what}, was {found[at]} instead of {usual[at]}")


def _expect_close(name: str, usual: Floats, found: Floats, what: str) -> None:
    close = np.allclose(usual, found, rtol=1e-9, atol=1e-15)
    _expect(close, f"{name}: expected {what}, was {found} instead of {usual}")


def _expect_finite(name: str, values: Floats, when: str) -> None:
    odd = values[~np.isfinite(values)]
    _expect(not len(odd), f"{name}: expected finite values {when}, was {odd[:1]}")
