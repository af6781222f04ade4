"""Which models speak: those loaded for each interval, who is served, who forecasts in shadow.

An artefact comes onto the line-up only through `loaded`, which asks it for a forecast of a batch first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import Vectors
from causal_alpha.models.blend import Blend
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.models.store import MODELS

FLOOR = "har"
"""The family that speaks where the served one is silent; below it only the EWMA."""


@dataclass(frozen=True)
class Loaded:
    """One version of a registered model, in memory. `alias`: champion or challenger."""

    family: str
    interval: str
    alias: str
    version: str
    artefact: Artefact

    @property
    def name(self) -> str:
        return f"{self.family}-{self.interval}"

    @property
    def slot(self) -> str:
        """What keeps its calibration when another version comes."""
        return f"{self.family}/{self.alias}"


@dataclass(frozen=True)
class Lineup:
    """All models that are loaded. `order`: families whose champion may be served, the best first.

    Never changed: another one takes its place as a whole, between two bars.
    """

    models: tuple[Loaded, ...] = ()
    order: tuple[str, ...] = ()

    def served(self, interval: str) -> tuple[Loaded, ...]:
        """The champion that is served and the floor that stands behind it, in this order; nobody: the EWMA alone."""
        champions = {one.family: one for one in self.models if one.interval == interval and one.alias == "champion"}
        ranked = [champions[family] for family in self.order if family in champions][:1]
        floor = champions.get(FLOOR)
        return (*ranked, floor) if floor is not None and floor not in ranked else tuple(ranked)

    def shadows(self, interval: str) -> tuple[Loaded, ...]:
        """Those who speak beside the served one, only to be scored: challengers, and other families' champions.

        Each version speaks once: while an alias moves, a challenger may be the champion already.
        """
        said = {(one.family, one.version) for one in self.served(interval)[:1]}
        found = []
        for one in sorted(self.models, key=lambda one: one.alias == "champion", reverse=True):
            if one.interval == interval and (one.family, one.version) not in said:
                said.add((one.family, one.version))
                found.append(one)
        return tuple(sorted(found, key=lambda one: one.slot))


def loaded(family: str, interval: str, alias: str, version: str, artefact: Artefact) -> Loaded:
    """An artefact that has shown that it can serve. Raises ModelError, saying why it must not.

    It must be of the family it is registered as, trained on the features that are served, and give finite, rising
    quantiles and positive variances for a batch of plausible vectors.
    """
    if artefact.family != family:
        raise ModelError(f"family: expected {family}, was {artefact.family}")
    if artefact.feature_set != VOLATILITY.hash:
        raise ModelError(f"feature set: expected {VOLATILITY.hash}, was {artefact.feature_set}")
    try:
        said = artefact.forecast(warm_up(artefact))
    except ModelError:
        raise
    except Exception as error:  # whatever it raises, it must not serve
        raise ModelError(f"warm-up: expected forecasts, was {type(error).__name__}: {error}") from error
    if not (np.isfinite(said.location).all() and np.isfinite(said.quantiles).all()):
        raise ModelError("warm-up: expected finite numbers, was NaN or infinite")
    if not (np.isfinite(said.variance).all() and (said.variance > 0).all()):
        raise ModelError("warm-up: expected positive variances, was others")
    if (np.diff(said.quantiles, axis=2) < 0).any():
        raise ModelError("warm-up: expected rising quantiles, was falling ones")
    return Loaded(family, interval, alias, version, artefact)


def warm_up(artefact: Artefact) -> Vectors:
    """Vectors of calm and wild bars, for symbols that the artefact knows, or any where it knows none by name."""
    symbols = known_symbols(artefact)[:8] or ("A", "B", "C")
    names, lags = VOLATILITY.names, max(artefact.lags, 1)
    wave = np.sin(np.arange(len(symbols) * lags * len(names), dtype=np.float64)).reshape(-1, lags, len(names))
    logs = np.asarray(["range" in name or "square" in name for name in names])
    logs &= np.asarray(["unrest" not in name for name in names])
    values = np.where(logs, np.log(1e-4) + wave, 0.01 * wave)
    return Vectors(names, symbols, values)


def known_symbols(artefact: Artefact) -> tuple[str, ...]:
    """Symbols that have parameters of their own; none for a model of all symbols."""
    model = artefact.model
    members: Sequence[object] = model.members if isinstance(model, Blend) else (model,)
    if any(type(one) is MODELS["HarX"] for one in members):
        return ()
    for one in members:
        names = getattr(one, "symbols", ())
        finite = [np.isfinite(getattr(one, field)) for field in ("coefficients", "parameters") if hasattr(one, field)]
        known = finite[0].reshape(len(names), -1).all(axis=1) if finite and len(names) else ()
        if len(known):
            return tuple(name for name, is_known in zip(names, known, strict=True) if is_known)
    return ()
