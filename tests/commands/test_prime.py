from click.testing import CliRunner

from causal_alpha.commands.prime import prime


def test_prime_without_a_registry_says_which_variable_names_it(monkeypatch):
    monkeypatch.delenv("CAUSAL_ALPHA_MLFLOW_URL", raising=False)

    answer = CliRunner().invoke(prime)

    assert str(answer.exception) == "CAUSAL_ALPHA_MLFLOW_URL: expected an MLflow server, was not set"
