// Shapes of a convolution stage: K x K convolution by table, squash, weighted 2x2 pooling, squash.
// (1990: H1-H2 and H3-H4. 1998, section II.B: C1-S2 and C3-S4.)
//
//   SAMPLES       samples in the window of one dispatch
//   C, M, J       input maps, feature maps, connections between them
//   x  [SAMPLES, C, HEIGHT, WIDTH]   the input
//   h  [SAMPLES, M, OH, OW]          behind the convolution and its squash
//   s  [SAMPLES, M, PH, PW]          behind the pooling and its squash; a sample every S_STRIDE numbers
//   dh, ds                           gradients of the loss by the pre-activations: dE/da, where h = f(a)
//   p  weights [J, K, K], bias [M], coefficient [M], pooling bias [M]
//   table  first [M+1], channel [J], map [J], first_out [C+1], by_channel [J]:
//          map m owns the connections first[m] .. first[m+1]; connection j leads from the input
//          map channel[j] to the feature map map[j]; the connections that leave input map c are
//          by_channel[first_out[c]] .. by_channel[first_out[c+1]]
//
// expects: p_at; K, TAPS, C, M, J, HEIGHT, WIDTH, TILE_WIDTH, TILE_HEIGHT

const OH = HEIGHT - (K - 1u);
const OW = WIDTH - (K - 1u);
const PH = OH / 2u;
const PW = OW / 2u;

// Where the parts of p and of the table begin.
const BIAS = J * TAPS;
const COEFFICIENT = BIAS + M;
const POOL_BIAS = COEFFICIENT + M;
const CHANNEL = M + 1u;
const MAP = CHANNEL + J;
const FIRST_OUT = MAP + J;
const BY_CHANNEL = FIRST_OUT + C + 1u;

// A block is TILE_HEIGHT x TILE_WIDTH pooled outputs: ROWS rows of N outputs of the convolution, whose input
// patch is ROWS + K - 1 rows of R inputs. Blocks of a map are numbered row by row.
const ROWS = 2u * TILE_HEIGHT;
const N = 2u * TILE_WIDTH;
const R = N + (K - 1u);
const TILE_COLUMNS = PW / TILE_WIDTH;
const BLOCKS = PH / TILE_HEIGHT * TILE_COLUMNS;
alias Block = array<f32, ROWS * N>;
alias Patch = array<f32, (ROWS + (K - 1u)) * R>;
alias Kernel = array<f32, TAPS>;

// The first pooled row and column of a block.
fn corner(block: u32) -> vec2u {
    return vec2u(TILE_HEIGHT * (block / TILE_COLUMNS), TILE_WIDTH * (block % TILE_COLUMNS));
}

fn kernel_at(w: u32) -> Kernel {
    var kernel = Kernel();
    for (var i = 0u; i < TAPS; i++) {
        kernel[i] = p_at(w + i);
    }
    return kernel;
}
