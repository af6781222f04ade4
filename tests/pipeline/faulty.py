"""An agent of a user that fails at the first bars it sees."""

from typing import Any

from causal_alpha import app


@app.agent(app.bars)
async def fail(stream: Any) -> None:
    async for _ in stream:
        raise RuntimeError("expected to fail here")
