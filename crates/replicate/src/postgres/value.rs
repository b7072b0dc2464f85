//! Values and names as PostgreSQL's text: written for statements, read from answers.

/// A name as it stands in a statement.
pub fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A schema's object as it stands in a statement.
pub fn quote_path(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_name(schema), quote_name(name))
}

/// A text as it stands in a statement; every session of ours has `standard_conforming_strings` on.
pub fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value read from a field in the text format.
pub trait FromText: Sized {
    /// `None`: the field is not such a value.
    fn from_text(field: Option<&[u8]>) -> Option<Self>;
}

impl FromText for String {
    fn from_text(field: Option<&[u8]>) -> Option<String> {
        String::from_utf8(field?.to_vec()).ok()
    }
}

impl FromText for Vec<u8> {
    fn from_text(field: Option<&[u8]>) -> Option<Vec<u8>> {
        field.map(<[u8]>::to_vec)
    }
}

impl FromText for bool {
    fn from_text(field: Option<&[u8]>) -> Option<bool> {
        match field? {
            b"t" => Some(true),
            b"f" => Some(false),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl FromText for $number {
            fn from_text(field: Option<&[u8]>) -> Option<$number> {
                std::str::from_utf8(field?).ok()?.parse().ok()
            }
        }
    )*};
}
numbers!(i16, i32, i64, u16, u32, u64, f64);

impl<T: FromText> FromText for Option<T> {
    fn from_text(field: Option<&[u8]>) -> Option<Option<T>> {
        match field {
            None => Some(None),
            some => T::from_text(some).map(Some),
        }
    }
}

/// A row read into values.
pub trait FromFields: Sized {
    /// `None`: the row has other fields.
    fn from_fields(fields: &[Option<Vec<u8>>]) -> Option<Self>;
}

impl FromFields for Vec<Option<Vec<u8>>> {
    fn from_fields(fields: &[Option<Vec<u8>>]) -> Option<Self> {
        Some(fields.to_vec())
    }
}

macro_rules! rows {
    ($($name:ident),*) => {
        impl<$($name: FromText),*> FromFields for ($($name,)*) {
            fn from_fields(fields: &[Option<Vec<u8>>]) -> Option<Self> {
                let mut fields = fields.iter();
                let row = ($($name::from_text(fields.next()?.as_deref())?,)*);
                fields.next().is_none().then_some(row)
            }
        }
    };
}
rows!(A);
rows!(A, B);
rows!(A, B, C);
rows!(A, B, C, D);
rows!(A, B, C, D, E);
rows!(A, B, C, D, E, F);
rows!(A, B, C, D, E, F, G);
rows!(A, B, C, D, E, F, G, H);
rows!(A, B, C, D, E, F, G, H, I);
rows!(A, B, C, D, E, F, G, H, I, J);
rows!(A, B, C, D, E, F, G, H, I, J, K);
rows!(A, B, C, D, E, F, G, H, I, J, K, L);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(quote_path("a\"b", "c"), "\"a\"\"b\".\"c\"");
        assert_eq!(quote_text("it's \\n"), "'it''s \\n'");
    }

    #[test]
    fn rows_are_read_whole_or_not_at_all() {
        let row = [Some(b"7".to_vec()), None, Some(b"t".to_vec())];
        assert_eq!(
            <(u64, Option<String>, bool)>::from_fields(&row),
            Some((7, None, true))
        );
        assert_eq!(<(u64, String, bool)>::from_fields(&row), None);
        assert_eq!(<(u64, Option<String>)>::from_fields(&row), None);
    }
}
