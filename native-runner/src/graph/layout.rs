//! Where boxes and the lines between them stand: boxes in columns, and lines that pass a column in a place of their own there,
//! so that none runs under a box.

/// The space between columns, beside what labels take, and between what stands in one.
const BETWEEN: (usize, usize) = (56, 22);
/// The space around everything.
const AROUND: usize = 20;
/// The least distance of two lines at one box: that of two lines of small text.
const PORT: usize = 16;
/// How often columns are put in order by what is beside them. More changes nothing for what people write.
const ROUNDS: usize = 8;

/// What is to be placed.
#[derive(Debug, Clone, Copy)]
pub struct Sized {
    /// Its column, from 0.
    pub column: usize,
    /// Its width.
    pub width: usize,
    /// The least height that it needs.
    pub height: usize,
}

/// A line from one box to another, which stands in a column further to the right.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// The index of the box that it leaves.
    pub from: usize,
    /// The index of the box that it leads to.
    pub to: usize,
    /// How wide the label at its beginning is; 0 where there is none.
    pub label: usize,
}

/// A box in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its left edge.
    pub left: usize,
    /// Its upper edge.
    pub top: usize,
    /// Its width.
    pub width: usize,
    /// Its height.
    pub height: usize,
}

/// A piece of a line that runs from left to right: where it begins, where it ends, and how far down.
pub type Run = (usize, usize, usize);

/// Everything in its place.
#[derive(Debug)]
pub struct Layout {
    /// The width of all of it.
    pub width: usize,
    /// The height of all of it.
    pub height: usize,
    /// The boxes.
    pub boxes: Vec<Placed>,
    /// The lines, each as its level pieces, between which it bends.
    pub lines: Vec<Vec<Run>>,
}

/// A box, or the place of a line that passes a column.
#[derive(Debug, Clone, Copy)]
struct Item {
    column: usize,
    width: usize,
    height: usize,
}

/// What there is to place: items, and what each line passes, with both its ends.
struct Board {
    items: Vec<Item>,
    chains: Vec<Vec<usize>>,
    columns: Vec<Vec<usize>>,
}

/// Places `boxes` and `edges`.
pub fn place(boxes: &[Sized], edges: &[Edge]) -> Layout {
    let mut board = Board::new(boxes, edges);
    for round in 0..ROUNDS {
        board.order(round % 2 == 0);
    }
    let column_width = |column: &Vec<usize>| column.iter().map(|item| board.items[*item].width).max();
    let widths: Vec<usize> = board.columns.iter().map(|column| column_width(column).unwrap_or(0)).collect();
    // Every line runs level as far as labels go in its column, so that none bends through a label.
    let label =
        |at: usize| edges.iter().filter(|edge| boxes[edge.from].column == at).map(|edge| edge.label).max();
    let labels: Vec<usize> = (0..widths.len()).map(|at| label(at).unwrap_or(0)).collect();
    let mut lefts = Vec::with_capacity(widths.len());
    let mut x = AROUND;
    for (at, width) in widths.iter().enumerate() {
        lefts.push(x);
        x += width + BETWEEN.0 + labels[at];
    }
    let width = lefts.last().zip(widths.last()).map_or(0, |(left, width)| left + width) + AROUND;
    let heights: Vec<usize> = board.columns.iter().map(|column| board.height(column)).collect();
    let highest = heights.iter().copied().max().unwrap_or(0);
    let mut tops = vec![0; board.items.len()];
    for (column, height) in board.columns.iter().zip(&heights) {
        let mut y = AROUND + (highest - height) / 2;
        for item in column {
            tops[*item] = y;
            y += board.items[*item].height + BETWEEN.1;
        }
    }
    let placed: Vec<Placed> = board
        .items
        .iter()
        .zip(&tops)
        .map(|(item, top)| Placed {
            left: lefts[item.column],
            top: *top,
            width: widths[item.column],
            height: item.height,
        })
        .collect();
    let lines = (0..edges.len()).map(|edge| board.line(edge, &labels, &placed)).collect();
    Layout { width, height: highest + 2 * AROUND, boxes: placed[..boxes.len()].to_vec(), lines }
}

// === impl Board ===

impl Board {
    fn new(boxes: &[Sized], edges: &[Edge]) -> Self {
        let ends = |index: usize| {
            let leaving = edges.iter().filter(|edge| edge.from == index).count();
            leaving.max(edges.iter().filter(|edge| edge.to == index).count())
        };
        let items = boxes.iter().enumerate().map(|(index, sized)| Item {
            column: sized.column,
            width: sized.width,
            height: sized.height.max((ends(index) + 1) * PORT),
        });
        let mut items: Vec<Item> = items.collect();
        let mut chains = Vec::with_capacity(edges.len());
        for edge in edges {
            let mut chain = vec![edge.from];
            for column in boxes[edge.from].column + 1..boxes[edge.to].column {
                chain.push(items.len());
                items.push(Item { column, width: 0, height: 2 });
            }
            chain.push(edge.to);
            chains.push(chain);
        }
        let count = items.iter().map(|item| item.column + 1).max().unwrap_or(0);
        let of = |column| (0..items.len()).filter(|item: &usize| items[*item].column == column).collect();
        let columns = (0..count).map(of).collect();
        Self { items, chains, columns }
    }

