import pytest
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

pytestmark = pytest.mark.services


@pytest.fixture
def collection(mongo, database):
    with MongoClient(mongo) as client:
        yield client[database]["things"]


def test_mongo_refuses_a_second_document_with_the_same_id(collection):
    collection.insert_one({"_id": 1})

    with pytest.raises(DuplicateKeyError):
        collection.insert_one({"_id": 1})

    assert collection.count_documents({}) == 1


def test_mongo_has_transactions(collection):
    client = collection.database.client
    with client.start_session() as session:
        with session.start_transaction():
            collection.insert_one({"_id": "kept"}, session=session)
        session.start_transaction()
        collection.insert_one({"_id": "dropped"}, session=session)
        session.abort_transaction()

    assert [document["_id"] for document in collection.find()] == ["kept"]
