//! wfm-api
