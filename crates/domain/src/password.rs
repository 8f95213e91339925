//! The password policy; the password itself never enters a command, only its hash does.

use crate::refusal::{FieldError, Refusal};

/// The policy that a new password must satisfy.
#[derive(Debug, Clone, Copy)]
pub struct Password;

impl Password {
    /// Fewest characters.
    pub const MINIMUM_CHARACTERS: usize = 8;
    /// Most bytes: bcrypt would ignore what lies beyond.
    pub const MAXIMUM_BYTES: usize = 72;

    /// Checks a new password given in the field at `pointer`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(pointer: &str, password: &str) -> Result<(), FieldError> {
        let detail = if password.chars().count() < Self::MINIMUM_CHARACTERS {
            format!("must have at least {} characters", Self::MINIMUM_CHARACTERS)
        } else if password.len() > Self::MAXIMUM_BYTES {
            format!(
                "must have at most {} bytes, has {}",
                Self::MAXIMUM_BYTES,
                password.len()
            )
        } else if password.contains('\0') {
            "must not contain the character U+0000".to_owned()
        } else {
            return Ok(());
        };
        Err(FieldError {
            pointer: pointer.to_owned(),
            detail,
        })
    }

    /// [`Self::check`] as a refusal of its own.
    ///
    /// # Errors
    /// The refusal of the field.
    pub fn require(pointer: &str, password: &str) -> Result<(), Refusal> {
        Self::check(pointer, password).map_err(|error| Refusal::fields(vec![error]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_short_and_too_long_are_refused() {
        assert!(Password::check("/password", "1234567").is_err());
        assert!(Password::check("/password", "12345678").is_ok());
        assert!(Password::check("/password", &"ä".repeat(36)).is_ok());
        assert_eq!(
            Password::check("/password", &"ä".repeat(37)).unwrap_err().detail,
            "must have at most 72 bytes, has 74"
        );
    }
}
