"""What `ape console` opens with: the protocol and its contracts by name."""

from typing import Any

from ape.managers.project import ProjectManager

from deployer.console import names


def ape_init_extras(project: ProjectManager) -> dict[str, Any]:
    """Called by Ape when the console is connected."""
    return names(project.path)
