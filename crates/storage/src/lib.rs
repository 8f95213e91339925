//! wfm-storage
