"""From corpus files to AllenNLP instances."""
