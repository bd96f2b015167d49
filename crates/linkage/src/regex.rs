//! Regular expressions for cleaning columns, in RE2's syntax as far as cleaning needs it, with its
//! leftmost-first meaning and its promise: time grows with the text, never with what the pattern could try.
//!
//! In: a pattern. Out: where it matches. Known: letters, `.`, classes, `\d \w \s \b`, groups, `|`, `* + ? {m,n}`
//! and their lazy forms, `^`, `$`. What is not known is refused with its place; nothing is guessed.

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Regex {
    program: Vec<Step>,
    saves: usize,
    fast: Fast,
}

/// Shapes that need no machine; nearly all patterns of a cleaning are of these.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one a pattern")]
enum Fast {
    None,
    /// A list of plain texts at the beginning (`start`), the end (`end`), or both; the first that fits counts.
    Words {
        words: Vec<String>,
        start: bool,
        end: bool,
        edge: [bool; 256],
    },
    /// A run of one and more letters of a class: by byte, for ASCII, and whether all other letters are in it.
    Run {
        ascii: Box<[bool; 128]>,
        others: bool,
    },
}

impl Fast {
    fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        match self {
            Self::Words { words, start: true, end, edge } => {
                let first = bytes.first().filter(|byte| from == 0 && edge[usize::from(**byte)]);
                let fits = |word: &&String| {
                    bytes.starts_with(word.as_bytes()) && (!end || word.len() == bytes.len())
                };
                first.and_then(|_| words.iter().find(fits)).map(|word| (0, word.len()))
            }
            Self::Words { words, edge, .. } => {
                bytes.last().filter(|byte| edge[usize::from(**byte)])?;
                let fits =
                    |word: &&String| bytes.len() - from >= word.len() && bytes.ends_with(word.as_bytes());
                // The longest begins leftmost.
                let word = words.iter().filter(fits).max_by_key(|word| word.len())?;
                Some((bytes.len() - word.len(), bytes.len()))
            }
            Self::Run { ascii, others } => {
                let is_in = |byte: u8| if byte < 128 { ascii[usize::from(byte)] } else { *others };
                let first = from + bytes[from..].iter().position(|byte| is_in(*byte))?;
                let rest = &bytes[first..];
                Some((first, first + rest.iter().position(|byte| !is_in(*byte)).unwrap_or(rest.len())))
            }
            Self::None => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Letter(Class),
    Split { first: usize, second: usize },
    Jump(usize),
    Save(usize),
    Start,
    End,
    WordEdge,
    Match,
}

#[derive(Debug, Clone, PartialEq)]
struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Class {
    fn one(letter: char) -> Self {
        Self { ranges: vec![(letter, letter)], negated: false }
    }

    fn has(&self, letter: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != self.negated
    }
}

#[derive(Debug, Clone)]
enum Tree {
    Empty,
    Letter(Class),
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
    Repeat { of: Box<Tree>, least: u32, most: Option<u32>, lazy: bool },
    Group(usize, Box<Tree>),
    Start,
    End,
    WordEdge,
}

/// Most steps of a compiled pattern.
const MOST_STEPS: usize = 4_000;
const MOST_REPEATS: u32 = 200;
const DEEPEST: usize = 30;

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let mut reader =
            Reader { letters: pattern.chars().collect(), at: 0, groups: 0, ignore_case, depth: 0 };
        let tree = reader.either()?;
        if reader.at < reader.letters.len() {
            return Err(format!(
                "`{}` at letter {} has no partner",
                reader.letters[reader.at],
                reader.at + 1
            ));
        }
        let mut program = vec![Step::Save(0)];
        emit(&tree, &mut program)?;
        program.push(Step::Save(1));
        program.push(Step::Match);
        Ok(Self { program, saves: 2 * (reader.groups + 1), fast: fast(&tree) })
    }

    /// The first match at or after byte `from`: the whole and the groups, each where it begins and ends.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<Vec<Option<(usize, usize)>>> {
        match &self.fast {
            Fast::None => self.machine(text, from),
            fast => Some(vec![Some(fast.find(text, from)?)]),
        }
    }

    /// Pike's machine: all ways through the pattern side by side, one letter after another.
    fn machine(&self, text: &str, from: usize) -> Option<Vec<Option<(usize, usize)>>> {
        let mut now = Threads::new(self.program.len());
        let mut next = Threads::new(self.program.len());
        let mut found: Option<Vec<Option<usize>>> = None;
        let mut at = from;
        loop {
            let letter = text[at..].chars().next();
            if found.is_none() {
                self.follow(&mut now, 0, vec![None; self.saves], text, at);
            }
            if now.list.is_empty() && found.is_some() {
                break;
            }
            for (step, saves) in std::mem::take(&mut now.list) {
                match (&self.program[step], letter) {
                    (Step::Match, _) => {
                        found = Some(saves);
                        break;
                    }
                    (Step::Letter(class), Some(letter)) if class.has(letter) => {
                        self.follow(&mut next, step + 1, saves, text, at + letter.len_utf8());
                    }
                    _ => {}
                }
            }
            now.clear();
            std::mem::swap(&mut now, &mut next);
            let Some(letter) = letter else { break };
            at += letter.len_utf8();
            if found.is_some() && now.list.is_empty() {
                break;
            }
        }
        found.map(|saves| saves.chunks(2).map(|pair| pair[0].zip(pair[1])).collect())
    }

    fn follow(
        &self,
        threads: &mut Threads,
        step: usize,
        mut saves: Vec<Option<usize>>,
        text: &str,
        at: usize,
    ) {
        if std::mem::replace(&mut threads.seen[step], true) {
            return;
        }
        match &self.program[step] {
            Step::Jump(to) => self.follow(threads, *to, saves, text, at),
            Step::Split { first, second } => {
                self.follow(threads, *first, saves.clone(), text, at);
                self.follow(threads, *second, saves, text, at);
            }
            Step::Save(slot) => {
                saves[*slot] = Some(at);
                self.follow(threads, step + 1, saves, text, at);
            }
            Step::Start if at == 0 => self.follow(threads, step + 1, saves, text, at),
            Step::End if at == text.len() => self.follow(threads, step + 1, saves, text, at),
            Step::WordEdge if word_edge(text, at) => self.follow(threads, step + 1, saves, text, at),
            Step::Start | Step::End | Step::WordEdge => {}
            Step::Letter(_) | Step::Match => threads.list.push((step, saves)),
        }
    }

    /// Writes `text` with the first match, or all, replaced; `\1` stands for the first group. False, and nothing
    /// written, when there is no match.
    pub(crate) fn replace(&self, text: &str, by: &str, all: bool, out: &mut String) -> bool {
        if matches!(self.fast, Fast::None) || by.contains('\\') {
            return self.replace_groups(text, by, all, out);
        }
        let (mut at, mut any) = (0, false);
        while let Some((start, end)) = self.fast.find(text, at) {
            out.push_str(&text[at..start]);
            out.push_str(by);
            (at, any) = (end, true);
            if !all {
                break;
            }
        }
        if any {
            out.push_str(&text[at..]);
        }
        any
    }

    fn replace_groups(&self, text: &str, by: &str, all: bool, out: &mut String) -> bool {
        let (mut at, mut any) = (0, false);
        while let Some(groups) = self.find(text, at) {
            let Some((start, end)) = groups[0] else { break };
            out.push_str(&text[at..start]);
            substitute(by, text, &groups, out);
            (at, any) = (end, true);
            if !all {
                break;
            }
            if start == end {
                let Some(letter) = text[at..].chars().next() else { break };
                out.push(letter);
                at += letter.len_utf8();
            }
        }
        if any {
            out.push_str(text.get(at..).unwrap_or_default());
        }
        any
    }
}

