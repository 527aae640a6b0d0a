//! A program's packages as areas.

use std::collections::BTreeMap;

use model::{PackageSize, Producer, WasmFile, count};
use report::view::bytes;

/// Size of the picture, in its own units.
pub(crate) const WIDTH: f64 = 1000.0;
/// Its height.
pub(crate) const HEIGHT: f64 = 440.0;

/// Packages that have an area of their own; the rest of each module shares one.
const OWN: usize = 70;

/// An area.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
    /// What is written in it; empty where there is no room.
    pub(crate) label: String,
    pub(crate) title: String,
    /// `own`, `std`, `dep` or `none`: whose code it is.
    pub(crate) class: &'static str,
}

/// The areas of a program, largest first.
pub(crate) fn areas(wasm: &WasmFile) -> Vec<Area> {
    let own = wasm.modules.first().map(|m| m.path.as_str());
    // Of other compilers' modules nothing tells whose code a package is.
    let go = wasm.producer == Producer::Go;
    let class = |package: &PackageSize| match (&package.package, &package.module) {
        (Some(_), _) if !go => "dep",
        (None, _) => "none",
        (_, None) => "std",
        (_, Some(module)) if Some(module.as_str()) == own => "own",
        _ => "dep",
    };
    let mut parts: Vec<(String, u64, &'static str)> = Vec::new();
    let mut rest: BTreeMap<(&'static str, &str), (usize, u64)> = BTreeMap::new();
    for (n, package) in wasm.packages.iter().enumerate() {
        let name = package.package.as_deref().unwrap_or("(linker)");
        if n < OWN {
            parts.push((name.to_owned(), package.code, class(package)));
        } else {
            let module = package.module.as_deref();
            let module = module.unwrap_or(if go { "standard library" } else { "the rest" });
            let shared = rest.entry((class(package), module)).or_default();
            *shared = (shared.0 + 1, shared.1.saturating_add(package.code));
        }
    }
    let rest = rest.into_iter().map(|((class, module), (number, code))| {
        let packages = count(number, "small package");
        (format!("{packages} in {module}"), code, class)
    });
    parts.extend(rest);
    parts.retain(|(_, code, _)| *code > 0);
    parts.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    lay_out(&parts)
}

fn lay_out(parts: &[(String, u64, &'static str)]) -> Vec<Area> {
    let sizes: Vec<u64> = parts.iter().map(|(_, code, _)| *code).collect();
    let areas = parts.iter().zip(squarify(&sizes, Rect::ALL));
    let areas = areas.map(|((name, code, class), Rect { x, y, w, h })| Area {
        x,
        y,
        w,
        h,
        label: label(name, w, h),
        title: format!("{name}: {}", bytes(*code)),
        class,
    });
    areas.collect()
}

#[derive(Clone, Copy, Debug)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

impl Rect {
    const ALL: Self = Self {
        x: 0.0,
        y: 0.0,
        w: WIDTH,
        h: HEIGHT,
    };
}

/// Divide an area by sizes, the largest first, into rectangles that are nearly squares: rows along
/// the shorter side, each as long as that makes its rectangles squarer (Bruls, Huizing and van Wijk,
/// "Squarified Treemaps", 2000).
#[expect(
    clippy::cast_precision_loss,
    reason = "areas need no more than 52 bits of a size"
)]
fn squarify(sizes: &[u64], mut left: Rect) -> Vec<Rect> {
    let total: f64 = sizes.iter().map(|size| *size as f64).sum();
    let scale = left.w * left.h / total.max(1.0);
    let areas: Vec<f64> = sizes.iter().map(|size| *size as f64 * scale).collect();
    let mut rects = Vec::new();
    let mut rest = areas.as_slice();
    while !rest.is_empty() {
        let side = left.w.min(left.h);
        let longer = (1..rest.len()).find(|n| worst(&rest[..=*n], side) > worst(&rest[..*n], side));
        let (row, others) = rest.split_at(longer.unwrap_or(rest.len()));
        let depth = row.iter().sum::<f64>() / side.max(f64::MIN_POSITIVE);
        let mut along = 0.0;
        for area in row {
            let length = area / depth.max(f64::MIN_POSITIVE);
            rects.push(if left.w < left.h {
                let x = left.x + along;
                Rect {
                    x,
                    y: left.y,
                    w: length,
                    h: depth,
                }
            } else {
                let y = left.y + along;
                Rect {
                    x: left.x,
                    y,
                    w: depth,
                    h: length,
                }
            });
            along += length;
        }
        if left.w < left.h {
            (left.y, left.h) = (left.y + depth, left.h - depth);
        } else {
            (left.x, left.w) = (left.x + depth, left.w - depth);
        }
        rest = others;
    }
    rects
}

/// How far the longest rectangle of a row is from a square.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let ratio = |area: &f64| {
        let ratio = side * side * area / (sum * sum);
        ratio.max(1.0 / ratio)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// As much of a name as fits: its last elements.
fn label(name: &str, w: f64, h: f64) -> String {
    /// Width of a character, in units of the picture.
    const CHARACTER: f64 = 6.8;
    let fits = |text: &str| {
        h > 15.0 && w > CHARACTER * (f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) + 1.0)
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    // Of several packages: how many there are.
    let first = name.split(" in ").next().unwrap_or(name);
    let label = [name, first, last].into_iter().find(|text| fits(text));
    label.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_as_large_as_their_packages() {
        let parts = [("a/b", 600), ("c", 300), ("d", 100)];
        let parts = parts.map(|(name, code)| (name.to_owned(), code, "std"));
        let areas = lay_out(&parts);
        for (area, (_, code, _)) in areas.iter().zip(&parts) {
            let share = f64::from(u32::try_from(*code).unwrap()) / 1000.0;
            assert!((area.w * area.h / (WIDTH * HEIGHT) - share).abs() < 0.001);
            assert!(area.x >= 0.0 && area.x + area.w <= WIDTH + 0.01);
            assert!(area.y >= 0.0 && area.y + area.h <= HEIGHT + 0.01);
        }
        assert_eq!(areas[0].label, "a/b");
        assert_eq!(label("example.com/module/package", 60.0, 20.0), "package");
        assert_eq!(label("package", 20.0, 20.0), "");
    }
}
