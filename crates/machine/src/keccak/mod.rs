//! temp
/// temp
pub struct KeccakEvent {
    /// t
    pub clock: u32,
    /// t
    pub address: u32,
    /// t
    pub state: [u32; 50],
}
