//! Which input maps each feature map of a convolution sees.

/// A connection table: for every feature map the input maps it sees, in order.
///
/// Connections are numbered map by map; connection `j` owns the 25 weights at `25 j`. What the
/// table does not name has no storage and no arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    inputs: usize,
    rows: Vec<Vec<usize>>,
}

/// Table I of the 1998 paper: C3's 16 maps over S2's 6.
pub const TABLE_I: &[&[usize]] = &[
    &[0, 1, 2],
    &[1, 2, 3],
    &[2, 3, 4],
    &[3, 4, 5],
    &[0, 4, 5],
    &[0, 1, 5],
    &[0, 1, 2, 3],
    &[1, 2, 3, 4],
    &[2, 3, 4, 5],
    &[0, 3, 4, 5],
    &[0, 1, 4, 5],
    &[0, 1, 2, 5],
    &[0, 1, 3, 4],
    &[1, 2, 4, 5],
    &[0, 2, 3, 5],
    &[0, 1, 2, 3, 4, 5],
];

/// The 1990 network's H3: 12 maps over H2's 4, as the notebook lists them.
pub const TABLE_1990: &[&[usize]] = &[
    &[0],
    &[0, 1],
    &[0, 1],
    &[1],
    &[0, 1],
    &[0, 1],
    &[2],
    &[2, 3],
    &[2, 3],
    &[3],
    &[2, 3],
    &[2, 3],
];

impl Connections {
    /// Every one of `maps` feature maps sees every one of `inputs` input maps.
    pub fn full(inputs: usize, maps: usize) -> Self {
        Connections { inputs, rows: vec![(0..inputs).collect(); maps] }
    }

    /// Checks a list of the input maps of each feature map.
    ///
    /// # Errors
    /// The first feature map that sees none, one twice, or one that is not there.
    pub fn listed<R: AsRef<[usize]>>(inputs: usize, rows: &[R]) -> Result<Self, String> {
        let rows: Vec<Vec<usize>> = rows.iter().map(|row| row.as_ref().to_vec()).collect();
        for (map, row) in rows.iter().enumerate() {
            if row.is_empty() {
                return Err(format!("its feature map {map} sees no input map"));
            }
            if let Some(input) = row.iter().find(|&&input| input >= inputs) {
                return Err(format!(
                    "its feature map {map} sees input map {input}, but there are {inputs}, counted \
                     from 0"
                ));
            }
            if let Some(at) = (1..row.len()).find(|&at| row[..at].contains(&row[at])) {
                return Err(format!("its feature map {map} sees input map {} twice", row[at]));
            }
        }
        Ok(Connections { inputs, rows })
    }

    /// Feature maps.
    pub fn maps(&self) -> usize {
        self.rows.len()
    }

    /// Input maps.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Connections, J.
    pub fn count(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// The input maps of each feature map.
    pub fn rows(&self) -> &[Vec<usize>] {
        &self.rows
    }

    /// The input maps of feature map `map`.
    pub fn row(&self, map: usize) -> &[usize] {
        &self.rows[map]
    }

    /// Whether every feature map sees every input map, in order.
    pub fn is_full(&self) -> bool {
        self.rows.iter().all(|row| row.iter().copied().eq(0..self.inputs))
    }

    /// The table as the shaders read it, one after the other (C input maps, M feature maps):
    ///
    /// | part | length | says |
    /// |---|---|---|
    /// | first | M + 1 | map m owns the connections `first[m]..first[m + 1]` |
    /// | channel | J | the input map of connection j |
    /// | map | J | the feature map of connection j |
    /// | first_out | C + 1 | input map c feeds the entries `first_out[c]..first_out[c + 1]` of `by_channel` |
    /// | by_channel | J | connections, sorted by input map |
    pub fn words(&self) -> Vec<u32> {
        let edges: Vec<(usize, usize)> = (0..self.maps())
            .flat_map(|map| self.row(map).iter().map(move |&channel| (channel, map)))
            .collect();
        let mut by_channel: Vec<usize> = (0..edges.len()).collect();
        by_channel.sort_by_key(|&j| edges[j].0);
        // Where the connections of each map begin, and where the last ones end.
        let begins = |maps: usize, map_of: &dyn Fn(&(usize, usize)) -> usize| -> Vec<usize> {
            (0..=maps).map(|map| edges.iter().filter(|edge| map_of(edge) < map).count()).collect()
        };
        [
            begins(self.maps(), &|edge| edge.1),
            edges.iter().map(|edge| edge.0).collect(),
            edges.iter().map(|edge| edge.1).collect(),
            begins(self.inputs, &|edge| edge.0),
            by_channel,
        ]
        .concat()
        .into_iter()
        .map(|word| word as u32)
        .collect()
    }
}
