"""How near a swap comes to the true swap: the same moment rendered with the other face."""
