//! Which program this is: what `--version`, a run's record and a benchmark's record say of it.

use std::sync::LazyLock;

/// Version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, with `-dirty` if files had changed since; `unknown` outside a
/// checkout.
pub const COMMIT: &str = match option_env!("LENET_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// What was built in, as far as it differs between builds: the graphics interfaces of the system.
pub const FEATURES: &[&str] = if cfg!(windows) {
    &["vulkan", "dx12"]
} else if cfg!(target_vendor = "apple") {
    &["metal"]
} else {
    &["vulkan"]
};

/// Version and commit on one line: `0.1.0 (7a45933f1c)`.
pub fn line() -> String {
    format!("{VERSION} ({COMMIT})")
}

/// All that is known of the build: what `lenet --version` prints after the name.
pub fn long() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let unknown = "unknown";
        format!(
            "{VERSION}\ncommit    {COMMIT}\nbackends  {}\nwgpu      {}\ncompiler  {}",
            FEATURES.join(", "),
            option_env!("LENET_WGPU").unwrap_or(unknown),
            option_env!("LENET_RUSTC").unwrap_or(unknown),
        )
    });
    &TEXT
}
