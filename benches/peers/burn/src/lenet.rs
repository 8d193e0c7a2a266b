//! LeNet-1 and LeNet-5 as burn modules. Shapes: B batch, C input maps, M feature maps.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};

const KERNEL: [usize; 2] = [5, 5];

/// H3 over H2's 4 maps (1990), and Table I of 1998: C3 over S2's 6 maps.
const TABLE_1990: &[&[usize]] = &[
    &[0],
    &[0, 1],
    &[0, 1],
    &[1],
    &[0, 1],
    &[0, 1],
    &[2],
    &[2, 3],
    &[2, 3],
    &[3],
    &[2, 3],
    &[2, 3],
];
#[rustfmt::skip]
const TABLE_I: &[&[usize]] = &[
    &[0, 1, 2], &[1, 2, 3], &[2, 3, 4], &[3, 4, 5], &[0, 4, 5], &[0, 1, 5],
    &[0, 1, 2, 3], &[1, 2, 3, 4], &[2, 3, 4, 5], &[0, 3, 4, 5], &[0, 1, 4, 5],
    &[0, 1, 2, 5], &[0, 1, 3, 4], &[1, 2, 4, 5], &[0, 2, 3, 5],
    &[0, 1, 2, 3, 4, 5],
];

/// Mean of a 2x2 block times a weight plus a bias: `[B, C, H, W]` -> `[B, C, H / 2, W / 2]`.
///
/// The paper's LeNet-5 sums where this takes the mean: the weight here is four times the paper's coefficient.
#[derive(Module, Debug)]
struct Pool {
    mean: AvgPool2d,
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<4>>,
}

impl Pool {
    fn new(maps: usize, device: &Device) -> Self {
        Self {
            mean: AvgPool2dConfig::new([2, 2]).init(),
            weight: Param::from_tensor(Tensor::ones([1, maps, 1, 1], device)),
            bias: Param::from_tensor(Tensor::zeros([1, maps, 1, 1], device)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.mean.forward(x) * self.weight.val() + self.bias.val()
    }
}

/// `[B, 1, H, W]` -> `[B, 10]`
#[derive(Module, Debug)]
pub struct LeNet {
    first: Conv2d,
    first_pool: Pool,
    /// The convolution by table, dense, with zeros for absent weights.
    pub sparse: Conv2d,
    second_pool: Pool,
    tail: Vec<Linear>,
}

/// Pixels of background around a digit.
pub fn border(network: &str) -> usize {
    if network == "lenet5" { 2 } else { 0 }
}

impl LeNet {
    /// The network with its absent weights at zero.
    pub fn new(network: &str, device: &Device) -> Self {
        let (table, maps, units): (_, _, &[usize]) = match network {
            "lenet5" => (TABLE_I, 6, &[400, 120, 84, 10]),
            _ => (TABLE_1990, 4, &[192, 10]),
        };
        let mut sparse = Conv2dConfig::new([maps, table.len()], KERNEL).init(device);
        let mask = mask(network, device);
        sparse.weight = Param::from_tensor((sparse.weight.val() * mask).detach());
        Self {
            first: Conv2dConfig::new([1, maps], KERNEL).init(device),
            first_pool: Pool::new(maps, device),
            sparse,
            second_pool: Pool::new(table.len(), device),
            tail: units
                .windows(2)
                .map(|pair| LinearConfig::new(pair[0], pair[1]).init(device))
                .collect(),
        }
    }

    /// Scores after the last squash.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.first_pool.forward(self.first.forward(x).tanh()).tanh();
        let x = self.second_pool.forward(self.sparse.forward(x).tanh()).tanh();
        self.tail.iter().fold(x.flatten(1, 3), |x, layer| layer.forward(x).tanh())
    }
}

/// 1 for the weights that the table has, `[M, C, 5, 5]`.
pub fn mask(network: &str, device: &Device) -> Tensor<4> {
    let (table, maps) = if network == "lenet5" { (TABLE_I, 6) } else { (TABLE_1990, 4) };
    let kernel = KERNEL[0] * KERNEL[1];
    let present = |i: usize| table[i / kernel / maps].contains(&(i / kernel % maps));
    let count = table.len() * maps * kernel;
    let values: Vec<f32> = (0..count).map(|i| if present(i) { 1.0 } else { 0.0 }).collect();
    Tensor::from_data(TensorData::new(values, [table.len(), maps, KERNEL[0], KERNEL[1]]), device)
}
