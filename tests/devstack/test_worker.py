import json
import urllib.request

import pytest

from causal_alpha.devstack.worker import Worker
from causal_alpha.errors import ServiceError

pytestmark = [pytest.mark.services, pytest.mark.alone]


def test_worker_is_ready_when_started_and_again_after_a_kill(worker):
    one = worker()
    assert state(one) == {"ready": True, "kafka": True, "mongo": True, "recovered": True}
    first = one.pid

    one.kill()
    assert not one.alive
    assert not one.ready()

    one.start()
    assert one.ready()
    assert one.pid != first


def test_worker_stops_by_itself_on_sigterm(worker):
    one = worker()

    one.stop()

    assert one.process.returncode == 0
    assert "INFO" in one.log()


def test_worker_with_a_bad_setting_does_not_start_and_says_why(worker):
    with pytest.raises(ServiceError, match=r"(?s)worker: it ended with status 1.*CAUSAL_ALPHA_WINDOW"):
        worker(window=2)


def test_worker_that_runs_is_not_started_twice(worker):
    one = worker(start=False)
    one.launch()

    with pytest.raises(ServiceError, match="expected a stopped worker, was running with process id"):
        one.launch()


def test_worker_is_found_at_its_host_and_port(tmp_path):
    settings = {"hub_port": "8000", "hub_host": "0.0.0.0"}

    assert Worker(settings, log=tmp_path / "log").url == "http://127.0.0.1:8000"


def state(worker):
    with urllib.request.urlopen(f"{worker.url}/api/v1/ready", timeout=5) as answer:
        return json.load(answer)
