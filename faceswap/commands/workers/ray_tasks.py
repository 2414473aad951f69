"""Errands that are run by tasks of a Ray cluster, of machines that see the same files under the same names."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from faceswap.commands.workers.processes import LOOK_SECONDS
from faceswap.utils.errors import UserError
from faceswap.utils.installing import install_command

if TYPE_CHECKING:
    from faceswap.commands.workers.processes import Errand

T = TypeVar("T")

log = logging.getLogger(__name__)


@contextmanager
def connected() -> Iterator[Any]:
    """Yield ray, connected to the cluster that RAY_ADDRESS names or that runs here, else to one that is started.

    Raises:
        UserError: The package is not installed, or no cluster answers.
    """
    ray = ray_package()
    is_ours = not ray.is_initialized()
    if is_ours:
        _connect(ray)
    try:
        yield ray
    finally:
        if is_ours:
            ray.shutdown()


def started(ray: Any, errand: Errand) -> Any:
    """Return a task that runs an errand."""
    return ray.remote(num_cpus=1, max_retries=2)(_work).remote(errand, os.getcwd(), _settings())


def each_done(errands: Mapping[T, Errand]) -> Iterator[tuple[T, str]]:
    """Yield each key as its errand is done on the cluster, and what the user can mend of it, or nothing."""
    with connected() as ray:
        nodes = nodes_of(ray)
        log.info("%d films go to %d cores of %d node%s", len(errands), int(ray.cluster_resources().get("CPU", 1)),
                 len(nodes), "s" * (len(nodes) != 1))  # fmt: skip
        waiting = {started(ray, errand): key for key, errand in errands.items()}
        try:
            while waiting:
                done, _ = ray.wait(list(waiting), timeout=LOOK_SECONDS)
                for one in done:
                    yield waiting.pop(one), refused(ray, one)
        finally:
            for one in waiting:
                ray.cancel(one, force=True)


def nodes_of(ray: Any) -> list[str]:
    """Return the names of the machines of the cluster, one for each node."""
    return [node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]]


def refused(ray: Any, done: Any) -> str:
    """Return what the user can mend of a task that is done, or nothing."""
    try:
        return str(ray.get(done))
    except ray.exceptions.RayError as error:
        return f"a task of the Ray cluster failed: {' '.join(str(error).split())[-300:]}"


def _work(errand: Errand, folder: str, settings: dict[str, str]) -> str:
    """Do what is to be done; returns what the user can mend."""
    os.environ.update(settings)
    try:
        os.chdir(folder)  # relative names in the settings are those of the command
        errand.run()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return f"a machine of the Ray cluster does not see {error.filename}: all need the same files and names"
        raise
    except UserError as error:
        return f"on a machine of the Ray cluster: {error}"
    return ""


def _settings() -> dict[str, str]:
    """Return what numbers depend on and a task of Ray would set for itself: the threads of torch."""
    import torch

    return {"OMP_NUM_THREADS": str(torch.get_num_threads())}


def _connect(ray: Any) -> None:
    try:
        ray.init(log_to_driver=True, logging_level=logging.WARNING, include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        told = os.environ.get("RAY_ADDRESS", "on this machine")
        raise UserError(f"no Ray cluster answers at {told} ({' '.join(str(error).split())[:200]})") from error


def ray_package() -> Any:
    """Return the package. Raises UserError where it is not installed."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError(f"engine=ray needs the package ray: {install_command('ray')}; or leave engine= out") from error
    return ray
