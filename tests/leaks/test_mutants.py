"""Every planted leak is found by the check that is named beside it, and the real thing passes each check."""

from collections.abc import Callable
from typing import Any

import pytest

from causal_alpha.dataset import Dataset
from causal_alpha.evaluation.density import simulate
from causal_alpha.evaluation.tournament import roll
from causal_alpha.models import network, transformer
from tests.leaks import checks, mutants

Check = Callable[[Any], None]

REAL: list[tuple[Check, Any]] = [
    (checks.check_no_future, Dataset.from_bars),
    (checks.check_truth, Dataset.from_bars(checks.BARS)),
    (checks.check_origins, roll),
    (checks.check_validation, network._Table.of),
    (checks.check_mask, transformer.build),
    (checks.check_density, simulate),
    (checks.check_canary, Dataset.from_bars),
]

PLANTED: list[tuple[Check, Any, str]] = [
    (checks.check_no_future, mutants.late_row, "vectors"),
    (checks.check_no_future, mutants.centred_window, "vectors"),
    (checks.check_no_future, mutants.global_scaler, "vectors"),
    (checks.check_no_future, mutants.back_fill, "vectors"),
    (checks.check_no_future, mutants.early_split, "vectors"),
    (checks.check_no_future, mutants.survivor_join, "symbols"),
    (checks.check_no_future, mutants.early_revision, "vectors"),
    (checks.check_no_future, mutants.early_truth, "truth"),
    (checks.check_no_future, mutants.label_in_features, "vectors"),
    (checks.check_no_future, mutants.market_of_all_times, "vectors"),
    (checks.check_truth, mutants.shifted_target(Dataset.from_bars(checks.BARS)), "row"),
    (checks.check_origins, mutants.same_day_split, "origins"),
    (checks.check_origins, mutants.random_split, "origins"),
    (checks.check_origins, mutants.no_embargo, "origins"),
    (checks.check_validation, mutants.validation_without_embargo, "targets"),
    (checks.check_validation, mutants.scaler_of_validation, "scale"),
    (checks.check_mask, mutants.unmasked, "earlier patches"),
    (checks.check_density, mutants.early_residuals, "before the truth"),
    (checks.check_density, mutants.shape_of_all_times, "before the truth"),
    (checks.check_canary, mutants.label_in_features, "shuffled days"),
]


def _name(value: Any) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("check", "real"), REAL, ids=_name)
def test_real_thing_passes_the_check(check: Check, real: Any) -> None:
    check(real)


@pytest.mark.parametrize(("check", "mutant", "says"), PLANTED, ids=_name)
def test_planted_leak_is_found(check: Check, mutant: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check(mutant)
