// Rows in registers. Every index of a private array becomes a constant once the short loops are
// unrolled: dynamic ones would cost ten times as much on a software adapter and spill on a GPU.

fn input_row(at: u32) -> Inputs {
    var row: Inputs;
    for (var i = 0u; i < R; i++) {
        row[i] = x_at(at + i);
    }
    return row;
}
