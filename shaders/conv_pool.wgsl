// Shapes of a convolution stage: K x K convolution by table, activation, and where it has one a 2x2 pooling.
// (1990: H1-H2 and H3-H4. 1998, section II.B: C1-S2 and C3-S4.)
//
//   SAMPLES       samples in the window of one dispatch
//   K             side of the kernel, 1 to 7
//   C, M, J       input maps, feature maps, connections between them
//   x  [SAMPLES, C, HEIGHT, WIDTH]   the input; a sample every X_STRIDE numbers. dx alike
//   h  [SAMPLES, M, OH, OW]          after the convolution and its activation
//   s  [SAMPLES, M, PH, PW]          after the pooling; a sample every S_STRIDE numbers. Without a pooling s is h
//   dh, ds                           gradients of the loss with respect to the pre-activations: dE/da, where h = f(a).
//                                    After a plain pooling, which has no activation, ds is dE/ds
//   p  weights [J, K, K], bias [M]; for a trained pooling also coefficient [M], pooling bias [M]
//   table  first [M+1], channel [J], map [J], first_out [C+1], by_channel [J]:
//          map m owns the connections first[m] .. first[m+1]; connection j leads from the input
//          map channel[j] to the feature map map[j]; the connections that leave input map c are
//          by_channel[first_out[c]] .. by_channel[first_out[c+1]]
//
// expects: p_at; K, C, M, J, HEIGHT, WIDTH, TILE_WIDTH, TILE_HEIGHT, POOLING

// What stands after the convolution; in step with `Option<PoolForm>` in src/plan/kernels/stage.rs.
const POOLING_NONE = 0u;
const POOLING_TRAINED = 1u;
const POOLING_AVERAGE = 2u;
const POOLING_MAX = 3u;

// Outputs of the convolution that become one, in each direction.
const P = select(2u, 1u, POOLING == POOLING_NONE);

const TAPS = K * K;
const OH = HEIGHT - (K - 1u);
const OW = WIDTH - (K - 1u);
const PH = OH / P;
const PW = OW / P;

// Where the parts of p and of the table begin.
const BIAS = J * TAPS;
const COEFFICIENT = BIAS + M;
const POOL_BIAS = COEFFICIENT + M;
const CHANNEL_AT = M + 1u;
const MAP_AT = CHANNEL_AT + J;
const FIRST_OUT_AT = MAP_AT + J;
const BY_CHANNEL_AT = FIRST_OUT_AT + C + 1u;

// A tile is TILE_HEIGHT x TILE_WIDTH numbers of s: ROWS rows of N outputs of the convolution, whose input
// patch is ROWS + K - 1 rows of R inputs. Tiles of a map are numbered row by row.
const ROWS = P * TILE_HEIGHT;
const N = P * TILE_WIDTH;
const R = N + (K - 1u);
const TILE_COLUMNS = PW / TILE_WIDTH;
const TILES = PH / TILE_HEIGHT * TILE_COLUMNS;
alias Tile = array<f32, ROWS * N>;
alias Patch = array<f32, (ROWS + (K - 1u)) * R>;
alias Kernel = array<f32, TAPS>;

// Where a tile begins in s: x is the row, y the column.
fn corner(tile: u32) -> vec2u {
    return vec2u(TILE_HEIGHT * (tile / TILE_COLUMNS), TILE_WIDTH * (tile % TILE_COLUMNS));
}

fn kernel_at(w: u32) -> Kernel {
    var kernel = Kernel();
    for (var i = 0u; i < TAPS; i++) {
        kernel[i] = p_at(w + i);
    }
    return kernel;
}

// Tap (ky, kx) of a kernel. Those that a kernel of K x K does not have are never used.
fn tap(kernel: ptr<function, Kernel>, ky: u32, kx: u32) -> f32 {
    return (*kernel)[min(K * ky + kx, TAPS - 1u)];
}
