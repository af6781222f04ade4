"""The data path: one line an agent, in the order in which the data flows.

========================  ==================  =========================  ===========
agent                     reads               writes                     table
========================  ==================  =========================  ===========
ticks.ingest_ticks        requests            ticks bars                 -
bars.make_bars            ticks               bars rejects               open-bars
features.make_features    bars                features                   recent-bars
forecasts.make_forecasts  features            forecasts                  -
archive.archive_bars      bars                -                          -
archive.archive_features  features            -                          -
archive.archive_forecasts forecasts           -                          -
archive.archive_rejects   rejects             -                          -
broadcast.broadcast_bars  bars                -                          -
broadcast.broadcast_forecasts forecasts       -                          -
broadcast.broadcast_rejects rejects           -                          -
========================  ==================  =========================  ===========

Sources publish into `ticks` from outside; `tests/test_agents.py` holds this table against the code.
"""

from agents import ticks, bars, features, forecasts, archive, broadcast  # noqa: I001  data order

__all__ = ["archive", "bars", "broadcast", "features", "forecasts", "ticks"]
