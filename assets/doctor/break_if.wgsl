// break_if: out[i] = iterations of a loop whose `break if` looks at what `continuing` has just changed
//
// The loop adds 3 to a counter that begins at 0, until it is input[i] or more: ceil(n / 3), and 1 for n = 0.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    var item = 0u;
    var done = 0u;
    loop {
        done++;
        continuing {
            item += 3u;
            break if item >= input[i];
        }
    }
    output[i] = done;
}
