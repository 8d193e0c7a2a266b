//! What can be told about an adapter, without any type of wgpu.

use serde::Serialize;
use serde_json::{Value, json};
use wgpu::{Adapter, DeviceType, Features};

use super::adapter;
use super::probe::Health;
use crate::error::Result;

/// An adapter in words and numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    pub name: String,
    /// GPU or software, for a person.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether it computes on the CPU.
    pub software: bool,
    /// `Vulkan`, `Metal` or `Dx12`.
    pub backend: String,
    pub driver: String,
    /// Mostly its version.
    pub driver_info: String,
    /// The version of Vulkan that the driver offers.
    pub vulkan: Option<String>,
    /// PCI number of the vendor, or what the backend has in its place.
    pub vendor_id: u32,
    /// The same of the device.
    pub device_id: u32,
    /// How kernels are launched on it unless `--profile` says otherwise.
    pub profile: &'static str,
    pub limits: Limits,
    /// Whether it can say when a kernel began and ended.
    pub timestamps: bool,
    /// What its self-test showed, or why it failed.
    #[serde(skip)]
    pub health: Result<Health, String>,
}

/// Limits of an adapter.
#[derive(Debug, Clone, Serialize)]
pub struct Limits {
    pub storage_buffers_per_kernel: u32,
    pub storage_binding_bytes: u64,
    pub uniform_binding_bytes: u64,
    pub buffer_bytes: u64,
    pub invocations_per_workgroup: u32,
    /// Most workgroups in one dimension of a dispatch.
    pub workgroups_per_dimension: u32,
    pub workgroup_memory_bytes: u32,
    /// Least and most invocations that run in lockstep, as far as the driver says.
    pub subgroup_least: u32,
    pub subgroup_most: u32,
    /// Whether it allows WebGPU's default limits, which is what this program asks for.
    pub suffice: bool,
}

impl Limits {
    fn of(limits: &wgpu::Limits, [subgroup_least, subgroup_most]: [u32; 2]) -> Self {
        Limits {
            storage_buffers_per_kernel: limits.max_storage_buffers_per_shader_stage,
            storage_binding_bytes: limits.max_storage_buffer_binding_size,
            uniform_binding_bytes: limits.max_uniform_buffer_binding_size,
            buffer_bytes: limits.max_buffer_size,
            invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
            workgroup_memory_bytes: limits.max_compute_workgroup_storage_size,
            subgroup_least,
            subgroup_most,
            suffice: wgpu::Limits::default().check_limits(limits),
        }
    }
}

/// Reads one of the limits.
type Limit = fn(&Limits) -> u64;

/// The limits that this program needs, in words.
const NEEDED: [(&str, Limit); 7] = [
    ("storage buffers a kernel", |limits| limits.storage_buffers_per_kernel.into()),
    ("bytes of a storage binding", |limits| limits.storage_binding_bytes),
    ("bytes of a uniform binding", |limits| limits.uniform_binding_bytes),
    ("bytes of a buffer", |limits| limits.buffer_bytes),
    ("invocations of a workgroup", |limits| limits.invocations_per_workgroup.into()),
    ("workgroups in a dimension", |limits| limits.workgroups_per_dimension.into()),
    ("bytes of workgroup memory", |limits| limits.workgroup_memory_bytes.into()),
];

/// A limit that this program needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    pub name: &'static str,
    pub need: u64,
    pub have: u64,
}

impl Facts {
    /// Asks an adapter, of which `health` is what its self-test showed.
    pub fn of(adapter: &Adapter, health: Result<Health>) -> Self {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        Facts {
            kind: match info.device_type {
                DeviceType::DiscreteGpu => "discrete GPU",
                DeviceType::IntegratedGpu => "integrated GPU",
                DeviceType::VirtualGpu => "virtual GPU",
                DeviceType::Cpu => "software, on the CPU",
                DeviceType::Other => "unknown",
            },
            software: adapter::is_software(&info),
            backend: format!("{:?}", info.backend),
            profile: adapter::profile(&info).name,
            vulkan: adapter::vulkan_version(adapter),
            vendor_id: info.vendor,
            device_id: info.device,
            limits: Limits::of(&limits, [info.subgroup_min_size, info.subgroup_max_size]),
            timestamps: adapter.features().contains(Features::TIMESTAMP_QUERY),
            health: health.map_err(|error| error.to_string()),
            name: info.name,
            driver: info.driver,
            driver_info: info.driver_info,
        }
    }

    /// What this program needs of an adapter, beside what this one has.
    pub fn needs(&self) -> Vec<Need> {
        // It needs no subgroups.
        let needed = Limits::of(&wgpu::Limits::default(), [0, 0]);
        NEEDED.map(|(name, of)| Need { name, need: of(&needed), have: of(&self.limits) }).into()
    }

    /// Returns the facts as JSON.
    pub fn json(&self) -> Value {
        let mut json = json!(self);
        json["iterations"] = json!(self.health.as_ref().ok().map(|health| health.loops));
        json["self_test"] = json!({
            "passed": self.health.is_ok(),
            "fault": self.health.as_ref().err(),
        });
        json
    }
}
