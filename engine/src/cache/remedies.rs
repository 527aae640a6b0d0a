//! What came of trying remedies for a module, by a name that holds all that it depends on.

use super::{MAX_SIZE, REMEDIES, Store, private};

/// Length of the checksum, in bytes, before what is kept.
const SUM: usize = blake3::OUT_LEN;

/// Remedies that were tried, in a directory of the user's alone.
#[derive(Clone, Debug)]
pub(crate) struct KeptRemedies(Store);

impl KeptRemedies {
    /// None when others could write there: what is kept may be applied to files.
    pub(crate) fn find() -> Option<Self> {
        let store = Store::find(REMEDIES)?;
        private(&store.dir).ok()?;
        store.is_private().then_some(Self(store))
    }

    /// What is kept under a name, if it is whole.
    pub(crate) fn recall(&self, name: &blake3::Hash) -> Option<Vec<u8>> {
        let mut bytes = self.0.recall(name.to_hex().as_str().into())?;
        let kept = bytes.split_off(bytes.len().min(SUM));
        (checksum(name, &kept).as_bytes() == bytes.as_slice()).then_some(kept)
    }

    /// Keep something under a name. A disk that cannot be written keeps nothing.
    pub(crate) fn keep(&self, name: &blake3::Hash, bytes: &[u8]) {
        let (hex, sum) = (name.to_hex(), checksum(name, bytes));
        let kept = self.0.keep(hex.as_str().into(), &[sum.as_bytes(), bytes]);
        if kept.is_ok() {
            self.0.trim(MAX_SIZE);
        }
    }
}

/// Of the name, too: what was kept of another module is as good as damaged.
fn checksum(name: &blake3::Hash, bytes: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(name.as_bytes()).update(bytes);
    hasher.finalize()
}
