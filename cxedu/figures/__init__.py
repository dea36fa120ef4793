"""The charts that the chapters draw, one module for each family of ideas."""
