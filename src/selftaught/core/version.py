"""The version of this package: on record in each run, sent with each trace, and the package's own metadata."""

VERSION = "0.1.0"
