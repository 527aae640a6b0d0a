//! Files rewritten, and what stands in the way.

use super::*;

fn drivers() -> Vec<Swap> {
    vec![Swap {
        package: "a.b/lite".to_owned(),
        imports: vec!["c.d/lite3/driver".to_owned(), "c.d/lite3/embed".to_owned()],
        arguments: vec![
            Argument {
                functions: vec!["database/sql.Open".to_owned()],
                at: 0,
                does: ArgumentSwap::Replace("lite".to_owned(), "lite3".to_owned()),
            },
            Argument {
                functions: vec!["database/sql.Open".to_owned()],
                at: 1,
                does: ArgumentSwap::Refuse(vec!["?_fk=".to_owned()]),
            },
        ],
        ..Swap::default()
    }]
}

fn json() -> Vec<Swap> {
    let names = [("Marshal", "Marshal"), ("MarshalFast", "Marshal")];
    vec![Swap {
        package: "a.b/go-json".to_owned(),
        name: Some("json".to_owned()),
        imports: vec!["encoding/json".to_owned()],
        names: names.map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        ..Swap::default()
    }]
}

fn changed(text: &str, swaps: &[Swap]) -> String {
    match swap(text, swaps) {
        Swapped::Changed(text) => text,
        other => panic!("{other:?}\n{text}"),
    }
}

