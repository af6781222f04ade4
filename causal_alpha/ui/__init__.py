"""The page: `web/` built into `static/` here, and how a FastAPI application serves it."""

from causal_alpha.ui.page import mount_page, page_build

__all__ = ["mount_page", "page_build"]
