// Epilogue of a gradient where the batch has several shards: stores the sums of a shard, for `update` to add
// those of all shards in their order. For the four parameters at `at`.
//
//   shard_gradient = g
//
// binds:
//   shard_gradient  write vec4f   the row of this shard in shard_gradients [shards, parameters]
//   parameters      write vec4f   unchanged: linear_backward reads them

fn apply(at: u32, g: vec4f, rate: f32) {
    shard_gradient[at] = g;
}
