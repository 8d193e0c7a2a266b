//! What this system has for Vulkan: the loader, the drivers that it is told of, and variables that hide one.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::gpu::adapter::{HIDING, HOW_TO_GET_ONE};

/// Variables that choose or hide adapters.
const VARIABLES: [&str; 10] = [
    "WGPU_BACKEND",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "VK_ADD_DRIVER_FILES",
    "VK_LOADER_DRIVERS_SELECT",
    "VK_LOADER_DRIVERS_DISABLE",
    "VK_LOADER_DEVICE_SELECT",
    "MESA_VK_DEVICE_SELECT",
    "DRI_PRIME",
    "LP_NUM_THREADS",
];
/// Those that name driver files in place of the usual folders; the first that is set counts.
const INSTEAD: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
/// Name of the loader on Linux.
const LOADER: &str = "libvulkan.so.1";
/// Where Linux keeps libraries, besides the folders of `LD_LIBRARY_PATH`.
const LIBRARIES: [&str; 7] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib64",
    "/lib",
    "/usr/local/lib",
];
/// What NVIDIA's kernel module shows of itself.
const NVIDIA: &str = "/proc/driver/nvidia/version";
/// The device of the first GPU whose driver is in Linux.
const RENDER: &str = "/dev/dri/renderD128";
/// Bytes of a driver file at most.
const MANIFEST_LIMIT: u64 = 1 << 16;

/// What was found; empty but for the variables on systems other than Linux.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Drivers {
    /// Variables of the environment that choose or hide adapters.
    pub variables: Vec<(String, String)>,
    /// Where the Vulkan loader is.
    pub loader: Option<PathBuf>,
    /// The driver files that the loader reads.
    pub files: Vec<DriverFile>,
}

/// A driver file, as `/usr/share/vulkan/icd.d/lvp_icd.json`.
#[derive(Debug, Clone, Serialize)]
pub struct DriverFile {
    pub path: PathBuf,
    pub library: Option<String>,
    pub api_version: Option<String>,
    /// Why it brings no adapter.
    pub fault: Option<String>,
}

/// The part of a driver file that is read.
#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "ICD")]
    icd: Icd,
}

#[derive(Deserialize)]
struct Icd {
    library_path: String,
    api_version: Option<String>,
}

impl Drivers {
    /// Looks around.
    pub fn find() -> Drivers {
        let variables = VARIABLES.iter().filter_map(|&name| Some((name.into(), variable(name)?)));
        let mut drivers = Drivers { variables: variables.collect(), ..Drivers::default() };
        if env::consts::OS == "linux" {
            drivers.loader = library(LOADER);
            drivers.files = files().into_iter().map(DriverFile::read).collect();
        }
        drivers
    }

    /// Returns what to do about a GPU that the system knows and Vulkan does not; to be asked where no GPU was found.
    pub fn unseen_gpu(&self) -> Option<String> {
        let has_driver = |name: &str| {
            let is_of = |file: &DriverFile| file.path.to_string_lossy().contains(name);
            self.files.iter().any(|file| file.fault.is_none() && is_of(file))
        };
        if Path::new(NVIDIA).exists() && !has_driver("nvidia") {
            return Some(
                "an NVIDIA GPU is here without a Vulkan driver: install that of the same version (libnvidia-gl \
                 on Debian and Ubuntu), or start the container with NVIDIA_DRIVER_CAPABILITIES=all"
                    .into(),
            );
        }
        match fs::OpenOptions::new().read(true).write(true).open(RENDER) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(format!(
                "{RENDER} is not yours to open: join its group (sudo usermod -aG render $USER, then log in again)"
            )),
            _ => None,
        }
    }

    /// Returns what to do where there is no adapter, or another one than was hoped for.
    pub fn remedy(&self) -> String {
        let is_hiding = |(name, _): &&(String, String)| HIDING.contains(&name.as_str());
        let broken = self.files.iter().find_map(|file| Some((file, file.fault.as_ref()?)));
        if let Some((name, value)) = self.variables.iter().find(is_hiding) {
            return format!(
                "{name}={value} may hide adapters: try again without it (unset {name})"
            );
        }
        match (&self.loader, broken) {
            (None, _) if env::consts::OS == "linux" => format!(
                "there is no {LOADER}: install the Vulkan loader (libvulkan1 on Debian and Ubuntu); \
                 {HOW_TO_GET_ONE}"
            ),
            (_, Some((file, fault))) => format!(
                "{}: {fault}: install that driver again, or {HOW_TO_GET_ONE}",
                file.path.display()
            ),
            _ => HOW_TO_GET_ONE.to_string(),
        }
    }
}

impl DriverFile {
    fn read(path: PathBuf) -> DriverFile {
        let (library, api_version, fault) = match manifest(&path) {
            Err(fault) => (None, None, Some(fault)),
            Ok(Icd { library_path, api_version }) => {
                let beside = path.with_file_name(&library_path);
                let is_there = match library_path.contains('/') {
                    true => beside.exists(),
                    false => self::library(&library_path).is_some(),
                };
                let fault = (!is_there).then(|| format!("its library {library_path} is not there"));
                (Some(library_path), api_version, fault)
            }
        };
        DriverFile { path, library, api_version, fault }
    }
}

/// Reads a driver file; the error says what is wrong with it.
fn manifest(path: &Path) -> Result<Icd, String> {
    let text = disk::read(path, MANIFEST_LIMIT).map_err(|error| error.to_string())?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| format!("is no driver file: {error}"))?;
    Ok(manifest.icd)
}

fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where a library is, as far as the usual folders tell.
fn library(name: &str) -> Option<PathBuf> {
    let own = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let own: Vec<PathBuf> = env::split_paths(&own).collect();
    let usual = LIBRARIES.iter().map(PathBuf::from);
    own.into_iter().chain(usual).map(|folder| folder.join(name)).find(|path| path.exists())
}

/// The driver files that the loader reads: those of a variable, else all of its folders.
fn files() -> Vec<PathBuf> {
    if let Some(value) = INSTEAD.iter().find_map(env::var_os) {
        return env::split_paths(&value).flat_map(|path| inside(&path)).collect();
    }
    let home = env::home_dir().unwrap_or_default();
    let list = |name: &str, usual: &str| -> Vec<PathBuf> {
        let value = env::var_os(name).filter(|value| !value.is_empty());
        env::split_paths(&value.unwrap_or_else(|| usual.into())).collect()
    };
    let one = |name: &str, usual: &str| -> PathBuf {
        env::var_os(name).map_or_else(|| home.join(usual), PathBuf::from)
    };
    let mut folders = vec![one("XDG_CONFIG_HOME", ".config")];
    folders.extend(list("XDG_CONFIG_DIRS", "/etc/xdg"));
    folders.push("/etc".into());
    folders.push(one("XDG_DATA_HOME", ".local/share"));
    folders.extend(list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"));
    let mut files: Vec<PathBuf> =
        folders.iter().flat_map(|folder| inside(&folder.join("vulkan/icd.d"))).collect();
    let extra = env::var_os("VK_ADD_DRIVER_FILES").unwrap_or_default();
    files.extend(env::split_paths(&extra).flat_map(|path| inside(&path)));
    files
}

/// The driver files of a folder in their order; a path that is no folder stands for itself.
fn inside(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        let is_named = path.extension().is_some_and(|ending| ending == "json");
        return if is_named { vec![path.to_path_buf()] } else { Vec::new() };
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    files
}
