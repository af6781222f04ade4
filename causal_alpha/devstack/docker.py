"""Docker as the last way to a service: a container in the foreground under our guard, removed at its end."""

import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from causal_alpha.devstack.process import Command


@dataclass(frozen=True, slots=True)
class Container:
    """An image and how to run it; `ports` maps ports of this machine's loopback to the container's."""

    image: str
    ports: Mapping[int, int]
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()


def daemon_problem() -> str | None:
    """Why Docker can't be used; None if its daemon answers."""
    if shutil.which("docker") is None:
        return "no docker on the PATH"
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"docker doesn't answer ({error})"
    return None if answer.returncode == 0 else "its daemon doesn't answer"


def command(container: Container) -> Command:
    """`docker run` in the foreground: it hands SIGTERM on to the container, and `--rm` removes that."""
    options = ["--rm", "--init", "--name", f"causal-alpha-{uuid.uuid4().hex[:12]}"]
    for here, there in container.ports.items():
        options += ["-p", f"127.0.0.1:{here}:{there}"]
    for name, value in container.environment.items():
        options += ["-e", f"{name}={value}"]
    return Command(("docker", "run", *options, container.image, *container.arguments))
