// dependent: out[i] = out[i] + 1, so that each dispatch waits for the one before

@group(0) @binding(0) var<storage, read> input: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = output[i] + input[i] + 1.0;
}
