"""Catenary, the elastic restaking protocol, from Python."""
