//! wfm-projections