fn substitute(by: &str, text: &str, groups: &[Option<(usize, usize)>], out: &mut String) {
    let mut letters = by.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = groups.get(digit as usize - '0' as usize).copied().flatten();
                out.push_str(group.map_or("", |(start, end)| &text[start..end]));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
}

fn word_edge(text: &str, at: usize) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|l| l.is_ascii_alphanumeric() || l == '_');
    is_word(text[..at].chars().next_back()) != is_word(text[at..].chars().next())
}

struct Threads {
    list: Vec<(usize, Vec<Option<usize>>)>,
    seen: Vec<bool>,
}

impl Threads {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; steps] }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
    }
}

fn emit(tree: &Tree, program: &mut Vec<Step>) -> Result<(), String> {
    if program.len() > MOST_STEPS {
        return Err("the pattern is too large".into());
    }
    match tree {
        Tree::Empty => {}
        Tree::Letter(class) => program.push(Step::Letter(class.clone())),
        Tree::Start => program.push(Step::Start),
        Tree::End => program.push(Step::End),
        Tree::WordEdge => program.push(Step::WordEdge),
        Tree::Sequence(parts) => parts.iter().try_for_each(|part| emit(part, program))?,
        Tree::Group(number, inner) => {
            program.push(Step::Save(2 * number));
            emit(inner, program)?;
            program.push(Step::Save(2 * number + 1));
        }
        Tree::Either(parts) => {
            let mut ends = Vec::new();
            for (index, part) in parts.iter().enumerate() {
                if index + 1 == parts.len() {
                    emit(part, program)?;
                    break;
                }
                let split = program.len();
                program.push(Step::Match);
                emit(part, program)?;
                ends.push(program.len());
                program.push(Step::Match);
                program[split] = Step::Split { first: split + 1, second: program.len() };
            }
            let end = program.len();
            for jump in ends {
                program[jump] = Step::Jump(end);
            }
        }
        Tree::Repeat { of, least, most, lazy } => repeat(of, *least, *most, *lazy, program)?,
    }
    Ok(())
}

