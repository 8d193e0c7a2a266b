// fills: out = [words that are 0, first of them, last of them] for three fills with zeros behind word 1 of a region
//
// `paint` writes 7 everywhere; the host then fills 4,092, 4,096 and 4,100 bytes, one region each; `look` counts.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

// Words in front of the regions, and of a region.
const FRONT = 64u;
const REGION = 2048u;

@compute @workgroup_size(64)
fn paint(@builtin(global_invocation_id) id: vec3u) {
    output[FRONT + id.x] = input[0];
}

@compute @workgroup_size(4)
fn look(@builtin(local_invocation_index) i: u32) {
    if (i == 3u) {
        return;
    }
    var count = 0u;
    var first = REGION;
    var last = 0u;
    for (var k = 0u; k < REGION; k++) {
        if (output[FRONT + i * REGION + k] == 0u) {
            count++;
            first = min(first, k);
            last = k;
        }
    }
    output[3u * i] = count;
    output[3u * i + 1u] = first;
    output[3u * i + 2u] = last;
}
