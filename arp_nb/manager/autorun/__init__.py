"""Autorun: which definitions start on which runs, why, and who may say so."""
