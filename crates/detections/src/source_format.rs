//! The formats that data sets are read from.

/// The format a data set was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFormat {
    /// A Camera Trap Data Package, <https://camtrap-dp.tdwg.org>.
    CamtrapDp,
    /// An export of Wildlife Insights, <https://www.wildlifeinsights.org>.
    WildlifeInsights,
    /// Results of MegaDetector, in its batch output format.
    MegaDetector,
    /// Predictions of SpeciesNet.
    SpeciesNet,
    /// The tables of a platform in PostgreSQL.
    Postgres,
}

impl SourceFormat {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::CamtrapDp => "Camtrap DP",
            Self::WildlifeInsights => "Wildlife Insights export",
            Self::MegaDetector => "MegaDetector results",
            Self::SpeciesNet => "SpeciesNet predictions",
            Self::Postgres => "PostgreSQL database",
        }
    }
}
