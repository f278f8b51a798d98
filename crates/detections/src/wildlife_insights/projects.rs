//! Whose the ids of an export are: each is unique in its project only.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::builder::Builder;
use crate::excerpt::excerpt;
use crate::problems::RowProblem;
use crate::table::{Column, Row, TableFile};
use crate::unicode_forms::compose_text;

/// The projects that have an id or a name, each once.
type Owners = HashMap<String, Vec<String>>;

/// The deployments and places of each project.
#[derive(Debug, Default)]
pub(super) struct Projects {
    deployments: Owners,
    places: Owners,
}

/// A deployment that a row names.
pub(super) struct NamedDeployment<'t> {
    /// Its id in the whole export.
    pub id: Cow<'t, str>,
    pub number: u32,
}

impl Projects {
    /// By the table of deployments.
    pub fn of(deployments: &TableFile) -> Self {
        let mut projects = Self::default();
        deployments.scan(|row| {
            let project = project_of(row.named("project_id"));
            add_owner(&mut projects.deployments, row.named("deployment_id"), project);
            add_owner(&mut projects.places, row.named("placename"), project);
            true
        });
        projects
    }

    /// The id in the whole export of a deployment that a project has.
    pub fn deployment_id<'t>(&self, project: &str, id: &'t str) -> Cow<'t, str> {
        qualify(&self.deployments, project_of(project), id)
    }

    /// The name in the whole export of a place that a project has.
    pub fn place<'t>(&self, project: &str, name: &'t str) -> Cow<'t, str> {
        qualify(&self.places, project_of(project), name)
    }

    /// The deployment that a row names: of the project that it names, or of none; without a project the
    /// only one that has the id.
    pub fn find_deployment<'t>(
        &self,
        builder: &Builder,
        row: &'t Row<'_>,
        project: Option<Column>,
        column: Column,
    ) -> Result<NamedDeployment<'t>, RowProblem> {
        let (written_project, written) = (row.text(project), row.text(column));
        let project = project_of(written_project);
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
                "deployment {} is one of {} projects, and the row names none; expected a project_id",
                excerpt(written),
                owners.len()
            );
        }
        Err(problem)
    }
}

/// The id of a project; `1.0`, as pandas writes a column of numbers with gaps, is `1`.
pub(super) fn project_of(text: &str) -> &str {
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

/// An id with its project before it when several have the id.
fn qualify<'t>(all: &Owners, project: &str, id: &'t str) -> Cow<'t, str> {
    let is_shared = all.get(&*compose_text(id)).is_some_and(|owners| owners.len() > 1);
    if is_shared && !project.is_empty() { format!("{project}/{id}").into() } else { id.into() }
}

#[cfg(test)]
mod tests {
    use super::project_of;

    #[test]
    fn a_project_is_the_same_with_and_without_decimals() {
        let projects = ["1.0", "1", "v1.0", ".0", "1.5", ""].map(project_of);
        assert_eq!(projects, ["1", "1", "v1.0", ".0", "1.5", ""]);
    }
}
