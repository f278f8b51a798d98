//! Resolving ids, which are only unique within a project.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::builder::Builder;
use crate::excerpt::excerpt;
use crate::problems::RowError;
use crate::table::{Column, Row, TableFile};
use crate::unicode_forms::compose_text;

/// The projects that have an id or name, each once.
type Owners = HashMap<String, Vec<String>>;

/// The deployments and locations of each project.
#[derive(Debug, Default)]
pub(super) struct Projects {
    deployments: Owners,
    location_names: Owners,
}

/// A deployment that a row names.
pub(super) struct NamedDeployment<'t> {
    /// Its id in the whole export.
    pub id: Cow<'t, str>,
    pub number: u32,
}

impl Projects {
    /// Reads the table of deployments.
    pub fn read(deployments: &TableFile) -> Self {
        let mut projects = Self::default();
        deployments.scan(|row| {
            let project = parse_project_id(row.text_by_name("project_id"));
            add_owner(&mut projects.deployments, row.text_by_name("deployment_id"), project);
            add_owner(&mut projects.location_names, row.text_by_name("placename"), project);
            true
        });
        projects
    }

    /// The id of a project's deployment in the whole export.
    pub fn deployment_id<'t>(&self, project: &str, id: &'t str) -> Cow<'t, str> {
        qualify(&self.deployments, parse_project_id(project), id)
    }

    /// The name of a project's location in the whole export.
    pub fn location_name<'t>(&self, project: &str, name: &'t str) -> Cow<'t, str> {
        qualify(&self.location_names, parse_project_id(project), name)
    }

    /// Finds the deployment that a row names: in its project, or in none. If the row names no project, the
    /// deployment with this id must be the only one.
    pub fn find_deployment<'t>(
        &self,
        builder: &Builder,
        row: &'t Row<'_>,
        project: Option<Column>,
        column: Column,
    ) -> Result<NamedDeployment<'t>, RowError> {
        let (written_project, written) = (row.text(project), row.text(column));
        let project = parse_project_id(written_project);
        let owners = self.deployments.get(&*compose_text(written)).map(Vec::as_slice).unwrap_or_default();
        let owner = match (project, owners) {
            ("", [only]) => Some(only),
            _ => find_owner(owners, project).or_else(|| find_owner(owners, "")),
        };
        if let Some(owner) = owner {
            let id = qualify(&self.deployments, owner, written);
            if let Ok(number) = builder.find_deployment(&id, row, column) {
                return Ok(NamedDeployment { id, number });
            }
        }
        let mut problem = row.problem(column, written, "the id of a row of deployments.csv");
        if !written.is_empty() && !project.is_empty() {
            problem.message = format!(
                "deployment {} of project {} is not in deployments.csv; expected the project and id of one of its rows",
                excerpt(written),
                excerpt(written_project)
            );
        } else if owners.len() > 1 {
            problem.message = format!(
                "{} projects have a deployment {}, and the row does not say which; expected a project_id",
                owners.len(),
                excerpt(written)
            );
        }
        Err(problem)
    }
}

/// The id of a project; `1.0`, as pandas writes numbers in a column with gaps, is `1`.
pub(super) fn parse_project_id(text: &str) -> &str {
    let is_number = |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_suffix(".0").filter(is_number).unwrap_or(text)
}

fn find_owner<'o>(owners: &'o [String], project: &str) -> Option<&'o String> {
    owners.iter().find(|owner| *owner == project)
}

/// Notes that a project has an id.
fn add_owner(all: &mut Owners, id: &str, project: &str) {
    if id.is_empty() {
        return;
    }
    let owners = all.entry(compose_text(id).into_owned()).or_default();
    if find_owner(owners, project).is_none() {
        owners.push(project.to_owned());
    }
}

/// Puts the project before an id that several projects have.
fn qualify<'t>(all: &Owners, project: &str, id: &'t str) -> Cow<'t, str> {
    let is_shared = all.get(&*compose_text(id)).is_some_and(|owners| owners.len() > 1);
    if is_shared && !project.is_empty() { format!("{project}/{id}").into() } else { id.into() }
}

#[cfg(test)]
mod tests {
    use super::parse_project_id;

    #[test]
    fn a_project_is_the_same_with_and_without_decimals() {
        let projects = ["1.0", "1", "v1.0", ".0", "1.5", ""].map(parse_project_id);
        assert_eq!(projects, ["1", "1", "v1.0", ".0", "1.5", ""]);
    }
}
