"""The page of results: Markdown made of saved results alone, so that a test can make it again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benchmarks.machine import Machine

HEAD = """# Performance

Written by `python -m benchmarks report` from [performance.json](performance.json): don't edit it. How each number is
measured, and what its contenders do, is told in [benchmarks/README.md](../benchmarks/README.md). Everything ran on one
machine, broker, database and producer too.
"""
CONTENDERS = {
    "ours_frames": "ours, frames of 1,000 ticks",
    "ours_json": "ours, single JSON ticks",
    "bytewax": "Bytewax, single JSON ticks",
    "quix": "Quix Streams, single JSON ticks",
    "faust": "idiomatic Faust, single JSON ticks",
}
STAGES = {
    "kafka": "Kafka has the tick",
    "hub": "the worker's hub has a row with it",
    "client": "the WebSocket's other end has it",
    "bars": "a row with it is sent to a topic, where other hubs find it",
}


@dataclass(frozen=True)
class Result:
    """What one benchmark printed, by which command, when, in how many seconds, under what load."""

    command: str
    date: str
    seconds: int
    load_before: float
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """Results of one machine."""

    machine: Machine
    results: tuple[Result, ...]


def document(saved: Saved) -> str:
    """The page as text. Benchmarks without a result have no section."""
    parts = [HEAD, machine_section(saved.machine)]
    if not saved.results:
        parts.append("Nothing has been measured yet.\n")
    for name, section in SECTIONS.items():
        found = [result for result in saved.results if result.command.split()[0] == name]
        if found:
            parts += [section(found), *map(origin, found)]
    return "\n".join(parts)


def machine_section(machine: Machine) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    return (
        f"{machine.cores} × {machine.processor}, {machine.memory_gib} GiB, {machine.system}, Python {machine.python}.\n"
        f"{packages}.\n"
    )


def origin(result: Result) -> str:
    minutes = max(1, round(result.seconds / 60))
    return (
        f"`python -m benchmarks {result.command}`, {result.date}, {minutes} min, load {result.load_before:g} before.\n"
    )


def throughput_section(results: Sequence[Result]) -> str:
    """Speeds, their spread, and how many times a peer's speed on the same wire ours is."""
    (result,) = results
    speeds = {name: result.values[f"{name}_per_cpu_s"] for name in CONTENDERS}
    rows = []
    for name, text in CONTENDERS.items():
        runs = result.values["runs"][name]
        ratio = "" if name.startswith("ours") else f"{speeds['ours_json'] / speeds[name]:.1f} ×"
        rows.append((text, f"{speeds[name]:,.0f}", f"{min(runs):,.0f} to {max(runs):,.0f}", ratio))
    return (
        "## Ticks to one-minute bars\n"
        "Ticks a CPU-second from a Kafka topic to bars in a topic: decode, dedupe, OHLCV and VWAP by event time, with\n"
        "the state saved every second. The bars of every run are those of pandas.\n\n"
        + table(("", "ticks a CPU-second", "runs", "ours on the same wire"), rows)
    )


def latency_section(results: Sequence[Result]) -> str:
    rates = [f"{result.values['rate']:,} ticks/s" for result in results]
    rows = []
    for stage, text in STAGES.items():
        found = [result.values["stages"][stage] for result in results]
        rows.append((text, *(f"{one['p50_ms']:g} / {one['p99_ms']:g}" for one in found)))
    return (
        "## From a tick to a page\n"
        "Milliseconds since a single JSON tick was produced, p50 / p99, with all agents in one worker.\n\n"
        + table(("until", *rates), rows)
    )


def features_section(results: Sequence[Result]) -> str:
    """All features beside pandas, and those that talipp has beside talipp: each number as it was measured."""
    (result,) = results
    value = result.values
    rows: list[tuple[str, ...]] = []
    for which, own, contender, other in (
        (f"all {value['features']}", "us_per_symbol_bar", "pandas", "pandas_us"),
        (f"the {value['talipp_features']} that talipp has", "ours_of_talipp_us", "talipp", "talipp_us"),
    ):
        rows.append((f"ours, {which}", f"{value[own]:,.2f}", ""))
        rows.append((f"{contender}, {which}", f"{value[other]:,.2f}", f"{value[other] / value[own]:.0f} ×"))
    return "## Features\nMicroseconds of CPU for features of a symbol's bar.\n\n" + table(
        ("features", "µs a symbol-bar", "as much as ours"), rows
    )


