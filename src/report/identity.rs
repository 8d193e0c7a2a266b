//! What decides the bits of a run, as its record and its checkpoint keep it, held against another.

use serde_json::Value;

/// The identity `found`; where it is of the first runs, which did not name their digits, with those
/// of `identity`.
pub fn with_digits(found: &Value, identity: &Value) -> Value {
    let mut found = found.clone();
    if let Some(found) = found.as_object_mut() {
        found.entry("data").or_insert_with(|| identity["data"].clone());
    }
    found
}

/// The first thing in which two identities differ, for a person.
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
    fn takes_the_digits_of_the_first_runs_on_trust() {
        let now = json!({ "network": "lenet1", "data": { "train": "a", "test": "b" } });
        let other = json!({ "network": "lenet1", "data": { "train": "c", "test": "b" } });
        assert_eq!(with_digits(&json!({ "network": "lenet1" }), &now), now);
        assert_ne!(with_digits(&json!({ "network": "lenet5" }), &now), now);
        assert_ne!(with_digits(&other, &now), now);
    }

    #[test]
    fn names_what_differs() {
        let run = |epochs: usize, arithmetic: &str| json!({ "arithmetic": arithmetic, "settings": { "epochs": epochs, "seed": 1 } });
        assert_eq!(difference(&run(8, "a"), &run(3, "a")), "epochs 8 there, 3 now");
        assert_eq!(difference(&run(8, "a"), &run(8, "b")), "arithmetic \"a\" there, \"b\" now");
        assert!(difference(&Value::Null, &run(1, "a")).starts_with("null there"));
    }
}
