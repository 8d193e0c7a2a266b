//! From kernels and dispatches to pipelines and bind groups.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, BufferBinding, BufferBindingType,
    BufferSize, ComputePipeline, ComputePipelineDescriptor, Device, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModule, ShaderModuleDescriptor, ShaderRuntimeChecks,
    ShaderSource, ShaderStages,
};

use super::memory;
use crate::plan::traffic::Traffic;
use crate::plan::{Access, Kernel, Plan, View};

/// Where this is set, loops are checked, too.
pub const CHECK_LOOPS: &str = "LENET_CHECK_LOOPS";

/// The bindings of a kernel, as the device wants them declared.
pub fn layout(device: &Device, kernel: &Kernel) -> BindGroupLayout {
    let entries: Vec<BindGroupLayoutEntry> = kernel
        .op
        .bindings()
        .iter()
        .zip(&kernel.windows)
        .enumerate()
        .map(|(number, (binding, window))| {
            let ty = match (binding.access, window) {
                (Access::Write, _) => BufferBindingType::Storage { read_only: false },
                (_, Some(_)) => BufferBindingType::Uniform,
                (_, None) => BufferBindingType::Storage { read_only: true },
            };
            BindGroupLayoutEntry {
                binding: number as u32,
                visibility: ShaderStages::COMPUTE,
                ty: BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
                count: None,
            }
        })
        .collect();
    let label = Some(kernel.label.as_str());
    device.create_bind_group_layout(&BindGroupLayoutDescriptor { label, entries: &entries })
}

/// Compiles kernels of a plan, by their numbers, on so many threads: a software adapter spends seconds
/// on it.
pub fn side_by_side(
    device: &Device,
    plan: &Plan,
    layouts: &[BindGroupLayout],
    mut numbers: Vec<usize>,
    threads: usize,
) -> Vec<(usize, ComputePipeline)> {
    // What an item writes goes with the size of its unrolled code. The largest would be waited for if it
    // came last.
    numbers.sort_by_cached_key(|&kernel| {
        let dispatch = plan.dispatches().find(|dispatch| dispatch.kernel == kernel);
        let written = dispatch.map_or(0, |dispatch| Traffic::of(plan, dispatch).written);
        Reverse(written / plan.kernels[kernel].op.items().max(1) as usize)
    });
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some(&kernel) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
            made.push((kernel, pipeline(device, &plan.kernels[kernel], &layouts[kernel])));
            memory::trim();
        }
        made
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(numbers.len())).map(|_| scope.spawn(work)).collect();
        let mut made = work();
        for other in others {
            made.extend(other.join().expect("compiling does not panic"));
        }
        made
    })
}

/// Compiles a kernel.
fn pipeline(device: &Device, kernel: &Kernel, layout: &BindGroupLayout) -> ComputePipeline {
    let label = Some(kernel.label.as_str());
    // SAFETY: every loop of the kernels counts to a bound that stands before it begins: a constant, the
    // size of a layer, or the end of a list of connections.
    let module = unsafe { module(device, &kernel.label, kernel.wgsl()) };
    let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&ComputePipelineDescriptor {
        label,
        layout: Some(&layout),
        module: &module,
        entry_point: Some(kernel.op.name()),
        compilation_options: PipelineCompilationOptions {
            constants: &kernel.overrides(),
            // Kernels write workgroup memory before they read it.
            zero_initialize_workgroup_memory: false,
            ..Default::default()
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

/// Binds the views of a dispatch.
pub fn bind_group(
    device: &Device,
    layout: &BindGroupLayout,
    buffers: &[wgpu::Buffer],
    views: &[View],
) -> BindGroup {
    let entries: Vec<BindGroupEntry> = views
        .iter()
        .enumerate()
        .map(|(number, view)| {
            // A uniform array is a whole number of vec4s.
            let words = if view.uniform { view.words.next_multiple_of(4) } else { view.words };
            BindGroupEntry {
                binding: number as u32,
                resource: BindingResource::Buffer(BufferBinding {
                    buffer: &buffers[view.buffer],
                    offset: 4 * view.offset as u64,
                    size: BufferSize::new(4 * words as u64),
                }),
            }
        })
        .collect();
    device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
}
