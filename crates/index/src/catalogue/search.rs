//! Search by parts of text. Chinese has no spaces between words, so a word is found anywhere;
//! words divided by spaces must all be found.

use super::{Item, Package};

/// The text of an item that can be searched.
#[derive(Debug)]
pub struct Text {
    /// Name, package titles, code, slug.
    names: Vec<String>,
    /// Department and group.
    places: Vec<String>,
}

impl Text {
    pub fn of(item: &Item, package: Option<&Package>) -> Self {
        let mut names = vec![fold(&item.name), fold(&item.item_code)];
        if let Some(package) = package {
            names.push(fold(&package.slug));
            names.extend(package.title.values().map(|title| fold(title)));
        }
        let places = std::iter::once(&item.department)
            .chain(&item.group)
            .map(|place| fold(place))
            .collect();
        Self { names, places }
    }
}

/// The words looked for.
#[derive(Debug)]
pub struct Query {
    whole: String,
    words: Vec<String>,
}

const EXACT: u32 = 0;
const PREFIX: u32 = 1;
const WORD: u32 = 2;
const PART: u32 = 3;
const PLACE: u32 = 4;

impl Query {
    pub fn new(text: &str) -> Self {
        let whole = fold(text);
        let words = whole.split_whitespace().map(str::to_owned).collect();
        Self {
            whole: whole.trim().to_owned(),
            words,
        }
    }

    /// How well the text fits, smaller is better; `None` when a word is missing.
    pub fn rank(&self, text: &Text) -> Option<u32> {
        let sum = self
            .words
            .iter()
            .map(|word| rank(word, text))
            .sum::<Option<u32>>()?;
        Some(rank(&self.whole, text).map_or(sum, |whole| whole.min(sum)))
    }
}

fn rank(word: &str, text: &Text) -> Option<u32> {
    let name = text.names.iter().filter_map(|name| rank_in(word, name)).min();
    name.or_else(|| {
        text.places
            .iter()
            .any(|place| place.contains(word))
            .then_some(PLACE)
    })
}

fn rank_in(word: &str, name: &str) -> Option<u32> {
    if name == word {
        return Some(EXACT);
    }
    if name.starts_with(word) {
        return Some(PREFIX);
    }
    let starts_word = |at: usize| name[..at].chars().next_back().is_some_and(|before| before == ' ');
    let mut found = None;
    for (at, _) in name.match_indices(word) {
        found = Some(PART);
        if starts_word(at) {
            return Some(WORD);
        }
    }
    found
}

/// Lower case, full-width forms as ASCII, runs of spaces as one.
fn fold(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c if c.is_whitespace() => ' ',
        c => c,
    };
    let lower: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use zhengtong_services::TaskType;

    use super::*;

    fn text(name: &str, department: &str) -> Text {
        let item = Item {
            item_code: "511Z07001006-1".into(),
            name: name.into(),
            department: department.into(),
            group: None,
            area_code: "511602000000".into(),
            dept_code: "1".into(),
            task_type: TaskType::Licence,
        };
        Text::of(&item, None)
    }

    #[test]
    fn exact_before_prefix_before_part_before_department() {
        let rank = |name| Query::new("老年人补贴").rank(&text(name, "区民政局"));
        assert_eq!(rank("老年人补贴"), Some(EXACT));
        assert_eq!(rank("老年人补贴（县级）"), Some(PREFIX));
        assert_eq!(rank("高龄老年人补贴"), Some(PART));
        assert_eq!(rank("养犬登记"), None);
        assert_eq!(
            Query::new("民政").rank(&text("养犬登记", "区民政局")),
            Some(PLACE)
        );
    }

    #[test]
    fn every_word_must_be_found() {
        let item = text("老年人福利补贴", "区民政局");
        assert!(Query::new("补贴 老年人").rank(&item).is_some());
        assert!(Query::new("补贴\u{3000}民政").rank(&item).is_some());
        assert_eq!(Query::new("补贴 残疾").rank(&item), None);
    }

    #[test]
    fn width_and_case_do_not_matter() {
        assert!(Query::new("(县级)").rank(&text("备案（县级）", "x")).is_some());
        assert!(Query::new("ｚ07").rank(&text("备案", "x")).is_some());
    }

    #[test]
    fn only_spaces_find_everything() {
        assert!(Query::new("  ").rank(&text("备案", "x")).is_some());
    }
}
