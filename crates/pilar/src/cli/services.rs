//! Words of `pilar services`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Services {
    /// Take in the catalogue as a CSV, whole or not at all; the same file twice changes nothing
    ///
    /// Columns: number, service, provider, region, serves, address, phone, hours, papers, fee, valid_from, valid_to. `serves` is the level
    /// round the place whose people the service is for.
    Import {
        /// The CSV.
        file: PathBuf,
    },
}
