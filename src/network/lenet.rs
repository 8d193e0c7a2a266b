//! The networks of the program, each a file in `assets/networks`. Adding one is adding a file there and its
//! name to the list below.

use std::sync::LazyLock;

use super::table::Table;

macro_rules! files {
    ($($name:literal)+) => {
        [$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/networks/", $name, ".toml"))),+]
    };
}

static ALL: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let files = files!("lenet1" "lenet5" "lenet5-short" "lenet5-tutorial");
    let table = |text: &str| Table::parse(text).unwrap_or_else(|fault| panic!("{text}\n{fault}"));
    files.into_iter().map(table).collect()
});

/// Every network of the program.
pub fn all() -> &'static [Table] {
    &ALL
}

/// The network of that name.
pub fn find(name: &str) -> Option<&'static Table> {
    ALL.iter().find(|table| table.name == name)
}

/// LeNet-1, the smallest.
pub fn lenet1() -> &'static Table {
    find("lenet1").expect("a network of the program")
}

/// LeNet-5, the default.
pub fn lenet5() -> &'static Table {
    find("lenet5").expect("a network of the program")
}
