//! HR WORKS writes countries as ISO 3166-1 alpha-3, the graph as alpha-2 (§1.7).
//!
//! The table is the crate `rust_iso3166`'s: it is still maintained, holds only data, and builds on our Rust
//! (`celes` 3 does not yet); `isocountry` has had no release for years.

/// The user-assigned code of Kosovo, which ISO does not list and forms offer.
const KOSOVO: (&str, &str) = ("XKX", "XK");

/// None for what is no country's code. Alpha-2 codes are taken as they are.
pub fn alpha2(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    if code == KOSOVO.0 || code == KOSOVO.1 {
        return Some(KOSOVO.1.to_owned());
    }
    let country = match code.len() {
        3 => rust_iso3166::from_alpha3(&code),
        _ => rust_iso3166::from_alpha2(&code),
    };
    country.map(|country| country.alpha2.to_owned())
}

/// None for what is no country's alpha-2 code.
pub fn alpha3(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    if code == KOSOVO.1 {
        return Some(KOSOVO.0.to_owned());
    }
    rust_iso3166::from_alpha2(&code).map(|country| country.alpha3.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_3_becomes_alpha_2() {
        let cases = [
            ("DEU", Some("DE")),
            ("aut", Some("AT")),
            (" CHE ", Some("CH")),
            ("GBR", Some("GB")),
            ("SRB", Some("RS")),
            ("SSD", Some("SS")),
            ("TWN", Some("TW")),
            ("XKX", Some("XK")),
            ("DE", Some("DE")),
            ("ZZZ", None),
            ("Deutschland", None),
            ("", None),
        ];
        for (code, expected) in cases {
            assert_eq!(alpha2(code).as_deref(), expected, "{code}");
        }
        // Nothing is missing: every entry of the crate's own list leads back to itself.
        assert!(rust_iso3166::ALL.len() >= 249);
        for country in rust_iso3166::ALL {
            assert_eq!(alpha2(country.alpha3).as_deref(), Some(country.alpha2));
            assert_eq!(alpha3(country.alpha2).as_deref(), Some(country.alpha3));
        }
        assert_eq!((alpha3("xk"), alpha3("DEU"), alpha3("ZZ")), (Some("XKX".into()), None, None));
    }
}
