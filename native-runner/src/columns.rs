//! Text in columns.

/// Rows of cells, aligned to the left; a column that is empty in every row takes no place. Each line begins with
/// `indent`, and none ends in white space.
pub fn align(indent: &str, rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = indent.to_owned();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::align;

    #[test]
    fn aligns_and_leaves_empty_columns_out() {
        let rows = [["a", "", "é", "x"], ["bbb", "", "c", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(align("  ", &rows), "  a    é  x\n  bbb  c\n");
    }
}
