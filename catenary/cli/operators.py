"""For operators: what may I still take on?"""
