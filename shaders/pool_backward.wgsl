// pool_backward: from behind the pooling to the convolution below it, in a stage whose h was kept.
//
//   dh[n,m,y,x]       = coefficient[m] BLOCK_SCALE ds[n,m,y/2,x/2] f'(h[n,m,y,x])
//   dcoefficient[m]  += ds[n,m,y,x] BLOCK_SCALE (the 2x2 block of h)
//   dpool_bias[m]    += ds[n,m,y,x]
//   dbias[m]         += dh[n,m,y,x]
//
// One invocation does every SLOTS-th pooled row of one map and writes its sums into its own row of
// partials [SLOTS, STRIDE], laid out as p. A later window of the same step (part[1] = 0) adds.

@compute @workgroup_size(WORKGROUP)
fn pool_backward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let slot = item % SLOTS;
        let m = item / SLOTS;
        let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);

        var dbias = 0.0;
        var dcoefficient = 0.0;
        var dpool_bias = 0.0;
        for (var unit = slot; unit < SAMPLES * PH; unit += SLOTS) {
            let py = unit % PH;
            let n = unit / PH;
            let pooled = ((n * M + m) * PH + py) * PW;
            let at = ((n * M + m) * OH + 2u * py) * OW;
            for (var px = 0u; px < PW; px++) {
                let d = ds_at(pooled + px);
                let e = d * coefficient;
                let left = at + 2u * px;
                let h0 = h_at(left);
                let h1 = h_at(left + 1u);
                let h2 = h_at(left + OW);
                let h3 = h_at(left + OW + 1u);
                let d0 = e * squash_slope(h0);
                let d1 = e * squash_slope(h1);
                let d2 = e * squash_slope(h2);
                let d3 = e * squash_slope(h3);
                dh[left] = d0;
                dh[left + 1u] = d1;
                dh[left + OW] = d2;
                dh[left + OW + 1u] = d3;
                dpool_bias += d;
                dcoefficient += d * (h0 + h1 + h2 + h3);
                dbias += d0 + d1 + d2 + d3;
            }
        }

        let to = slot * STRIDE;
        if (part_at(1u) == 1u) {
            partials[to + BIAS + m] = dbias;
            partials[to + COEFFICIENT + m] = BLOCK_SCALE * dcoefficient;
            partials[to + POOL_BIAS + m] = dpool_bias;
        } else {
            partials[to + BIAS + m] += dbias;
            partials[to + COEFFICIENT + m] += BLOCK_SCALE * dcoefficient;
            partials[to + POOL_BIAS + m] += dpool_bias;
        }
    }
}
