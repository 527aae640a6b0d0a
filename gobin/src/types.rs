//! Go's type descriptors: what they refer to, and the methods that the linker has kept.
//!
//! Layout: `internal/abi/type.go`, `internal/abi/map_*.go`. Only the descriptor of maps has
//! changed from Go 1.21 to 1.27. Fields lie where a pointer's size puts them.

use crate::graph::Node;
use crate::image::Image;
use crate::moduledata::Moduledata;
use crate::pc::PcCoding;

/// A type descriptor.
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// Address after its last byte.
    pub(crate) end: u64,
    /// Addresses of other types: of elements, fields, parameters, methods of interfaces.
    pub(crate) types: Vec<u64>,
    /// Addresses of function values: equality, and the hash of a map's keys.
    pub(crate) functions: Vec<u64>,
    /// The methods that are left.
    pub(crate) methods: Vec<Method>,
    /// Of an interface, the methods that it wants.
    pub(crate) wants: Vec<Signature>,
    /// Where the mask of its pointers lies, and how long that is.
    pub(crate) mask: (u64, u64),
}

/// Offsets of the name and the type of a method: the linker has one of each.
pub(crate) type Signature = (u32, u32);

/// A method that the linker has kept.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) signature: Signature,
    /// Its type; none where the linker has dropped that alone.
    pub(crate) ty: Option<u64>,
    /// The method for interfaces and for direct calls.
    pub(crate) functions: [Option<Node>; 2],
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
/// Size of `abi.UncommonType`.
const UNCOMMON_SIZE: u64 = 16;
/// The mask is made at run time; there is only a place for its address.
const MASK_ON_DEMAND: u8 = 16;
/// More of anything than this is no type.
const MANY: u64 = 1 << 13;

/// Where the fields of `abi.Type` lie in a descriptor, by the size of a pointer.
#[derive(Clone, Copy, Debug)]
struct Head(u64);

impl Head {
    const fn hash(self) -> u64 {
        2 * self.0
    }

    const fn flags(self) -> u64 {
        2 * self.0 + 4
    }

    const fn align(self) -> u64 {
        2 * self.0 + 5
    }

    const fn field_align(self) -> u64 {
        2 * self.0 + 6
    }

    const fn kind(self) -> u64 {
        2 * self.0 + 7
    }

    const fn equal(self) -> u64 {
        2 * self.0 + 8
    }

    const fn mask(self) -> u64 {
        3 * self.0 + 8
    }

    const fn name(self) -> u64 {
        4 * self.0 + 8
    }

    const fn pointer_to(self) -> u64 {
        4 * self.0 + 12
    }

    /// Its size.
    const fn size(self) -> u64 {
        4 * self.0 + 16
    }
}

/// Addresses that a descriptor has behind one another: the first, how many, how far apart, and the
/// offset in each.
type List = (u64, u64, u64, u64);

/// Reads the type descriptors of a program.
#[derive(Debug)]
pub(crate) struct Types<'p, I> {
    image: &'p I,
    md: &'p Moduledata,
    coding: &'p PcCoding,
}

impl<I> Clone for Types<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Types<'_, I> {}

impl<'p, I: Image> Types<'p, I> {
    pub(crate) const fn new(image: &'p I, md: &'p Moduledata, coding: &'p PcCoding) -> Self {
        Self { image, md, coding }
    }

    /// Where the functions of an itab begin (`abi.ITab`): behind interface type, type and hash.
    pub(crate) fn itab_head(self) -> u64 {
        let pointer = self.image.pointer_size();
        (2 * pointer + 4).next_multiple_of(pointer)
    }

    /// How many methods the interface of an itab has, each with a function in the itab.
    pub(crate) fn methods_of_itab(self, itab: u64) -> Option<u64> {
        let interface = self.image.pointer(itab)?;
        let count = interface + self.head().size() + 2 * self.image.pointer_size();
        self.image.word(count).filter(|n| *n < 1 << 16)
    }

    fn head(self) -> Head {
        Head(self.image.pointer_size())
    }

