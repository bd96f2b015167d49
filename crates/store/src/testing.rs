//! Databases for tests, of every room: a fresh SQLite file always, and a fresh schema of the PostgreSQL that
//! `PILAR_TEST_POSTGRES` names, when it is set.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{Db, Engine};

/// The variable that names a PostgreSQL server for tests.
pub const POSTGRES_VARIABLE: &str = "PILAR_TEST_POSTGRES";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database that goes away with the test.
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// A folder of its own, for a lake or files.
    pub folder: PathBuf,
    /// Address to open it a second time.
    pub url: String,
}

impl TestDb {
    /// A fresh SQLite database.
    pub fn sqlite() -> Self {
        let folder = fresh_folder();
        let url = format!("sqlite:{}", folder.join("test.sqlite").display());
        Self { db: Db::open(&url).expect("a fresh test database opens"), folder, url }
    }

    /// A fresh schema on the test server, if there is one.
    pub fn postgres() -> Option<Self> {
        let server = std::env::var(POSTGRES_VARIABLE).ok()?;
        let folder = fresh_folder();
        let schema = folder.file_name()?.to_str()?.replace('-', "_");
        crate::postgres::make_schema(&server, &schema).expect("a fresh test schema is made");
        let url = within(&server, &schema);
        Some(Self { db: Db::open(&url).expect("a fresh test schema opens"), folder, url })
    }

    /// Those that stay in a folder, by its name also a schema of the test server: for figures that take long to fill. Forget
    /// each instead of dropping it.
    pub fn kept(folder: &Path) -> Vec<Self> {
        let schema = folder.file_name().and_then(|name| name.to_str()).expect("the folder has a name");
        let file = format!("sqlite:{}", folder.join("kept.sqlite").display());
        let server = std::env::var(POSTGRES_VARIABLE).ok().map(|server| {
            crate::postgres::keep_schema(&server, schema).expect("a test schema is made");
            within(&server, schema)
        });
        let open = |url: String| Self {
            db: Db::open(&url).expect("a kept test database opens"),
            folder: folder.to_owned(),
            url,
        };
        std::iter::once(file).chain(server).map(open).collect()
    }

    /// One of each engine that is there.
    pub fn all() -> Vec<Self> {
        std::iter::once(Self::sqlite()).chain(Self::postgres()).collect()
    }
}

/// The address of a schema of a server.
fn within(server: &str, schema: &str) -> String {
    let joint = if server.contains('?') { '&' } else { '?' };
    format!("{server}{joint}options=-c%20search_path%3D{schema}")
}

fn fresh_folder() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("pilar-test-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if self.db.engine() == Engine::Postgres
            && let (Ok(server), Some(name)) = (std::env::var(POSTGRES_VARIABLE), self.folder.file_name())
        {
            let schema = name.to_string_lossy().replace('-', "_");
            let _ = crate::postgres::drop_schema(&server, &schema);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
