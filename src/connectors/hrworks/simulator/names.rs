//! Invented words that the seed draws from, and the labels of the vendor's keys. No real person, firm or
//! address.

pub(super) const FIRST: [&str; 24] = [
    "Annegret",
    "Björn",
    "Clärchen",
    "Detlev",
    "Edeltraud",
    "Friedhelm",
    "Gerlinde",
    "Hjalmar",
    "Irmtraud",
    "Jörn",
    "Käthe",
    "Lüder",
    "Mechthild",
    "Norwin",
    "Ortrud",
    "Peer",
    "Quirin",
    "Roswitha",
    "Sönke",
    "Traudel",
    "Ulf",
    "Veronika",
    "Wiebke",
    "Xaver",
];

pub(super) const LAST: [&str; 32] = [
    "Ahornwinkel",
    "Birkenstolz",
    "Dachsberger",
    "Eichenlaubs",
    "Fichtenhofer",
    "Grünspecht",
    "Haselbusch",
    "Igelbrunn",
    "Jochbichler",
    "Kranichfeld",
    "Lärchenau",
    "Moosgruber",
    "Nebelhorner",
    "Ottersiek",
    "Pappelreihe",
    "Quellenthal",
    "Rotfuchs",
    "Schlehdornig",
    "Tannenzapf",
    "Uhuwald",
    "Vogelsänger",
    "Weidenkätz",
    "Xantenberg",
    "Ybbsgrund",
    "Zaunkönigk",
    "Ährenfeldt",
    "Öhrchenmaus",
    "Überreuter",
    "Straßenmeier",
    "Großwald",
    "Heidekraut",
    "Wiesengrund",
];

pub(super) const POSITIONS: [&str; 12] = [
    "Software Engineer",
    "Sachbearbeitung Einkauf",
    "Leitung Vertrieb",
    "Werkstudium Marketing",
    "Aushilfe Lager",
    "Pflegefachkraft",
    "Buchhaltung",
    "Initiativbewerbung",
    "Praktikum Produktmanagement",
    "Ausbildung Mechatronik",
    "Interim Controlling",
    "Empfang",
];

pub(super) const SOURCES: [&str; 6] =
    ["Internetauftritt", "Soziale Medien", "Acme Jobs", "Empfehlung", "Jobbörse", "socialMedia"];

/// City, zip code, state, alpha-3.
pub(super) const PLACES: [(&str, &str, &str, &str); 8] = [
    ("Freiburg", "79111", "DE-BW", "DEU"),
    ("Berlin", "10119", "DE-BE", "DEU"),
    ("Köln", "50667", "DE-NW", "DEU"),
    ("Leipzig", "04109", "DE-SN", "DEU"),
    ("Wien", "1010", "AT-9", "AUT"),
    ("Zürich", "8001", "CH-ZH", "CHE"),
    ("Straßburg", "67000", "FR-GES", "FRA"),
    ("Gdynia", "81-300", "PL-22", "POL"),
];

pub(super) const STREETS: [&str; 8] =
    ["Ahornweg", "Am Mühlbach", "Brunnengasse", "Dorfanger", "Erlenstr.", "Fliederhag", "Gartenzeile", "Hügelpfad"];

/// Key, German, English.
const LABELS: &[(&str, &str, &str)] = &[
    ("applied", "Beworben", "Applied"),
    ("inProgress", "In Bearbeitung", "In progress"),
    ("documentCreation", "Dokumentenerstellung", "Document creation"),
    ("created", "Erstellt", "Created"),
    ("employed", "Eingestellt", "Employed"),
    ("notEmployed", "Abgesagt", "Rejected"),
    ("movedToTalentPool", "In Talentpool verschoben", "Moved to talent pool"),
    ("secondInterview", "Zweitgespräch", "Second interview"),
    ("itAndSoftwareDevelopment", "IT und Softwareentwicklung", "IT and software development"),
    ("salesAndCommerce", "Vertrieb und Handel", "Sales and commerce"),
    ("healthMedicalAndSocial", "Gesundheit, Medizin und Soziales", "Health, medical and social"),
    ("notSpecified", "Keine Angabe", "Not specified"),
    ("hybrid", "Hybrid", "Hybrid"),
    ("onsite", "Vor Ort", "On site"),
    ("remote", "Remote", "Remote"),
    ("apprenticeship", "Ausbildung", "Apprenticeship"),
    ("externalEmployee", "Freie Mitarbeit", "External employee"),
    ("internship", "Praktikum", "Internship"),
    ("marginalEmployment", "Geringfügige Beschäftigung", "Marginal employment"),
    ("permanentEmployment", "Festanstellung", "Permanent employment"),
    ("shortTermEmployment", "Kurzfristige Beschäftigung", "Short-term employment"),
    ("studentJob", "Werkstudium", "Student job"),
    ("fullTime", "Vollzeit", "Full time"),
    ("fullTimeOrPartTime", "Vollzeit oder Teilzeit", "Full time or part time"),
    ("partTime", "Teilzeit", "Part time"),
    ("minorEmployment", "Minijob", "Minor employment"),
    ("studentEmployee", "Werkstudent", "Student employee"),
    ("executive", "Führungskraft", "Executive"),
    ("manager", "Manager", "Manager"),
    ("professional", "Professional", "Professional"),
    ("seniorExecutive", "Geschäftsleitung", "Senior executive"),
    ("youngProfessional", "Berufseinsteiger", "Young professional"),
    ("apprenticeOrWorkingStudent", "Auszubildende und Studierende", "Apprentices and students"),
    ("DEU", "Deutschland", "Germany"),
    ("AUT", "Österreich", "Austria"),
    ("CHE", "Schweiz", "Switzerland"),
    ("FRA", "Frankreich", "France"),
    ("POL", "Polen", "Poland"),
];

/// The key itself where there is no label.
pub(super) fn label(key: &str, english: bool) -> String {
    let known = LABELS.iter().find(|(known, ..)| *known == key);
    known.map_or(key, |(_, german, other)| if english { other } else { german }).to_owned()
}

/// As e-mail addresses are written.
pub(super) fn ascii(text: &str) -> String {
    let spelled = text.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    spelled.chars().filter(char::is_ascii_alphanumeric).collect()
}
