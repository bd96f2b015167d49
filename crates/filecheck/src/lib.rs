//! What may come in as a file of a case: photographs and papers from phones and desks that we do not know. In: the bytes, the name and the
//! type as sent, and bounds. Out: a clean file of one of three kinds, or a refusal with a code. Pure. Never here: a byte of a picture that
//! was copied from what came in, a decoder that is started before the size of the picture is known, a name that is used as a path.
//!
//! A JPEG or WebP is decoded and encoded anew (`photo`), a PNG is unpacked dot by dot and packed again without loss (`png`): nothing can
//! survive that is not a dot, be it EXIF, XMP, IPTC, a colour profile, a text, a thumbnail or what was hung behind the end. Taking
//! segments out of a file instead would keep the dots as they are, and with them whatever hides between them. The way up is applied to the
//! dots; the day and the place are read before they are gone ([`Clean::taken_at`], [`Clean::place`]). A PDF is
//! looked through (`pdf`), and of its objects those that its pages need are written anew (`pdf_anew`). The name keeps what a person reads
//! in it (`name`).
//!
//! To add a kind: its marks in `kind_of`, a module that makes a clean one, a row in the tests of what is refused.

mod exif;
mod name;
mod pdf;
mod pdf_anew;
mod photo;
mod png;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

pub use exif::Place;

/// Kinds of clean files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A photograph.
    Jpeg,
    /// A drawing, a picture of a screen.
    Png,
    /// A paper.
    Pdf,
}

impl Kind {
    /// As stored.
    pub fn key(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    /// The kind of a stored key.
    pub fn of_key(key: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Pdf].into_iter().find(|kind| kind.key() == key)
    }

    /// Type for a browser.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// Whether it can be shown on a page.
    pub fn is_picture(self) -> bool {
        self != Self::Pdf
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// Bounds on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes as sent.
    pub bytes: u64,
    /// Dots of a picture, width times height.
    pub pixels: u64,
    /// Dots of the longer side of a photograph as kept: a larger one is made smaller by a whole number.
    pub side: u32,
    /// Pages of a PDF.
    pub pages: u64,
    /// Bytes of all streams of a PDF when unpacked.
    pub unpacked_bytes: u64,
}

/// A file that may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clean {
    /// What it is now: WebP has become JPEG.
    pub kind: Kind,
    /// Name for people, with the extension of its kind; never a path.
    pub name: String,
    /// What to keep.
    pub bytes: Vec<u8>,
    /// Dots across; 0 for a PDF.
    pub width: u32,
    /// Dots down; 0 for a PDF.
    pub height: u32,
    /// When the picture was taken, by the clock of the camera, wherever it hung.
    pub taken_at: Option<DateTime>,
    /// Where, by the camera.
    pub place: Option<Place>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More bytes than a file may have.
    #[error("the file is larger than a file may be")]
    TooLarge,
    /// None of the kinds that are taken.
    #[error("the file is no JPEG, PNG, WebP or PDF")]
    Kind,
    /// Its name or declared type says something else than its content.
    #[error("the name or type of the file says something else than its content")]
    Contradicts,
    /// A name that runs, or that is meant to be misread.
    #[error("the name of the file is that of a program, or is written so as to be misread")]
    Name,
    /// The picture cannot be read to its end.
    #[error("the picture is broken")]
    Broken,
    /// More dots than a picture may have.
    #[error("the picture has more dots than a picture may have")]
    Pixels,
    /// Several pictures in one.
    #[error("the picture moves; send one that stands still")]
    Animated,
    /// The PDF does something when it is opened, or carries other files.
    #[error("the PDF runs something or carries other files")]
    Active,
    /// The PDF is locked, or parts of it cannot be looked into.
    #[error("the PDF is locked, or parts of it cannot be looked into")]
    Hidden,
    /// The PDF has too many pages or unpacks to too much.
    #[error("the PDF has too many pages or is too large when unpacked")]
    Pages,
}

impl Refused {
    /// Stable code, the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "casework-file-empty",
            Self::TooLarge => "casework-file-too-large",
            Self::Kind => "casework-file-kind",
            Self::Contradicts => "casework-file-contradicts",
            Self::Name => "casework-file-name",
            Self::Broken => "casework-file-broken",
            Self::Pixels => "casework-file-pixels",
            Self::Animated => "casework-file-animated",
            Self::Active => "casework-file-active",
            Self::Hidden => "casework-file-hidden",
            Self::Pages => "casework-file-pages",
        }
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Jpeg,
    Png,
    WebP,
    Pdf,
}

impl Sent {
    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png"],
            Self::WebP => &["webp"],
            Self::Pdf => &["pdf"],
        }
    }

    fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["image/jpeg", "image/jpg", "image/pjpeg"],
            Self::Png => &["image/png", "image/x-png"],
            Self::WebP => &["image/webp"],
            Self::Pdf => &["application/pdf", "application/x-pdf"],
        }
    }
}

fn kind_of(bytes: &[u8]) -> Option<Sent> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Some(Sent::Jpeg)
    } else if bytes.starts_with(png::SIGNATURE) {
        Some(Sent::Png)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Sent::WebP)
    } else if bytes.starts_with(b"%PDF-") {
        Some(Sent::Pdf)
    } else {
        None
    }
}

/// Makes a clean file of what was sent, or says why not. `declared` is the media type that came with it; empty for none.
///
/// # Errors
/// The first reason to refuse it.
pub fn check(bytes: &[u8], name: &str, declared: &str, bounds: &Bounds) -> Result<Clean, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    if bytes.len() as u64 > bounds.bytes {
        return Err(Refused::TooLarge);
    }
    let sent = kind_of(bytes).ok_or(Refused::Kind)?;
    let declared = declared.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let says_nothing = declared.is_empty() || declared == "application/octet-stream";
    if !says_nothing && !sent.media_types().contains(&declared.as_str()) {
        return Err(Refused::Contradicts);
    }
    let kind = match sent {
        Sent::Jpeg | Sent::WebP => Kind::Jpeg,
        Sent::Png => Kind::Png,
        Sent::Pdf => Kind::Pdf,
    };
    let name = name::safe(name, sent.extensions(), kind.extension())?;
    let made = match sent {
        Sent::Jpeg => photo::jpeg(bytes, bounds)?,
        Sent::WebP => photo::webp(bytes, bounds)?,
        Sent::Png => png::png(bytes, bounds)?,
        Sent::Pdf => Made { bytes: pdf::clean(bytes, bounds)?, ..Made::default() },
    };
    let seen = exif::read(&made.exif);
    Ok(Clean {
        kind,
        name,
        bytes: made.bytes,
        width: made.width,
        height: made.height,
        taken_at: seen.taken_at,
        place: seen.place,
    })
}

/// A file made anew, and what the old one told about itself in EXIF.
#[derive(Debug, Default)]
struct Made {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
    exif: Vec<u8>,
}

/// Whether a picture of so many dots may be looked at.
fn within(width: u32, height: u32, bounds: &Bounds) -> Result<(), Refused> {
    if width == 0 || height == 0 {
        return Err(Refused::Broken);
    }
    if u64::from(width) * u64::from(height) > bounds.pixels {
        return Err(Refused::Pixels);
    }
    Ok(())
}
