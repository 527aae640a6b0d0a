//! Go's type descriptors: what they refer to, and the methods that the linker has kept.
//!
//! Layout: `internal/abi/type.go`, `internal/abi/map_*.go`. Only the descriptor of maps has
//! changed from Go 1.21 to 1.27.

use super::image::Image;
use super::moduledata::Moduledata;
use super::pclntab::FIRST;

/// A type descriptor.
#[derive(Debug)]
pub(super) struct Descriptor {
    /// Address after its last byte.
    pub(super) end: u64,
    /// Addresses of other types: of elements, fields, parameters, methods of interfaces.
    pub(super) types: Vec<u64>,
    /// Addresses of function values: equality, and the hash of a map's keys.
    pub(super) functions: Vec<u64>,
    /// The methods that are left.
    pub(super) methods: Vec<Method>,
    /// Of an interface, the methods that it wants.
    pub(super) wants: Vec<Signature>,
    /// Where the mask of its pointers lies, and how long that is.
    pub(super) mask: (u64, u64),
}

/// Offsets of the name and the type of a method: the linker has one of each.
pub(super) type Signature = (u32, u32);

/// A method that the linker has kept.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) signature: Signature,
    /// Its type; none where the linker has dropped that alone.
    pub(super) ty: Option<u64>,
    /// Positions in the function table, of the method for interfaces and for direct calls.
    pub(super) functions: [Option<u32>; 2],
}

const ARRAY: u8 = 17;
const CHAN: u8 = 18;
const FUNC: u8 = 19;
const INTERFACE: u8 = 20;
const MAP: u8 = 21;
const POINTER: u8 = 22;
const SLICE: u8 = 23;
const STRUCT: u8 = 25;
const LAST: u8 = 26;

const UNCOMMON: u8 = 1;
/// The mask is made at run time; there is only a place for its address.
const MASK_ON_DEMAND: u8 = 16;
/// Size of `abi.Type`.
const HEAD: u64 = 48;
/// More of anything than this is no type.
const MANY: u64 = 1 << 13;

/// Whether a type descriptor may lie at an address: whether the fields of its head make sense.
pub(super) fn is_likely(image: &Image, md: &Moduledata, at: u64) -> bool {
    let check = || {
        let (size, pointers) = (image.word(at)?, image.word(at + 8)?);
        let (align, field_align) = (image.byte(at + 21)?, image.byte(at + 22)?);
        let kind = image.byte(at + 23)? & 31;
        let (equal, mask) = (image.word(at + 24)?, image.word(at + 32)?);
        let name = md.types.start + u64::from(image.word32(at + 40)?);
        // A mask that is made at run time lies in data that starts as zeros.
        let in_memory = |address: u64| image.start() <= address && address < md.end;
        let sane = md.types.contains(&at)
            && at.is_multiple_of(8)
            && (1..=LAST).contains(&kind)
            && size < 1 << 40
            && pointers <= size
            && pointers.is_multiple_of(8)
            && matches!(align, 1 | 2 | 4 | 8)
            && matches!(field_align, 1 | 2 | 4 | 8)
            && size.is_multiple_of(u64::from(align))
            && (equal == 0 || in_memory(equal))
            && (pointers == 0 || in_memory(mask))
            && image.word32(at + 16)? != 0;
        Some(sane && has_name(image, md, name))
    };
    check().unwrap_or(false)
}

/// Flags and text of a name (`abi.Name`): its length stands before it in one or two bytes.
fn text(image: &Image, at: u64) -> Option<(u8, &[u8])> {
    let bytes = image.from(at)?;
    let (flags, mut len, mut start) = (*bytes.first()?, usize::from(*bytes.get(1)?), 2);
    if len >= 0x80 {
        len = (len & 0x7f) | usize::from(*bytes.get(2)?) << 7;
        start = 3;
    }
    Some((flags, bytes.get(start..start + len)?))
}

fn has_name(image: &Image, md: &Moduledata, at: u64) -> bool {
    let is_text = |(flags, name): (u8, &[u8])| {
        flags < 16 && !name.is_empty() && !name.iter().take(64).any(|b| *b < b' ')
    };
    md.types.contains(&at) && text(image, at).is_some_and(is_text)
}

/// Whether a method is exported (`abi.Name.IsExported`).
pub(super) fn is_exported(image: &Image, md: &Moduledata, (name, _): Signature) -> bool {
    let flags = image.byte(md.types.start + u64::from(name));
    flags.is_some_and(|flags| flags & 1 == 1)
}

/// The name of the type at an address, with the name of its package.
pub(super) fn name(image: &Image, md: &Moduledata, at: u64) -> Option<String> {
    const EXTRA_STAR: u8 = 2;
    let (_, name) = text(image, md.types.start + u64::from(image.word32(at + 40)?))?;
    let name = std::str::from_utf8(name).ok()?;
    let star = image.byte(at + 20)? & EXTRA_STAR != 0;
    let plain = name.strip_prefix('*').filter(|_| star);
    Some(plain.unwrap_or(name).to_owned())
}

