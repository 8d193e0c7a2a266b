// Epilogue of a gradient in a sharded batch: stores the gradient of one shard. `update` adds those of all shards in
// order. `at` is the index of four parameters.
//
//   shard_gradient = g
//
// binds:
//   shard_gradient  write vec4f   the row of this shard in shard_gradients [shards, parameters]
//   parameters      write vec4f   unchanged: linear_backward reads them

fn apply(at: u32, g: vec4f, rate: f32) {
    shard_gradient[at] = g;
}
