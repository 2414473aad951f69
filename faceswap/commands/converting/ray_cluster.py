"""Segments made on a Ray cluster, of machines that see the same files under the same names."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from faceswap.commands.converting.engines import Shared, errands
from faceswap.commands.workers.processes import LOOK_SECONDS
from faceswap.commands.workers.ray_tasks import connected, nodes_of, ray_package, refused, started
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.compositing.segments.order import Here
    from faceswap.compositing.segments.work_folder import WorkFolder
    from faceswap.config.swapping import ConvertRequest

log = logging.getLogger(__name__)


class RayCluster:
    """The cluster that RAY_ADDRESS names or that runs on this machine, else one that is started for the command."""

    def __init__(self, request: ConvertRequest) -> None:
        self._request = request
        ray_package()  # what is missing is told before the work

    def __call__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None], here: Here) -> None:
        """Have segments made. Raises UserError when a task failed; what is whole stays."""
        with connected() as ray:
            cores, nodes = int(ray.cluster_resources().get("CPU", 1)), nodes_of(ray)
            workers = min(self._request.workers if self._request.workers > 1 else cores, len(numbers))
            is_here = nodes == [socket.gethostname()] and workers <= cores  # then this process is one of the workers
            told = errands(self._request, folder, numbers, workers - is_here)
            shared = Shared(folder, numbers, passed)
            log.info("%d segments go to %d task%s on %d cores of %d node%s%s", len(numbers), len(told),
                     "s" * (len(told) != 1), cores, len(nodes), "s" * (len(nodes) != 1),
                     ", and to this process" * is_here)  # fmt: skip
            waiting = [started(ray, errand) for errand in told]
            try:
                if is_here:
                    shared.make(here, lambda: _check(ray, waiting))
                _wait(ray, waiting, shared)
            except BaseException:  # tasks that have ended are left alone: cancelled then, one can crash Ray
                for one in waiting:
                    ray.cancel(one, force=True)
                raise
            shared.look()


def _check(ray: Any, waiting: list[Any], seconds: float = 0) -> list[Any]:
    """Return the tasks that are not done. Raises UserError for one that has failed."""
    done, left = ray.wait(waiting, num_returns=len(waiting), timeout=seconds) if waiting else ([], [])
    for one in done:
        if told := refused(ray, one):
            raise UserError(told)
    return list(left)


def _wait(ray: Any, waiting: list[Any], shared: Shared) -> None:
    left = list(waiting)
    while left:
        left = _check(ray, left, LOOK_SECONDS)
        shared.look()