/// Read the descriptor at an address; `slots` is the number of functions in the table.
pub(super) fn read(image: &Image, md: &Moduledata, at: u64, slots: u64) -> Option<Descriptor> {
    let flags = image.byte(at + 20)?;
    let mask = match flags & MASK_ON_DEMAND {
        0 => image.pointer(at + 8)?.div_ceil(64).min(MANY),
        _ => 8,
    };
    let mut ty = Descriptor {
        end: at + HEAD,
        types: Vec::new(),
        functions: Vec::new(),
        methods: Vec::new(),
        wants: Vec::new(),
        mask: (image.pointer(at + 32)?, mask),
    };
    ty.functions
        .extend(image.pointer(at + 24).filter(|f| *f != 0));
    // The linker keeps the type of pointers to a named type, and to one whose pointers have methods
    // (cmd/compile/internal/reflectdata/reflect.go, dcommontype); of others it leads to nothing.
    let pointer = image.word32(at + 44).filter(|offset| *offset != 0);
    ty.types
        .extend(pointer.map(|offset| md.types.start + u64::from(offset)));
    let mut lists = Vec::new();
    let size = match image.byte(at + 23)? & 31 {
        ARRAY => {
            ty.types
                .extend([image.pointer(at + HEAD)?, image.pointer(at + 56)?]);
            72
        }
        CHAN => {
            ty.types.push(image.pointer(at + HEAD)?);
            64
        }
        POINTER | SLICE => {
            ty.types.push(image.pointer(at + HEAD)?);
            56
        }
        FUNC => {
            let results = image.word16(at + 50)? & 0x7fff;
            let count = u64::from(image.word16(at + HEAD)?) + u64::from(results);
            let first = at + 56 + if flags & UNCOMMON != 0 { 16 } else { 0 };
            lists.push((first, count, 8, 0));
            56
        }
        INTERFACE => {
            let (list, count) = (image.pointer(at + 56)?, image.pointer(at + 64)?);
            for n in 0..count.min(MANY) {
                let signature = (image.word32(list + n * 8)?, image.word32(list + n * 8 + 4)?);
                ty.types.push(md.types.start + u64::from(signature.1));
                ty.wants.push(signature);
            }
            ty.covers(list, count.min(MANY) * 8);
            80
        }
        MAP => {
            let words = [at + HEAD, at + 56, at + 64];
            let types = words.iter().map(|word| image.pointer(*word));
            ty.types.extend(types.collect::<Option<Vec<_>>>()?);
            ty.functions
                .extend(image.pointer(at + 72).filter(|f| *f != 0));
            map_size(image, md, at)?
        }
        STRUCT => {
            let (list, count) = (image.pointer(at + 56)?, image.pointer(at + 64)?);
            lists.push((list, count, 24, 8));
            80
        }
        _ => HEAD,
    };
    for (list, count, step, field) in lists {
        for n in 0..count.min(MANY) {
            ty.types.push(image.pointer(list + n * step + field)?);
        }
        ty.covers(list, count.min(MANY) * step);
    }
    ty.end = ty.end.max(at + size);
    if flags & UNCOMMON != 0 {
        ty.uncommon(image, md, at + size, slots)?;
    }
    Some(ty)
}

/// Go 1.24 has other maps, and 1.27 has two more fields in their types.
fn map_size(image: &Image, md: &Moduledata, at: u64) -> Option<u64> {
    if md.is_127 {
        return Some(136);
    }
    // Where the new one has the size of its group, the old one has four small fields.
    let group = image.pointer(at + 64)?;
    let is_group = image.pointer(group) == image.pointer(at + 80);
    Some(if is_group { 112 } else { 88 })
}

impl Descriptor {
    /// A list behind the descriptor belongs to it.
    fn covers(&mut self, list: u64, bytes: u64) {
        if (self.end..self.end + 256).contains(&list) {
            self.end = list + bytes;
        }
    }

    /// The part with the methods (`abi.UncommonType`).
    fn uncommon(&mut self, image: &Image, md: &Moduledata, at: u64, slots: u64) -> Option<()> {
        let count = u64::from(image.word16(at + 4)?);
        let list = at + u64::from(image.word32(at + 8)?);
        self.end = self.end.max(at + 16).max(list + count * 16);
        for n in 0..count {
            let offset = |field: u64| image.word32(list + n * 16 + field);
            // The linker writes -1 for what it has dropped, and it may drop the type of a method
            // alone (cmd/link/internal/ld/data.go, R_METHODOFF).
            let signature = (offset(0)?, offset(4)?);
            let ty = signature.1;
            let ty = (ty != 0 && ty != u32::MAX).then(|| md.types.start + u64::from(ty));
            let slot = |text: u32| {
                let index = if md.in_functions { text } else { text >> 16 };
                let slot = u64::from(index).checked_sub(FIRST)?;
                u32::try_from(slot).ok().filter(|_| slot < slots)
            };
            self.methods.push(Method {
                signature,
                ty,
                functions: [slot(offset(8)?), slot(offset(12)?)],
            });
        }
        Some(())
    }
}
