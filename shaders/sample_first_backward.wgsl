// Every gradient of the first stage of a sample. h1 is recomputed from x.
// (1990: H1-H2. 1998: C1-S2.)
//
//   dh1[m,y,x]      = (coefficient[m] BLOCK_SCALE) ds1[m,y/2,x/2] f'(h1[m,y,x])
//   dw[m,ky,kx]     = sum over y, x of dh1[m,y,x] x[y+ky,x+kx]
//   dbias[m]        = sum over y, x of dh1[m,y,x]
//   dcoefficient[m] = sum over y, x of ds1[m,y,x] (BLOCK_SCALE sum of the 2x2 block of h1)
//   dpool_bias[m]   = sum over y, x of ds1[m,y,x]
//
// For second derivatives f', x and what stands in brackets are squared (local.wgsl).
//
// THREADS_PER_MAP invocations share a map. Each sums every THREADS_PER_MAP-th block in registers; their sums
// are added in order, in two halves of HALF sums, which take the memory from 0 on.
//
// expects: common, local, sample, sample_patch, sample_second_backward; p_at, traces
// expects: FIRST_MAPS, WIDTH, X_H2, BLOCK_SCALE, WORKGROUP

const THREADS_PER_MAP = WORKGROUP / FIRST_MAPS;
const SUMS = TAPS + 3u;
const HALF = SUMS / 2u;
/// Between equal sums of all invocations; odd, so that no two lie in one bank of the memory.
const BETWEEN = WORKGROUP + 1u;

alias Sums = array<f32, SUMS>;

fn add_taps(sums: ptr<function, Sums>, values: ptr<function, Patch>, d: vec4f) {
    for (var ky = 0u; ky < K; ky++) {
        for (var kx = 0u; kx < K; kx++) {
            let i = PATCH * ky + kx;
            let inputs = vec4f((*values)[i], (*values)[i + 1u], (*values)[i + PATCH], (*values)[i + (PATCH + 1u)]);
            (*sums)[K * ky + kx] += dot(d, locals(inputs));
        }
    }
}

// Puts HALF of the sums of all invocations together, those from `first` on.
fn add_up(sums: ptr<function, Sums>, first: u32, trace: u32, t: u32) {
    workgroupBarrier();
    for (var i = 0u; i < HALF; i++) {
        memory[BETWEEN * i + t] = (*sums)[first + i];
    }
    workgroupBarrier();
    for (var item = t; item < HALF * FIRST_MAPS; item += WORKGROUP) {
        let m = item / HALF;
        let number = first + item % HALF;
        var place = TAPS * m + number;
        if (number >= TAPS) {
            place = BIAS1 + (number - TAPS) * FIRST_MAPS + m;
        }
        traces[trace + place] = sum_of(BETWEEN * (item % HALF) + THREADS_PER_MAP * m, THREADS_PER_MAP);
    }
}

fn first_gradients(trace: u32, t: u32) {
    var sums = Sums();
    let m = t / THREADS_PER_MAP;
    if (m < FIRST_MAPS) {
        let bias = p_at(BIAS1 + m);
        let scale = local(BLOCK_SCALE * p_at(COEFFICIENT1 + m));
        for (var block = t % THREADS_PER_MAP; block < BLOCKS1; block += THREADS_PER_MAP) {
            var values = patch_at(X_H2 + 2u * (block / PW1 * WIDTH + block % PW1), WIDTH);
            let h = squashes(convolve(&values, TAPS * m, false) + bias);
            let d = memory[m * BLOCKS1 + block];
            let dh = scale * d * locals(squash_slopes(h));
            add_taps(&sums, &values, dh);
            sums[TAPS] += dot(dh, vec4f(1.0));
            sums[TAPS + 1u] += d * local(BLOCK_SCALE * dot(h, vec4f(1.0)));
            sums[TAPS + 2u] += d;
        }
    }
    add_up(&sums, 0u, trace, t);
    add_up(&sums, HALF, trace, t);
}
