//! Named locks that die with their holder: a file lock in a folder beside the SQLite file, a session's advisory lock on
//! PostgreSQL. For work that only one process may do at a time; a killed process leaves no lock behind.

use std::{fs::File, path::PathBuf, sync::Arc};

use crate::{Db, Driver, Error, Result};

/// A held lock; given back when dropped.
pub struct Lock {
    held: Option<Held>,
}

enum Held {
    File(#[expect(dead_code, reason = "open for as long as the lock is held")] File),
    Session { driver: Arc<Driver>, session: Box<deadpool_postgres::Object>, name: String },
}

impl Db {
    /// Takes the named lock, or answers nothing when another holds it. Names are `[a-z0-9-]`, other characters count as `-`.
    ///
    /// # Errors
    /// [`Error::Lock`] when the lock area cannot be used.
    pub fn lock(&self, name: &str) -> Result<Option<Lock>> {
        let held = match &*self.driver {
            Driver::Sqlite(driver) => lock_file(lock_path(driver.path(), name), name)?.map(Held::File),
            Driver::Postgres(driver) => driver.lock(name)?.map(|session| {
                let (driver, name) = (Arc::clone(&self.driver), name.to_owned());
                Held::Session { driver, session: Box::new(session), name }
            }),
        };
        Ok(held.map(|held| Lock { held: Some(held) }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(Held::Session { driver, session, name }) = self.held.take()
            && let Driver::Postgres(postgres) = &*driver
        {
            postgres.unlock(*session, &name);
        }
    }
}

fn lock_path(database: &std::path::Path, name: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut folder = database.as_os_str().to_owned();
    folder.push(".locks");
    PathBuf::from(folder).join(name.chars().map(plain).collect::<String>())
}

fn lock_file(path: PathBuf, name: &str) -> Result<Option<File>> {
    let wrong =
        |error: &dyn std::fmt::Display| Error::Lock { name: name.to_owned(), message: error.to_string() };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    }
    let file =
        File::options().create(true).truncate(false).write(true).open(path).map_err(|error| wrong(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(wrong(&error)),
    }
}
