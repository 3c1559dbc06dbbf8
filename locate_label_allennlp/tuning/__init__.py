"""Calibration and thresholds, chosen on a development set."""
