//! Numbers with their nouns, as text.

/// `1 package`, `2 packages`
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}
