"""The agents of a worker that runs the transform and nothing else: `agents/bars.py` as it is.

`import agents.bars` would run `agents/__init__.py` first, which imports all agents; loading the file by
its place leaves them out.
"""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from benchmarks.meter import watch
from causal_alpha import app

_package = find_spec("agents")
assert _package is not None
assert _package.origin is not None
_spec = spec_from_file_location("benchmarks.bars", Path(_package.origin).with_name("bars.py"))
assert _spec is not None
assert _spec.loader is not None
bars = module_from_spec(_spec)
_spec.loader.exec_module(bars)


def rows() -> int:
    return sum(state.counts.rows for _, state in bars.checkpoints.items())


@app.task  # type: ignore[untyped-decorator]
async def report() -> None:
    await watch(rows)
