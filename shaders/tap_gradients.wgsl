// The gradient of one row of a kernel: dw[first + kx] += sum over i of d[i] row[i + kx].

alias Kernel = array<f32, 25>;

fn add_tap_gradients(
    dw: ptr<function, Kernel>,
    first: u32,
    row: ptr<function, Inputs>,
    d: ptr<function, Outputs>,
) {
    var g: array<f32, 5>;
    for (var k = 0u; k < 5u; k++) {
        g[k] = (*dw)[first + k];
    }
    for (var i = 0u; i < N; i++) {
        let e = (*d)[i];
        g[0] += e * (*row)[i];
        g[1] += e * (*row)[i + 1u];
        g[2] += e * (*row)[i + 2u];
        g[3] += e * (*row)[i + 3u];
        g[4] += e * (*row)[i + 4u];
    }
    for (var k = 0u; k < 5u; k++) {
        (*dw)[first + k] = g[k];
    }
}
