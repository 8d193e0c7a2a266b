//! What classes are called.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::CLASS_COUNTS;
use crate::text::is_control;

/// Letters of a name at most.
const LONGEST: usize = 40;
/// What stands in place of a name where a network would rather not say.
const REFUSAL: &str = "?";

/// The names of classes, in the order of their numbers; without names they are called by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ClassNames(Vec<String>);

impl ClassNames {
    /// Classes that are called by their numbers.
    pub const NUMBERS: ClassNames = ClassNames(Vec::new());

    /// Checks names; those that are the numbers of the classes are none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(names: Vec<String>) -> Result<Self, String> {
        let (least, most) = CLASS_COUNTS.into_inner();
        if !CLASS_COUNTS.contains(&names.len()) {
            return Err(format!(
                "there are {} classes, but a network takes {least} to {most}",
                names.len()
            ));
        }
        for (class, name) in names.iter().enumerate() {
            let named = || format!("the name of class {class} is {name:?}");
            if !(1..=LONGEST).contains(&name.chars().count()) {
                return Err(format!("{}, but must have 1 to {LONGEST} letters", named()));
            }
            if let Some(letter) = name.chars().find(|&letter| is_control(letter)) {
                let number = u32::from(letter);
                return Err(format!("{}, which has the control character U+{number:04X}", named()));
            }
            if name == REFUSAL {
                return Err(format!("{}, which stands for an answer that is refused", named()));
            }
            if names[..class].contains(name) {
                return Err(format!("two classes are called {name:?}"));
            }
        }
        let numbered = names.iter().enumerate().all(|(class, name)| *name == class.to_string());
        Ok(if numbered { ClassNames::NUMBERS } else { ClassNames(names) })
    }

    /// Whether classes are called by their numbers.
    pub fn are_numbers(&self) -> bool {
        self.0.is_empty()
    }

    /// All names; of classes that are called by their numbers none.
    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// The name that a class was given, if it was.
    pub fn given(&self, class: usize) -> Option<&str> {
        self.0.get(class).map(String::as_str)
    }

    /// What a class is called.
    pub fn of(&self, class: usize) -> Cow<'_, str> {
        self.given(class).map_or_else(|| class.to_string().into(), Cow::from)
    }
}

impl TryFrom<Vec<String>> for ClassNames {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        ClassNames::new(names)
    }
}

impl From<ClassNames> for Vec<String> {
    fn from(names: ClassNames) -> Self {
        names.0
    }
}
