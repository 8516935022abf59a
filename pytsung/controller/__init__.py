"""The run: starting agents, opening barriers, collecting intervals, deciding the end.

Is handed a Plan; must not know XML, nor how an agent runs its users.
"""
