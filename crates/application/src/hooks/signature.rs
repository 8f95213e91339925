//! Signatures of what goes from machine to machine: HMAC-SHA256 over the seconds, a dot, and the body as it is sent.
//!
//! Invariant: signing and verifying are the same function; what is presented is compared in constant time, and a header that
//! cannot be read costs as much as one that is wrong.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use wfm_domain::instant::Instant;

/// The header that carries a signature: `t=<unix seconds>,v1=<hex>`.
pub const SIGNATURE_HEADER: &str = "x-wfm-signature";

/// The header that names a delivery, the same each time it is repeated.
pub const DELIVERY_HEADER: &str = "x-wfm-delivery";

/// Signatures that one header may present, so that a sender can change its secret without a gap.
const MOST_PRESENTED: usize = 4;

/// Longest header that is looked at.
const LONGEST_HEADER: usize = 1024;

type Digest = [u8; 32];

/// The signature of a body sent at `seconds` (Unix time).
fn digest(secret: &[u8], seconds: i64, body: &[u8]) -> Digest {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// The value of the header for a body that is sent now.
#[must_use]
pub fn signed(secret: &str, now: Instant, body: &[u8]) -> String {
    let seconds = now.utc().timestamp();
    format!(
        "t={seconds},v1={}",
        hex::encode(digest(secret.as_bytes(), seconds, body))
    )
}

/// What a header presents. One that is missing or malformed presents nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presented {
    seconds: i64,
    digests: Vec<Digest>,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// When it was made, in seconds of Unix time.
    pub seconds: i64,
    /// The signature in lower-case hexadecimal digits.
    pub hex: String,
}

impl Presented {
    /// Reads a header's value; parts that it does not know are passed over.
    #[must_use]
    pub fn read(header: Option<&str>) -> Self {
        header
            .filter(|text| text.len() <= LONGEST_HEADER)
            .and_then(Self::parse)
            .unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut seconds = None;
        let mut digests = Vec::new();
        for part in text.split(',') {
            match part.trim().split_once('=')? {
                ("t", _) if seconds.is_some() => return None,
                ("t", number) => seconds = Some(number.parse().ok()?),
                ("v1", _) if digests.len() == MOST_PRESENTED => return None,
                ("v1", digits) => {
                    let mut digest = Digest::default();
                    hex::decode_to_slice(digits, &mut digest).ok()?;
                    digests.push(digest);
                }
                _ => {}
            }
        }
        Some(Self {
            seconds: seconds?,
            digests,
        })
    }

    /// The signature, if one that is presented is that of the body under this secret, made no more than `tolerance_seconds`
    /// before or after `now`.
    #[must_use]
    pub fn verify(&self, secret: &str, body: &[u8], now: Instant, tolerance_seconds: i64) -> Option<Signature> {
        let expected = digest(secret.as_bytes(), self.seconds, body);
        let mut holds = Choice::from(0);
        for presented in &self.digests {
            holds |= expected.ct_eq(presented);
        }
        let age = now.utc().timestamp().saturating_sub(self.seconds);
        let is_recent = age.unsigned_abs() <= tolerance_seconds.unsigned_abs();
        (bool::from(holds) && is_recent).then(|| Signature {
            seconds: self.seconds,
            hex: hex::encode(expected),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented example: `printf '%s' "1764000000.{\"order\":7}" | openssl dgst -sha256 -hmac whsec_example`.
    const SECRET: &str = "whsec_example";
    const BODY: &[u8] = br#"{"order":7}"#;
    const SECONDS: i64 = 1_764_000_000;
    const HEADER: &str = "t=1764000000,v1=102af5d56d27d62313028fadb6c9c37f78d3b029ae261060d34acbf73c096b6c";

    fn at(seconds: i64) -> Instant {
        Instant::parse("2025-11-24T16:00:00Z")
            .unwrap()
            .plus_milliseconds((seconds - SECONDS) * 1000)
    }

    #[test]
    fn signatures_are_the_documented_ones() {
        assert_eq!(signed(SECRET, at(SECONDS), BODY), HEADER);
        // Computed by another implementation.
        let empty = signed("Jefe", at(0), b"");
        assert_eq!(
            empty,
            "t=0,v1=813f643c8863ba9754215e64cdab172f2e96c1a413d772978aba7398cc864e55"
        );
        let bytes = signed("k\u{fc}", at(SECONDS), b"\x00\xff\r\n");
        assert_eq!(
            bytes,
            "t=1764000000,v1=7a22b6e30dc7bcc9eaeda665183654356abbfa5a02d55d73da9da712e1246c1f"
        );
    }

    #[test]
    fn a_signature_holds_for_its_body_secret_and_time_alone() {
        let presented = Presented::read(Some(HEADER));
        let verify = |secret, body: &[u8], now| presented.verify(secret, body, at(now), 300);
        for now in [SECONDS - 300, SECONDS, SECONDS + 300] {
            let signature = verify(SECRET, BODY, now).expect("holds");
            assert_eq!(format!("t={},v1={}", signature.seconds, signature.hex), HEADER);
        }
        assert_eq!(verify("whsec_examplf", BODY, SECONDS), None);
        assert_eq!(verify(SECRET, br#"{"order":8}"#, SECONDS), None);
        assert_eq!(verify(SECRET, BODY, SECONDS + 301), None);
        assert_eq!(verify(SECRET, BODY, SECONDS - 301), None);
        let moved = HEADER.replace("t=1764000000", "t=1764000001");
        assert_eq!(
            Presented::read(Some(&moved)).verify(SECRET, BODY, at(SECONDS), 300),
            None
        );
    }

    #[test]
    fn headers_are_read_as_documented() {
        let holds = |header: &str| {
            let presented = Presented::read(Some(header));
            presented.verify(SECRET, BODY, at(SECONDS), 300).is_some()
        };
        let digits = HEADER.rsplit('=').next().unwrap();
        let wrong = "0".repeat(64);
        assert!(holds(&format!("v1={wrong}, v1={digits}, t=1764000000, v2=whatever")));
        assert!(holds(&format!("t=1764000000,v1={}", digits.to_ascii_uppercase())));
        for header in [
            String::new(),
            "nonsense".to_owned(),
            format!("v1={digits}"),
            "t=1764000000".to_owned(),
            format!("t=1764000000,t=1764000000,v1={digits}"),
            format!("t=soon,v1={digits}"),
            format!("t=99999999999999999999,v1={digits}"),
            format!("t={},v1={digits}", i64::MIN),
            format!("t=1764000000,v1={}", &digits[2..]),
            format!("t=1764000000,v1={}", wrong),
            format!(
                "t=1764000000{},v1={digits}",
                ",v1=".to_owned() + &wrong + &format!(",v1={wrong}").repeat(3)
            ),
            format!("t=1764000000,v1={digits},x={}", "x".repeat(1024)),
        ] {
            assert!(!holds(&header), "{header}");
        }
        assert_eq!(Presented::read(None), Presented::default());
    }
}