    /// Whether a type descriptor may lie at an address: whether the fields of its head make sense.
    pub(crate) fn is_likely(self, at: u64) -> bool {
        let (image, md, head) = (self.image, self.md, self.head());
        let size_of_pointer = image.pointer_size();
        let check = || {
            let (size, pointers) = (image.word(at)?, image.word(at + size_of_pointer)?);
            let align = image.byte(at + head.align())?;
            let field_align = image.byte(at + head.field_align())?;
            let kind = image.byte(at + head.kind())? & 31;
            let (equal, mask) = (
                image.word(at + head.equal())?,
                image.word(at + head.mask())?,
            );
            let name = md.types.start + u64::from(image.word32(at + head.name())?);
            // A mask that is made at run time lies in data that starts as zeros.
            let in_memory = |address: u64| image.start() <= address && address < md.end;
            let sane = md.types.contains(&at)
                && at.is_multiple_of(size_of_pointer)
                && (1..=LAST).contains(&kind)
                && size < 1 << 40
                && pointers <= size
                && pointers.is_multiple_of(size_of_pointer)
                && matches!(align, 1 | 2 | 4 | 8)
                && matches!(field_align, 1 | 2 | 4 | 8)
                && size.is_multiple_of(u64::from(align))
                && (equal == 0 || in_memory(equal))
                && (pointers == 0 || in_memory(mask))
                && image.word32(at + head.hash())? != 0;
            Some(sane && self.has_name(name))
        };
        check().unwrap_or(false)
    }

    /// Flags and text of a name (`abi.Name`): its length stands before it in one or two bytes.
    fn text(self, at: u64) -> Option<(u8, &'p [u8])> {
        let bytes = self.image.from(at)?;
        let (flags, mut len, mut start) = (*bytes.first()?, usize::from(*bytes.get(1)?), 2);
        if len >= 0x80 {
            len = (len & 0x7f) | usize::from(*bytes.get(2)?) << 7;
            start = 3;
        }
        Some((flags, bytes.get(start..start + len)?))
    }

    fn has_name(self, at: u64) -> bool {
        let is_text = |(flags, name): (u8, &[u8])| {
            flags < 16 && !name.is_empty() && !name.iter().take(64).any(|b| *b < b' ')
        };
        self.md.types.contains(&at) && self.text(at).is_some_and(is_text)
    }

    /// Whether a method is exported (`abi.Name.IsExported`).
    pub(crate) fn is_exported(self, (name, _): Signature) -> bool {
        let flags = self.image.byte(self.md.types.start + u64::from(name));
        flags.is_some_and(|flags| flags & 1 == 1)
    }

    /// The name of the type at an address, with the name of its package.
    pub(crate) fn name(self, at: u64) -> Option<String> {
        const EXTRA_STAR: u8 = 2;
        let (image, head) = (self.image, self.head());
        let offset = image.word32(at + head.name())?;
        let (_, name) = self.text(self.md.types.start + u64::from(offset))?;
        let name = std::str::from_utf8(name).ok()?;
        let star = image.byte(at + head.flags())? & EXTRA_STAR != 0;
        let plain = name.strip_prefix('*').filter(|_| star);
        Some(plain.unwrap_or(name).to_owned())
    }

    /// Read the descriptor at an address.
    pub(crate) fn read(self, at: u64) -> Option<Descriptor> {
        let (image, head) = (self.image, self.head());
        let flags = image.byte(at + head.flags())?;
        let size_of_pointer = image.pointer_size();
        let mask = match flags & MASK_ON_DEMAND {
            // A bit for each word.
            0 => image
                .pointer(at + size_of_pointer)?
                .div_ceil(8 * size_of_pointer)
                .min(MANY),
            _ => size_of_pointer,
        };
        let mut ty = Descriptor {
            end: at + head.size(),
            types: Vec::new(),
            functions: Vec::new(),
            methods: Vec::new(),
            wants: Vec::new(),
            mask: (image.pointer(at + head.mask())?, mask),
        };
        let equal = image.pointer(at + head.equal());
        ty.functions.extend(equal.filter(|f| *f != 0));
        // The linker keeps the type of pointers to a named type, and to one whose pointers have methods
        // (cmd/compile/internal/reflectdata/reflect.go, dcommontype); of others it leads to nothing.
        let pointer = image.word32(at + head.pointer_to());
        let pointer = pointer.filter(|offset| *offset != 0);
        ty.types
            .extend(pointer.map(|offset| self.md.types.start + u64::from(offset)));
        let (size, list) = self.parts(&mut ty, at, flags)?;
        if let Some((list, count, step, field)) = list {
            for n in 0..count.min(MANY) {
                ty.types.push(image.pointer(list + n * step + field)?);
            }
            ty.covers(list, count.min(MANY) * step);
        }
        ty.end = ty.end.max(at + size);
        if flags & UNCOMMON != 0 {
            self.uncommon(&mut ty, at + size)?;
        }
        Some(ty)
    }

