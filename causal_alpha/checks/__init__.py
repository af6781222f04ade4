"""Checks that ours and yours must pass alike: run them in your tests.

They raise AssertionError with what was expected and what was there.
"""

from causal_alpha.checks.feature import check_feature
from causal_alpha.checks.forecaster import check_forecaster
from causal_alpha.checks.source import check_source

__all__ = ["check_feature", "check_forecaster", "check_source"]
