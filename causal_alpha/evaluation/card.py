"""The model card: what a version is, what it was fitted on, how good it was, and what it must not be used for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from causal_alpha.evaluation.heldout import BASELINES, HeldOut
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import HORIZONS


def card(
    artefact: Artefact, held_out: HeldOut, interval: str, facts: Mapping[str, object], alarms: Sequence[str]
) -> str:
    """Markdown. `facts` are the parameters of the run, `alarms` why it must not serve."""
    first, last = (date(int(held_out.starts[at])) for at in (0, -1))
    lines = [
        f"# {artefact.family}-{interval}",
        "",
        f"Distribution of the log return {' and '.join(map(str, HORIZONS))} bars of {interval} ahead: "
        "location, variance, 13 quantiles.",
        "",
        "## Fitted on",
        *_table(("what", "value"), [(name, str(value)) for name, value in facts.items()]),
        "",
        f"## Held out: {len(held_out.starts)} sessions, {first} to {last}",
        "Fitted anew without them, on the family's schedule. Below 1, and a t below 0, the family is better; "
        "t is clustered by date.",
        "",
        *_table(("against", "h", "CRPS", "t", "QLIKE", "t"), _against(held_out)),
        "",
        *_table(("tournament", *(f"h {horizon}" for horizon in HORIZONS)), _tournament(held_out)),
        "",
        *_table(("year", "QLIKE / log-HAR"), _years(held_out)),
        "",
        "## May it serve",
        *([f"- {alarm}" for alarm in alarms] or ["Every sanity check passed."]),
        "",
        "## Not for",
        "The location is 0 unless the family has an own one: it is no signal to trade on. Symbols with fewer than "
        f"{artefact.lags} bars of features get no forecast. Splits and dividends must be adjusted for.",
        "",
    ]
    return "\n".join(lines)


def date(ns: int) -> str:
    """The UTC date of a time.

    >>> date(86_400_000_000_000)
    '1970-01-02'
    """
    return datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC).date().isoformat()


def _against(held_out: HeldOut) -> list[tuple[str, ...]]:
    rows = []
    for other in BASELINES:
        for horizon in HORIZONS:
            figures = held_out.against[horizon]
            cells = [figures[f"{loss}_over_{other}{end}"] for loss in ("crps", "qlike") for end in ("", "_t")]
            rows.append((other, str(horizon), *(_number(cell, at % 2 == 1) for at, cell in enumerate(cells))))
    return rows


def _tournament(held_out: HeldOut) -> list[tuple[str, ...]]:
    figures = [
        {**held_out.report.families[held_out.family][str(horizon)], **held_out.served[horizon]} for horizon in HORIZONS
    ]
    return [(name, *(_number(part[name], name.endswith("_t")) for part in figures)) for name in figures[0]]


def _years(held_out: HeldOut) -> list[tuple[str, ...]]:
    symbol, ratio = held_out.report.worst[held_out.family]
    years = held_out.report.years[held_out.family].items()
    rows: list[tuple[str, ...]] = [(str(year), _number(value)) for year, value in years]
    return [*rows, (f"worst symbol: {symbol}", _number(ratio))]


def _number(value: float, brief: bool = False) -> str:
    return f"{value:.1f}" if brief else f"{value:.4f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
