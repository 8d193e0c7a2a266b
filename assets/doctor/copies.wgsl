// copies: out = [sum of the words, first word, last word] of three copies from input, a region each
//
// The host copies 4,092, 4,096 and 4,100 bytes, from word 1 on, to word 1 of each region; the rest stays 0.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

// Words in front of the regions, and of a region.
const FRONT = 64u;
const REGION = 2048u;

@compute @workgroup_size(4)
fn look(@builtin(local_invocation_index) i: u32) {
    if (i == 3u) {
        return;
    }
    var sum = 0u;
    for (var k = 0u; k < REGION; k++) {
        sum += output[FRONT + i * REGION + k];
    }
    output[3u * i] = sum;
    output[3u * i + 1u] = output[FRONT + i * REGION + 1u];
    output[3u * i + 2u] = output[FRONT + i * REGION + 1023u + i];
}
