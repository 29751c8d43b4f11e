"""
Deploys the protocol from one config file per network, and reads back what was deployed.

    config/<network>.yaml  --deployer-->  deployments/<network>.json  -->  `ape console`, `make deploy CHECK=1`
"""

from ape_etherscan import Etherscan

# Ape looks up contracts that it does not know. ape-etherscan would then ask api.etherscan.io which chains there are, on
# a local node too, and fail without a network. The networks that it is for are in ape-config.yaml.
Etherscan.get_supported_chains = list
