"""MongoDB, a replica set of one, so that transactions and change streams work."""

from typing import Any, ClassVar

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.mongo_wheels import fetch
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.service import Service

REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94
_HURRY: dict[str, Any] = {"serverSelectionTimeoutMS": 500, "connectTimeoutMS": 500}


class Mongo(Service):
    """A mongod on a port of the loopback interface; the URL is a connection string."""

    name: ClassVar[str] = "mongo"
    variable: ClassVar[str] = "CAUSAL_ALPHA_MONGO_URL"
    usual: ClassVar[int] = 27017

    def native(self) -> None:
        self._home = fetch(self.say)

    def native_command(self, port: int) -> Command:
        self.data.mkdir(parents=True, exist_ok=True)
        argv = (
            str(self._home / "bin" / "mongod"),
            *("--dbpath", str(self.data), "--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "16", "--wiredTigerCacheSizeGB", "0.25"),
            *("--wiredTigerEngineConfigString", "log=(file_max=4MB,prealloc=false)"),  # 5 MB on disk instead of 301
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        )
        return Command(argv, environment={"LD_LIBRARY_PATH": str(self._home / "lib")})

    def container(self, port: int) -> Container:
        return Container("mongo:7", {port: port}, {}, ("--replSet", REPLICA_SET, "--bind_ip_all", "--port", str(port)))

    def address(self, port: int) -> str:
        return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"

    def prepare(self, url: str) -> None:
        """Makes the replica set, or moves the one of kept data to the new port."""
        member = url.removeprefix("mongodb://").partition("/")[0]
        config: dict[str, Any] = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
        try:
            with MongoClient[dict[str, Any]](f"mongodb://{member}/", directConnection=True, **_HURRY) as client:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
                try:
                    now = client.admin.command("replSetGetConfig")["config"]
                except OperationFailure as error:
                    if error.code == NOT_YET_INITIALIZED:
                        client.admin.command("replSetInitiate", config)
                    return
                if now["members"][0]["host"] != member:
                    moved = {**now, "version": now["version"] + 1, "members": config["members"]}
                    client.admin.command("replSetReconfig", moved, force=True)
        except PyMongoError:
            return  # too early; the probe says what is missing

    def probe(self, url: str) -> str | None:
        try:
            with MongoClient[dict[str, Any]](url, **_HURRY) as client:
                hello = client.admin.command("hello")
        except PyMongoError as error:
            return f"no answer to hello ({type(error).__name__})"
        return None if hello.get("isWritablePrimary") else "it is no writable primary yet"
