//! Secrets: Argon2id (19 MiB, 2 passes, the library's and OWASP's setting), tokens of 256 random bits.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::{Error, Result};

/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789_";

pub(crate) fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Secret(error.to_string()))
}

pub(crate) fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Secret(error.to_string()))?;
    Ok(bytes)
}

/// A secret to be carried by a browser: 256 bits as 64 hexadecimal digits.
pub(crate) fn token() -> Result<String> {
    Ok(blake3::Hash::from_bytes(random()?).to_hex().to_string())
}

/// A password of 16 characters (80 bits) in four groups.
pub(crate) fn invent() -> Result<String> {
    let bytes: [u8; 16] = random()?;
    let mut out = String::with_capacity(19);
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            out.push('-');
        }
        out.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(out)
}
