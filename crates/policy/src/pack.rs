//! The files of a pack as text, from the binary or from a folder, and the hash that names them.

use std::{collections::BTreeMap, fs, io, path::Path};

#[cfg(not(debug_assertions))]
static EMBEDDED: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/../../policy");

/// Bounds on a pack from a folder: a wrong path must not read a whole disk.
const FILES_MAX: usize = 2_000;
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Path within the pack (with `/`) to text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pack {
    pub(crate) files: BTreeMap<String, String>,
}

impl Pack {
    /// The pack that the program was built with. A debug build reads it from the source tree, so that editing a rule needs no
    /// rebuild; a release build carries it.
    #[cfg_attr(
        not(debug_assertions),
        expect(clippy::unnecessary_wraps, reason = "a debug build reads a folder")
    )]
    pub(crate) fn embedded() -> io::Result<Self> {
        #[cfg(debug_assertions)]
        return Self::from_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policy")));
        #[cfg(not(debug_assertions))]
        {
            let mut pack = Self::default();
            pack.add_embedded(&EMBEDDED);
            Ok(pack)
        }
    }

    #[cfg(not(debug_assertions))]
    fn add_embedded(&mut self, folder: &include_dir::Dir<'static>) {
        for file in folder.files() {
            if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                self.files.insert(path.replace('\\', "/"), text.to_owned());
            }
        }
        for inner in folder.dirs() {
            self.add_embedded(inner);
        }
    }

    /// All files below `root` but hidden and packed ones. Every other file of a pack is UTF-8 text.
    pub(crate) fn from_folder(root: &Path) -> io::Result<Self> {
        let mut pack = Self::default();
        pack.add_folder(root, "")?;
        Ok(pack)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Packed tables (regions) are no text; the room that owns them reads them.
            if name.starts_with('.') || name.ends_with('~') || is_packed(&name) {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = fs::metadata(entry.path())?;
            if kind.is_dir() {
                self.add_folder(&entry.path(), &format!("{path}/"))?;
            } else {
                self.add_file(&entry.path(), path, kind.len())?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, on_disk: &Path, path: String, bytes: u64) -> io::Result<()> {
        if bytes > FILE_BYTES_MAX || self.files.len() >= FILES_MAX {
            return Err(io::Error::other(format!("{path}: more than a policy pack may hold")));
        }
        let text = fs::read_to_string(on_disk)
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
        self.files.insert(path, text);
        Ok(())
    }

    /// Files of one folder with one ending, as (path, text), in the order of their names.
    pub(crate) fn in_folder<'a>(
        &'a self,
        folder: &'a str,
        ending: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.starts_with(folder) && path.ends_with(ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// blake3 over every path and text, and over what a variant sets: two packs with the same hash decide alike.
    pub(crate) fn hash(&self, varied: &[crate::Setting]) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, text) in &self.files {
            for part in [path, text] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        for setting in varied {
            hasher.update(format!("\0{}.{}={}", setting.programme, setting.name, setting.value).as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Packed tables (regions) are embedded by the room that reads them; a pack is text.
fn is_packed(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}
