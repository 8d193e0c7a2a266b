//! What can be chosen about a network: activation, pooling, scaling of the pixels, output and loss.

use super::named;

named! {
    /// The activation f after every layer; in step with `SQUASH_..` in `shaders/common.wgsl`.
    pub enum Squash {
        /// tanh(a): A = S = 1, the activation of the notebook.
        Tanh = "tanh",
        /// 1.7159 tanh(2a/3), of the 1998 paper (appendix A), so that f(1) = 1.
        Scaled = "scaled",
        /// 1 / (1 + e^-a), between 0 and 1.
        Logistic = "logistic",
        /// max(a, 0).
        Relu = "relu",
    }
}

/// A squash as a tanh: f(a) = centre + A tanh(S a).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tanh {
    pub centre: f32,
    /// A.
    pub amplitude: f32,
    /// S.
    pub slope: f32,
}

impl Squash {
    /// The tanh that it is; `None` for a relu.
    pub fn tanh(self) -> Option<Tanh> {
        let (centre, amplitude, slope) = match self {
            Squash::Tanh => (0.0, 1.0, 1.0),
            Squash::Scaled => (0.0, 1.7159, 2.0 / 3.0),
            Squash::Logistic => (0.5, 0.5, 0.5),
            Squash::Relu => return None,
        };
        Some(Tanh { centre, amplitude, slope })
    }

    /// The lowest and the highest value that a picture of its outputs can show: all that a tanh has, and of a relu
    /// those up to 2.
    pub fn limits(self) -> [f32; 2] {
        match self.tanh() {
            Some(Tanh { centre, amplitude, .. }) => [centre - amplitude, centre + amplitude],
            None => [0.0, 2.0],
        }
    }

    /// The squash of a linear output, whose targets are +1 and -1: itself where it reaches them, else
    /// [`Squash::Scaled`].
    pub fn of_output(self) -> Squash {
        match self {
            Squash::Tanh | Squash::Scaled => self,
            Squash::Logistic | Squash::Relu => Squash::Scaled,
        }
    }
}

named! {
    /// The forms of the 2x2 pooling; in step with `POOLING_..` in `shaders/conv_pool.wgsl`. Of the two trained
    /// ones, which have an activation, the functions are the same and the gradients scaled by 4.
    pub enum PoolForm {
        /// mean of the block * weight + bias (the notebook); starts at weight 1.
        Mean = "mean",
        /// sum of the block * coefficient + bias (1998, section II.B); starts at coefficient 0.5.
        Sum = "sum",
        /// mean of the block: no parameters, no activation.
        Average = "average",
        /// largest of the block: no parameters, no activation.
        Max = "max",
    }
}

impl PoolForm {
    /// What the sum of the 2x2 block, or its largest value, is multiplied with before the trainable
    /// coefficient.
    pub fn block_scale(self) -> f32 {
        match self {
            PoolForm::Mean | PoolForm::Average => 0.25,
            PoolForm::Sum | PoolForm::Max => 1.0,
        }
    }

    /// Start value of the trainable coefficient; `None` where there is none.
    pub fn start(self) -> Option<f32> {
        match self {
            PoolForm::Mean => Some(1.0),
            PoolForm::Sum => Some(0.5),
            PoolForm::Average | PoolForm::Max => None,
        }
    }

    /// Whether it has a coefficient and a bias for each map, and an activation after it.
    pub fn is_trained(self) -> bool {
        self.start().is_some()
    }
}

named! {
    /// How a byte of a digit becomes an input: x = scale * byte + background.
    pub enum Scaling {
        /// Background -0.1, ink 1.175 (1998, section II.B).
        Paper = "paper",
        /// Background -1, ink +1 (1990 and the notebook).
        Symmetric = "symmetric",
    }
}

impl Scaling {
    /// (scale per byte, background).
    pub fn scale_and_background(self) -> (f32, f32) {
        match self {
            Scaling::Paper => (1.275 / 255.0, -0.1),
            Scaling::Symmetric => (2.0 / 255.0, -1.0),
        }
    }
}

named! {
    /// The kind of output layer; in step with `OUTPUT_..` in `shaders/loss.wgsl`.
    pub enum Output {
        /// A linear unit for each class and the squash; the largest output wins.
        Linear = "linear",
        /// Squared Euclidean distance to ten fixed 7x12 bitmaps (1998, eq. 7); the smallest wins.
        Rbf = "rbf",
        /// A linear unit for each class without a squash, whose softmax are the probabilities of the classes;
        /// the largest wins.
        Softmax = "softmax",
    }
}

impl Output {
    /// Whether a score wins against another: a larger output or probability, or a smaller distance.
    pub fn is_better(self, a: f32, b: f32) -> bool {
        match self {
            Output::Linear | Output::Softmax => a > b,
            Output::Rbf => a < b,
        }
    }

    /// The class that wins; of equals the first, as in the shader.
    pub fn winner(self, scores: &[f32]) -> usize {
        let better =
            |best, next| if self.is_better(scores[next], scores[best]) { next } else { best };
        (0..scores.len()).reduce(better).unwrap_or(0)
    }
}

named! {
    /// What training minimizes; in step with `LOSS_..` in `shaders/loss.wgsl`.
    pub enum Loss {
        /// With `linear`: the mean of (output - target)^2 over batch and outputs, targets +1 and -1.
        /// With `rbf`: the mean distance to the right class (1998, eq. 8).
        Mse = "mse",
        /// With `rbf` only: eq. 9, which also pushes the wrong classes away.
        Map = "map",
        /// With `softmax`: -log of the probability of the right class, mean over the batch.
        CrossEntropy = "cross-entropy",
    }
}

impl Loss {
    /// The loss that an output brings along.
    pub fn of(output: Output) -> Self {
        match output {
            Output::Linear => Loss::Mse,
            Output::Rbf => Loss::Map,
            Output::Softmax => Loss::CrossEntropy,
        }
    }
}
