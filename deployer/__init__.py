"""
Deploys the protocol from one config file per network, and reads back what was deployed.

    config/<network>.yaml  --deployer-->  deployments/<network>.json  -->  `ape console`, `make deploy CHECK=1`
"""
