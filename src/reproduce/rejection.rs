//! How many digits a network has to refuse to be right about the others (1998, Fig. 10).
//!
//! A digit is rejected where the difference between the two best outputs stays under a threshold.

/// An answer to a digit: how far the best output was from the next, and whether it was wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    pub margin: f32,
    pub wrong: bool,
}

/// What a threshold comes to, both in per cent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Of all digits.
    pub rejected: f64,
    /// Of the digits that are left.
    pub error: f64,
}

/// A point for every threshold, from none rejected up to the last digit that is left.
pub fn curve(calls: &[Call]) -> Vec<Point> {
    let mut calls = calls.to_vec();
    calls.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    let mut wrong = calls.iter().filter(|call| call.wrong).count();
    let mut points = Vec::new();
    for (rejected, call) in calls.iter().enumerate() {
        // No threshold lies between equal margins.
        if rejected == 0 || calls[rejected - 1].margin != call.margin {
            let left = calls.len() - rejected;
            points.push(Point {
                rejected: 100.0 * rejected as f64 / calls.len() as f64,
                error: 100.0 * wrong as f64 / left as f64,
            });
        }
        wrong -= usize::from(call.wrong);
    }
    points
}

/// The least share to reject for an error of at most `percent` on the others; `None` if no threshold
/// reaches it.
pub fn rejected_for(points: &[Point], percent: f64) -> Option<f64> {
    points.iter().find(|point| point.error <= percent).map(|point| point.rejected)
}

/// The error at a share of rejected digits: that of the last threshold that rejects no more.
pub fn error_at(points: &[Point], rejected: f64) -> f64 {
    points.iter().rev().find(|point| point.rejected <= rejected).map_or(0.0, |point| point.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(list: &[(f32, bool)]) -> Vec<Call> {
        list.iter().map(|&(margin, wrong)| Call { margin, wrong }).collect()
    }

    /// Ten digits, wrong at margins 1 and 3 (of two), in no order.
    #[test]
    fn a_constructed_example() {
        let list = calls(&[
            (9.0, false),
            (1.0, true),
            (3.0, false),
            (3.0, true),
            (2.0, false),
            (5.0, false),
            (6.0, false),
            (7.0, false),
            (8.0, false),
            (4.0, false),
        ]);
        let points = curve(&list);
        let expected = [
            (0.0, 20.0),
            (10.0, 100.0 / 9.0),
            (20.0, 12.5),
            // Both digits of margin 3 go at once.
            (40.0, 0.0),
        ];
        for (point, (rejected, error)) in points.iter().zip(expected) {
            assert!((point.rejected - rejected).abs() < 1e-9 && (point.error - error).abs() < 1e-9);
        }
        assert_eq!(points.len(), 9);
        assert_eq!(rejected_for(&points, 20.0), Some(0.0));
        assert_eq!(rejected_for(&points, 12.0), Some(10.0));
        assert_eq!(rejected_for(&points, 0.5), Some(40.0));
        assert_eq!(error_at(&points, 0.0), 20.0);
        assert_eq!(error_at(&points, 39.0), 12.5);
    }

    #[test]
    fn sure_mistakes_cannot_be_rejected_away() {
        let points = curve(&calls(&[(1.0, false), (2.0, false), (3.0, true)]));
        assert_eq!(rejected_for(&points, 0.5), None);
        assert!(curve(&[]).is_empty());
    }
}
