//! The order in which the training digits come.

use crate::network::named;

named! {
    /// The order in which the training digits come.
    pub enum Shuffle {
        /// A new random order in every epoch.
        On = "on",
        /// One random order, the same in every epoch.
        Once = "once",
        /// As they are stored.
        Off = "off",
    }
}
