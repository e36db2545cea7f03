//! `ashlar node` and what belongs to it, as processes. Its Ethereum does not answer, which stops nothing of this.

mod chain;
#[path = "../support/process.rs"]
mod process;

use chain::Chain;

#[test]
fn each_signal_that_asks_for_the_end_ends_a_node_in_order() {
    let chain = Chain::new("local = false");
    // Ctrl-C, what services are stopped with, and what a terminal sends that is closed.
    for signal in ["-INT", "-TERM", "-HUP"] {
        let (mut node, ready) = chain.start();
        assert!(ready["rpc"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{ready}");
        node.signal(signal);
        let status = node.end();
        assert!(status.success(), "{signal}: {status}: {}", node.log());
    }
}
