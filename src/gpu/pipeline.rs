//! From kernels and dispatches to pipelines and bind groups.

use std::cmp::Reverse;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, BufferBinding, BufferBindingType,
    BufferSize, ComputePipeline, ComputePipelineDescriptor, Device, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModule, ShaderModuleDescriptor, ShaderRuntimeChecks,
    ShaderSource, ShaderStages,
};

use super::llvmpipe;
use crate::plan::View;
use crate::plan::program::{BindingKind, Program, Shader};
use crate::threads;

/// Environment variable. If it is set, wgpu adds a counter to every loop that ends it where it would not end.
pub const CHECK_LOOPS: &str = "LENET_CHECK_LOOPS";

/// A bind group layout for bindings of these kinds.
pub fn layout(
    device: &Device,
    label: &str,
    kinds: impl Iterator<Item = BindingKind>,
) -> BindGroupLayout {
    let entry = |(number, kind): (usize, BindingKind)| BindGroupLayoutEntry {
        binding: number as u32,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer {
            ty: match kind {
                BindingKind::Uniform => BufferBindingType::Uniform,
                BindingKind::ReadOnlyStorage => BufferBindingType::Storage { read_only: true },
                BindingKind::Storage => BufferBindingType::Storage { read_only: false },
            },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<BindGroupLayoutEntry> = kinds.enumerate().map(entry).collect();
    let label = Some(label);
    device.create_bind_group_layout(&BindGroupLayoutDescriptor { label, entries: &entries })
}

/// Compiles kernels of a program, by their numbers, on `threads` threads: a software adapter spends seconds
/// on it.
pub fn side_by_side(
    device: &Device,
    program: &Program,
    layouts: &[BindGroupLayout],
    mut numbers: Vec<usize>,
    threads: usize,
) -> Vec<(usize, ComputePipeline)> {
    // What an item writes grows with the size of its unrolled code. The largest comes first, so that nobody
    // waits for it in the end.
    numbers.sort_by_key(|&kernel| Reverse(program.kernels[kernel].written_per_item));
    threads::each(numbers, threads, |kernel| {
        let made = pipeline(device, &program.kernels[kernel], &layouts[kernel]);
        llvmpipe::trim();
        (kernel, made)
    })
}

/// Compiles a kernel.
fn pipeline(device: &Device, shader: &Shader, layout: &BindGroupLayout) -> ComputePipeline {
    let label = Some(shader.label.as_str());
    let constants: Vec<(&str, f64)> =
        shader.constants.iter().map(|(name, &value)| (name.as_str(), value)).collect();
    // SAFETY: every loop of the kernels counts to a bound that stands before it begins: a constant, the
    // size of a layer, or the end of a list of connections.
    let module = unsafe { module(device, &shader.label, shader.wgsl.clone()) };
    let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&ComputePipelineDescriptor {
        label,
        layout: Some(&layout),
        module: &module,
        entry_point: Some(&shader.entry_point),
        compilation_options: PipelineCompilationOptions {
            constants: &constants,
            // Kernels write workgroup memory before they read it.
            zero_initialize_workgroup_memory: false,
        },
        cache: None,
    })
}

/// Compiles a shader with all that wgpu can check, but for a second counter in each loop that ends it
/// should it never end: with it NVIDIA's compiler unrolls no loop, keeps arrays in memory, and takes
/// four times as long.
///
/// # Safety
/// Every loop of the shader has to end.
pub unsafe fn module(device: &Device, label: &str, text: String) -> ShaderModule {
    let descriptor =
        ShaderModuleDescriptor { label: Some(label), source: ShaderSource::Wgsl(text.into()) };
    let checks = ShaderRuntimeChecks {
        force_loop_bounding: std::env::var_os(CHECK_LOOPS).is_some(),
        ..ShaderRuntimeChecks::checked()
    };
    // SAFETY: the caller's promise; everything else is checked.
    unsafe { device.create_shader_module_trusted(descriptor, checks) }
}

/// Binds pieces of buffers.
pub fn bind_group(
    device: &Device,
    layout: &BindGroupLayout,
    buffers: &[wgpu::Buffer],
    views: &[View],
) -> BindGroup {
    let entry = |(number, view): (usize, &View)| BindGroupEntry {
        binding: number as u32,
        resource: BindingResource::Buffer(BufferBinding {
            buffer: &buffers[view.buffer],
            offset: 4 * view.offset as u64,
            size: BufferSize::new(4 * view.bound() as u64),
        }),
    };
    let entries: Vec<BindGroupEntry> = views.iter().enumerate().map(entry).collect();
    device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
}
