//! Ctrl-C, and the signal by which services are stopped.

use ashlar_node::Stop;
use eyre::WrapErr;

/// Makes signals order a stop. A second one does nothing more: what is being written is written to its end.
pub(crate) fn order(stop: &Stop) -> eyre::Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || stop.order()).wrap_err("listening for Ctrl-C")
}
