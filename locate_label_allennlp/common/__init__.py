"""What data and model code share."""
