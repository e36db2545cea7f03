//! Signals that ask for the end: Ctrl-C (SIGINT), that by which services are stopped (SIGTERM), that of a closed terminal (SIGHUP).

use ashlar_node::Stop;
use eyre::WrapErr;

/// Makes these signals order a stop. A second one does nothing more: what is being written is written to its end.
pub(crate) fn order(stop: &Stop) -> eyre::Result<()> {
    let stop = stop.clone();
    // With its feature `termination`, which the workspace asks for, it is about all three.
    ctrlc::set_handler(move || stop.order()).wrap_err("listening for the signals that ask for the end")
}
