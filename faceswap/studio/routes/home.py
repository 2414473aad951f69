"""The first page: what lies in the workspace."""

from __future__ import annotations

from itertools import islice

from fastapi import APIRouter, Request, Response

from faceswap.studio.shared import inventory
from faceswap.studio.shared.context import page, studio_of

router = APIRouter()
_LISTED = 100


@router.get("/")
def home(request: Request) -> Response:
    """Show films, face sets, runs and results."""
    studio = studio_of(request)
    workspace = studio.places.workspace
    films = inventory.listed(islice(studio.places.media(), _LISTED))
    return page(
        request, "home.html", title="Workspace", films=films, face_sets=inventory.face_sets(workspace),
        runs=inventory.runs(workspace), results=inventory.results(workspace)[:_LISTED], root=workspace.root,
    )  # fmt: skip
