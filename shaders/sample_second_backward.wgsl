// The second stage of a sample, backward: ds2 to dh2, the gradients of its parameters, and ds1.
// (1990: H3-H4. 1998: C3-S4.)
//
//   dh2[m,y,x]     = (coefficient[m] BLOCK_SCALE) ds2[m,y/2,x/2] f'(h2[m,y,x])
//   dw[j,ky,kx]    = sum over y, x of dh2[map[j],y,x] s1[channel[j],y+ky,x+kx]
//   dbias[m]       = sum over y, x of dh2[m,y,x]
//   dcoefficient[m] = sum over y, x of ds2[m,y,x] (BLOCK_SCALE sum of the 2x2 block of h2)
//   dpool_bias[m]  = sum over y, x of ds2[m,y,x]
//   ds1[c,y,x]     = f'(s1[c,y,x]) sum over the connections j that leave c, ky, kx of
//                    w[j,ky,kx] dh2[map[j],y-ky,x-kx]
//
// For second derivatives f', w, s1 and the factors in brackets are squared (local.wgsl).
//
// expects: common, local, sample, sample_patch; p_at, table_at, traces
// expects: CONNECTIONS, FIRST_MAPS, MAPS, SECOND, X_H2, FEATURES, SCRATCH, BLOCK_SCALE, WORKGROUP

// dh2 over h2; the terms of dcoefficient go to SCRATCH.
fn second_pooling_backward(t: u32) {
    for (var item = t; item < MAPS * BLOCKS2; item += WORKGROUP) {
        let m = item / BLOCKS2;
        let y = 2u * (item % BLOCKS2 / PW2);
        let at = X_H2 + (m * OH2 + y) * OW2 + 2u * (item % PW2);
        let h = block_at(at, OW2);
        let d = memory[FEATURES + item];
        memory[SCRATCH + item] = d * local(BLOCK_SCALE * dot(h, vec4f(1.0)));
        let scale = local(BLOCK_SCALE * p_at(COEFFICIENT2 + m));
        put_block(at, OW2, scale * d * locals(squash_slopes(h)));
    }
    workgroupBarrier();
}

fn sum_of(first: u32, count: u32) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < count; i++) {
        sum += memory[first + i];
    }
    return sum;
}

// One row of a kernel: K sums. A window of K inputs slides along each row of s1. Written for K = 5, as a vec4 and one
// number.
fn kernel_row(j: u32, ky: u32, to: u32) {
    let inputs = (table_at(CHANNEL_AT + j) * PH1 + ky) * PW1;
    let deltas = X_H2 + table_at(MAP_AT + j) * OH2 * OW2;
    var dw = vec4f();
    var last = 0.0;
    for (var y = 0u; y < OH2; y++) {
        let row = inputs + y * PW1;
        var v = locals(vec4f(memory[row], memory[row + 1u], memory[row + 2u], memory[row + 3u]));
        for (var x = 0u; x < OW2; x++) {
            let d = memory[deltas + y * OW2 + x];
            let next = local(memory[row + x + (K - 1u)]);
            dw += d * v;
            last += d * next;
            v = vec4f(v.yzw, next);
        }
    }
    for (var a = 0u; a < 4u; a++) {
        traces[to + a] = dw[a];
    }
    traces[to + (K - 1u)] = last;
}

fn second_gradients(trace: u32, t: u32) {
    for (var item = t; item < K * CONNECTIONS + 3u * MAPS; item += WORKGROUP) {
        if (item < K * CONNECTIONS) {
            kernel_row(item / K, item % K, trace + SECOND + K * item);
        } else {
            // The biases, coefficients and pooling biases stand one after the other.
            let place = item - K * CONNECTIONS;
            let m = place % MAPS;
            let kind = place / MAPS;
            var first = X_H2 + OH2 * OW2 * m;
            if (kind > 0u) {
                first = select(FEATURES, SCRATCH, kind == 1u) + BLOCKS2 * m;
            }
            traces[trace + BIAS2 + place] = sum_of(first, select(BLOCKS2, OH2 * OW2, kind == 0u));
        }
    }
    workgroupBarrier();
}

// The values of dh2 that depend on the 2x2 block of s1 at y, x: from K - 1 rows above and K - 1 columns left on,
// zeros where there is none.
fn deltas_around(m: u32, y: u32, x: u32) -> Patch {
    var deltas = Patch();
    for (var a = 0u; a < PATCH; a++) {
        // Above and left of dh2 these wrap around to huge values, which the comparisons reject.
        let row = y + a - (K - 1u);
        if (row < OH2) {
            for (var b = 0u; b < PATCH; b++) {
                let column = x + b - (K - 1u);
                let delta = memory[X_H2 + (m * OH2 + row) * OW2 + min(column, OW2 - 1u)];
                deltas[PATCH * a + b] = select(0.0, delta, column < OW2);
            }
        }
    }
    return deltas;
}

// ds1 over s1. PH1 and PW1 are even, since OH2 and OW2 are.
fn second_backward_input(t: u32) {
    for (var item = t; item < FIRST_MAPS * (BLOCKS1 / 4u); item += WORKGROUP) {
        let c = item / (BLOCKS1 / 4u);
        let y = 2u * (item % (BLOCKS1 / 4u) / (PW1 / 2u));
        let x = 2u * (item % (PW1 / 2u));
        var sum = vec4f();
        let last = table_at(FIRST_OUT_AT + c + 1u);
        for (var q = table_at(FIRST_OUT_AT + c); q < last; q++) {
            let j = table_at(BY_CHANNEL_AT + q);
            var deltas = deltas_around(table_at(MAP_AT + j), y, x);
            sum += convolve(&deltas, SECOND + TAPS * j, true);
        }
        let at = (c * PH1 + y) * PW1 + x;
        put_block(at, PW1, sum * locals(squash_slopes(block_at(at, PW1))));
    }
    workgroupBarrier();
}
