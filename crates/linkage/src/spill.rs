//! Records that do not fit into memory: on disk, and rule by rule in parts that do.
//!
//! In: records in the order of their rows, written once. Out: for each rule the records of one part of its keys
//! after another, each part a table with blocks of its own. A block never stands in two parts and parts come in
//! the order of the keys, so pairs, their order and all counts are those of a run in memory. The folder is removed
//! at the end, also after an error; at most two copies of the records are on disk at a time.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::block::{Blocks, Only, RuleReport};
use crate::compare::Condition;
use crate::dictionary::Dictionary;
use crate::error::LinkError;
use crate::model::Rule;
use crate::table::{Keys, Places, Table};

/// How much memory a run may take, and where records go when it needs more.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Bytes; an estimate is held against it, not what the system counts.
    pub bytes: u64,
    /// A folder for temporary files; made when it is needed and removed at the end.
    pub folder: PathBuf,
}

impl Memory {
    /// A warning when the limit will be passed all the same: ids, columns while they are read and dictionaries stay in
    /// memory.
    pub(crate) fn too_small(&self, records: u64) -> Option<String> {
        /// As measured on 10 and 30 million records.
        const BYTES_A_RECORD: u64 = 120;
        let least = records.saturating_mul(BYTES_A_RECORD);
        (self.bytes < least).then(|| {
            format!(
                "the limit of {} MiB will be passed: what stays in memory of {records} records takes about {} MiB",
                self.bytes >> 20,
                least >> 20
            )
        })
    }
}

/// Records that are read or written at a time.
const STRETCH: usize = 1 << 16;
/// More parts than this would mean too many open files.
const MOST_PARTS: usize = 256;

/// A folder that goes away with its owner.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing can be done about a folder that cannot be removed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// All records on disk.
pub(crate) struct Spill {
    folder: Folder,
    stride: usize,
    parts: usize,
    dictionaries: Arc<Vec<Dictionary>>,
    rules: Vec<Rule>,
    views: Vec<Vec<usize>>,
    keys: Keys,
    limit: usize,
    groups: Option<Arc<Vec<u32>>>,
    rest: Arc<Vec<Option<Condition>>>,
    /// The keys of blocks over the limit, by rule; known when a rule has been worked on.
    skipped: Vec<FxHashSet<u64>>,
    /// What each rule yields, by rule.
    pub(crate) reports: Vec<RuleReport>,
}

/// What blocks are made of.
pub(crate) struct Making {
    pub(crate) rules: Vec<Rule>,
    pub(crate) views: Vec<Vec<usize>>,
    pub(crate) keys: Keys,
    pub(crate) limit: usize,
    pub(crate) groups: Option<Arc<Vec<u32>>>,
    pub(crate) rest: Arc<Vec<Option<Condition>>>,
}

/// Writes the records before anything is known of their parts.
pub(crate) struct SpillWriter {
    folder: Folder,
    out: BufWriter<File>,
    path: PathBuf,
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> LinkError {
    let path = path.to_owned();
    move |error| LinkError::Spill { path: path.display().to_string(), message: error.to_string() }
}

impl SpillWriter {
    pub(crate) fn new(folder: &Path) -> Result<Self, LinkError> {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.join("records");
        let folder = Folder(folder.to_owned());
        let out = BufWriter::new(File::create(&path).map_err(failed(&path))?);
        Ok(Self { folder, out, path })
    }

    pub(crate) fn write(&mut self, words: &[u64]) -> Result<(), LinkError> {
        let mut bytes = Vec::with_capacity(words.len() * 8);
        for word in words {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        self.out.write_all(&bytes).map_err(failed(&self.path))
    }

    pub(crate) fn finish(mut self, table: &Table, parts: usize, making: Making) -> Result<Spill, LinkError> {
        self.out.flush().map_err(failed(&self.path))?;
        let reports = making.rules.iter().map(|rule| RuleReport::of(&rule.sql)).collect();
        Ok(Spill {
            folder: self.folder,
            stride: table.stride(),
            parts: parts.clamp(1, MOST_PARTS),
            dictionaries: Arc::clone(&table.dictionaries),
            skipped: vec![FxHashSet::default(); making.rules.len()],
            rules: making.rules,
            views: making.views,
            keys: making.keys,
            limit: making.limit,
            groups: making.groups,
            rest: making.rest,
            reports,
        })
    }
}

/// Reads whole records, a stretch at a time.
struct Stretches {
    path: PathBuf,
    input: BufReader<File>,
    /// Words of a record.
    width: usize,
    bytes: Vec<u8>,
}

impl Stretches {
    fn open(path: PathBuf, width: usize) -> Result<Self, LinkError> {
        let input = BufReader::new(File::open(&path).map_err(failed(&path))?);
        Ok(Self { path, input, width, bytes: vec![0; STRETCH * width * 8] })
    }

