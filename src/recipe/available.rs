//! What a data set has.

use super::NetworkArgs;
use crate::data::Mnist;
use crate::error::Result;
use crate::network::{CLASSES, ClassNames, DIGIT_SIDE, lenet};
use crate::plan::abi::Record;

/// What a data set has: digits, their side, their classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    pub train: usize,
    pub test: usize,
    pub side: usize,
    pub classes: usize,
    pub names: ClassNames,
}

impl Available {
    /// The digits of MNIST.
    pub const MNIST: Available = Available {
        train: 60_000,
        test: 10_000,
        side: DIGIT_SIDE,
        classes: CLASSES,
        names: ClassNames::NUMBERS,
    };

    /// As many digits as MNIST has, of a larger side as a binding of 128 MiB holds, with the side and the classes that the
    /// network of these flags is for.
    ///
    /// # Errors
    /// As [`super::NetworkChoice::table`].
    pub fn suiting(flags: &NetworkArgs) -> Result<Self> {
        let table = flags.table(lenet::lenet5())?;
        let (side, classes) = (table.options.side, table.options.classes);
        let Available { train, test, .. } = Available::MNIST;
        let train = train.min(Record { side }.most().saturating_sub(test));
        Ok(Available { train, test, side, classes, names: table.names })
    }

    /// What there is of a data set.
    pub fn of(mnist: &Mnist) -> Self {
        let Mnist { train, test } = mnist;
        Available {
            train: train.len(),
            test: test.len(),
            side: train.side(),
            classes: train.classes(),
            names: train.names().clone(),
        }
    }
}
