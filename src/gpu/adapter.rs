//! Which adapters there are, and which one to take.

use wgpu::{Adapter, AdapterInfo, Backends, DeviceType, Instance, InstanceDescriptor};

use crate::error::{Error, Result};
use crate::plan::Profile;

/// What to do on a machine without a driver.
pub const HOW_TO_GET_ONE: &str = "install a Vulkan driver (on Debian and Ubuntu \
     `apt install mesa-vulkan-drivers` brings a software adapter), or compute with --device cpu";

/// Environment variables that can hide adapters.
pub const HIDING: [&str; 5] = [
    "WGPU_BACKEND",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "VK_LOADER_DRIVERS_SELECT",
    "VK_LOADER_DRIVERS_DISABLE",
];

/// The way out where there is no adapter: without the variable that may hide one, if it is set.
pub fn how_to_get_one() -> String {
    let set = HIDING.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    set.map_or(HOW_TO_GET_ONE.into(), |(name, value)| {
        format!("{name}={value} may hide adapters: unset {name}; else {HOW_TO_GET_ONE}")
    })
}

/// The graphics interfaces that are tried. GL is left out: its compute support is no match.
const BACKENDS: Backends = Backends::VULKAN.union(Backends::METAL).union(Backends::DX12);

/// Every adapter of this machine: GPUs first, software adapters last, else as the system lists them.
pub fn all() -> Vec<Adapter> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends &= BACKENDS;
    let instance = Instance::new(descriptor);
    let mut adapters = pollster::block_on(instance.enumerate_adapters(BACKENDS));
    adapters.retain(|adapter| adapter.limits().max_compute_invocations_per_workgroup > 0);
    adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    });
    adapters
}

/// The adapters that `name` stands for: an index into [`all`], or a part of the name, in any case.
///
/// # Errors
/// [`Error::Adapter`] if there are none at all, or none that matches; the message lists them.
pub fn find(name: Option<&str>) -> Result<Vec<Adapter>> {
    let adapters = all();
    if adapters.is_empty() {
        return Err(Error::Adapter(format!("no adapter was found: {}", how_to_get_one())));
    }
    let Some(name) = name else { return Ok(adapters) };
    let names: Vec<String> =
        adapters.iter().enumerate().map(|(i, a)| format!("{i}: {}", a.get_info().name)).collect();
    // Of a number that is no index, as in "RTX 4090", the name may be meant.
    let index = name.parse::<usize>().ok().filter(|&index| index < adapters.len());
    let wanted = name.to_lowercase();
    let matching: Vec<Adapter> = adapters
        .into_iter()
        .enumerate()
        .filter(|(i, adapter)| match index {
            Some(index) => *i == index,
            None => adapter.get_info().name.to_lowercase().contains(&wanted),
        })
        .map(|(_, adapter)| adapter)
        .collect();
    if matching.is_empty() {
        let names = names.join(", ");
        return Err(Error::Adapter(format!(
            "--adapter {name} matches none of the adapters here: {names}"
        )));
    }
    Ok(matching)
}

/// Whether the adapter computes on the CPU.
pub fn is_software(info: &AdapterInfo) -> bool {
    info.device_type == DeviceType::Cpu
}

/// The launch profile that suits an adapter.
pub fn profile(info: &AdapterInfo) -> Profile {
    if is_software(info) { Profile::software() } else { Profile::gpu() }
}

/// Whether a driver may keep the memory of a device in a file. Where the limit of a file's size forbids it, such a
/// driver ends the process by SIGBUS. Mesa 22 does without a file; Mesa 25 and SwiftShader were seen to make one, and
/// of others nothing is known.
pub fn keeps_memory_in_files(info: &AdapterInfo) -> bool {
    cfg!(target_os = "linux") && is_software(info) && !is_old_mesa(&info.driver_info)
}

/// Whether a driver's version is that of a Mesa up to 22.
fn is_old_mesa(driver_info: &str) -> bool {
    let version = driver_info.strip_prefix("Mesa ").and_then(|rest| rest.split('.').next());
    version.and_then(|version| version.parse().ok()).is_some_and(|version: u32| version <= 22)
}

/// Name, interface, driver and its version, for a person.
pub fn describe(info: &AdapterInfo) -> String {
    let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
    format!("{} ({:?}, {})", info.name, info.backend, driver.trim())
}

/// The version of Vulkan that the driver offers, as `1.3.230`; `None` for Metal and DX12.
pub fn vulkan_version(adapter: &Adapter) -> Option<String> {
    let version = packed_version(adapter)?;
    let (major, minor, patch) = (version >> 22 & 0x7f, version >> 12 & 0x3ff, version & 0xfff);
    Some(format!("{major}.{minor}.{patch}"))
}

/// The same as the API packs it: major, minor and patch in 7, 10 and 12 bits.
fn packed_version(adapter: &Adapter) -> Option<u32> {
    #[cfg(not(target_vendor = "apple"))]
    {
        // SAFETY: it is looked at, and nothing is destroyed.
        let adapter = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
        Some(adapter.physical_device_capabilities().properties().api_version)
    }
    #[cfg(target_vendor = "apple")]
    {
        let _ = adapter;
        None
    }
}

#[cfg(not(target_vendor = "apple"))]
const VULKAN_1_2: u32 = 1 << 22 | 2 << 12;

/// Whether wgpu can wait for the device. From Vulkan 1.2 on it calls vkGetSemaphoreCounterValue. The loader leaves that
/// function out if the driver's file says Vulkan 1.0, and a call would end the process.
pub fn can_wait(adapter: &Adapter, device: &wgpu::Device) -> bool {
    #[cfg(not(target_vendor = "apple"))]
    {
        if packed_version(adapter).is_none_or(|version| version < VULKAN_1_2) {
            return true;
        }
        // SAFETY: it is asked for the address of a function; nothing is called or destroyed.
        unsafe {
            let Some(device) = device.as_hal::<wgpu::hal::api::Vulkan>() else { return true };
            let instance = device.shared_instance().raw_instance();
            let name = c"vkGetSemaphoreCounterValue".as_ptr();
            instance.get_device_proc_addr(device.raw_device().handle(), name).is_some()
        }
    }
    #[cfg(target_vendor = "apple")]
    {
        let _ = (adapter, device);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::is_old_mesa;

    #[test]
    fn versions_of_mesa() {
        assert!(is_old_mesa("Mesa 22.3.6 (LLVM 15.0.6)"));
        for newer in
            ["Mesa 25.0.7 (LLVM 19.1.7)", "Mesa 26.1.0-devel (git-0)", "Mesa", "", "580.159.04"]
        {
            assert!(!is_old_mesa(newer), "{newer:?}");
        }
    }
}
