"""Market data streams on Faust: bars, point-in-time features and scored probabilistic forecasts.

Importing starts nothing. The names below load on first use::

    from causal_alpha import app, Bar, Frame

    @app.agent(app.bars)
    async def watch(frames):
        async for frame in frames:
            for bar in frame.rows():
                print(bar.symbol, bar.close)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from causal_alpha.features import Feature, FeatureSet, Window
    from causal_alpha.frames import Frame
    from causal_alpha.models.base import Forecaster, Prediction
    from causal_alpha.records import Bar, Features, Forecast, Reject, Score, Tick
    from causal_alpha.settings import Settings
    from causal_alpha.sinks.base import Sink
    from causal_alpha.sources.base import Source
    from causal_alpha.topology import App, create_app

    app: App

_HOMES = {
    "App": "topology",
    "create_app": "topology",
    "Settings": "settings",
    "Frame": "frames",
    "Tick": "records",
    "Bar": "records",
    "Features": "records",
    "Forecast": "records",
    "Reject": "records",
    "Score": "records",
    "Feature": "features",
    "FeatureSet": "features",
    "Window": "features",
    "Forecaster": "models.base",
    "Prediction": "models.base",
    "Source": "sources.base",
    "Sink": "sinks.base",
}

__all__ = [
    "App",
    "Bar",
    "Feature",
    "FeatureSet",
    "Features",
    "Forecast",
    "Forecaster",
    "Frame",
    "Prediction",
    "Reject",
    "Score",
    "Settings",
    "Sink",
    "Source",
    "Tick",
    "Window",
    "app",
    "create_app",
]


def __getattr__(name: str) -> Any:
    if name == "app":
        return import_module("causal_alpha.topology").global_app()
    if name in _HOMES:
        return getattr(import_module(f"causal_alpha.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
