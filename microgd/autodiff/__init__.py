"""Gradients of functions, Jacobians and Hessians, and the check that they are right."""
