//! Words of `pilar pillars`.

use std::path::PathBuf;

use clap::Subcommand;
use model::RegionCode;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Pillars {
    /// Take in the register as a CSV, whole or not at all; the same file twice changes nothing
    ///
    /// Columns: number, kind, name, region, sex, birth_year, education, languages, skills, since, contract_from, contract_to,
    /// availability, capacity, login, nik, kin, papers. A nik is asked of the registry and not kept.
    Import {
        /// The CSV.
        file: PathBuf,
    },
    /// Propose who accompanies the families of the approved lists of a region
    Balance {
        /// Region, such as 11.01.
        #[arg(long)]
        region: RegionCode,
        /// CSV (family_id,languages,sex) of what families need of their companion.
        #[arg(long, value_name = "FILE")]
        needs: Option<PathBuf>,
        /// Login of the person who proposes. Default: the console; who approves must be somebody else.
        #[arg(long = "as", value_name = "LOGIN")]
        maker: Option<String>,
    },
    /// Approve or refuse a proposal as a second person
    Decide {
        /// Number of the proposal.
        sharing: i64,
        /// Refuse it.
        #[arg(long)]
        refuse: bool,
        /// Login of the person who decides; must not be who made it.
        #[arg(long = "as", value_name = "LOGIN")]
        decider: String,
    },
}
