"""Packages that only training needs, imported when a fit asks for them: a worker never loads one."""

import gc
import importlib
from typing import Any

from causal_alpha.errors import MissingExtraError


def training_package(name: str) -> Any:
    """The module `name`, of the extra `train`. Raises MissingExtraError, which names the pip command.

    >>> training_package("no_such_package")
    Traceback (most recent call last):
    ...
    causal_alpha.errors.MissingExtraError: expected the package no_such_package: pip install "causal-alpha[train]"
    """
    # What an import makes stays: to look for garbage meanwhile is a sixth of its time, and there is none.
    collects = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(name.partition(".")[0], extra="train") from error
    finally:
        if collects:
            gc.enable()
