// Shapes of a linear layer, and of C5: a convolution whose kernel is as large as its input.
//
//   SAMPLES            samples in the window of one dispatch
//   INPUTS, OUTPUTS    units below and in this layer
//   x   [SAMPLES, INPUTS]     the input: squashed outputs of the layer below
//   y   [SAMPLES, OUTPUTS]    = f(w x + bias)
//   dy  [SAMPLES, OUTPUTS]    the loss derived by what the squash of this layer got
//   dx  [SAMPLES, INPUTS]     the input gradient: the loss derived by what the squash of the layer below got
//   w   [OUTPUTS, INPUTS]     its rows from `row` on, ROWS of them, where w is larger than a window
//   row [1]
//
// INPUTS is a multiple of four, and so is OUTPUTS where a layer follows: what the network does not have
// of them is 0 and stays 0. x, w and dx come as vec4s of four inputs side by side, QUADS to a
// row. A tile that hangs over the edge works on the last row again and leaves the surplus out when
// it writes.
//
// expects: INPUTS

const QUADS = INPUTS / 4u;
