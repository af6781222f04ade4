from click.testing import CliRunner

from causal_alpha.commands.doctor import doctor


def test_doctor_says_what_is_missing_and_downloads_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSAL_ALPHA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAUSAL_ALPHA_BROKER", raising=False)

    answer = CliRunner().invoke(doctor)

    assert f"kafka     not in the cache yet: causal-alpha fetch makes {tmp_path}/cache/kafka-" in answer.output
    assert not (tmp_path / "cache").exists()


def test_doctor_fails_on_a_bad_setting(monkeypatch):
    monkeypatch.setenv("CAUSAL_ALPHA_PARTITIONS", "0")

    answer = CliRunner().invoke(doctor)

    assert answer.exit_code == 1
    assert "settings  WRONG: CAUSAL_ALPHA_PARTITIONS: " in answer.output


def test_doctor_keeps_a_password_to_itself(monkeypatch):
    monkeypatch.setenv("CAUSAL_ALPHA_MONGO_URL", "mongodb://user:secret@mongo")

    answer = CliRunner().invoke(doctor)

    assert "mongo     external, as CAUSAL_ALPHA_MONGO_URL says" in answer.output
    assert "secret" not in answer.output
