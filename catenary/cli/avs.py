"""For AVSs: how much stake is really mine, and how do I slash a liar?"""
