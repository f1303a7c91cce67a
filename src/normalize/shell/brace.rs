//! Brace lists: `{curl,-s,x}`. Number and letter ranges are left as they are.

/// Most words one brace word becomes.
const MAX_WORDS: usize = 64;
/// Longest word that is expanded: each result is a copy of what surrounds the list.
const MAX_LEN: usize = 4096;

/// Expands the lists in `text`, whose unquoted braces and commas stand at `marks`. Nothing where there is no
/// list, or where `budget` does not allow it.
pub(super) fn expand(text: &str, marks: &[usize], budget: &mut usize) -> Option<Vec<String>> {
    if marks.len() < 3 || text.len() > MAX_LEN {
        return None;
    }
    let mut active = marks.iter().copied().peekable();
    let chars: Vec<(char, bool)> =
        text.char_indices().map(|(at, c)| (c, active.next_if_eq(&at).is_some())).collect();
    find(&chars)?;
    let mut done = Vec::new();
    let mut open = vec![chars];
    while let Some(item) = open.pop() {
        let Some(list) = find(&item) else {
            done.push(item.iter().map(|(c, _)| *c).collect());
            continue;
        };
        let made = list.items.len();
        let cost = item.len().saturating_mul(made);
        if made + open.len() + done.len() > MAX_WORDS || cost > *budget {
            done.push(item.iter().map(|(c, _)| *c).collect());
            continue;
        }
        *budget -= cost;
        for (start, end) in list.items.into_iter().rev() {
            let mut next = item.get(..list.open)?.to_vec();
            next.extend_from_slice(item.get(start..end)?);
            next.extend_from_slice(item.get(list.close + 1..)?);
            open.push(next);
        }
    }
    Some(done)
}

struct List {
    open: usize,
    close: usize,
    items: Vec<(usize, usize)>,
}

/// The first complete list with a comma of its own.
fn find(chars: &[(char, bool)]) -> Option<List> {
    struct Level {
        open: usize,
        commas: Vec<usize>,
    }
    let mut best: Option<List> = None;
    let mut levels: Vec<Level> = Vec::new();
    for (at, (c, active)) in chars.iter().enumerate() {
        match (c, active) {
            ('{', true) => levels.push(Level { open: at, commas: Vec::new() }),
            (',', true) => {
                if let Some(level) = levels.last_mut() {
                    level.commas.push(at);
                }
            }
            ('}', true) => {
                let Some(level) = levels.pop() else { continue };
                if level.commas.is_empty() || best.as_ref().is_some_and(|b| b.open < level.open) {
                    continue;
                }
                let mut items = Vec::new();
                let mut start = level.open + 1;
                for end in level.commas.into_iter().chain([at]) {
                    items.push((start, end));
                    start = end + 1;
                }
                best = Some(List { open: level.open, close: at, items });
                if levels.is_empty() {
                    break;
                }
            }
            _ => {}
        }
    }
    best
}
