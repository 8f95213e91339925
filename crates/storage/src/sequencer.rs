//! Group commit: collects waiting appends and commits them together.
