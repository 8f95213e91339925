//! E-mail addresses: normalised, so that one person's address has one text.
//!
//! Invariant: the text satisfies the documented `CK_Users_Email` (`LIKE '%_@_%._%'`) and fits `NVARCHAR(255)`.

use crate::{field_errors::FieldErrors, text};

/// Where the addresses of erased users are, which nobody else may have: their rows take one when the person goes.
pub const ERASED_DOMAIN: &str = "erased.invalid";

/// A normalised address: lower case, the domain in its ASCII (IDNA) form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Normalises an address.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text::normal(text);
        let malformed = || "must be an e-mail address such as name@example.com".to_owned();
        let (local, domain) = text.rsplit_once('@').ok_or_else(malformed)?;
        let bad_local = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | '"' | ',' | ';');
        if local.is_empty() || local.contains(bad_local) {
            return Err(malformed());
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| malformed())?;
        // A name of two labels at least: what the documented check asks for.
        if !domain
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
        {
            return Err(malformed());
        }
        if domain.ends_with('.') {
            return Err(malformed());
        }
        if domain == ERASED_DOMAIN {
            return Err(format!(
                "must not end in @{ERASED_DOMAIN}, which stands for erased people"
            ));
        }
        let address = format!("{}@{domain}", local.to_lowercase());
        let units = text::utf16_units(&address);
        if units > 255 {
            return Err(format!("must have at most 255 characters, has {units}"));
        }
        Ok(Self(address))
    }

    /// Normalises the address of a field; notes what is wrong.
    pub fn check(errors: &mut FieldErrors, pointer: &str, text: &str) -> Option<Self> {
        Self::parse(text).map_err(|detail| errors.add(pointer, detail)).ok()
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text that stands for the address in its claim. The application turns it into a keyed hash (HMAC) before it
    /// reaches the log, because claims are not sealed.
    #[must_use]
    pub fn claim_material(&self) -> String {
        text::unique_key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lower_cased_and_domains_ascii() {
        assert_eq!(
            Email::parse(" Ada.Lovelace@Bücher.Example ").unwrap().as_str(),
            "ada.lovelace@xn--bcher-kva.example"
        );
        assert_eq!(
            Email::parse("ADA@example.com").unwrap().claim_material(),
            Email::parse("ada@EXAMPLE.com").unwrap().claim_material()
        );
    }

    #[test]
    fn what_the_documented_check_refuses_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "ada@.com",
            "ada@example.",
            "a b@example.com",
            "a@b@c.d",
            "erased-7@Erased.Invalid",
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(244))).is_err());
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(243))).is_ok());
    }
}
