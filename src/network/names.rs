//! Choices of a few values, each of which has a word: on the command line, in files, in messages.

/// A choice of a few values.
pub trait Named: Copy + PartialEq + Send + Sync + 'static {
    /// Every value, its word, and what it means.
    const NAMES: &'static [(Self, &'static str, &'static str)];

    /// The word of a value.
    ///
    /// # Panics
    /// If the table has no row for it, which is a bug.
    fn name(self) -> &'static str {
        let row = Self::NAMES.iter().find(|(value, ..)| *value == self);
        row.expect("every value has a row").1
    }

    /// The value of a word.
    fn find(word: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name, _)| *name == word).map(|(value, ..)| *value)
    }
}

/// Makes an enum that is [`Named`]: each value is followed by its word; its comment is its meaning.
macro_rules! named {
    ($(#[$about:meta])* $seen:vis enum $choice:ident {
        $($(#[doc = $help:literal])+ $value:ident = $word:literal,)+
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $seen enum $choice {
            $($(#[doc = $help])+ #[serde(rename = $word)] $value,)+
        }

        impl $crate::network::Named for $choice {
            const NAMES: &'static [(Self, &'static str, &'static str)] =
                &[$(($choice::$value, $word, concat!($($help),+)),)+];
        }
    };
}

pub(crate) use named;
