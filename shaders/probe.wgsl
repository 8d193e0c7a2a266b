// probe: loop length and the squash of large arguments, one part of the self-test (src/selftest.rs).
//
//   request [1]   loop iterations to do
//   answer  [3]   iterations done, then the bits of f(100) and f(-100): +A and -A
//
// Some drivers end long loops early and say nothing; some make NaN of tanh for large arguments. Built with common.wgsl
// by src/gpu/probe.rs.

@group(0) @binding(0) var<storage, read> request: array<u32>;
@group(0) @binding(1) var<storage, read_write> answer: array<u32>;

@compute @workgroup_size(1)
fn probe() {
    var chain = 1u;
    var done = 0u;
    for (var i = 0u; i < request[0]; i++) {
        // Each value depends on the last, so that no compiler can skip to the end.
        chain = chain * 1664525u + 1013904223u;
        // Ties the count to the chain. The two are never equal for i < 200,000.
        done += select(0u, 1u, chain != i);
    }
    answer[0] = done;
    let large = 100.0 * f32(min(request[0], 1u));
    answer[1] = bitcast<u32>(squash(large));
    answer[2] = bitcast<u32>(squash(-large));
}
