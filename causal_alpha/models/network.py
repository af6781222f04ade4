"""What LSTM and Transformer share: their inputs, how they are trained, how they answer.

One net for all symbols. It starts as the pooled regression: a linear skip from the newest inputs is set to least
squares, the deep part's last layer to zero. The skip stays, so training adds what the past days tell beyond the last.
Members with different seeds are trained side by side and their logs averaged. Targets are logs of
mean variances over each horizon, relative to the anchor of `models.state`; the loss is the squared error.

TensorFlow is imported when `fit` is called, never before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats, Ints
from causal_alpha.models.base import HORIZONS, Outlook, Vectors
from causal_alpha.models.extras import training_package
from causal_alpha.models.smearing import unseen_smear
from causal_alpha.models.state import RARE, STATE, columns, state
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

Singles = npt.NDArray[np.float32]

DEEP = ("return", "fall", "range_1", "gap", "gap_fall", "volume")
"""What the deep part reads of each day."""
INPUTS = DEEP + tuple(name for name in STATE if name not in DEEP)
"""What the skip reads of the newest day: all of STATE."""
PATCH = 5
"""Days that the deep part takes in at a step: a week."""
_CHUNK = 4096


@dataclass(frozen=True)
class Plan:
    """How large a net is and how it is trained, chosen on sessions before 2018 of the development data alone.

    A sequence has `lags` + `extra` days, both whole patches, and is scored at the ends of its last patches, each a
    target with at least `lags` days of past. `targets` counts those each member is trained on, days seen again
    included, so that the time it takes doesn't grow with the history. Validation: one block of `block` sessions in
    twenty.
    """

    width: int = 32
    blocks: int = 1
    lags: int = 40
    extra: int = 20
    members: int = 1
    targets: int = 240_000
    looks: int = 6
    batch: int = 128
    rate: float = 1e-3
    block: int = 21


Build = Callable[[Any, int, Plan], Any]
"""``build(keras, inputs, plan)`` gives a model from (batch, days, inputs) to (batch, patches, members, h).

