//! Rows of equal width in pages of a few megabytes.
//!
//! A single stretch of memory for all records finds no room among what has been freed before it, and memory grows
//! by its whole length; pages are found there. A row never stands on two pages.

use rayon::prelude::*;

/// Rows, found by their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
    width: usize,
    rows: usize,
    /// Rows of a page, as a power of two.
    bits: u32,
}

/// Rows of a page that is not the only one, as a power of two.
const BITS: u32 = 15;

impl<T: Copy + Default + Send + Sync> Pages<T> {
    /// That many rows of defaults.
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        let pages = (0..rows.div_ceil(1 << BITS)).map(|page| {
            let own = (rows - (page << BITS)).min(1 << BITS);
            vec![T::default(); own * width]
        });
        Self { pages: pages.collect(), width, rows, bits: BITS }
    }

    /// Rows that already lie one behind the other.
    pub(crate) fn of(all: Vec<T>, width: usize) -> Self {
        let rows = all.len() / width.max(1);
        Self { pages: vec![all], width, rows, bits: usize::BITS - 1 }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    fn place(&self, row: usize) -> (usize, usize) {
        (row >> self.bits, (row & ((1 << self.bits) - 1)) * self.width)
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> &[T] {
        let (page, start) = self.place(row);
        &self.pages[page][start..start + self.width]
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        let (page, start) = self.place(row);
        &mut self.pages[page][start..start + self.width]
    }

    /// Rows that stand on one page, one behind the other.
    pub(crate) fn stretch(&self, first: usize, count: usize) -> &[T] {
        let (page, start) = self.place(first);
        &self.pages[page][start..start + count * self.width]
    }

    /// The pages in that many groups, each with the number of its first row.
    pub(crate) fn par_groups_mut(
        &mut self,
        groups: usize,
    ) -> impl IndexedParallelIterator<Item = (usize, Group<'_, T>)> {
        let (bits, width) = (self.bits, self.width);
        let pages = self.pages.len().div_ceil(groups.max(1)).max(1);
        let groups = self.pages.par_chunks_mut(pages).enumerate();
        groups.map(move |(group, own)| ((group * pages) << bits, Group { pages: own, width, bits }))
    }
}

/// Some pages; rows count from the first of these.
pub(crate) struct Group<'a, T> {
    pages: &'a mut [Vec<T>],
    width: usize,
    bits: u32,
}

impl<T> Group<'_, T> {
    pub(crate) fn len(&self) -> usize {
        self.pages.iter().map(|page| page.len() / self.width.max(1)).sum()
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        let start = (row & ((1 << self.bits) - 1)) * self.width;
        &mut self.pages[row >> self.bits][start..start + self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_on_their_pages() {
        let rows = (2 << BITS) + 3;
        let mut pages = Pages::new(rows, 2);
        pages.par_groups_mut(2).for_each(|(first, mut group)| {
            for row in 0..group.len() {
                group.row_mut(row).copy_from_slice(&[(first + row) * 2, (first + row) * 2 + 1]);
            }
        });
        pages.row_mut(7)[1] = 0;
        let all = Pages::of((0..rows * 2).collect(), 2);
        assert_eq!((pages.len(), all.len()), (rows, rows));
        for row in (0..rows).filter(|row| *row != 7) {
            assert_eq!(pages.row(row), [row * 2, row * 2 + 1]);
            assert_eq!(pages.row(row), all.row(row));
        }
        assert_eq!(pages.row(7), [14, 0]);
        assert_eq!(pages.stretch(1 << BITS, 2), all.stretch(1 << BITS, 2));
    }
}
