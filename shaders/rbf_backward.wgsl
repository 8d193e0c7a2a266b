// rbf_backward:  dx[n,k] = f'(x[n,k]) 2 sum over c of dy[n,c] (x[n,k] - centre[c,k])
//
//   dy [SAMPLES, 10]: the loss by each distance;  x [SAMPLES, 84]: F6;  centre [10, 84]
// dx is the loss by what the squash of F6 got. One invocation makes one value of it.

@compute @workgroup_size(WORKGROUP)
fn rbf_backward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let n = item / UNITS;
        let k = item % UNITS;
        let unit = x_at(item);
        var sum = 0.0;
        for (var c = 0u; c < 10u; c++) {
            sum += dy_at(10u * n + c) * (unit - centre_at(UNITS * c + k));
        }
        dx[item] = 2.0 * sum * squash_slope(unit);
    }
}
