import gc

import pytest

from causal_alpha.errors import MissingExtraError
from causal_alpha.models.extras import training_package


@pytest.mark.parametrize("collects", [True, False])
def test_training_package_leaves_the_collector_as_it_was(collects: bool) -> None:
    before = gc.isenabled()
    try:
        gc.enable() if collects else gc.disable()
        assert training_package("json").loads("1") == 1
        with pytest.raises(MissingExtraError, match="no_such_package"):
            training_package("no_such_package")
        assert gc.isenabled() is collects
    finally:
        gc.enable() if before else gc.disable()
