"""The ledger: every forecast waits here for its truth, and is scored once.

It reads forecasts alone. A frame of them tells the closes of its time (the prices that its forecasts start from, and
`closes` in its `meta` for symbols of which nothing was said): these are the truths of forecasts due then. So nothing
has to be joined, and the same log gives the same scores.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec
import numpy as np

from causal_alpha.columns import Floats
from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.records import LEVELS, Forecast, Score
from causal_alpha.scores import score
from causal_alpha.series import number, read_key

_NONE: Frame[Forecast] = Frame.empty(Forecast)


def check_forecasts(key: bytes | None, forecasts: Frame[Forecast]) -> str:
    """The key as text, once it is sure that `Ledger.push` can take the frame. Raises FrameError."""
    text = read_key(key)
    _said(forecasts.meta)
    width = forecasts.floats("quantiles").shape[1]
    if len(forecasts) and width != len(LEVELS):
        raise FrameError(f"quantiles: expected {len(LEVELS)}, was {width}", reason="schema")
    return text


@dataclass
class Page:
    """The open forecasts of one series, and the time (ns) up to which it is settled."""

    open: Frame[Forecast] = _NONE
    made: int = -(2**62)


@dataclass
class Tally:
    """Sums over what was scored: `n` with a truth, `unscorable` without."""

    n: int = 0
    unscorable: int = 0
    crps: float = 0.0
    crps_naive: float = 0.0
    crps_ewma: float = 0.0
    inside_80: float = 0.0
    inside_95: float = 0.0

    def add(self, scores: Frame[Score]) -> None:
        known = np.isfinite(scores.floats("truth"))
        self.n += int(known.sum())
        self.unscorable += int((~known).sum())
        for name in ("crps", "crps_naive", "crps_ewma", "inside_80", "inside_95"):
            setattr(self, name, getattr(self, name) + float(np.nansum(scores.floats(name)[known])))


@dataclass
class Ledger:
    """Pages by key, and tallies by interval, horizon, family and whether it was in shadow."""

    pages: dict[str, Page] = field(default_factory=dict)
    tallies: dict[tuple[str, int, str, bool], Tally] = field(default_factory=dict)
    repeated: int = 0
    """Forecasts of a time that was settled before: a worker that died said them again."""

    def push(self, key: str, forecasts: Frame[Forecast]) -> Frame[Score]:
        """Take what was said at one time; gives the scores of what that time is the truth of.

        A forecast whose due time passes without its symbol's bar is scored with a truth of NaN: it can't be scored,
        and isn't lost. Frames of a time before one that was seen change nothing. Raises FrameError where `meta` says
        no time.
        """
        made, closes = _told(forecasts)
        page = self.pages.setdefault(key, Page())
        if made < page.made:
            self.repeated += len(forecasts)
            return Frame.empty(Score)
        page.made = made
        scores = self._settle(page, made, closes)
        page.open = Frame.concat([page.open, self._new(page, forecasts, made)])
        return scores

    def _settle(self, page: Page, made: int, closes: Mapping[str, float]) -> Frame[Score]:
        due = page.open.ints("due")
        labels = page.open.labels("symbol")
        close = np.asarray([closes.get(name, np.nan) for name in labels.names], dtype=np.float64)[labels.codes]
        now = (due == made) & np.isfinite(close)
        settled = now | (due < made)
        if not settled.any():
            return Frame.empty(Score)
        truth: Floats = np.where(now, close, np.nan)[settled]
        scores = score(page.open.take(settled, meta={}), truth, np.full(len(truth), made))
        page.open = page.open.take(~settled)
        self._count(scores)
        return scores

    def _new(self, page: Page, forecasts: Frame[Forecast], made: int) -> Frame[Forecast]:
        """What isn't open already. A time may come in parts, and twice."""
        forecasts = forecasts.take(forecasts.ints("made") == made, meta={})
        same = page.open.take(page.open.ints("made") == made)
        if not len(same):
            return forecasts
        known = set(_identities(same))
        fresh = np.asarray([one not in known for one in _identities(forecasts)], dtype=np.bool_)
        self.repeated += int((~fresh).sum())
        return forecasts.take(fresh)

    def _count(self, scores: Frame[Score]) -> None:
        facts = zip(
            scores.labels("interval").tolist(),
            scores.ints("horizon").tolist(),
            scores.labels("family").tolist(),
            scores.flags("shadow").tolist(),
            strict=True,
        )
        rows: dict[tuple[str, int, str, bool], list[int]] = {}
        for row, fact in enumerate(facts):
            rows.setdefault(fact, []).append(row)
        for fact, chosen in rows.items():
            self.tallies.setdefault(fact, Tally()).add(scores.take(np.asarray(chosen)))

    def dump(self) -> dict[str, Any]:
        return {
            "pages": {key: {"open": page.open.encode(), "made": page.made} for key, page in self.pages.items()},
            "tallies": [[*fact, asdict(tally)] for fact, tally in self.tallies.items()],
            "repeated": self.repeated,
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> "Ledger":
        pages = {key: Page(Frame.decode(Forecast, one["open"]), one["made"]) for key, one in tree["pages"].items()}
        tallies = {(one[0], one[1], one[2], one[3]): Tally(**one[4]) for one in tree["tallies"]}
        return cls(pages, tallies, tree["repeated"])


def _identities(forecasts: Frame[Forecast]) -> Iterable[tuple[Any, ...]]:
    """What tells the forecasts of one time apart."""
    texts = (forecasts.labels(name).tolist() for name in ("symbol", "family", "version"))
    return zip(*texts, forecasts.ints("horizon").tolist(), strict=True)


def _told(forecasts: Frame[Forecast]) -> tuple[int, dict[str, float]]:
    """The time of a frame and the closes that it tells."""
    made, closes = _said(forecasts.meta)
    prices = forecasts.floats("price").tolist()
    return made, closes | dict(zip(forecasts.labels("symbol").tolist(), prices, strict=True))


def _said(meta: Mapping[str, str]) -> tuple[int, dict[str, float]]:
    """The time of a frame, and the closes of symbols of which nothing was said."""
    try:
        made = number({"made": meta["made"]}, "made", 0)
        return made, msgspec.json.decode(meta.get("closes", "{}"), type=dict[str, float])
    except (KeyError, FrameError, msgspec.MsgspecError) as error:
        raise FrameError(f"forecasts: expected made and closes in meta, was {dict(meta)}", reason="schema") from error
