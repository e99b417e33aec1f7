"""Fits the shipped calibration of an answer's confidence from recorded runs."""