fn repeat(
    of: &Tree,
    least: u32,
    most: Option<u32>,
    lazy: bool,
    program: &mut Vec<Step>,
) -> Result<(), String> {
    let either = |go: usize, leave: usize| {
        if lazy { Step::Split { first: leave, second: go } } else { Step::Split { first: go, second: leave } }
    };
    for _ in 0..least {
        emit(of, program)?;
    }
    match most {
        None => {
            let split = program.len();
            program.push(Step::Match);
            emit(of, program)?;
            program.push(Step::Jump(split));
            program[split] = either(split + 1, program.len());
        }
        Some(most) => {
            let mut splits = Vec::new();
            for _ in least..most {
                splits.push(program.len());
                program.push(Step::Match);
                emit(of, program)?;
            }
            let end = program.len();
            for split in splits {
                program[split] = either(split + 1, end);
            }
        }
    }
    Ok(())
}

/// The plain texts that a tree can be, in the order in which they are tried; nothing when there are others.
fn words(tree: &Tree) -> Option<Vec<String>> {
    const MOST_WORDS: usize = 64;
    let words = match tree {
        Tree::Empty => vec![String::new()],
        Tree::Letter(class) => match class.ranges.as_slice() {
            [(low, high)] if low == high && !class.negated => vec![low.to_string()],
            _ => return None,
        },
        Tree::Group(_, inner) => words(inner)?,
        Tree::Either(parts) => parts.iter().map(words).collect::<Option<Vec<_>>>()?.concat(),
        Tree::Sequence(parts) => {
            let mut all = vec![String::new()];
            for part in parts {
                let next = words(part)?;
                all = all
                    .iter()
                    .flat_map(|head| next.iter().map(move |tail| format!("{head}{tail}")))
                    .collect();
                if all.len() > MOST_WORDS {
                    return None;
                }
            }
            all
        }
        Tree::Repeat { .. } | Tree::Start | Tree::End | Tree::WordEdge => return None,
    };
    (words.len() <= MOST_WORDS).then_some(words)
}