fn refused(text: &str, swaps: &[Swap]) -> Vec<(u32, Obstacle)> {
    match swap(text, swaps) {
        Swapped::Refused(all) => all.into_iter().map(|h| (h.line, h.obstacle)).collect(),
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn imports_in_groups_and_alone_keep_their_comments_and_line_ends() {
    for (before, after) in [
        (
            "package p\n\nimport (\n\t\"fmt\"\n\n\t_ \"a.b/lite\" // the driver\n\t\"os\"\n)\n",
            "package p\n\nimport (\n\t\"fmt\"\n\n\t_ \"c.d/lite3/driver\"\n\t_ \"c.d/lite3/embed\" // the driver\n\t\"os\"\n)\n",
        ),
        (
            "package p\n\n// of it\nimport _ `a.b/lite` // end\n",
            "package p\n\n// of it\nimport _ \"c.d/lite3/driver\"\nimport _ \"c.d/lite3/embed\" // end\n",
        ),
        (
            "package p\r\n\r\nimport (\r\n\t_ \"a.b/lite\"\r\n)\r\n",
            "package p\r\n\r\nimport (\r\n\t_ \"c.d/lite3/driver\"\r\n\t_ \"c.d/lite3/embed\"\r\n)\r\n",
        ),
        (
            "package p\n\nimport (_ \"a.b/lite\"; \"os\")\n",
            "package p\n\nimport (_ \"c.d/lite3/driver\"; _ \"c.d/lite3/embed\"; \"os\")\n",
        ),
        (
            "package p\n\nimport (\n\t_ \"a.b/lite\"\n\t_ \"c.d/lite3/driver\"\n\t_ \"c.d/lite3/embed\"\n)\n",
            "package p\n\nimport (\n\t_ \"c.d/lite3/driver\"\n\t_ \"c.d/lite3/embed\"\n)\n",
        ),
    ] {
        assert_eq!(changed(before, &drivers()), after);
    }
}

#[test]
fn the_name_of_a_package_stays_as_an_alias_where_it_differs() {
    let uses = "\n\nvar a, _ = json.Marshal(1)\n";
    for (before, after) in [
        ("import \"a.b/go-json\"", "import \"encoding/json\""),
        (
            "import json \"a.b/go-json\"",
            "import json \"encoding/json\"",
        ),
    ] {
        let text = format!("package p\n\n{before}{uses}");
        let wanted = format!("package p\n\n{after}{uses}");
        assert_eq!(changed(&text, &json()), wanted);
    }
    let mut swaps = json();
    swaps[0].imports = vec!["c.d/fast/v2".to_owned()];
    let text = format!("package p\n\nimport \"a.b/go-json\"{uses}");
    assert!(changed(&text, &swaps).contains("import json \"c.d/fast/v2\"\n"));
    let text = "package p\n\nimport j \"a.b/go-json\"\n\nvar f = j.MarshalFast // f\n";
    assert_eq!(
        changed(text, &json()),
        "package p\n\nimport j \"encoding/json\"\n\nvar f = j.Marshal // f\n"
    );
}

#[test]
fn a_local_name_is_not_the_package() {
    let text = "package p\n\nimport \"a.b/go-json\"\n\ntype t struct{ json x }\n\nfunc f(json x) { json.Unknown() }\n\nfunc g(v t) { v.json.MarshalFast(); json.MarshalFast(json.Marshal) }\n";
    let after = changed(text, &json());
    assert!(
        after.contains("func f(json x) { json.Unknown() }"),
        "{after}"
    );
    assert!(
        after.contains("v.json.MarshalFast(); json.Marshal(json.Marshal)"),
        "{after}"
    );
}

#[test]
fn a_name_without_a_counterpart_leaves_the_file_as_it_is() {
    let text = "package p\n\nimport \"a.b/go-json\"\n\nfunc f() {\n\tjson.Marshal(1)\n\t_ = json.Color\n}\n";
    assert_eq!(
        refused(text, &json()),
        [(7, Obstacle::Name("json.Color".to_owned()))]
    );
    let text = "package p\n\nimport . \"a.b/go-json\"\n\nvar a = Marshal\n";
    assert_eq!(
        refused(text, &json()),
        [(3, Obstacle::DotImport("a.b/go-json".to_owned()))]
    );
    let text = "package p\n\nimport _ \"a.b/lite\"\n\nfunc f() {\n";
    let [(_, Obstacle::Syntax)] = refused(text, &drivers())[..] else {
        panic!("a file that cannot be read is not changed")
    };
}

#[test]
fn literals_that_are_arguments_are_rewritten_in_calls_of_that_package_alone() {
    let text = "package p\n\nimport \"database/sql\"\n\nfunc f(x opener) {\n\tsql.Open(\"lite\", \"lite\")\n\tsql.Open(`lite`, g(1, \"lite\"))\n\tsql.Open(\"pg\", \"\")\n\tx.Open(\"lite\", \"\")\n\tfunc(sql opener) { sql.Open(\"lite\", \"\") }(x)\n}\n";
    let after = changed(text, &drivers());
    assert_eq!(
        after,
        text.replace(
            "sql.Open(\"lite\", \"lite\")",
            "sql.Open(\"lite3\", \"lite\")"
        )
        .replace("`lite`", "`lite3`")
    );
}

#[test]
fn arguments_that_are_not_known_stand_in_the_way() {
    let file = |body: &str| format!("package p\n\nimport db \"database/sql\"\n\n{body}\n");
    for (body, obstacle) in [
        ("var o = db.Open", Obstacle::Value("db.Open".to_owned())),
        (
            "var o, _ = db.Open(name, \"\")",
            Obstacle::NotLiteral("db.Open".to_owned()),
        ),
        (
            "var o, _ = db.Open(\"lite\", dir+\"/x?_fk=1\")",
            Obstacle::Text("db.Open".to_owned(), "?_fk=".to_owned()),
        ),
    ] {
        assert_eq!(refused(&file(body), &drivers()), [(5, obstacle)]);
    }
}

#[test]
fn other_files_stay() {
    for text in [
        "package p\n",
        "package p\n\nimport _ \"a.b/lite/v2\"\n",
        "package p\n\n// a.b/lite\nvar s = \"a.b/lite\"\n",
        "package p\n\nimport \"database/sql\"\n\nvar d, _ = sql.Open(\"pg\", \"\")\n",
    ] {
        assert_eq!(swap(text, &drivers()), Swapped::Same, "{text}");
    }
}

#[test]
fn names_are_guessed_from_paths() {
    for (path, name) in [
        ("os", "os"),
        ("a.b/c/v2", "c"),
        ("gopkg.in/yaml.v3", "yaml"),
        ("a.b/c/driver", "driver"),
        ("a.b/v", "v"),
    ] {
        assert_eq!(guessed_name(path), name);
    }
}
