//! Invented words that the seed draws from. No real person, firm or address.

pub(super) const FIRST: [&str; 32] = [
    "Zofia",
    "Mieszko",
    "Łucja",
    "Bogna",
    "Jarema",
    "Świętosława",
    "Kalina",
    "Dobrosław",
    "Tola",
    "Wit",
    "Jagna",
    "Olgierd",
    "Pola",
    "Ścibor",
    "Mira",
    "Gniewko",
    "Żaneta",
    "Borys",
    "Nela",
    "Lech",
    "Halszka",
    "Ziemowit",
    "Róża",
    "Tymon",
    "Sława",
    "Kajetan",
    "Jaśmina",
    "Wacław",
    "Oda",
    "Bruno",
    "Ćwirka",
    "Ida",
];

pub(super) const LAST: [&str; 40] = [
    "Wierzbołowska",
    "Trzcinkowski",
    "Brzozogaj",
    "Łęgowicz",
    "Sowiogórska",
    "Mgielnicki",
    "Żurawieniec",
    "Pszczelny",
    "Kamykowska",
    "Ostrowidz",
    "Śnieżkowiak",
    "Lipogórski",
    "Dębolas",
    "Modrakowska",
    "Wichrowicz",
    "Jeżynka",
    "Grabowietz",
    "Cisowiec",
    "Makolągwa",
    "Rokitniak",
    "Szronowska",
    "Topolnicki",
    "Bursztynek",
    "Źrebiec",
    "Kwiatoń-Zaleska",
    "Miodowar",
    "Piaskogórska",
    "Rzekotka",
    "Sitowiec",
    "Trawińska",
    "Borowikowski",
    "Czajnik-Wrona",
    "Fiołkowicz",
    "Głogowianka",
    "Halniak",
    "Iglasta",
    "Jodłowiec",
    "Krzemieniak",
    "O'Malinowsky",
    "von Brzezin",
];

pub(super) const SOURCES: [(i64, &str); 8] = [
    (143, "LinkedIn"),
    (144, "E-mail"),
    (150, "Pracuj.pl"),
    (151, "Strona kariery"),
    (152, "Polecenie pracownika"),
    (153, "Targi pracy"),
    (154, "Just Join IT"),
    (155, "Facebook"),
];

/// Domain, URL and dictionary label of the rows of `/sources`; a label may be missing.
pub(super) const ORIGINS: [(&str, &str, Option<usize>); 5] = [
    ("linkedin.com", "https://linkedin.com/jobs", Some(0)),
    ("pracuj.example", "https://pracuj.example/oferta", Some(2)),
    ("acme.example", "https://acme.example/kariera", Some(3)),
    ("justjoin.example", "https://justjoin.example/offers", Some(6)),
    ("forum.example", "https://forum.example/t/praca", None),
];

pub(super) const TAGS: [&str; 12] = [
    "java",
    "rust",
    "python",
    "senior",
    "junior",
    "relokacja",
    "zdalnie",
    "angielski C1",
    "do kontaktu",
    "top talent",
    "nie dzwonić",
    "b2b",
];

pub(super) const POSITIONS: [&str; 12] = [
    "Senior Java Developer",
    "Backend Developer (Rust)",
    "Księgowa / Księgowy",
    "Customer Support Specialist",
    "Product Designer",
    "Magazynier",
    "Data Engineer",
    "Specjalista ds. HR",
    "Key Account Manager",
    "DevOps Engineer",
    "Inżynier jakości",
    "Asystentka zarządu",
];

pub(super) const CLIENTS: [&str; 6] =
    ["Zakłady Bursztyn", "Fabryka Mgły", "Huta Szronu", "Żabka Wodna Logistyka", "Obłok & Synowie", "Młyn Danych"];

pub(super) const LANGUAGES: [&str; 6] = ["Polski", "Angielski", "Niemiecki", "Francuski", "Ukraiński", "Hiszpański"];

/// Two labels come twice, as captured (§1.8).
pub(super) const NATIONALITIES: [&str; 10] =
    ["Polska", "Afganistan", "Litwa", "Białoruski", "Ukraina", "Niemcy", "Czechy", "Litwa", "Białoruski", "Francja"];

/// Locality, region1, ISO code, country, latitude, longitude, postcode.
pub(super) const PLACES: [[&str; 7]; 6] = [
    ["Warszawa", "Mazowieckie", "pl", "Polska", "52.229676", "21.012229", "00-001"],
    ["Gdynia", "Pomorskie", "pl", "Polska", "54.503551", "18.463659", ""],
    ["Kraków", "Małopolskie", "pl", "Polska", "50.064650", "19.944980", "30-001"],
    ["Łódź", "Łódzkie", "pl", "Polska", "51.759250", "19.455980", ""],
    ["Berlin", "Berlin", "de", "Niemcy", "52.520008", "13.404954", "10115"],
    ["Brno", "Jihomoravský kraj", "cz", "Czechy", "49.195061", "16.606836", "602 00"],
];

pub(super) const REJECTIONS: [(i64, &str); 4] =
    [(3, "Po CV"), (4, "Po Interview"), (5, "Rezygnacja przez Kandydata"), (6, "Rezygnacja przez Klienta")];

pub(super) const NOTES: [&str; 5] = [
    "Rozmowa telefoniczna: kandydat otwarty na relokację, oddzwonić w piątek.",
    "<p>Bardzo dobre wrażenie. <b>Polecam</b> do etapu technicznego.</p>",
    "Oczekiwania: 18 000–20 000 PLN netto na B2B.",
    "Prosi o kontakt e-mailem, $$user_42$$ przejmuje.",
    "Zadanie rekrutacyjne wysłane, termin tydzień.",
];

/// Letters to ASCII, for e-mail addresses.
pub(super) fn ascii(name: &str) -> String {
    let plain = |letter: char| match letter {
        'ą' => 'a',
        'ć' => 'c',
        'ę' => 'e',
        'ł' => 'l',
        'ń' => 'n',
        'ó' => 'o',
        'ś' => 's',
        'ź' | 'ż' => 'z',
        other => other,
    };
    name.to_lowercase().chars().map(plain).filter(char::is_ascii_alphanumeric).collect()
}
