"""The booth as an application: its pages and its guard."""

from __future__ import annotations

from fastapi import FastAPI

from faceswap.booth.routes import operating, playing, staging, visiting
from faceswap.booth.shared.context import PAGES, STATIC, Booth
from faceswap.booth.shared.guard import BoothGuard, VisitorCookies
from faceswap.utils.limits import MIB, VISITOR_PHOTO_BYTES
from faceswap.web.errors import tell_errors
from faceswap.web.pages import mount_static
from faceswap.web.security import Reach, Sessions


def create_app(
    booth: Booth, operators: Sessions, hosts: tuple[str, ...], cookie: str = "booth", *, any_address: bool = False
) -> FastAPI:
    """Return the application.

    Args:
        booth: What its pages show.
        operators: Who may see the operator's pages and the stage.
        hosts: Names under which it may be asked for.
        cookie: Of a visitor.
        any_address: Whether plain IP addresses are names of it.
    """
    app = FastAPI(title="faceswap booth", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.booth, app.state.sessions, app.state.cookie = booth, operators, cookie
    mount_static(app, STATIC)
    for module in (operating, playing, staging, visiting):
        app.include_router(module.router)
    tell_errors(app, PAGES, "something went wrong in the booth; please ask the people here")
    reach = Reach(hosts, any_address, upload_paths=("/photo",), upload_bytes=VISITOR_PHOTO_BYTES + MIB)
    app.add_middleware(BoothGuard, reach=reach, operators=operators, visitors=VisitorCookies(), cookie=cookie)
    return app
