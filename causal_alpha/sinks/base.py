"""What a sink and a reader are: where frames go, and where the hub finds them again."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from causal_alpha.frames import Frame
from causal_alpha.records import Job

R = TypeVar("R", bound=msgspec.Struct)


@runtime_checkable
class Sink(Protocol):
    """Takes final records. Writing the same frame twice changes nothing."""

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        """Store every row. Raises SinkError when it can't now; the caller tries the same frames again."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Reader(Protocol):
    """Finds records again, typed, oldest first."""

    async def read(
        self,
        record: type[R],
        *,
        symbol: str | None = None,
        interval: str | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int = 500,
    ) -> list[R]:
        """The newest `limit` records with `start <= time < end` (ns), oldest of them first.

        The time is `start` of a bar, features or forecast, `ts` of a reject. Raises SinkError when
        the store doesn't answer.
        """
        ...

    async def symbols(self) -> list[str]:
        """Every symbol that has a bar, sorted."""
        ...

    async def intervals(self, symbol: str) -> list[str]:
        """Every interval at which a symbol has bars, in no order."""
        ...

    async def ping(self) -> None:
        """Return when the store answers; raise SinkError when it doesn't within a second or two."""
        ...


@runtime_checkable
class Jobs(Protocol):
    """Remembers how far requests are, for any process that asks."""

    async def put_job(self, job: Job) -> None: ...

    async def job(self, job_id: str) -> Job | None: ...

    async def jobs(self, prefix: str) -> list[Job]:
        """Those whose id starts with `prefix`, by id."""
        ...