    fn height(&self, column: &[usize]) -> usize {
        let all: usize = column.iter().map(|item| self.items[*item].height).sum();
        all + column.len().saturating_sub(1) * BETWEEN.1
    }

    /// Puts each column in the order of what its items are joined with, to the left or to the right.
    fn order(&mut self, by_left: bool) {
        let count = self.columns.len();
        for step in 0..count {
            let at = if by_left { step } else { count - 1 - step };
            let mut places = vec![0.0; self.items.len()];
            for column in &self.columns {
                for (place, item) in column.iter().enumerate() {
                    // Columns have different numbers of items: how far down it is, of all of it.
                    places[*item] = (place as f64 + 0.5) / column.len() as f64;
                }
            }
            let wanted = |item: usize| {
                let beside = self.chains.iter().flat_map(|chain| chain.windows(2)).filter_map(|pair| {
                    let (own, other) = if by_left { (pair[1], pair[0]) } else { (pair[0], pair[1]) };
                    (own == item).then_some(places[other])
                });
                let (count, sum) = beside.fold((0.0, 0.0), |(count, sum), place| (count + 1.0, sum + place));
                if count > 0.0 { sum / count } else { places[item] }
            };
            let mut column: Vec<(f64, usize)> =
                self.columns[at].iter().map(|item| (wanted(*item), *item)).collect();
            column.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            self.columns[at] = column.into_iter().map(|(_, item)| item).collect();
        }
    }

    /// The level pieces of a line.
    fn line(&self, edge: usize, labels: &[usize], placed: &[Placed]) -> Vec<Run> {
        let chain = &self.chains[edge];
        let last = chain.len() - 1;
        let runs = chain.iter().enumerate().map(|(at, item)| {
            let Placed { left, top, width, height } = placed[*item];
            let label = labels[self.items[*item].column];
            if at == 0 {
                (left + width, left + width + label, self.port(edge, 0, placed))
            } else if at == last {
                (left, left, self.port(edge, 1, placed))
            } else {
                (left, left + width + label, top + height / 2)
            }
        });
        runs.collect()
    }

    /// How far down a line leaves (`end` 0) or reaches (1) its box: in the order in which the lines there go on, so that none
    /// crosses another.
    fn port(&self, edge: usize, end: usize, placed: &[Placed]) -> usize {
        let ends = |chain: &[usize]| match end {
            0 => (chain[0], chain[1]),
            _ => (chain[chain.len() - 1], chain[chain.len() - 2]),
        };
        let (own, _) = ends(&self.chains[edge]);
        let mut lines: Vec<(usize, usize)> = Vec::new();
        for (index, chain) in self.chains.iter().enumerate() {
            let (there, next) = ends(chain);
            if there == own {
                lines.push((placed[next].top * 2 + placed[next].height, index));
            }
        }
        lines.sort_unstable();
        let at = lines.iter().position(|(_, index)| *index == edge).unwrap_or(0);
        placed[own].top + placed[own].height * (at + 1) / (lines.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(column: usize) -> Sized {
        Sized { column, width: 100, height: 40 }
    }

    fn edge(from: usize, to: usize) -> Edge {
        Edge { from, to, label: 0 }
    }

    #[test]
    fn a_line_past_a_box_has_a_place_of_its_own() {
        let boxes = [sized(0), sized(1), sized(2)];
        let layout = place(&boxes, &[edge(0, 1), edge(1, 2), edge(0, 2)]);
        let past = layout.lines[2][1];
        let beside = layout.boxes[1];
        assert_eq!((past.0, past.1), (beside.left, beside.left + beside.width));
        assert!(past.2 < beside.top || past.2 > beside.top + beside.height, "{layout:?}");
    }

    #[test]
    fn boxes_of_a_column_do_not_touch_and_lines_at_a_box_keep_their_distance() {
        let boxes = [sized(0), sized(1), sized(1), sized(1), sized(2)];
        let edges = [edge(0, 1), edge(0, 2), edge(0, 3), edge(1, 4), edge(2, 4), edge(3, 4)];
        let layout = place(&boxes, &edges);
        let mut column = layout.boxes[1..4].to_vec();
        column.sort_by_key(|place| place.top);
        assert!(column.windows(2).all(|pair| pair[0].top + pair[0].height + 20 < pair[1].top), "{layout:?}");
        let mut ports: Vec<usize> = layout.lines[..3].iter().map(|line| line[0].2).collect();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[1] - pair[0] >= PORT), "{layout:?}");
        assert!(layout.boxes.iter().all(|place| place.left + place.width + AROUND <= layout.width));
        assert!(layout.boxes.iter().all(|place| place.top + place.height + AROUND <= layout.height));
    }

    #[test]
    fn columns_follow_what_they_are_joined_with() {
        // The first box of the second column is joined with the second of the first.
        let boxes = [sized(0), sized(0), sized(1), sized(1)];
        let layout = place(&boxes, &[edge(0, 3), edge(1, 2)]);
        assert_eq!(layout.boxes[0].top < layout.boxes[1].top, layout.boxes[3].top < layout.boxes[2].top);
    }
}
