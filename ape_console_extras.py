"""What `ape console` opens with: the contracts of deployments/<network>.json by name."""

from typing import Any

from ape.managers.chain import ChainManager
from ape.managers.project import ProjectManager

from deployer.console import names


def ape_init_extras(project: ProjectManager, chain: ChainManager) -> dict[str, Any]:
    """Called by Ape when the console is connected."""
    return names(project.path / "deployments" / f"{chain.provider.network.name}.json")
