//! How much of a data set is kept in memory.

/// How much of a data set is kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Everything.
    #[default]
    All,
    /// What reports need: no paths, no boxes, and no ids of media and observations, except of observations in
    /// the future. This takes a third of the memory. All rows are read and checked all the same.
    Numbers,
}
