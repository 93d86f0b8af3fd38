"""Bringing a project of DaCapo along: its records as ours, and the weights of its runs."""
