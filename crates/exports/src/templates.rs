//! The templates that a report can use: those built into the program, and those in a folder.

use std::path::{Path, PathBuf};

use report::{BuiltIn, Template};

use crate::nearest::UnknownEntryError;

/// Where templates and fonts are looked for.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// A folder of `NAME.typ` files and of `NAME/main.typ` in folders of their own.
    pub folder: Option<PathBuf>,
    /// A folder of fonts.
    pub fonts: Option<PathBuf>,
}

impl Templates {
    /// Finds a template by name. One in the folder takes precedence over one of the program.
    pub fn find(&self, name: &str) -> Result<Template, UnknownEntryError> {
        if let Some(path) = self.folder.as_deref().and_then(|folder| find_file(folder, name)) {
            return Ok(Template::Own(path));
        }
        let built_in = BuiltIn::ALL.iter().find(|(known, _)| *known == name);
        match built_in {
            Some((_, built_in)) => Ok(Template::BuiltIn(*built_in)),
            None => Err(UnknownEntryError { what: "template", name: name.into(), known: self.list_names() }),
        }
    }

    /// Lists all names, sorted.
    fn list_names(&self) -> Vec<String> {
        let mut names: Vec<String> = BuiltIn::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
        let entries = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok());
        for entry in entries.into_iter().flatten().flatten() {
            let file_name = entry.file_name().to_string_lossy().into_owned();
            let name = file_name.strip_suffix(".typ").unwrap_or(&file_name);
            if self.folder.as_deref().is_some_and(|folder| find_file(folder, name).is_some()) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

/// Finds the file of a template in a folder. Names that contain a path are refused.
fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' ' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return None;
    }
    let candidates = [folder.join(format!("{name}.typ")), folder.join(name).join("main.typ")];
    candidates.into_iter().find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_by_name_and_never_by_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("park")).unwrap();
        std::fs::write(folder.path().join("park/main.typ"), "").unwrap();
        std::fs::write(folder.path().join("tables.typ"), "").unwrap();
        let outside = folder.path().join("park");
        let templates = Templates { folder: Some(outside.clone()), fonts: None };
        for name in ["../tables", "../tables.typ", "", ".", "/etc/passwd", "main.typ"] {
            assert!(templates.find(name).is_err() || name == "tables", "{name}");
        }
        let templates = Templates { folder: Some(folder.path().into()), fonts: None };
        assert_eq!(templates.find("park"), Ok(Template::Own(outside.join("main.typ"))));
        assert_eq!(templates.find("tables"), Ok(Template::Own(folder.path().join("tables.typ"))));
        assert_eq!(templates.find("landowner"), Ok(Template::BuiltIn(BuiltIn::Landowner)));
        let unknown = templates.find("glossy").unwrap_err();
        assert_eq!(unknown.known, ["landowner", "park", "report", "tables"]);
    }
}
