import pytest

from causal_alpha import priming
from causal_alpha.errors import ServiceError
from causal_alpha.sinks.mongo import MongoReader, mongo_database


@pytest.mark.services
async def test_priming_keeps_a_family_that_fails_in_jobs_and_goes_on(mongo, database):
    market = priming.Market("", "", 1, "", mongo, database)
    reader = MongoReader(mongo_database(mongo, database))
    said = []

    await priming._train(reader, market, "har", "5m", "http://127.0.0.1:9", said.append)

    job = await reader.job("training:har-5m")
    assert (job.state, job.rows) == ("failed", 0)
    assert job.error == f"bars: expected some of 5m of any symbol in MongoDB's '{database}', was none"
    assert said == ["har: reading bars of 5m", f"har-5m: {job.error}"]


async def test_priming_without_a_registry_says_so_at_once():
    market = priming.Market("127.0.0.1:9", "", 1, "", "mongodb://127.0.0.1:9", "nowhere")

    with pytest.raises(ServiceError, match=r"MLflow at http://127\.0\.0\.1:9: expected an answer"):
        await priming.prime(market, "http://127.0.0.1:9", ("1m",), say=print)