fn fast(tree: &Tree) -> Fast {
    if let Tree::Repeat { of, least: 1, most: None, lazy: false } = tree
        && let Tree::Letter(class) = &**of
    {
        let others = class.has('\u{80}');
        let uniform = class.ranges.iter().all(|(_, high)| high.is_ascii());
        if uniform {
            let mut ascii = Box::new([false; 128]);
            for (byte, cell) in ascii.iter_mut().enumerate() {
                *cell = class.has(byte as u8 as char);
            }
            return Fast::Run { ascii, others };
        }
    }
    let Tree::Sequence(parts) = tree else { return Fast::None };
    let start = matches!(parts.first(), Some(Tree::Start));
    let end = parts.len() > 1 && matches!(parts.last(), Some(Tree::End));
    let inner = &parts[usize::from(start)..parts.len() - usize::from(end)];
    if !(start || end) {
        return Fast::None;
    }
    match words(&Tree::Sequence(inner.to_vec())) {
        // Groups can only be asked for by number; the machine knows them.
        Some(words) if words.iter().all(|word| !word.is_empty()) => {
            let mut edge = [false; 256];
            for word in words.iter().map(String::as_bytes) {
                edge[usize::from(if start { word[0] } else { word[word.len() - 1] })] = true;
            }
            Fast::Words { words, start, end, edge }
        }
        _ => Fast::None,
    }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    groups: usize,
    ignore_case: bool,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Tree, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the pattern is nested too deeply".into());
        }
        let mut parts = vec![self.sequence()?];
        while self.take('|') {
            parts.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Tree::Either(parts) })
    }

    fn sequence(&mut self) -> Result<Tree, String> {
        let mut parts = Vec::new();
        while let Some(letter) = self.peek() {
            if matches!(letter, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            parts.push(self.quantified(atom)?);
        }
        Ok(match parts.len() {
            0 => Tree::Empty,
            1 => parts.remove(0),
            _ => Tree::Sequence(parts),
        })
    }

    fn quantified(&mut self, of: Tree) -> Result<Tree, String> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(of),
            _ => return Ok(of),
        };
        self.at += 1;
        let lazy = self.take('?');
        Ok(Tree::Repeat { of: Box::new(of), least, most, lazy })
    }

    fn counted(&mut self, of: Tree) -> Result<Tree, String> {
        let open = self.at;
        self.at += 1;
        let least = self.number();
        let most = if self.take(',') { self.number().map(Some).or(Some(None)) } else { least.map(Some) };
        let (Some(least), Some(most), true) = (least, most, self.take('}')) else {
            return Err(format!("a count such as {{2,4}} was expected at letter {}", open + 1));
        };
        if least > MOST_REPEATS || most.is_some_and(|most| most > MOST_REPEATS || most < least) {
            return Err(format!("a count of at most {MOST_REPEATS} was expected at letter {}", open + 1));
        }
        let lazy = self.take('?');
        Ok(Tree::Repeat { of: Box::new(of), least, most, lazy })
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|letter| letter.is_ascii_digit()) {
            self.at += 1;
        }
        self.letters[start..self.at].iter().collect::<String>().parse().ok()
    }

    fn atom(&mut self) -> Result<Tree, String> {
        let place = self.at + 1;
        let Some(letter) = self.peek() else { return Ok(Tree::Empty) };
        self.at += 1;
        Ok(match letter {
            '^' => Tree::Start,
            '$' => Tree::End,
            '.' => Tree::Letter(Class { ranges: vec![('\n', '\n')], negated: true }),
            '[' => Tree::Letter(self.class()?),
            '(' => {
                let captures = !self.take('?');
                if !captures && !self.take(':') {
                    return Err(format!("only (...) and (?:...) are known, at letter {place}"));
                }
                if captures {
                    self.groups += 1;
                }
                let number = self.groups;
                let inner = self.either()?;
                if !self.take(')') {
                    return Err(format!("the bracket at letter {place} is not closed"));
                }
                if captures { Tree::Group(number, Box::new(inner)) } else { inner }
            }
            '\\' => {
                let Some(escaped) = self.peek() else { return Err("`\\` at the end".into()) };
                self.at += 1;
                match escaped {
                    'b' => Tree::WordEdge,
                    _ => Tree::Letter(Self::escaped(escaped)?),
                }
            }
            '*' | '+' | '?' => return Err(format!("nothing to repeat at letter {place}")),
            other => Tree::Letter(self.cased(Class::one(other))),
        })
    }

    fn escaped(letter: char) -> Result<Class, String> {
        let class = |ranges: &[(char, char)], negated| Ok(Class { ranges: ranges.to_vec(), negated });
        match letter {
            'd' | 'D' => class(&[('0', '9')], letter == 'D'),
            'w' | 'W' => class(&[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')], letter == 'W'),
            's' | 'S' => class(
                &[(' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r'), ('\u{c}', '\u{c}')],
                letter == 'S',
            ),
            'n' => Ok(Class::one('\n')),
            't' => Ok(Class::one('\t')),
            'r' => Ok(Class::one('\r')),
            other if !other.is_alphanumeric() => Ok(Class::one(other)),
            other => Err(format!("`\\{other}` is not known")),
        }
    }

    fn class(&mut self) -> Result<Class, String> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let Some(letter) = self.peek() else { return Err("a class `[` is not closed".into()) };
            self.at += 1;
            if letter == ']' && !first {
                break;
            }
            first = false;
            let low = if letter == '\\' {
                let Some(escaped) = self.peek() else { return Err("`\\` at the end".into()) };
                self.at += 1;
                let class = Self::escaped(escaped)?;
                if class.negated {
                    return Err(format!("`\\{escaped}` within a class is not known"));
                }
                if class.ranges.len() > 1 || class.ranges[0].0 != class.ranges[0].1 {
                    ranges.extend(class.ranges);
                    continue;
                }
                class.ranges[0].0
            } else {
                letter
            };
            let range = self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|l| *l != ']');
            if range {
                let high = self.letters[self.at + 1];
                self.at += 2;
                if high < low || high == '\\' {
                    return Err(format!("the range {low}-{high} is empty or not known"));
                }
                ranges.push((low, high));
            } else {
                ranges.push((low, low));
            }
        }
        Ok(self.cased(Class { ranges, negated }))
    }

    /// The class in capital and small letters when case does not matter.
    fn cased(&self, mut class: Class) -> Class {
        if self.ignore_case {
            for (low, high) in class.ranges.clone() {
                for (from, to, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
                    let (first, last) = (low.max(from), high.min(to));
                    if first <= last {
                        let shifted = |letter: char| (other as u8 + (letter as u8 - from as u8)) as char;
                        class.ranges.push((shifted(first), shifted(last)));
                    }
                }
            }
        }
        class
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, text: &str, by: &str, all: bool) -> String {
        let mut out = String::new();
        let any = Regex::new(pattern, false).unwrap().replace(text, by, all, &mut out);
        if any { out } else { text.to_owned() }
    }

    #[test]
    fn patterns_mean_what_re2_says() {
        for (pattern, text, by, all, wanted) in [
            ("[^A-Z ]+", "A.B  C-D1", "", true, "AB  CD"),
            (" +", "A   B  C", " ", true, "A B C"),
            ("^(HJ|H|DRS) ", "HJ SITI", "", false, "SITI"),
            (" (S PD|SE|PD)$", "BUDI S PD", "", false, "BUDI"),
            ("^KAB\\. ", "KAB. BOGOR", "", false, "BOGOR"),
            ("a|ab", "xab", "-", false, "x-b"),
            ("(a+)(b*)", "caabd", "<\\2\\1>", false, "c<baa>d"),
            ("x*", "abc", "-", true, "-a-b-c-"),
            ("a{2,3}?", "aaaa", "-", true, "--"),
            ("\\bB", "AB B", "x", true, "AB x"),
            ("é+", "caféé", "e", true, "cafe"),
            ("(?:^|,)(\\d+)", "1,22,333", "[\\1]", true, "[1][22][333]"),
        ] {
            assert_eq!(replaced(pattern, text, by, all), wanted, "{pattern}");
        }
        for bad in ["(", "[a", "*a", "\\q", "a{3,1}", ")"] {
            assert!(Regex::new(bad, false).is_err(), "{bad}");
        }
    }
}
