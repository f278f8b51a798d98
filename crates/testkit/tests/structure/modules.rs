//! The modules of a crate, and the files in which the names that they use are defined.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, Item, Token, UseTree, Visibility};

/// For each file the files whose items it names, with the names.
pub type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// The segments of a path, such as `["crate", "model", "Dataset"]`.
type Segments = Vec<String>;

#[derive(Default)]
struct Module {
    file: PathBuf,
    defined: HashSet<String>,
    /// What each `use` brings into the module, by its name there.
    imported: HashMap<String, Segments>,
    globs: Vec<Segments>,
    /// All paths in its code.
    named: Vec<Segments>,
}

/// The modules of a crate.
#[derive(Default)]
pub struct Modules {
    by_path: BTreeMap<Segments, Module>,
    source: PathBuf,
    /// The path of the module that is being read.
    current: Segments,
}

impl Modules {
    /// Reads the crate whose `lib.rs` is in a folder.
    pub fn read(source: &Path) -> Self {
        let mut modules = Self { source: source.to_owned(), ..Self::default() };
        modules.read_file(source.join("lib.rs"));
        modules
    }

    fn read_file(&mut self, file: PathBuf) {
        let text = std::fs::read_to_string(&file).expect("a module's file can be read");
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.read_items(file, &syntax.items);
    }

    fn read_items(&mut self, file: PathBuf, items: &[Item]) {
        self.by_path.insert(self.current.clone(), Module { file, ..Module::default() });
        for item in items {
            self.visit_item(item);
        }
    }

    fn read_module(&mut self, module: &syn::ItemMod) {
        let outer = self.module().file.clone();
        self.current.push(module.ident.to_string());
        if let Some((_, items)) = &module.content {
            self.read_items(outer, items);
        } else {
            let base = self.source.join(self.current.join("/"));
            let file = base.with_extension("rs");
            self.read_file(if file.exists() { file } else { base.join("mod.rs") });
        }
        self.current.pop();
    }

    fn module(&mut self) -> &mut Module {
        self.by_path.entry(self.current.clone()).or_default()
    }

    /// Reads a `use`. A `pub use` passes names on without needing them itself, so it is no arrow.
    fn read_use(&mut self, tree: &UseTree, mut path: Segments, is_private: bool) {
        let (name, known_as) = match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                return self.read_use(&step.tree, path, is_private);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.read_use(tree, path.clone(), is_private));
            }
            UseTree::Glob(_) => return self.module().globs.push(path),
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(name) => (&name.ident, &name.rename),
        };
        let mut known_as = known_as.to_string();
        if name == "self" {
            known_as = path.last().cloned().unwrap_or_default();
        } else {
            path.push(name.to_string());
        }
        if is_private {
            self.module().named.push(path.clone());
        }
        self.module().imported.insert(known_as, path);
    }

    /// The file and the name of the item that a path in a module stands for; nothing for modules, and for
    /// items of other crates. `seen` holds what was looked for already, since imports can be circles.
    fn resolve(
        &self,
        module: &[String],
        path: &[String],
        seen: &mut HashSet<(Segments, Segments)>,
    ) -> Option<(&Path, String)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return self.resolve(&[], rest, seen),
            "self" => return self.resolve(module, rest, seen),
            "super" => return self.resolve(module.split_last()?.1, rest, seen),
            _ if !seen.insert((module.to_vec(), path.to_vec())) => return None,
            _ => {}
        }
        let child_of = |name: &String| [module, std::slice::from_ref(name)].concat();
        let is_child = |name: &String| self.by_path.contains_key(&child_of(name));
        if is_child(first) && !rest.is_empty() {
            return self.resolve(&child_of(first), rest, seen);
        }
        let here = self.by_path.get(module)?;
        if here.defined.contains(first) {
            return Some((&here.file, first.clone()));
        }
        // What begins with the name of another crate would be looked for here without end.
        let is_own = |start: &String| ["crate", "self", "super"].contains(&&**start) || is_child(start);
        let imported = here.imported.get(first).filter(|target| target[0] != *first || is_child(first));
        let globs = here.globs.iter().filter(|glob| is_own(&glob[0])).map(|glob| [glob, path].concat());
        let imported = imported.map(|target| [target, rest].concat());
        imported.into_iter().chain(globs).find_map(|target| self.resolve(module, &target, seen))
    }

    /// All paths in the code of the crate.
    pub fn list_named_paths(&self) -> impl Iterator<Item = &[String]> {
        self.by_path.values().flat_map(|module| &module.named).map(Vec::as_slice)
    }

    /// Which file names items of which others.
    pub fn find_arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (path, module) in &self.by_path {
            let from = arrows.entry(module.file.clone()).or_default();
            for named in module.named.iter().chain(&module.globs) {
                match self.resolve(path, named, &mut HashSet::new()) {
                    Some((to, name)) if to != module.file => {
                        from.entry(to.to_owned()).or_default().insert(name);
                    }
                    _ => {}
                }
            }
        }
        arrows
    }
}

impl<'a> Visit<'a> for Modules {
    fn visit_item(&mut self, item: &'a Item) {
        let name = match item {
            Item::Mod(module) if is_test_only(&module.attrs) => return,
            Item::Mod(module) => return self.read_module(module),
            Item::Use(item) => {
                let is_private = matches!(item.vis, Visibility::Inherited);
                return self.read_use(&item.tree, Segments::new(), is_private);
            }
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            _ => None,
        };
        self.module().defined.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let named = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.module().named.push(named);
        visit::visit_path(self, path);
    }

    /// The arguments of a macro that is called like a function are read as well.
    fn visit_macro(&mut self, called: &'a syn::Macro) {
        let arguments = called.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for argument in arguments.into_iter().flatten() {
            self.visit_expr(&argument);
        }
        visit::visit_macro(self, called);
    }
}

/// Whether code is compiled for the crate's own tests alone.
fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}
