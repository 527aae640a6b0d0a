//! Tables that give each piece of a function's code a value: its file, its line, the size of its
//! frame (`runtime/symtab.go`, `pcvalue`).

use super::Functions;
use crate::image::Image;
use crate::pc::Offset;

impl<I: Image> Functions<'_, '_, I> {
    /// The value of a PC table at an offset.
    pub(super) fn value(&self, table: u32, offset: Offset) -> Option<i64> {
        let mut values = self.values(table);
        values
            .find(|(end, _)| offset < *end)
            .map(|(_, value)| value)
    }

    /// The values of a PC table, each with the offset where it ends (`runtime/symtab.go`,
    /// `pcvalue`). Position 0 is no table.
    pub(super) fn values(&self, table: u32) -> impl Iterator<Item = (Offset, i64)> {
        let mut at = self.table.header.pcs + table as usize;
        let (mut value, mut pc): (i64, Offset) = (-1, 0);
        let mut first = true;
        let quantum = u32::from(self.table.header.quantum);
        std::iter::from_fn(move || {
            let delta = self.varint(&mut at).filter(|delta| *delta != 0 || first)?;
            first = false;
            let half = i64::from(delta >> 1);
            value += if delta & 1 == 1 { !half } else { half };
            pc = self
                .varint(&mut at)?
                .checked_mul(quantum)?
                .checked_add(pc)?;
            Some((pc, value))
        })
        .take_while(move |_| table != 0)
    }

    fn varint(&self, at: &mut usize) -> Option<u32> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let byte = *self.bytes.get(*at)?;
            *at += 1;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}
