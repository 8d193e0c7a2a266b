//! What can be told about an adapter, without any type of wgpu.

use serde_json::{Value, json};
use wgpu::{Adapter, DeviceType, Features, Limits};

use super::adapter;
use super::probe::Health;
use crate::error::Result;
use crate::plan::Profile;

/// An adapter in words and numbers.
#[derive(Debug, Clone)]
pub struct Facts {
    pub name: String,
    /// GPU or software, for a person.
    pub kind: &'static str,
    /// Whether it computes on the CPU.
    pub software: bool,
    /// `Vulkan`, `Metal` or `Dx12`.
    pub backend: String,
    pub driver: String,
    /// Mostly its version.
    pub driver_info: String,
    /// PCI numbers of vendor and device, or what the backend has in their place.
    pub ids: [u32; 2],
    /// How kernels are launched on it unless `--profile` says otherwise.
    pub profile: Profile,
    /// Storage buffers that one kernel may have.
    pub storage_buffers: u32,
    /// Bytes.
    pub storage_binding: u64,
    /// Bytes.
    pub uniform_binding: u64,
    /// Bytes.
    pub buffer: u64,
    /// Invocations in a workgroup.
    pub invocations: u32,
    /// Workgroups in one dimension of a dispatch.
    pub workgroups: u32,
    /// Bytes of workgroup memory.
    pub workgroup_memory: u32,
    /// Least and most invocations that run in lockstep, as far as the driver says.
    pub subgroup: [u32; 2],
    /// Whether it allows WebGPU's default limits, which is what this program asks for.
    pub suffices: bool,
    /// Whether it can say when a kernel began and ended.
    pub timestamps: bool,
    /// What its self-test showed, or why it failed.
    pub health: Result<Health, String>,
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
            profile: adapter::profile(&info),
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            storage_binding: limits.max_storage_buffer_binding_size,
            uniform_binding: limits.max_uniform_buffer_binding_size,
            buffer: limits.max_buffer_size,
            invocations: limits.max_compute_invocations_per_workgroup,
            workgroups: limits.max_compute_workgroups_per_dimension,
            workgroup_memory: limits.max_compute_workgroup_storage_size,
            subgroup: [info.subgroup_min_size, info.subgroup_max_size],
            ids: [info.vendor, info.device],
            suffices: Limits::default().check_limits(&limits),
            timestamps: adapter.features().contains(Features::TIMESTAMP_QUERY),
            health: health.map_err(|error| error.to_string()),
            name: info.name,
            driver: info.driver,
            driver_info: info.driver_info,
        }
    }

    /// For a program.
    pub fn json(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.kind,
            "software": self.software,
            "backend": self.backend,
            "driver": self.driver,
            "driver_info": self.driver_info,
            "vendor_id": self.ids[0],
            "device_id": self.ids[1],
            "profile": self.profile.name,
            "limits": {
                "storage_buffers_per_kernel": self.storage_buffers,
                "storage_binding_bytes": self.storage_binding,
                "uniform_binding_bytes": self.uniform_binding,
                "buffer_bytes": self.buffer,
                "invocations_per_workgroup": self.invocations,
                "workgroups_per_dimension": self.workgroups,
                "workgroup_memory_bytes": self.workgroup_memory,
                "subgroup_least": self.subgroup[0],
                "subgroup_most": self.subgroup[1],
                "suffice": self.suffices,
            },
            "timestamps": self.timestamps,
            "iterations": self.health.as_ref().ok().map(|health| health.loops),
            "self_test": {
                "passed": self.health.is_ok(),
                "fault": self.health.as_ref().err(),
            },
        })
    }
}
