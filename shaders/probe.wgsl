// probe: what the self-test asks of an adapter before it is trusted.
//
//   asked  [1]   loop iterations to do
//   told   [3]   iterations done, then the bits of f(100) and f(-100): +A and -A
//
// Some drivers end long loops early and say nothing; some make NaN of tanh for large arguments. Built with common.wgsl
// by src/gpu/probe.rs.

@group(0) @binding(0) var<storage, read> asked: array<u32>;
@group(0) @binding(1) var<storage, read_write> told: array<u32>;

@compute @workgroup_size(1)
fn probe() {
    var chain = 1u;
    var done = 0u;
    for (var i = 0u; i < asked[0]; i++) {
        // Each value depends on the last, so that no compiler can skip to the end.
        chain = chain * 1664525u + 1013904223u;
        done += select(0u, 1u, chain != i);
    }
    told[0] = done;
    let large = 100.0 * f32(min(asked[0], 1u));
    told[1] = bitcast<u32>(squash(large));
    told[2] = bitcast<u32>(squash(-large));
}
