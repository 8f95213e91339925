//! wfm-application
