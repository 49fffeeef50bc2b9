//! Search by parts of text. Chinese has no spaces between words, so a word is found anywhere;
//! words divided by spaces must all be found. What is found nowhere is looked for once more by its characters, since
//! people say 低保 for 最低生活保障 and 老人津贴 for 老年综合津贴.

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

/// How many times as long as the query the piece of a name may be in which all its characters are, in their order.
const STRETCH: usize = 2;
/// Of a query's characters, the least part that a name must have: three of five.
const ENOUGH: (usize, usize) = (3, 5);

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

    /// How nearly a name fits, smaller is better: has the query's characters in their order, as the long form of a short one
    /// does, or two that stand together and most of the others. `None` for queries that are not Chinese.
    pub fn nearness(&self, text: &Text) -> Option<u32> {
        let query: Vec<char> = self.whole.chars().filter(|c| *c != ' ').collect();
        let is_chinese = query.iter().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(c));
        if query.len() < 2 || !is_chinese {
            return None;
        }
        text.names
            .iter()
            .filter_map(|name| nearness_in(&query, &name.chars().collect::<Vec<_>>()))
            .min()
    }
}

fn nearness_in(query: &[char], name: &[char]) -> Option<u32> {
    if let Some(stretch) = stretch(query, name) {
        return Some(stretch as u32);
    }
    let mut rest = name.to_vec();
    let has = query.iter().filter(|c| {
        let at = rest.iter().position(|other| other == *c);
        at.map(|at| rest.swap_remove(at)).is_some()
    });
    let has = has.count();
    let side_by_side = query
        .windows(2)
        .any(|pair| name.windows(2).any(|other| other == pair));
    let (part, of) = ENOUGH;
    (side_by_side && has * of >= query.len() * part)
        .then(|| (STRETCH * query.len() + query.len() - has) as u32)
}

/// The length of the shortest piece of a name that has all these characters in their order, unless it is too long.
fn stretch(query: &[char], name: &[char]) -> Option<usize> {
    let (first, rest) = query.split_first()?;
    let begins = name.iter().enumerate().filter(|(_, c)| *c == first);
    let lengths = begins.filter_map(|(begin, _)| {
        let mut end = begin;
        for wanted in rest {
            end += 1 + name[end + 1..].iter().position(|c| c == wanted)?;
        }
        Some(end - begin + 1)
    });
    lengths.min().filter(|length| *length <= STRETCH * query.len())
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
    fn what_people_say_is_near_to_what_it_is_called() {
        let near = |query: &str, name: &str| Query::new(query).nearness(&text(name, "x")).is_some();
        assert!(near("低保", "家庭经济困难儿童提供最低生活保障"));
        assert!(near("老人", "申领《四川省老年人优待证》"));
        assert!(near("老人津贴", "老年综合津贴"));
        assert!(near("老年人补贴", "老年综合津贴"));
        assert!(near("残疾补贴", "困难残疾人生活补贴"));
        assert!(near("残疾 补贴", "困难残疾人生活补贴"));
        assert!(!near("老人", "企业职工基本养老保险个人账户储存额一次性申领"));
        assert!(!near("残疾补贴", "高校毕业生社保补贴申领"));
        assert!(!near("养狗", "养犬登记"));
        assert!(!near("津", "老年综合津贴"));
        assert!(!near("allowance", "备案（allowances）"));
    }

    #[test]
    fn the_nearer_name_comes_first() {
        let near = |name| {
            Query::new("老人津贴")
                .nearness(&text(name, "x"))
                .expect("it is near")
        };
        assert!(near("老年人高龄津贴") < near("老年综合津贴"));
        assert!(near("老人节津贴") < near("老年人高龄津贴"));
    }

    #[test]
    fn only_spaces_find_everything() {
        assert!(Query::new("  ").rank(&text("备案", "x")).is_some());
    }
}
