//! wfm-connectors
