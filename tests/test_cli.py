import importlib
import subprocess
import sys

import click
import pytest

from causal_alpha.cli import COMMANDS

HEAVY = {"aiokafka", "faust", "fastapi", "jgo", "numpy", "pandas", "pyarrow", "pydantic", "pymongo", "tensorflow"}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "causal_alpha", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_cli_help_names_every_command():
    answer = run("--help")

    assert answer.returncode == 0
    assert all(f"  {name} " in answer.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_cli_command_is_where_the_table_says(name):
    module, _, attribute = COMMANDS[name].target.partition(":")

    command = getattr(importlib.import_module(module), attribute)

    assert isinstance(command, click.Command)
    assert command.name == name


def test_cli_import_loads_nothing_heavy():
    answer = subprocess.run(
        [sys.executable, "-c", "import causal_alpha.cli, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not HEAVY & set(answer.stdout.split())


def test_cli_unknown_command_is_refused():
    answer = run("fly")

    assert answer.returncode == 2
    assert "No such command 'fly'" in answer.stderr


def test_cli_error_of_ours_is_one_line_and_status_1():
    answer = run("up", "--source", "bogus")

    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == "causal-alpha: SOURCE: expected simulator, replay, yahoo or none, was bogus\n"


def test_cli_worker_is_the_worker_of_faust():
    answer = run("worker", "--help")

    assert answer.returncode == 0
    assert "--without-web" in answer.stdout
