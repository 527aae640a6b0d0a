//! A program's packages as areas.

use std::collections::BTreeMap;

use model::{PackageSize, WasmFile};
use treemap::{MapItem, Mappable, Rect, TreemapLayout};

use crate::view;

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
    let class = |package: &PackageSize| match (&package.package, &package.module) {
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
            let module = package.module.as_deref().unwrap_or("standard library");
            let shared = rest.entry((class(package), module)).or_default();
            *shared = (shared.0 + 1, shared.1 + package.code);
        }
    }
    let rest = rest.into_iter().map(|((class, module), (count, code))| {
        let packages = view::count(count, "small package");
        (format!("{packages} of {module}"), code, class)
    });
    parts.extend(rest);
    parts.retain(|(_, code, _)| *code > 0);
    parts.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    lay_out(&parts)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "areas need no more than 52 bits of a size"
)]
fn lay_out(parts: &[(String, u64, &'static str)]) -> Vec<Area> {
    let item = |(_, code, _): &(String, u64, &str)| -> Box<dyn Mappable> {
        Box::new(MapItem::with_size(*code as f64))
    };
    let mut items: Vec<Box<dyn Mappable>> = parts.iter().map(item).collect();
    let all = Rect::from_points(0.0, 0.0, WIDTH, HEIGHT);
    TreemapLayout::new().layout_items(&mut items, all);
    let areas = parts.iter().zip(&items).map(|((name, code, class), item)| {
        let Rect { x, y, w, h } = *item.bounds();
        Area {
            x,
            y,
            w,
            h,
            label: label(name, w, h),
            title: format!("{name}: {}", view::bytes(*code)),
            class,
        }
    });
    areas.collect()
}

/// As much of a name as fits: its last elements.
fn label(name: &str, w: f64, h: f64) -> String {
    /// Width of a character, in units of the picture.
    const CHARACTER: f64 = 6.8;
    let fits = |text: &str| {
        h > 15.0 && w > CHARACTER * (f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) + 1.0)
    };
    let short = name.rsplit('/').next().unwrap_or(name);
    let label = [name, short].into_iter().find(|text| fits(text));
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
        }
        assert_eq!(areas[0].label, "a/b");
        assert_eq!(label("example.com/module/package", 60.0, 20.0), "package");
        assert_eq!(label("package", 20.0, 20.0), "");
    }
}