def memory_section(results: Sequence[Result]) -> str:
    (result,) = results
    few, many = result.values["symbols"]
    return (
        "## Memory\n"
        f"A whole worker takes {result.values['worker_mb']:,.0f} MB and {result.values['mb_per_1000_symbols']:,.0f} MB "
        f"for each 1,000 symbols with one interval\n(resident memory at {few} and {many} symbols after "
        f"{result.values['bars']} bars of each).\n"
    )


def scaling_section(results: Sequence[Result]) -> str:
    (result,) = results
    heads = ("symbols", "µs a tick", "µs a bar closed", "snapshot, kB", "ms to save", "ms to restore")
    rows = [
        (
            f"{costs['symbols']:,}",
            f"{costs['us_per_tick']:.2f}",
            f"{costs['us_per_bar']:.1f}",
            f"{costs['snapshot_kb']:,.0f}",
            f"{costs['snapshot_ms']:.1f}",
            f"{costs['restore_ms']:.1f}",
        )
        for costs in result.values["symbols"]
    ]
    return (
        "## From 10 to 10,000 symbols\n"
        "CPU time of the transform alone, single JSON ticks in polls of 2,000, one-minute bars. A snapshot also holds\n"
        "the ids of the ticks in open bars, so it follows the ticks of a minute as much as the symbols.\n\n"
        + table(heads, rows)
    )


def forecast_section(results: Sequence[Result]) -> str:
    (result,) = results
    names = {
        "lstm_ms": "LSTM, ONNX Runtime",
        "transformer_ms": "Transformer, ONNX Runtime",
        "arima_ms": "ARIMA, numpy",
        "keras_predict_ms": "the same LSTM, `predict` of Keras",
        "statsmodels_append_ms": "ARIMA, `append` of statsmodels",
    }
    return (
        "## Forecasts\nMilliseconds for 500 symbols, one and five bars ahead, 13 quantiles each, on one thread.\n\n"
        + table(("", "ms"), [(text, f"{result.values[key]:,.2f}") for key, text in names.items()])
    )


def training_section(results: Sequence[Result]) -> str:
    (result,) = results
    names = {"arima_cpu_s": "ARIMA", "lstm_cpu_s": "LSTM", "transformer_cpu_s": "Transformer"}
    return (
        "## Training\nCPU-seconds of a fit on 80 names of nine years of days; "
        f"their features take {result.values['features_cpu_s']:,.1f} more.\n\n"
        + table(("", "CPU-seconds"), [(text, f"{result.values[key]:,.1f}") for key, text in names.items()])
    )


def hub_section(results: Sequence[Result]) -> str:
    (result,) = results
    value = result.values
    rows = [
        ("the hub", f"{value['sends_per_s']:,}", f"{value['p99_ms']:,.1f}"),
        ("a loop of FastAPI sends", f"{value['naive_sends_per_s']:,}", f"{value['naive_p99_ms']:,.1f}"),
    ]
    return (
        f"## To many pages\n{value['rate']:g} log events a second to each of {value['clients']} WebSockets. "
        f"A client that reads nothing costs {value['stalled_client_mb']:.2f} MB.\n\n"
        + table(("", "events delivered a second", "p99 ms"), rows)
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; numbers to the right."""
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


SECTIONS: Mapping[str, Callable[[Sequence[Result]], str]] = MappingProxyType(
    {
        "throughput": throughput_section,
        "latency": latency_section,
        "features": features_section,
        "memory": memory_section,
        "scaling": scaling_section,
        "forecast": forecast_section,
        "training": training_section,
        "hub": hub_section,
    }
)
"""How a benchmark's results are told, in the order of the page."""
