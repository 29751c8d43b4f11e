"""The oracle: the software of its operators, `catenary-oracle`, and what it is made of."""
