// arithmetic: 512 times 32 multiplications and additions by each invocation, in 32 chains that do not wait for each
// other

@group(0) @binding(0) var<storage, read> input: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let x = input[id.x];
    let k = x * 0.001 + 0.5;
    var a = x;
    var b = x + 1.0;
    var c = x + 2.0;
    var d = x + 3.0;
    var e = x + 4.0;
    var f = x + 5.0;
    var g = x + 6.0;
    var h = x + 7.0;
    for (var i = 0u; i < 512u; i++) {
        a = fma(a, k, x);
        b = fma(b, k, x);
        c = fma(c, k, x);
        d = fma(d, k, x);
        e = fma(e, k, x);
        f = fma(f, k, x);
        g = fma(g, k, x);
        h = fma(h, k, x);
    }
    output[id.x] = a + b + c + d + e + f + g + h;
}
