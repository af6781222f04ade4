"""The data path: a line for every function that reads or sends, in the order in which the data flows.

=============================  =========  ========================  ==============
function                       reads      writes                    table
=============================  =========  ========================  ==============
ticks.ingest_ticks             requests   ticks, bars               -
ticks.move_quiet_partitions    -          bars, ticks               open-bars
bars.make_bars                 ticks      bars, rejects             open-bars
bars.send_forming_bars         -          forming                   -
features.make_features         bars       features, ticks, rejects  recent-bars
forecasts.make_forecasts       features   forecasts, rejects        calibration
scores.score_forecasts         forecasts  scores, rejects           open-forecasts
archive.archive_bars           bars       -                         -
archive.archive_features       features   -                         -
archive.archive_forecasts      forecasts  -                         -
archive.archive_scores         scores     -                         -
archive.archive_rejects        rejects    -                         -
broadcast.broadcast_bars       bars       -                         -
broadcast.broadcast_forming    forming    -                         -
broadcast.time_features        features   -                         -
broadcast.broadcast_forecasts  forecasts  -                         -
broadcast.broadcast_scores     scores     -                         -
broadcast.broadcast_rejects    rejects    -                         -
=============================  =========  ========================  ==============

Sources publish into `ticks` and `bars` from outside, and the hub into `ticks`, `requests` and `rejects`. What
reads nothing runs by a clock. `tests/test_agents.py` holds this table against the code.
"""

from agents import ticks, bars, features, forecasts, scores, archive, broadcast  # noqa: I001  data order

__all__ = ["archive", "bars", "broadcast", "features", "forecasts", "scores", "ticks"]
