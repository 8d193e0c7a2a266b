// dispatch: reads one word and writes nothing, so that no dispatch waits for another

@group(0) @binding(0) var<storage, read> input: array<vec4f>;

@compute @workgroup_size(64)
fn main() {
    _ = input[0].x;
}
