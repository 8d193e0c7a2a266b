// Shapes of a linear layer (1998, section II.B: F6), and of C5: a convolution whose kernel is as large as its
// input.
//
//   SAMPLES            samples in the window of one dispatch
//   INPUTS, OUTPUTS    units of the layer before and of this layer
//   x   [SAMPLES, INPUTS]     the input: activations of the layer before
//   y   [SAMPLES, OUTPUTS]    = f(w x + bias)
//   dy  [SAMPLES, OUTPUTS]    the gradient of the loss with respect to the pre-activations of this layer
//   dx  [SAMPLES, INPUTS]     the input gradient: the same with respect to those of the layer before
//   w   [OUTPUTS, INPUTS]     its rows from `row` on, ROWS of them, where w is larger than a window
//   row [1]
//
// INPUTS is a multiple of four, and so is OUTPUTS where a layer follows: what the network does not have
// of them is 0 and stays 0. x, w and dx come as vec4s of four inputs side by side, QUADS to a
// row. A tile that goes past the edge works on the last row again and leaves the surplus out when
// it writes.
//
// expects: INPUTS

const QUADS = INPUTS / 4u;
