"""What `make course` and its sisters do: environment, chapters, site, release, sample class."""
