//! Record linkage: which of many records are one person, by the model of Fellegi and Sunter.
//!
//! In: Arrow columns of records, a model in Splink's settings format ([`Model`]), what humans decided. Out: a
//! cluster for each record, doubtful pairs for humans, the trained model, figures ([`link`]). One record
//! against candidates: [`find`]. Indonesian names and places brought to one spelling: [`standardise`].
//! Never here: I/O (but for temporary files where memory is short), the clock's date, any knowledge of
//! welfare. Results are the same for any number of threads, any memory and any order of the input.

mod batch;
mod block;
mod candidates;
mod cluster;
mod compare;
mod dictionary;
pub mod digits;
mod error;
mod eval;
mod explain;
mod expr;
pub mod find;
mod ids;
mod judgement;
mod link;
mod load;
mod model;
mod pages;
mod regex;
mod score;
mod scores;
mod sheet;
mod sketch;
mod spill;
mod sql;
pub mod standardise;
mod table;
pub mod text;
mod train;
mod value;

pub use block::RuleReport;
pub use cluster::{ClusterReport, Decision};
pub use error::{LinkError, ModelError};
pub use explain::{Bin, Explained, Report, explain, names_record};
pub use expr::skeleton;
pub use ids::Ids;
pub use judgement::{CurvePoint, FieldNumbers, Judgement, LevelNumbers, Sample};
pub use link::{By, Linked, Listener, Metrics, Options, Pair, link, link_loaded, probability};
pub use load::{Loader, prepare};
pub use model::{
    Comparison, Constraints, Level, LinkType, Model, Other, Prepared, Rule, TermFrequency, Training,
};
pub use scores::{Scores, pairwise_scores};
pub use spill::Memory;
pub use train::{Session, TrainingReport};
