"""Users' own objects by name: `module:NAME`, the module from the working directory or an installed package."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

from causal_alpha.errors import FeatureError, SettingsError
from causal_alpha.features import FeatureSet
from causal_alpha.models.inputs import VOLATILITY


def load_module(name: str) -> ModuleType:
    """Import a module, from the working directory first. Raises SettingsError where it can't be imported.

    >>> load_module("causal_alpha.features").DEFAULT.names[0]
    'return_1'
    >>> load_module("my_features.py")
    Traceback (most recent call last):
    ...
    causal_alpha.errors.SettingsError: expected the name of a module, such as my_features, was 'my_features.py'
    """
    if name.endswith(".py") or not all(part.isidentifier() for part in name.split(".")):
        raise SettingsError(f"expected the name of a module, such as my_features, was {name!r}")
    here = str(Path.cwd())
    sys.path.insert(0, here)  # a command's path starts where the command is installed
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise SettingsError(f"expected a module in {here} or an installed one, was {name!r}") from error
        raise SettingsError(f"module {name}: {error}") from error
    except Exception as error:
        raise SettingsError(f"module {name}: importing it raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(here)


def load_feature_set(reference: str) -> FeatureSet:
    """The feature set that `module:NAME` names. Raises SettingsError.

    >>> len(load_feature_set("causal_alpha.features:DEFAULT").names)
    30
    """
    name, colon, attribute = reference.partition(":")
    if not (name and colon and attribute):
        raise SettingsError(f"feature set: expected module:NAME, was {reference!r}")
    try:
        module = load_module(name)
    except SettingsError as error:
        raise SettingsError(f"feature set: {error}") from error
    found = getattr(module, attribute, None)
    if not isinstance(found, FeatureSet):
        sets = sorted(known for known, value in vars(module).items() if isinstance(value, FeatureSet))
        was = f"no {attribute}" if found is None else repr(found)
        raise SettingsError(f"feature set: expected one of {name} ({', '.join(sets) or 'it has none'}), was {was}")
    return found


def load_served_set(reference: str) -> FeatureSet:
    """What a worker computes of every bar: the feature set that `module:NAME` names, and all that models read.

    Raises SettingsError, also where a name means one thing there and another to the models.

    >>> served = load_served_set("causal_alpha.features:DEFAULT")
    >>> served.names[0], served.names.count("return_1"), set(VOLATILITY.names) <= set(served.names)
    ('return_1', 1, True)
    """
    try:
        return load_feature_set(reference) | VOLATILITY
    except FeatureError as error:
        raise SettingsError(f"feature set {reference}: beside the features of models, {error}") from error
