//! Lists page by page: the mark of the last row seen, never an offset, so that page 10,000 is as fast as page 1.

use serde::{Deserialize, Serialize};

use crate::{Error, Value};

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Mark of the last row of the page before; none for the first page.
    pub after: Option<String>,
    /// Rows wanted, 1 to 1,000.
    pub limit: u32,
}

/// One page and the mark that leads to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paged<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as [`Page::after`]; none when this is the last page.
    pub next: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 50 }
    }
}

impl Page {
    /// The first page of `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// How many rows the page shows.
    pub fn rows(&self) -> usize {
        self.limit.clamp(1, 1_000) as usize
    }

    /// How many rows to ask the database for: one more than shown, to know whether there is a next page.
    pub fn fetch(&self) -> i64 {
        self.rows() as i64 + 1
    }

    /// The keys of the last row seen, integers and texts in the order in which [`Page::mark`] got them; none on the first page.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the mark does not have `keys` parts.
    pub fn keys(&self, keys: usize) -> Result<Option<Vec<Value>>, Error> {
        let Some(after) = &self.after else { return Ok(None) };
        let parts: Option<Vec<Value>> = after.split('~').map(part).collect();
        match parts {
            Some(parts) if parts.len() == keys => Ok(Some(parts)),
            _ => Err(Error::Cursor),
        }
    }

    /// The only integer key of the last row seen, or `start` on the first page.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the mark is no integer.
    pub fn after_int(&self, start: i64) -> Result<i64, Error> {
        match self.keys(1)?.as_deref() {
            None => Ok(start),
            Some([Value::Int(v)]) => Ok(*v),
            Some(_) => Err(Error::Cursor),
        }
    }

    /// Makes the page of rows that were asked for with [`Page::fetch`]; `keys` are the sort keys of a row.
    pub fn page<T>(&self, mut rows: Vec<T>, keys: impl Fn(&T) -> Vec<Value>) -> Paged<T> {
        let more = rows.len() > self.rows();
        rows.truncate(self.rows());
        let next = if more { rows.last().map(|row| Self::mark(&keys(row))) } else { None };
        Paged { items: rows, next }
    }

    /// The mark of a row's sort keys.
    pub fn mark(keys: &[Value]) -> String {
        let parts: Vec<String> = keys
            .iter()
            .map(|key| match key {
                Value::Int(v) => format!("i{v}"),
                Value::Text(v) => format!("t{}", escape(v)),
                _ => "n".to_owned(),
            })
            .collect();
        parts.join("~")
    }
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('~', "%7E")
}

fn part(text: &str) -> Option<Value> {
    match text.split_at_checked(1)? {
        ("i", digits) => digits.parse().ok().map(Value::Int),
        ("t", text) => Some(text.replace("%7E", "~").replace("%25", "%").into()),
        ("n", "") => Some(Value::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_gives_back_its_keys() {
        let keys = vec![Value::Int(-7), Value::Text("a~b%7E %".into()), Value::Null, Value::Text("".into())];
        let page = Page { after: Some(Page::mark(&keys)), limit: 5 };
        assert_eq!(page.keys(4), Ok(Some(keys)));
        assert_eq!(page.keys(3), Err(Error::Cursor));
        assert_eq!(Page { after: Some("x1".into()), limit: 5 }.keys(1), Err(Error::Cursor));
    }

    #[test]
    fn the_last_page_leads_nowhere() {
        let page = Page::first(2);
        assert_eq!(page.page(vec![1i64, 2], |v| vec![(*v).into()]).next, None);
        let first = page.page(vec![1i64, 2, 3], |v| vec![(*v).into()]);
        assert_eq!((first.items, first.next.as_deref()), (vec![1, 2], Some("i2")));
    }
}
