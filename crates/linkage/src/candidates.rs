//! Candidate pairs, whether their records are in memory or on disk.
//!
//! In: the records that are ready to be compared, the rules, how much memory there is. Out: parts, each of blocks
//! and a table, of which a run in memory has one. What is counted or found does not depend on the parts.

use std::sync::Arc;

use crate::block::{Blocks, RuleReport};
use crate::compare::Plan;
use crate::error::LinkError;
use crate::model::{LinkType, Model, Rule};
use crate::spill::{Making, Memory, Spill, SpillWriter};
use crate::table::{Layout, Table};

pub(crate) enum Candidates {
    Held(Box<Blocks>),
    Spilled(Box<Spill>),
}

impl Candidates {
    /// Lays the records down and finds the blocks, on disk where memory is short.
    pub(crate) fn build(
        mut layout: Layout,
        rules: Vec<Rule>,
        views: Vec<Vec<usize>>,
        model: &Model,
        memory: Option<&Memory>,
    ) -> Result<(Table, Self), LinkError> {
        let parts = memory.map_or(0, |memory| parts(&layout, &rules, memory.bytes));
        let rest = Arc::new(Plan::rest(&rules, &mut layout)?);
        let groups =
            |table: &Table| (model.link_type == LinkType::LinkOnly).then(|| Arc::new(table.sources.clone()));
        let limit = model.block_limit;
        if let Some(memory) = memory.filter(|_| parts > 0) {
            let mut writer = SpillWriter::new(&memory.folder)?;
            let (table, keys) = layout.finish_on_disk(&rules, &mut writer)?;
            let making = Making { rules, views, keys, limit, groups: groups(&table), rest };
            let spill = writer.finish(&table, parts, making)?;
            return Ok((table, Self::Spilled(Box::new(spill))));
        }
        layout.localise(&rules)?;
        let (table, keys) = layout.finish(&rules)?;
        let (mut blocks, _) = Blocks::build(&rules, views, limit, &table, &keys, None);
        blocks.restrict(groups(&table), rest);
        Ok((table, Self::Held(Box::new(blocks))))
    }

    /// Calls `take` with each part: its blocks, the number of the view there, and its records.
    pub(crate) fn each_part(
        &mut self,
        view: usize,
        table: &Table,
        mut take: impl FnMut(&Blocks, usize, &Table),
    ) -> Result<(), LinkError> {
        match self {
            Self::Held(blocks) => {
                take(blocks, view, table);
                Ok(())
            }
            Self::Spilled(spill) => spill.each_part(view, |blocks, table| take(blocks, 0, table)),
        }
    }

    /// No pairs will be asked for any more: forgets what only they need.
    pub(crate) fn release(&mut self) {
        if let Self::Held(blocks) = self {
            blocks.release();
        }
    }

    /// How many parts each rule's records are worked on in; 0 in memory.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Self::Held(_) => 0,
            Self::Spilled(spill) => spill.parts(),
        }
    }

    /// What the rules that have been worked on yield.
    pub(crate) fn reports(&self) -> &[RuleReport] {
        match self {
            Self::Held(blocks) => &blocks.reports,
            Self::Spilled(spill) => &spill.reports,
        }
    }
}

/// In how many parts a run fits into memory; 0 when it does whole. What is kept for pairs is an eighth.
fn parts(layout: &Layout, rules: &[Rule], bytes: u64) -> usize {
    /// A key while it is being sorted, a number and a place in a block for each rule.
    const SORTING: usize = 24;
    const BLOCKS: usize = 10;
    /// Smaller parts than memory asks for: sorting them stays near the processor.
    const RECORDS: usize = 1 << 21;
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let (held, columns) = layout.held();
    let record = layout.width(rules) * 8 + rules.len() * BLOCKS + SORTING;
    let all = layout.ids.len().saturating_mul(record);
    if held.saturating_add(all).saturating_add(bytes / 8) <= bytes {
        return 0;
    }
    let free = bytes.saturating_sub(held - columns + bytes / 8).max(bytes / 8).max(1);
    all.div_ceil(free).max(layout.ids.len().div_ceil(RECORDS)).max(2)
}
