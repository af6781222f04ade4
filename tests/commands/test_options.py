import click
import pytest

from causal_alpha.commands.options import OURS
from causal_alpha.commands.record import record
from causal_alpha.commands.tail import tail
from causal_alpha.recording import RECORDS
from tests.conftest import ROOT


def test_topics_by_short_names_are_those_that_can_be_decoded() -> None:
    assert {*RECORDS, "requests"} == OURS


@pytest.mark.parametrize("command", [record, tail])
def test_help_names_every_topic(command: click.Command) -> None:
    assert {topic for topic in OURS if topic not in str(command.help)} == set()


def test_document_names_every_topic() -> None:
    text = (ROOT / "docs" / "recording.md").read_text()
    assert {topic for topic in OURS if f"`{topic}`" not in text} == set()
