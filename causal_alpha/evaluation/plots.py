"""Pictures of held-out sessions: is a forecast calibrated, does it stay so, what does it look like, how was it learnt.

matplotlib is imported when a picture is asked for; figures are made without pyplot, which would keep them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from causal_alpha.evaluation.heldout import HeldOut
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS
from causal_alpha.models.extras import training_package
from causal_alpha.records import LEVELS
from causal_alpha.scoring import covered

_WINDOW = 60
_CONES = 6
_BANDS = ((0, -1), (1, -2), (2, -3), (3, -4))
"""Pairs of places in LEVELS, the widest first."""


def plots(held_out: HeldOut, losses: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Figures by file name; `losses` are validation losses by net, each look's, and may be none."""
    found = {
        "calibration.png": calibration(held_out),
        "coverage.png": coverage(held_out),
        "cones.png": cones(held_out),
    }
    if losses:
        found["losses.png"] = loss_curves(losses)
    return found


def pit(returns: Floats, quantiles: Floats) -> Floats:
    """Share of truths at or below each of LEVELS, (13,): the levels themselves where a forecast is calibrated."""
    known = np.isfinite(returns) & np.isfinite(quantiles).all(axis=-1)
    if not known.any():
        return np.full(len(LEVELS), np.nan)
    return np.asarray((returns[known][:, None] <= quantiles[known]).mean(axis=0))


def calibration(held_out: HeldOut) -> Any:
    """Observed over nominal probability before and after the conformal layer, and the PIT between the levels."""
    figure = _figure(10, 4)
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    edges = np.concatenate([[0.0], LEVELS, [1.0]])
    for horizon in HORIZONS:
        density = held_out.densities[horizon]
        for kind, quantiles in (("plain", density.plain), ("calibrated", density.calibrated)):
            seen = pit(held_out.returns[horizon], quantiles)
            style = "--" if kind == "plain" else "-"
            left.plot(LEVELS, seen, style, marker=".", label=f"{horizon} ahead, {kind}")
            if kind == "calibrated":
                height = np.diff(np.concatenate([[0.0], seen, [1.0]])) / np.diff(edges)
                right.stairs(height, edges, label=f"{horizon} ahead")
    right.axhline(1, color="0.7", linewidth=1)
    left.set(xlabel="nominal", ylabel="observed", title="Calibration")
    right.set(xlabel="probability integral transform", ylabel="density", title="PIT, calibrated")
    left.legend()
    right.legend()
    return figure


def coverage(held_out: HeldOut) -> Any:
    """Coverage of the calibrated 80 and 95 % intervals, mean of the last 60 sessions."""
    figure = _figure(10, 4)
    axes = figure.subplots()
    dates = _dates(held_out)
    for level in (0.8, 0.95):
        low, high = LEVELS.index(round(0.5 - level / 2, 3)), LEVELS.index(round(0.5 + level / 2, 3))
        for horizon in HORIZONS:
            quantiles = held_out.densities[horizon].calibrated
            hits = covered(held_out.returns[horizon], quantiles[:, :, low], quantiles[:, :, high])
            known = np.isfinite(hits)
            counts = np.cumsum(np.where(known, hits, 0.0).sum(axis=1)), np.cumsum(known.sum(axis=1))
            inside, all_ = (np.concatenate([[0.0], total]) for total in counts)
            last = np.arange(1, len(inside))
            first = np.maximum(last - _WINDOW, 0)
            share = (inside[last] - inside[first]) / np.maximum(all_[last] - all_[first], 1)
            axes.plot(dates, share, label=f"{level:.0%}, {horizon} ahead")
        axes.axhline(level, color="0.7", linewidth=1)
    axes.set(ylabel="covered", title=f"Coverage, last {_WINDOW} sessions", ylim=(0.5, 1.02))
    axes.legend()
    figure.autofmt_xdate()
    return figure


def cones(held_out: HeldOut) -> Any:
    """What was said of the first symbol at a few sessions, one and five ahead, over what came."""
    figure = _figure(10, 4)
    axes = figure.subplots()
    count = np.isfinite(held_out.returns[1]).sum(axis=0)
    symbol = int(np.argmax(count))
    path = np.concatenate([[0.0], np.cumsum(np.nan_to_num(held_out.returns[1][:, symbol]))])[:-1]
    shown = np.arange(len(path))[-130:]
    axes.plot(shown, path[shown], color="black", linewidth=1)
    ahead = (0, *HORIZONS)
    for origin in np.linspace(shown[0], max(shown[-1] - max(HORIZONS), shown[0]), _CONES).astype(int):
        said = np.stack([held_out.densities[horizon].calibrated[origin, symbol] for horizon in HORIZONS])
        fan = path[origin] + np.concatenate([np.zeros((1, len(LEVELS))), said])
        for low, high in _BANDS:
            axes.fill_between(origin + np.asarray(ahead), fan[:, low], fan[:, high], color="C0", alpha=0.2, linewidth=0)
    axes.set(xlabel="session", ylabel="log price from the start", title=f"{held_out.symbols[symbol]}: 95, 90, 80, 60 %")
    return figure


def loss_curves(losses: Mapping[str, Sequence[float]]) -> Any:
    """Validation loss at each look; look 0 is the linear part alone."""
    figure = _figure(6, 4)
    axes = figure.subplots()
    for name, values in losses.items():
        axes.plot(range(len(values)), values, marker=".", label=name)
    axes.set(xlabel="look", ylabel="squared error of log variance", title="Validation")
    axes.legend()
    return figure


def _figure(width: float, height: float) -> Any:
    return training_package("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")


def _dates(held_out: HeldOut) -> Any:
    return held_out.starts.astype("datetime64[ns]").astype("datetime64[s]")
