//! `lenet serve`: the page in which a browser trains with the same shaders, on this machine.

use crate::cli::args::page::PageArgs;
use crate::cli::output;
use crate::error::Result;
use crate::text::bytes;
use crate::web;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    page: PageArgs,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
}

pub fn run(args: Args) -> Result<()> {
    let listener = web::listen(args.port)?;
    let site = args.page.site()?;
    let port = listener.local_addr().map_or(args.port, |address| address.port());
    output::print(&format!("http://127.0.0.1:{port}/\n"))?;
    output::note(&format!(
        "the page, {} in all; open the address in a browser with WebGPU, end with Ctrl-C",
        bytes(site.size())
    ));
    web::serve(&listener, site);
}
