"""Segments made on a Ray cluster, of machines that see the same files under the same names."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from faceswap.commands.converting.engines import LOOK_SECONDS, Errand, Looking, errands, prepare_worker
from faceswap.utils.errors import UserError
from faceswap.utils.installing import install_command

if TYPE_CHECKING:
    from faceswap.compositing.segments.work_folder import WorkFolder
    from faceswap.config.swapping import ConvertRequest

log = logging.getLogger(__name__)


class RayCluster:
    """The cluster that RAY_ADDRESS names or that runs on this machine, else one that is started for the command."""

    def __init__(self, request: ConvertRequest) -> None:
        self._request, self._ray = request, _ray()

    def __call__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None]) -> None:
        """Have segments made. Raises UserError when a task failed; what is whole stays."""
        ray = self._ray
        is_ours = not ray.is_initialized()
        if is_ours:
            _connect(ray)
        try:
            cores = int(ray.cluster_resources().get("CPU", 1))
            workers = self._request.workers if self._request.workers > 1 else cores
            looking = Looking(folder, passed)
            task = ray.remote(num_cpus=1, max_retries=2)(_work)
            told = errands(self._request, folder, numbers, workers)
            log.info("%d segments go to %d tasks on %d cores of %d nodes", len(numbers), len(told), cores,
                     len([node for node in ray.nodes() if node["Alive"]]))  # fmt: skip
            waiting = [task.remote(errand, os.getcwd(), _settings()) for errand in told]
            try:
                _wait(ray, waiting, looking)
            finally:
                for one in waiting:
                    ray.cancel(one, force=True)
            looking.look()
        finally:
            if is_ours:
                ray.shutdown()


def _wait(ray: Any, waiting: list[Any], looking: Looking) -> None:
    left = list(waiting)
    while left:
        done, left = ray.wait(left, timeout=LOOK_SECONDS)
        looking.look()
        for one in done:
            try:
                refused = ray.get(one)
            except ray.exceptions.RayError as error:
                raise UserError(f"a task of the Ray cluster failed: {' '.join(str(error).split())[-300:]}") from error
            if refused:
                raise UserError(refused)


def _work(errand: Errand, folder: str, settings: dict[str, str]) -> str:
    """Make segments; returns what the user can mend."""
    os.environ.update(settings)
    prepare_worker()
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


def _ray() -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError(f"engine=ray needs the package ray: {install_command('ray')}; or leave engine= out") from error
    return ray
