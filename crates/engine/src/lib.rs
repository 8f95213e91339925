//! wfm-engine
