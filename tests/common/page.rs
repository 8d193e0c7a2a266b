//! A page of the program: one file that needs nothing else.

/// Balanced tags, unique ids, links that lead somewhere, and nothing from elsewhere.
pub fn check(page: &str) {
    const VOID: [&str; 4] = ["meta", "img", "br", "link"];
    let mut open: Vec<String> = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("every tag ends");
        let name = tag.split([' ', '\n', '/']).find(|word| !word.is_empty()).expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in another order");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name.into());
        }
        for (attribute, prefix) in [(" src=\"", "data:image/png;base64,"), (" href=\"", "#s")] {
            if let Some((_, value)) = tag.split_once(attribute) {
                assert!(value.starts_with(prefix), "{tag} comes from elsewhere");
            }
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    assert!(!page.contains("@import") && !page.contains("url(") && !page.contains("<script"));
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http"), "an address is left");
    for number in 0..page.matches("<section ").count() {
        assert_eq!(page.matches(&format!("id=\"s{number}\"")).count(), 1);
        assert_eq!(page.matches(&format!("href=\"#s{number}\"")).count(), 1);
    }
}
