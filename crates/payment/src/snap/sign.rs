//! Keys of a channel and the two signatures of SNAP BI: RSA with SHA-256 over client key and time for an access token, HMAC with SHA-512
//! over the request for everything else. In: texts and keys. Out: the values of X-SIGNATURE, in base64. Never here: I/O, the clock; a key
//! that prints.

use ring::{digest, hmac, rand::SystemRandom, signature};

use crate::{Error, Result};

/// What a channel signs with.
pub struct Keys {
    client_key: String,
    secret: hmac::Key,
    private: signature::RsaKeyPair,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keys(..)")
    }
}

impl Keys {
    /// Reads the private key from the text of a PEM file (PKCS #8, RSA of 2048 bits or more).
    ///
    /// # Errors
    /// [`Error::Keys`] says what is wrong, and repeats nothing of a key.
    pub fn new(client_key: &str, secret: &[u8], private_pem: &str) -> Result<Self> {
        if client_key.is_empty() || !client_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Keys("the client key is empty or holds spaces"));
        }
        if secret.is_empty() {
            return Err(Error::Keys("the client secret is empty"));
        }
        let unread = Error::Keys("the private key is no PEM file of PKCS #8 (BEGIN PRIVATE KEY)");
        let body: String = private_pem
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != "-----BEGIN PRIVATE KEY-----")
            .skip(1)
            .take_while(|line| *line != "-----END PRIVATE KEY-----")
            .collect();
        let Some(der) = from_base64(&body).filter(|der| !der.is_empty()) else { return Err(unread) };
        let private = signature::RsaKeyPair::from_pkcs8(&der)
            .map_err(|_| Error::Keys("the private key is no RSA key of 2048 bits or more"))?;
        Ok(Self {
            client_key: client_key.to_owned(),
            secret: hmac::Key::new(hmac::HMAC_SHA512, secret),
            private,
        })
    }

    /// The public half, as PKCS #1: what the bank is given.
    pub fn public(&self) -> &[u8] {
        self.private.public().as_ref()
    }

    pub(super) fn client_key(&self) -> &str {
        &self.client_key
    }

    /// Signs the request for a token.
    pub(super) fn of_token(&self, timestamp: &str) -> Result<String> {
        let message = format!("{}|{timestamp}", self.client_key);
        let mut signed = vec![0; self.private.public().modulus_len()];
        self.private
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signed)
            .map_err(|_| Error::Keys("the private key cannot sign"))?;
        Ok(to_base64(&signed))
    }

    /// Signs a request to a service; `body` is what is sent, without a space between its parts.
    pub(super) fn of_request(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
        timestamp: &str,
    ) -> String {
        let hash = digest::digest(&digest::SHA256, body.as_bytes());
        let mut message = format!("{method}:{path}:{token}:");
        for byte in hash.as_ref() {
            for nibble in [byte >> 4, byte & 15] {
                message.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        message.push(':');
        message.push_str(timestamp);
        to_base64(hmac::sign(&self.secret, message.as_bytes()).as_ref())
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// None when it is no base64.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in body.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        word = (word << 6 | digit as u32) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits & 255) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Made for these tests and good for nothing else.
    pub(crate) const PRIVATE: &str = include_str!("../tests/snap_key.pem");
    pub(crate) const CLIENT: &str = "pilar-uji";
    pub(crate) const SECRET: &[u8] = b"rahasia-uji-bukan-rahasia";

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(to_base64(plain.as_bytes()), coded);
            assert_eq!(from_base64(coded).as_deref(), Some(plain.as_bytes()));
        }
        for wrong in ["Zg=", "Z===", "Zg=a", "Z g=", "Zm9v\u{e9}"] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }

    /// The expected values are those of `openssl dgst -sha256 -sign` and of Python's `hmac`, computed once by hand.
    #[test]
    fn both_signatures_are_those_that_others_compute() {
        let keys = Keys::new(CLIENT, SECRET, PRIVATE).unwrap();
        let at = "2026-11-23T12:00:00+07:00";
        assert_eq!(keys.of_token(at).unwrap(), GOLDEN_TOKEN);
        let body = r#"{"beneficiaryAccountNo":"990000000000070","partnerReferenceNo":"CEK000001-70"}"#;
        let path = "/snap/v1.0/account-inquiry-internal";
        assert_eq!(keys.of_request("POST", path, "token-uji", body, at), GOLDEN_REQUEST);
        assert_ne!(keys.of_request("POST", path, "token-uji", &body.replace("70", "71"), at), GOLDEN_REQUEST);
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_repeated() {
        for (client, secret, pem) in [
            ("", SECRET, PRIVATE),
            ("a b", SECRET, PRIVATE),
            (CLIENT, b"".as_slice(), PRIVATE),
            (CLIENT, SECRET, "x"),
        ] {
            let error = Keys::new(client, secret, pem).unwrap_err();
            assert_eq!(error.code(), "payment-keys");
        }
        let keys = Keys::new(CLIENT, SECRET, PRIVATE).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }

    const GOLDEN_TOKEN: &str = "tL43dyhh1WbcZY5bYgco+Mp5yNC7/jeQzdUGAwAo8i6JpO4scIA5md0JR6i+olmCis3B2BqnafePlPN62yqn/uTsYBYkjkCT0UxD\
        KnzbOAz0Eh9jlVzU6VzFGTxix5p1OHlu12h+LVkRoHvyiJHyhzQnpf/nX6RLfnX3fSYgv1MWdFYRXz0nVowf6ivchnv1oX9AsqQC\
        KTaXvZSNYxiYhOZpJJaBBiMNBusTky7oenOfcjsTF2Sy5x9D1/hiMEa66T7vRPvVV2p1I11CEmd95QcA/B9PInA634Q8eN6yNv5I\
        Jdo7MdK4WiH1IfJ6BWiZYFXbysPMSDtPiiPTSoGwLA==";
    const GOLDEN_REQUEST: &str =
        "WOKBBTgeXFQQ419hu6LcsWqvblIFORUFYvWSV1zCNNbCe8OA2pDB88YY9Hj2Cr8S4328RAUtzPd1KnJvBsXbRg==";
}
