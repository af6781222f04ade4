"""The errors of Causal Alpha, one small tree.

::

    CausalAlphaError
    ├── SettingsError         a setting is missing or wrong: the start stops with one line
    ├── FrameError            bytes that are no frame of the expected record
    ├── SourceError           a feed can't deliver now; `retry_after` says when to ask again
    │   └── RateLimitedError  the feed told us to slow down
    ├── SinkError             a sink can't take rows now; writing the same rows again is safe
    ├── FeatureError          a feature, or a set of them, that can't be computed
    ├── ModelError            an artefact that must not serve
    ├── ServiceError          a Kafka, MongoDB, MLflow or browser can't be started, or doesn't answer now
    └── MissingExtraError     an optional package isn't installed; the message names the pip command
"""


class CausalAlphaError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(CausalAlphaError):
    """A setting is missing or has a wrong value."""


class FrameError(CausalAlphaError):
    """Bytes or columns that are no frame of the expected record.

    `reason` is the word that the row carries in `rejects`.
    """

    def __init__(self, message: str, *, reason: str = "malformed") -> None:
        super().__init__(message)
        self.reason = reason


class SourceError(CausalAlphaError):
    """A feed can't deliver now. `retry_after` is in seconds, None if the feed didn't say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimitedError(SourceError):
    """The feed answered that we ask too often (HTTP 429)."""


class SinkError(CausalAlphaError):
    """A sink can't take rows now. Writes are idempotent: the caller tries the same rows again."""


class FeatureError(CausalAlphaError):
    """A feature, or a set of them, that can't be computed: two of one name, a window too short, a wrong shape."""


class ModelError(CausalAlphaError):
    """A model that must not serve: wrong feature set, corrupt artefact, no finite output."""


class ServiceError(CausalAlphaError):
    """A service can't be started, or doesn't answer now; the message says which."""


class MissingExtraError(CausalAlphaError, ImportError):
    """An optional package isn't installed.

    >>> raise MissingExtraError("mlflow", extra="train")
    Traceback (most recent call last):
    ...
    causal_alpha.errors.MissingExtraError: expected the package mlflow: pip install "causal-alpha[train]"
    """

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f'expected the package {package}: pip install "causal-alpha[{extra}]"')
