"""Known mistakes in a backward pass, run beside the right one."""