    /// Nothing at the end of the file.
    fn next(&mut self) -> Result<Option<Vec<u64>>, LinkError> {
        let mut filled = 0;
        while filled < self.bytes.len() {
            match self.input.read(&mut self.bytes[filled..]).map_err(failed(&self.path))? {
                0 => break,
                count => filled += count,
            }
        }
        if filled == 0 {
            return Ok(None);
        }
        if filled % (self.width * 8) != 0 {
            return Err(failed(&self.path)(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let words = self.bytes[..filled].as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        Ok(Some(words.collect()))
    }
}

impl Spill {
    /// How many parts each rule's records are worked on in.
    pub(crate) fn parts(&self) -> usize {
        self.parts
    }

    fn table(&self, words: Vec<u64>, rows: Vec<u32>) -> Table {
        Table::part(words, self.stride, Places::of_rows(rows), Arc::clone(&self.dictionaries))
    }

    fn stretches(&self) -> Result<Stretches, LinkError> {
        Stretches::open(self.folder.0.join("records"), self.stride)
    }

    /// The records of some rows, which must ascend, as a table in which these are found by their rows.
    pub(crate) fn sample(&self, rows: &[u32], all: usize) -> Result<Table, LinkError> {
        let mut words = Vec::with_capacity(rows.len() * self.stride);
        let mut place_of = vec![0u32; all];
        let (mut first, mut next) = (0usize, 0usize);
        let mut stretches = self.stretches()?;
        while let Some(stretch) = stretches.next()? {
            let end = first + stretch.len() / self.stride;
            while next < rows.len() && (rows[next] as usize) < end {
                let at = (rows[next] as usize - first) * self.stride;
                words.extend_from_slice(&stretch[at..at + self.stride]);
                place_of[rows[next] as usize] = next as u32;
                next += 1;
            }
            first = end;
        }
        let places = Places::sampled(rows.to_vec(), place_of);
        Ok(Table::part(words, self.stride, places, Arc::clone(&self.dictionaries)))
    }

    /// Calls `take` with each record, in the order of the rows.
    pub(crate) fn each_record(&self, mut take: impl FnMut(&[u64])) -> Result<(), LinkError> {
        let mut stretches = self.stretches()?;
        while let Some(stretch) = stretches.next()? {
            stretch.chunks_exact(self.stride).for_each(&mut take);
        }
        Ok(())
    }

    /// Calls `take` with the parts of a view's rules, one after another: blocks of which only those of the rule
    /// count, and the records that they are made of.
    pub(crate) fn each_part(
        &mut self,
        view: usize,
        mut take: impl FnMut(&Blocks, &Table),
    ) -> Result<(), LinkError> {
        let view = self.views[view].clone();
        for at in 0..view.len() {
            let rule = view[at];
            self.share_out(rule)?;
            let mut report = RuleReport::of(&self.rules[rule].sql);
            let mut skipped = FxHashSet::default();
            for part in 0..self.parts {
                let (words, rows) = self.read_part(part)?;
                let table = self.table(words, rows);
                let only = Only { rule, part, parts: self.parts, skipped: &self.skipped };
                let (mut blocks, over) = Blocks::build(
                    &self.rules,
                    vec![view[..=at].to_vec()],
                    self.limit,
                    &table,
                    &self.keys,
                    Some(only),
                );
                blocks.restrict(self.groups.clone(), Arc::clone(&self.rest));
                report.add(&blocks.reports[rule]);
                let key = |place| self.keys.left_key(rule, place, &table);
                skipped.extend(over.into_iter().map(key));
                take(&blocks, &table);
            }
            self.skipped[rule] = skipped;
            self.reports[rule] = report;
        }
        Ok(())
    }

    fn part_path(&self, part: usize) -> PathBuf {
        self.folder.0.join(format!("part-{part}"))
    }

    /// Writes each record that has a key under the rule to the part that its key belongs to, its row before it.
    fn share_out(&self, rule: usize) -> Result<(), LinkError> {
        let mut outs = Vec::with_capacity(self.parts);
        for part in 0..self.parts {
            let path = self.part_path(part);
            outs.push(BufWriter::with_capacity(1 << 18, File::create(&path).map_err(failed(&path))?));
        }
        let (mut first, mut bytes) = (0u64, Vec::new());
        let mut stretches = self.stretches()?;
        while let Some(stretch) = stretches.next()? {
            let table = self.table(stretch, Vec::new());
            let keys = self.keys.of_rule(rule, &table);
            for at in 0..table.records() {
                let part = |key: u64| (key != 0).then(|| part_of(key, self.parts));
                let left = part(keys.lefts[at]);
                let right =
                    keys.rights.as_ref().and_then(|keys| part(keys[at])).filter(|right| left != Some(*right));
                bytes.clear();
                bytes.extend_from_slice(&(first + at as u64).to_le_bytes());
                table
                    .record_at(at as u32)
                    .iter()
                    .for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
                for part in left.into_iter().chain(right) {
                    outs[part].write_all(&bytes).map_err(failed(&self.part_path(part)))?;
                }
            }
            first += table.records() as u64;
        }
        for (part, mut out) in outs.into_iter().enumerate() {
            out.flush().map_err(failed(&self.part_path(part)))?;
        }
        Ok(())
    }

    /// The records of a part and their rows; the file is not needed any more.
    fn read_part(&self, part: usize) -> Result<(Vec<u64>, Vec<u32>), LinkError> {
        let path = self.part_path(part);
        let width = self.stride + 1;
        let length = std::fs::metadata(&path).map_err(failed(&path))?.len() as usize / (width * 8);
        let (mut words, mut rows) = (Vec::with_capacity(length * self.stride), Vec::with_capacity(length));
        let mut stretches = Stretches::open(path.clone(), width)?;
        while let Some(stretch) = stretches.next()? {
            for record in stretch.chunks_exact(width) {
                rows.push(record[0] as u32);
                words.extend_from_slice(&record[1..]);
            }
        }
        std::fs::remove_file(&path).map_err(failed(&path))?;
        Ok((words, rows))
    }
}

/// The part of a key: parts are stretches of the keys' range, in their order.
pub(crate) fn part_of(key: u64, parts: usize) -> usize {
    ((u128::from(key) * parts as u128) >> 64) as usize
}
