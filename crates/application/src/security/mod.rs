//! Keys, seals, passwords, tokens, permissions and who is who.

pub mod access;
pub mod keyring;
pub mod password;
pub mod permission;
pub mod token;
