// rbf_forward:  y[n,c] = sum over k of (x[n,k] - centre[c,k])^2        (1998, eq. 7)
//
//   x [SAMPLES, 84]: F6;  centre [10, 84]: the fixed 7x12 bitmaps, +1 and -1 (Fig. 3);  y [SAMPLES, 10]
// The smallest y is the answer. One invocation makes one distance.

@compute @workgroup_size(WORKGROUP)
fn rbf_forward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let n = item / 10u;
        let c = item % 10u;
        var sum = 0.0;
        for (var k = 0u; k < UNITS; k++) {
            let distance = x_at(UNITS * n + k) - centre_at(UNITS * c + k);
            sum += distance * distance;
        }
        y[item] = sum;
    }
}