Outputs are those of the last day of each patch. The linear part is a layer named `skip`.
"""


def in_patches(keras: Any, days: Any) -> tuple[Any, Any]:
    """What the deep part reads of each patch, (batch, patches, PATCH * len(DEEP)), and all of its last day."""
    deep = keras.layers.Reshape((-1, PATCH * len(DEEP)))(days[:, :, : len(DEEP)])
    return deep, keras.layers.Reshape((-1, PATCH, days.shape[-1]))(days)[:, :, -1]


def with_skip(keras: Any, days: Any, found: Sequence[Any], last: Any) -> Any:
    """The model that adds what each member has `found`, (batch, patches, h), to a linear part of the `last` days."""
    layers = keras.layers
    added = layers.Concatenate()(found) if len(found) > 1 else found[0]
    total = added + layers.Dense(len(found) * len(HORIZONS), trainable=False, name="skip")(last)
    return keras.Model(days, layers.Reshape((-1, len(found), len(HORIZONS)))(total))


@dataclass(frozen=True)
class Network:
    """A trained net. `run` takes float32 (n, lags, inputs) and gives (n, h), logs relative to the anchor."""

    family: str
    lags: int
    scaler: "Scaler"
    smear: Floats
    run: Callable[[Singles], Singles]
    net: Any
    losses: tuple[float, ...]

    def outlook(self, vectors: Vectors) -> Outlook:
        if vectors.values.shape[1] < self.lags:
            raise ModelError(f"vectors: expected {self.lags} of each symbol, was {vectors.values.shape[1]}")
        values, edges = vectors.values[:, -self.lags :], range(0, len(vectors), _CHUNK)
        parts = [self._ranges(vectors.names, values[at : at + _CHUNK]) for at in edges]
        ranges = np.concatenate(parts) if parts else np.empty((0, len(HORIZONS)))
        return Outlook(location=ranges * 0.0, ranges=ranges)

    def _ranges(self, names: Sequence[str], values: Floats) -> Floats:
        """Of vectors (n, lags, features). The linear part reads the newest day alone: the other days have no more
        than what the deep part reads, and 0 for the rest.
        """
        anchor, newest = columns(names, values[:, -1], INPUTS)
        inputs = np.zeros((*values.shape[:2], len(INPUTS)), dtype=np.float32)
        self.scaler.write(columns(names, values[:, :-1], DEEP)[1], inputs[:, :-1])
        self.scaler.write(newest, inputs[:, -1])
        known = np.isfinite(inputs.sum(axis=(1, 2)))  # of numbers that are held, so unknown or finite
        inputs[~known] = 0.0
        logs = self.run(inputs).astype(np.float64)
        ranges: Floats = np.where(known[:, None], np.exp(logs + self.smear + anchor[:, None]), np.nan)
        return ranges


@dataclass(frozen=True)
class Scaler:
    """Inputs held within what training rows reached, then centred and scaled by them; (k,) each."""

    low: Floats
    high: Floats
    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, numbers: Floats) -> "Scaler":
        """The scaler of training rows (rows, k)."""
        low, high = np.quantile(numbers, [RARE, 1 - RARE], axis=0)
        held = np.clip(numbers, low, high)
        return cls(low, high, held.mean(axis=0), np.maximum(held.std(axis=0), 1e-6))

    def __call__(self, numbers: Floats) -> Singles:
        """Numbers (..., k), scaled."""
        scaled = np.empty(numbers.shape, dtype=np.float32)
        self.write(np.moveaxis(numbers, -1, 0), scaled)
        return scaled

    def write(self, numbers: Iterable[Floats], scaled: Singles) -> None:
        """The first of the inputs, (...,) each, into the first places of `scaled` (..., k).

        One after the other: rows of a few numbers are slow to go through, and what all of them together take of memory
        the system would give, and take back, at every call.
        """
        for place, column in enumerate(numbers):
            held = np.clip(column, self.low[place], self.high[place])
            held -= self.centre[place]
            held /= self.spread[place]
            scaled[..., place] = held


def fit_network(
    dataset: "Dataset", family: str, build: Build, plan: Plan, *, seed: int, say: Callable[[str], None] | None = None
) -> Network:
    """A net trained on all rows of the dataset. Raises ModelError when there are too few.

    Scaler and start come from training rows only, and so do losses; validation blocks choose the stop.
    """
    keras, tensorflow = _frameworks(seed)
    table = _Table.of(dataset, plan)
    rows = table.sequences(plan)
    if len(rows) < 5 * plan.batch:
        raise ModelError(
            f"dataset: expected at least {5 * plan.batch} sequences of {plan.lags + plan.extra} bars, was {len(rows)}"
        )
    net = build(keras, len(INPUTS), plan)
    weights = table.least_squares()
    net.get_layer("skip").set_weights([np.tile(weights[:-1], plan.members), np.tile(weights[-1], plan.members)])
    run = _compiled(tensorflow, net)
    losses = _train(tensorflow, keras, net, run, table, rows, plan, seed, say or (lambda line: None))
    return Network(
        family=family,
        lags=plan.lags,
        scaler=table.scaler,
        smear=table.smear(run, plan.lags),
        run=run,
        net=net,
        losses=tuple(losses),
    )


def _frameworks(seed: int) -> tuple[Any, Any]:
    """Keras and TensorFlow, on one thread, seeded, with deterministic kernels."""
    tensorflow = training_package("tensorflow")
    keras = training_package("keras")
    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # TensorFlow runs already: its threads stay what they are
    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()
    return keras, tensorflow


@dataclass(frozen=True)
class _Table:
    """The dataset as a net sees it: standardised inputs (rows, k), targets (rows, h), which rows are for what."""

    inputs: Singles
    target: Floats
    known: npt.NDArray[np.bool_]
    used: npt.NDArray[np.bool_]
    held: npt.NDArray[np.bool_]
    run_length: Ints
    session: Ints
    scaler: Scaler

    @classmethod
    def of(cls, dataset: "Dataset", plan: Plan) -> "_Table":
        anchor, numbers = state(dataset.names, dataset.values, INPUTS)
        target = np.stack([np.log(np.maximum(dataset.future(h)[1], SMALLEST)) - anchor for h in HORIZONS], axis=1)
        session = np.searchsorted(dataset.sessions, dataset.start)
        held, near = _validation_blocks(session, plan.block, max(HORIZONS))
        complete = np.asarray(np.isfinite(numbers).all(axis=1))
        known = complete & np.asarray(np.isfinite(target).all(axis=1))
        used = known & ~near
        if not used.any():
            raise ModelError("dataset: expected complete rows, was none")
        scaler = Scaler.of(numbers[used])
        inputs = scaler(numbers)
        inputs[~complete] = 0.0
        return cls(
            inputs=inputs,
            target=np.where(known[:, None], target, 0.0),
            known=known,
            used=used,
            held=known & held,
            run_length=_run_lengths(complete, dataset.place),
            session=session,
            scaler=scaler,
        )

    def complete(self, days: int) -> npt.NDArray[np.bool_]:
        """Rows with `days` complete vectors of their symbol up to them."""
        enough: npt.NDArray[np.bool_] = self.run_length >= days
        return enough

    def sequences(self, plan: Plan) -> Ints:
        """Rows that a training sequence may end at."""
        return np.flatnonzero(self.known & self.complete(plan.lags + plan.extra))

    def windows(self, rows: Ints, days: int) -> Singles:
        windows: Singles = self.inputs[rows[:, None] - np.arange(days)[::-1]]
        return windows

    def answer(self, run: Callable[[Singles], Singles], rows: Ints, days: int) -> Floats:
        parts = [run(self.windows(rows[at : at + _CHUNK], days)) for at in range(0, len(rows), _CHUNK)]
        return np.concatenate(parts).astype(np.float64)

    def least_squares(self) -> Floats:
        """Weights (inputs + 1, h) of the linear part, the constant last."""
        return np.asarray(np.linalg.lstsq(self.trained_on(), self.target[self.used], rcond=None)[0])

    def trained_on(self) -> Floats:
        """Inputs (used rows, inputs + 1) of the linear part, the constant last."""
        return np.column_stack([self.inputs[self.used], np.ones(int(self.used.sum()))]).astype(np.float64)

    def smear(self, run: Callable[[Singles], Singles], days: int) -> Floats:
        """Logs (h,) that make the exponential unbiased on sessions like those that were trained on.

        The linear part's are known of sessions that it hasn't seen; the net, asked on a sample only, is off by as much
        more or less as it is there.
        """
        weights = self.least_squares()
        error = self.target - (self.inputs @ weights[:-1] + weights[-1])
        known = self.trained_on()
        linear = [unseen_smear(known, aim, self.session[self.used]) for aim in self.target[self.used].T]
        sample = np.flatnonzero(self.used & self.complete(days))[::30]
        net = np.exp(self.target[sample] - self.answer(run, sample, days)).mean(axis=0)
        return np.asarray(linear + np.log(net / np.exp(error[sample]).mean(axis=0)))


def _validation_blocks(session: Ints, block: int, embargo: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows of every twentieth block of sessions, and those rows with their neighbours; the newest block is trained on.

    Neighbours within `embargo` sessions share days of truth with a block, so training leaves them out too.
    """
    cycle = 20 * block
    place = (session.max(initial=0) - session - block) % cycle
    held = place < block
    near = held | (place >= cycle - embargo) | (place < block + embargo)
    return held, near


