"""A restaking life, played on a local node and held against the promises at every step."""
