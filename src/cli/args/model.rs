//! A trained model, named on the command line and put on a device.

use std::path::PathBuf;

use super::{DeviceArgs, device};
use crate::cli::output;
use crate::data::Digits;
use crate::device::Device;
use crate::error::Result;
use crate::inference::Inference;
use crate::report::files::is_run;
use crate::report::finished;
use crate::report::record::Record;
use crate::text::{path_on_one_line, thousands};
use crate::train::model::Model;

#[derive(Debug, Clone, clap::Args)]
pub struct ModelArg {
    /// Model file that `lenet train` or `lenet import` wrote, or the folder of a run
    #[arg(value_name = "MODEL")]
    model: PathBuf,
}

impl ModelArg {
    /// Returns the file: in the folder of a run, its model.
    pub fn file(&self) -> PathBuf {
        Model::file(&self.model)
    }

    /// The run whose folder was named, if it was one.
    pub fn run(&self) -> Result<Option<Record>> {
        is_run(&self.model).then(|| Record::read(&self.model)).transpose()
    }

    pub fn read(&self) -> Result<Model> {
        finished::model(&self.model)
    }

    /// Puts the model on a device with these sets of digits, `batch` at a time, and says what answers.
    pub fn ask(
        &self,
        model: &Model,
        args: &DeviceArgs,
        batch: usize,
        sets: &[&Digits],
    ) -> Result<(Inference, Device)> {
        let device = device::choose(args, device::Purpose::Inference)?;
        output::note(&format!(
            "model    {}: {}, {} parameters",
            path_on_one_line(&self.file()),
            model.network.name,
            thousands(model.network.parameters())
        ));
        device::announce(&device);
        let inference = Inference::new(model, &device, args.plan, batch, sets)?;
        output::note(&format!(
            "plan     {} ({}), {} profile",
            inference.strategy().name(),
            inference.origin(),
            device.profile().name
        ));
        Ok((inference, device))
    }
}