def _run_lengths(complete: npt.NDArray[np.bool_], place: Ints) -> Ints:
    """How many complete vectors end at each row, without a gap and within the symbol."""
    rows = np.arange(len(complete))
    broken = np.where(complete, -1, rows)
    last_broken = np.maximum.accumulate(broken) if len(rows) else broken
    lengths: Ints = np.minimum(rows - last_broken, place + 1)
    return lengths


def _compiled(tensorflow: Any, net: Any) -> Callable[[Singles], Singles]:
    """The mean of the members for the last day, with one graph for all batch sizes."""

    @tensorflow.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def graph(windows: Any) -> Any:
        return tensorflow.reduce_mean(net(windows, training=False)[:, -1], axis=1)

    def run(windows: Singles) -> Singles:
        answer: Singles = graph(tensorflow.constant(windows)).numpy()
        return answer

    return run


def _train(
    tensorflow: Any,
    keras: Any,
    net: Any,
    run: Callable[[Singles], Singles],
    table: _Table,
    rows: Ints,
    plan: Plan,
    seed: int,
    say: Callable[[str], None],
) -> list[float]:
    """Trains in place, keeps the weights that were best on the validation blocks, gives each look's loss."""
    back = np.arange(0, plan.extra + 1, PATCH)[::-1]
    steps = max(plan.looks, plan.targets // (len(back) * plan.batch))
    schedule = keras.optimizers.schedules.CosineDecay(plan.rate, steps)
    optimizer = keras.optimizers.Adam(schedule, clipnorm=1.0)

    @tensorflow.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def step(windows: Any, target: Any, weight: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            said = net(windows, training=True)[:, -len(back) :]
            error = tensorflow.square(said - target[:, :, None, :]) * weight[:, :, None, None]
            # Members add up, so that each learns as fast as it would alone.
            loss = tensorflow.reduce_sum(error) / (tensorflow.reduce_sum(weight) * len(HORIZONS) + 1e-6)
        variables = net.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    held = np.flatnonzero(table.held & table.complete(plan.lags))[::6]
    generator = np.random.default_rng(seed)
    target, used = table.target.astype(np.float32), table.used.astype(np.float32)
    losses = [_loss(table, run, held, plan.lags)]
    best, weights = losses[0], net.get_weights()
    looks = np.unique(np.linspace(0, steps, plan.looks + 1)[1:].astype(int))
    for count in range(1, steps + 1):
        ends = generator.choice(rows, plan.batch, replace=len(rows) < plan.batch)
        days = ends[:, None] - back
        step(table.windows(ends, plan.lags + plan.extra), target[days], used[days])
        if count in looks:
            losses.append(_loss(table, run, held, plan.lags))
            say(f"step {count} of {steps}: validation loss {losses[-1]:.4f}, best {min(losses):.4f}")
            if losses[-1] < best or not len(held):
                best, weights = losses[-1], net.get_weights()
    net.set_weights(weights)
    return losses


def _loss(table: _Table, run: Callable[[Singles], Singles], rows: Ints, days: int) -> float:
    if not len(rows):
        return 0.0
    return float(((table.answer(run, rows, days) - table.target[rows]) ** 2).mean())
