//! How long blobs, openings and sidecars take: `cargo test --release -p ashlar-blobs --test bench -- --ignored
//! --nocapture`.

use ashlar_blobs::{BatchBlobs, pubdata_of};
use ashlar_pubdata::PUBDATA_BYTES_MAX;
use std::time::Instant;

fn timed<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    println!("{name}: {:?}", start.elapsed());
    result
}

#[test]
#[ignore = "measures"]
fn six_blobs() {
    timed("trusted setup", || c_kzg::ethereum_kzg_settings(0));
    let pubdata: Vec<u8> = (0..PUBDATA_BYTES_MAX).map(|i| (i * 167 + i / 256) as u8).collect();
    let batch = timed("blobs and commitments", || BatchBlobs::new(&pubdata)).unwrap();
    timed("openings", || batch.open(&pubdata)).unwrap();
    timed("back to pubdata", || pubdata_of(batch.blobs())).unwrap();
    timed("sidecar", || batch.into_sidecar()).unwrap();
}
