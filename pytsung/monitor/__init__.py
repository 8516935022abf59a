"""CPU, memory and load of hosts that are not agents: the controller's own, and the target's."""
