//! Keys, seals, passwords, tokens, permissions and who is who.

pub mod access;
mod access_load;
pub mod keyring;
pub mod lockout;
pub mod password;
pub mod permission;
pub mod token;
mod token_signature;
