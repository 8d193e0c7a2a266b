//! Compares the identities of runs: everything that decides their bits.

use serde_json::Value;

/// Returns the first difference between two identities, for a message.
pub fn difference(found: &Value, wanted: &Value) -> String {
    let parts = [found, wanted].map(Value::as_object);
    let [Some(has), Some(wants)] = parts else {
        return format!("{found} there, {wanted} now");
    };
    for key in has.keys().chain(wants.keys()) {
        let [there, now] = [has, wants].map(|object| object.get(key).unwrap_or(&Value::Null));
        if there != now {
            return match there.is_object() && now.is_object() {
                true => difference(there, now),
                false => format!("{key} {there} there, {now} now"),
            };
        }
    }
    "equal".into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_what_differs() {
        let run = |epochs: usize, arithmetic: &str| json!({ "arithmetic": arithmetic, "settings": { "epochs": epochs, "seed": 1 } });
        assert_eq!(difference(&run(8, "a"), &run(3, "a")), "epochs 8 there, 3 now");
        assert_eq!(difference(&run(8, "a"), &run(8, "b")), "arithmetic \"a\" there, \"b\" now");
        assert!(difference(&Value::Null, &run(1, "a")).starts_with("null there"));
    }
}
