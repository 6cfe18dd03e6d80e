"""Where a Jupyter server begins in the address of one of its pages, as people paste them."""

from __future__ import annotations

#: first step of a page's path → what may follow it; "" nothing, "*" whatever there is
_PAGES: dict[str, frozenset[str]] = {
    "lab": frozenset({"", "tree", "workspaces"}),
    "doc": frozenset({"", "tree", "workspaces"}),
    "voila": frozenset({"", "render", "tree"}),
    "tree": frozenset({"", "*"}),
    "notebooks": frozenset({"*"}),
    "edit": frozenset({"*"}),
    "terminals": frozenset({"*"}),
    "consoles": frozenset({"*"}),
    "arp": frozenset({"page"}),
}


def server_path(path: str) -> str:
    """Return the path of the server that a page's path belongs to, without a slash at its end.

    Behind a JupyterHub it is ``/user/<name>``, and people and their servers may be called as
    pages are: ``/user/lab/lab/tree/x.ipynb`` is a page of ``/user/lab``.
    """
    steps = path.rstrip("/").split("/")
    at = 1
    while at < len(steps):
        if steps[at] == "user":
            at += 2  # whatever the name is
            continue
        following = steps[at + 1] if at + 1 < len(steps) else ""
        may_follow = _PAGES.get(steps[at], frozenset())
        if following in may_follow or (following and "*" in may_follow):
            return "/".join(steps[:at])
        at += 1
    return "/".join(steps)
