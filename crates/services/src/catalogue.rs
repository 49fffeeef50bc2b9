use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Longest catalogue file in bytes.
pub const MAX_CATALOGUE_BYTES: usize = 8 * 1024 * 1024;
const MAX_ITEMS: usize = 20_000;
const MAX_CHARS: usize = 256;

/// All service items (政务服务事项) of one area, in the order published.
#[derive(Debug, Clone)]
pub struct Catalogue {
    items: Vec<CatalogueItem>,
    by_code: HashMap<String, usize>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueItem {
    /// Implementing body (实施主体).
    pub department: String,
    /// Group of items inside the department.
    pub group: Option<String>,
    /// Name of the item.
    pub name: String,
    /// Implementation code (实施编码), unique.
    pub item_code: String,
    /// Administrative area.
    pub area_code: String,
    /// Code of the implementing body, as published.
    pub dept_code: String,
    /// Kind of task.
    pub task_type: TaskType,
}

/// Kind of task, by its published number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[repr(u8)]
pub enum TaskType {
    /// 行政许可.
    Licence = 1,
    /// 行政给付.
    Benefit = 5,
    /// 行政确认.
    Confirmation = 7,
    /// 行政奖励.
    Award = 8,
    /// 行政裁决.
    Ruling = 9,
    /// 其他行政权力.
    OtherPower = 10,
    /// 公共服务.
    PublicService = 20,
}

/// A department and how many items it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// Its name.
    pub name: String,
    /// Number of its items.
    pub items: usize,
}

/// Why a catalogue is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Too many bytes.
    #[error("the catalogue has {actual} bytes, more than {MAX_CATALOGUE_BYTES}")]
    TooLong {
        /// Bytes given.
        actual: usize,
    },
    /// Not JSON, an unknown or missing key, or a value of the wrong type.
    #[error("catalogue {path}: {problem}")]
    Json {
        /// JSON path.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Too many items.
    #[error("the catalogue has {actual} items, more than {MAX_ITEMS}")]
    TooManyItems {
        /// Items given.
        actual: usize,
    },
    /// A field that is empty or too long.
    #[error("catalogue [{index}].{field}: must have 1 to {MAX_CHARS} characters")]
    Text {
        /// Index of the item.
        index: usize,
        /// Its field.
        field: &'static str,
    },
    /// The same code twice.
    #[error("catalogue [{index}].item_code: {item_code} appears twice")]
    Duplicate {
        /// Index of the second item.
        index: usize,
        /// The code.
        item_code: String,
    },
}

impl Catalogue {
    /// Reads a catalogue: a JSON list of items.
    ///
    /// # Errors
    /// [`CatalogueError`], naming the item.
    pub fn parse(json: &str) -> Result<Self, CatalogueError> {
        if json.len() > MAX_CATALOGUE_BYTES {
            return Err(CatalogueError::TooLong { actual: json.len() });
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let items: Vec<CatalogueItem> =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| CatalogueError::Json {
                path: error.path().to_string(),
                problem: error.inner().to_string(),
            })?;
        reader.end().map_err(|error| CatalogueError::Json {
            path: ".".to_owned(),
            problem: error.to_string(),
        })?;
        if items.len() > MAX_ITEMS {
            return Err(CatalogueError::TooManyItems { actual: items.len() });
        }
        let mut by_code = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            item.check(index)?;
            if by_code.insert(item.item_code.clone(), index).is_some() {
                return Err(CatalogueError::Duplicate {
                    index,
                    item_code: item.item_code.clone(),
                });
            }
        }
        Ok(Self { items, by_code })
    }

    /// All items in the order published.
    pub fn items(&self) -> &[CatalogueItem] {
        &self.items
    }

    /// The item of a code.
    pub fn get(&self, item_code: &str) -> Option<&CatalogueItem> {
        self.by_code.get(item_code).map(|&index| &self.items[index])
    }

    /// The departments in the order of their first items.
    pub fn departments(&self) -> Vec<Department> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut departments: Vec<Department> = Vec::new();
        for item in &self.items {
            let place = *places.entry(&item.department).or_insert_with(|| {
                departments.push(Department {
                    name: item.department.clone(),
                    items: 0,
                });
                departments.len() - 1
            });
            departments[place].items += 1;
        }
        departments
    }
}

impl CatalogueItem {
    fn check(&self, index: usize) -> Result<(), CatalogueError> {
        let fields = [
            ("department", Some(&self.department)),
            ("group", self.group.as_ref()),
            ("name", Some(&self.name)),
            ("item_code", Some(&self.item_code)),
            ("area_code", Some(&self.area_code)),
            ("dept_code", Some(&self.dept_code)),
        ];
        for (field, text) in fields {
            if text.is_some_and(|text| text.trim().is_empty() || text.chars().count() > MAX_CHARS) {
                return Err(CatalogueError::Text { index, field });
            }
        }
        Ok(())
    }
}

impl TryFrom<u8> for TaskType {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Ok(match number {
            1 => Self::Licence,
            5 => Self::Benefit,
            7 => Self::Confirmation,
            8 => Self::Award,
            9 => Self::Ruling,
            10 => Self::OtherPower,
            20 => Self::PublicService,
            _ => return Err(format!("{number} is not a kind of task")),
        })
    }
}

impl From<TaskType> for u8 {
    fn from(kind: TaskType) -> Self {
        kind as Self
    }
}