    /// What the descriptors of a kind have behind their head: the size of the descriptor, and the
    /// list of types that it has.
    fn parts(self, ty: &mut Descriptor, at: u64, flags: u8) -> Option<(u64, Option<List>)> {
        let (image, head) = (self.image, self.head());
        let pointer = image.pointer_size();
        let own = at + head.size();
        let field = |n: u64| image.pointer(own + n * pointer);
        let size = |fields: u64| head.size() + fields * pointer;
        Some(match image.byte(at + head.kind())? & 31 {
            ARRAY => {
                ty.types.extend([field(0)?, field(1)?]);
                (size(3), None)
            }
            CHAN => {
                ty.types.push(field(0)?);
                (size(2), None)
            }
            POINTER | SLICE => {
                ty.types.push(field(0)?);
                (size(1), None)
            }
            FUNC => {
                let results = image.word16(own + 2)? & 0x7fff;
                let count = u64::from(image.word16(own)?) + u64::from(results);
                let size = (head.size() + 4).next_multiple_of(pointer);
                let uncommon = flags & UNCOMMON != 0;
                let first = at + size + if uncommon { UNCOMMON_SIZE } else { 0 };
                (size, Some((first, count, pointer, 0)))
            }
            INTERFACE => {
                let (list, count) = (field(1)?, field(2)?.min(MANY));
                for n in 0..count {
                    let name = image.word32(list + n * 8)?;
                    let signature = (name, image.word32(list + n * 8 + 4)?);
                    ty.types.push(self.md.types.start + u64::from(signature.1));
                    ty.wants.push(signature);
                }
                ty.covers(list, count * 8);
                (size(4), None)
            }
            MAP => {
                ty.types.extend([field(0)?, field(1)?, field(2)?]);
                ty.functions.extend(field(3).filter(|f| *f != 0));
                (self.map_size(at)?, None)
            }
            STRUCT => {
                let fields = (field(1)?, field(2)?, 3 * pointer, pointer);
                (size(4), Some(fields))
            }
            _ => (head.size(), None),
        })
    }

    /// The size of a map's descriptor. Go 1.24 has other maps, and 1.27 has more fields in their
    /// types; all end with four bytes of flags.
    fn map_size(self, at: u64) -> Option<u64> {
        let (image, head) = (self.image, self.head());
        let pointer = image.pointer_size();
        let own = at + head.size();
        let size = |fields: u64| (head.size() + fields * pointer + 4).next_multiple_of(pointer);
        if self.md.is_127 {
            return Some(size(10));
        }
        // Where the new one has the size of its group, the old one has four small fields.
        let group = image.pointer(own + 2 * pointer)?;
        let is_group = image.pointer(group) == image.pointer(own + 4 * pointer);
        let old = head.size() + 4 * pointer + 8;
        Some(if is_group { size(7) } else { old })
    }

    /// The part with the methods (`abi.UncommonType`).
    fn uncommon(self, ty: &mut Descriptor, at: u64) -> Option<()> {
        let image = self.image;
        let count = u64::from(image.word16(at + 4)?);
        let list = at + u64::from(image.word32(at + 8)?);
        ty.end = ty.end.max(at + UNCOMMON_SIZE).max(list + count * 16);
        for n in 0..count {
            let offset = |field: u64| image.word32(list + n * 16 + field);
            // The linker writes -1 for what it has dropped, and it may drop the type of a method
            // alone (cmd/link/internal/ld/data.go, R_METHODOFF).
            let signature = (offset(0)?, offset(4)?);
            let own = signature.1;
            let own = (own != 0 && own != u32::MAX).then(|| self.md.types.start + u64::from(own));
            ty.methods.push(Method {
                signature,
                ty: own,
                functions: [
                    self.coding.short(offset(8)?),
                    self.coding.short(offset(12)?),
                ],
            });
        }
        Some(())
    }
}

impl Descriptor {
    /// A list behind the descriptor belongs to it.
    fn covers(&mut self, list: u64, bytes: u64) {
        if (self.end..self.end + 256).contains(&list) {
            self.end = list + bytes;
        }
    }
}
