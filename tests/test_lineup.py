"""Who is served, who speaks in shadow, and what may not serve at all."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from causal_alpha.errors import ModelError
from causal_alpha.lineup import Lineup, loaded
from causal_alpha.models import arima
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import Outlook, Vectors
from tests import panel


def test_best_champion_is_served_before_the_floor_and_others_are_in_shadow() -> None:
    har, lstm = panel.har_artefact(), panel.echo()
    models = (panel.loaded(lstm), panel.loaded(har), panel.loaded(lstm, "challenger", "2"))
    lineup = Lineup(models, ("blend", "lstm", "har"))

    assert [one.slot for one in lineup.served("1d")] == ["lstm/champion", "har/champion"]
    assert [one.slot for one in lineup.shadows("1d")] == ["har/champion", "lstm/challenger"]
    assert lineup.served("1m") == lineup.shadows("1m") == ()


def test_floor_is_served_once_where_it_is_the_best() -> None:
    lineup = Lineup((panel.loaded(panel.har_artefact()),), ("blend", "har"))

    assert [one.slot for one in lineup.served("1d")] == ["har/champion"]


def test_version_speaks_once_while_aliases_move() -> None:
    har, lstm = panel.har_artefact(), panel.echo()
    champion, leaving = panel.loaded(har, version="2"), panel.loaded(har, "challenger", "2")
    next_one = panel.loaded(har, "challenger", "3")

    assert Lineup((leaving, champion), ("har",)).shadows("1d") == ()
    assert Lineup((next_one, champion), ("har",)).shadows("1d") == (next_one,)
    assert Lineup((panel.loaded(lstm), leaving, champion), ("lstm",)).shadows("1d") == (champion,)


def test_model_with_parameters_a_symbol_warms_up_on_those_it_knows() -> None:
    artefact = seal(arima.fit(panel.dataset()), panel.dataset(), seed=0)

    assert loaded(artefact.family, "1d", "champion", "1", artefact).version == "1"


@dataclass(frozen=True)
class Bad:
    """A model that says `ranges`, or raises what it is given."""

    ranges: float = 1e-4
    raises: Exception | None = None
    family: str = "har"
    lags: int = 1

    def outlook(self, vectors: Vectors) -> Outlook:
        if self.raises:
            raise self.raises
        said = np.full((len(vectors), 2), self.ranges)
        return Outlook(said * 0.0, said)


@pytest.mark.parametrize(
    ("artefact", "says"),
    [
        (lambda: replace(panel.har_artefact(), feature_set="other"), "feature set: expected [0-9a-f]{16}, was other"),
        (panel.echo, "family: expected har, was lstm"),
        (lambda: replace(panel.har_artefact(), model=Bad(ranges=np.nan)), "expected finite numbers"),
        (lambda: replace(panel.har_artefact(), model=Bad(ranges=0.0)), "expected positive variances"),
        (lambda: replace(panel.har_artefact(), model=Bad(raises=ZeroDivisionError("no"))), "was ZeroDivisionError: no"),
        (lambda: replace(panel.har_artefact(), model=Bad(raises=ModelError("no lags"))), "no lags"),
        (lambda: panel.broken(lambda shape: shape[:, ::-1]), "expected rising quantiles"),
        (lambda: panel.broken(lambda shape: shape * np.nan), "expected finite numbers"),
    ],
)
def test_artefact_that_must_not_serve_is_refused(artefact, says: str) -> None:
    made: Artefact = artefact()

    with pytest.raises(ModelError, match=says):
        loaded("har", "1d", "champion", "1", made)
