import numpy as np
import pytest

from causal_alpha.features import FIELDS, Window


@pytest.mark.parametrize("name", ["close", "returns", "ranges", "bodies"])
def test_window_cannot_be_changed(name: str) -> None:
    bars = np.ones((len(FIELDS), 2, 5))

    with pytest.raises(ValueError, match="read-only"):
        getattr(Window(bars).last(3), name)[:] = 0.0
    bars[:] = 2.0  # whoever made the array still may


@pytest.mark.parametrize("n", range(1, 6))
def test_window_shares_what_it_derived_with_its_end(n: int) -> None:
    bars = np.exp(np.random.default_rng(n).normal(0, 0.1, (len(FIELDS), 3, 5)))
    whole = Window(bars)
    end, fresh = whole.last(4).last(n) if n < 5 else whole, Window(bars[:, :, 5 - n :])

    for name in ("returns", "ranges", "bodies"):
        assert getattr(end, name).tobytes() == getattr(fresh, name).tobytes()
        assert np.shares_memory(getattr(end, name), getattr(whole, name)) or n == 1
