// uniform_reads: out[i] = input[(7 i) % 64] by storage, out[64 + i] = the same by a uniform buffer
//
// Each invocation reads at another place, which is known only while it runs.

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> window: array<vec4f, 16>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    let place = (7u * i) % 64u;
    output[i] = input[place];
    output[64u + i] = window[place / 4u][place % 4u];
}
