//! German.

use super::Texts;
use crate::domain::{ActionKind, RecordType};

pub static TEXTS: Texts = Texts {
    tag: "de",
    language: "Deutsch",
    languages: "Sprache",
    skip: "Zum Inhalt",
    made_by: "Sichere Verbindung durch Hiregraph",
    back: "Zurück",
    next: "Weiter",

    steps: "Schritte",
    step_choose: "System",
    step_guide: "Vorbereiten",
    step_records: "Daten",
    step_credentials: "Verbinden",
    step_sources: "Quellen",
    step_done: "Fertig",

    for_whom: "Für {}",
    choose_title: "Welches Bewerbungssystem benutzen Sie?",
    choose_lead: "Wählen Sie das System, dessen Stellen und Bewerbungen verbunden werden sollen. Es dauert etwa zehn Minuten, \
                  und Sie brauchen dort die Rechte eines Administrators.",

    guide_title: "{} verbinden",
    guide_title_again: "{} neu verbinden",
    guide_lead: "Zuerst legen Sie in {} Zugangsdaten an. Lassen Sie diese Seite daneben offen und gehen Sie Schritt für \
                 Schritt vor.",
    guide_lead_again: "{} nimmt die Zugangsdaten dieser Verbindung nicht mehr an. Legen Sie neue an, oder sehen Sie nach, \
                       welche gelten, und tragen Sie sie im übernächsten Schritt ein. Was bisher gelesen wurde, bleibt.",
    prerequisites: "Was Sie brauchen",
    how: "Zugangsdaten Schritt für Schritt anlegen",
    other_system: "Ein anderes System wählen",

    records_title: "Was gelesen und geschrieben wird",
    records_lead: "Ist {} verbunden, werden diese Daten in Ihrem Auftrag ausgetauscht.",
    read: "Gelesen",
    read_lead: "Wird aktuell gehalten, wenn es sich in {} ändert.",
    written: "Geschrieben",
    written_lead: "Nur auf Anforderung, nie von selbst.",
    fields: "{} Felder",
    field: "1 Feld",
    safety: "Zugangsdaten werden verschlüsselt gespeichert und nie wieder angezeigt. Der Zugriff lässt sich in {} jederzeit \
             entziehen.",
    agree: "Ich darf das für {} entscheiden und bin einverstanden, dass diese Daten gelesen und geschrieben werden.",
    agree_missing: "Setzen Sie das Häkchen, um zuzustimmen, bevor Sie fortfahren.",

    credentials_title: "Zugangsdaten eintragen",
    credentials_lead: "So, wie Sie sie in {} angelegt haben. Sie werden geprüft, bevor etwas gespeichert wird.",
    optional: "freiwillig",
    show_guide: "Die Schritte noch einmal zeigen",
    connect: "Prüfen und verbinden",
    sealed: "Wird verschlüsselt gespeichert",

    problem: "Es gibt ein Problem",
    required: "muss ausgefüllt werden.",
    check_input: "Einiges von dem, was Sie eingetragen haben, kann nicht benutzt werden:",
    refused: "{} nimmt diese Zugangsdaten nicht an.",
    forbidden: "Die Zugangsdaten stimmen, aber ihnen fehlt, was gebraucht wird.",
    unreachable: "{} ist gerade nicht erreichbar. Das heißt nicht, dass die Zugangsdaten falsch sind.",
    limited: "{} begrenzt, wie oft gefragt werden darf. Das heißt nicht, dass die Zugangsdaten falsch sind.",
    enter_secrets: "Zu Ihrer Sicherheit muss noch einmal eingetragen werden, was geheim ist.",
    what_to_do: "Was zu tun ist:",

    testing: "Die Verbindung zu {} wird geprüft",
    testing_lead: "Das kann eine Minute dauern. Bitte lassen Sie diese Seite offen.",
    tests: "Verbindungstests",
    credentials: "Zugangsdaten",
    passed: "Bestanden",
    failed: "Nicht bestanden",

    connected_title: "{} ist verbunden",
    connected_lead: "Alle Tests sind bestanden.",
    partly: "{} Tests sind nicht bestanden",
    partly_one: "1 Test ist nicht bestanden",
    partly_lead: "Das Konto ist verbunden, aber einiges lässt sich noch nicht lesen. Ändern Sie in {}, was unten steht; es wird \
                  später von selbst aufgenommen, und Sie müssen nicht hierher zurückkommen.",
    all_passed: "Alles lässt sich lesen.",

    sources_title: "Die Quelle einrichten",
    sources_lead: "Damit {} zeigt, woher Kandidaten kommen. Sie können das auch später tun.",
    to_sources: "Weiter zum Einrichten der Quelle",
    finish: "Abschließen",

    done_title: "{} ist verbunden",
    done_lead: "Vielen Dank. Die Daten von {} werden jetzt gelesen; bei vielen Kandidaten dauert das beim ersten Mal eine \
                Weile.",
    done_again: "Vielen Dank. Die Verbindung funktioniert wieder, und das Lesen geht weiter, wo es aufgehört hat.",
    done_used: "Dieser Link ist benutzt und kann nichts weiter verbinden.",
    close: "Sie können diese Seite schließen.",
    lead_back: "Zurück zu {}",

    unknown_title: "Dieser Link ist nicht bekannt",
    unknown: "Prüfen Sie, ob die Adresse vollständig ist. Wenn ja, bitten Sie den Absender um einen neuen Link.",
    expired_title: "Dieser Link ist abgelaufen",
    expired: "Zu Ihrer Sicherheit gelten Links nur eine begrenzte Zeit. Bitten Sie den Absender um einen neuen.",
    dead_title: "Dieser Link gilt nicht mehr",
    dead: "Er wurde zurückgezogen. Bitten Sie den Absender um einen neuen.",
    foreign_title: "Dieses Formular konnte nicht angenommen werden",
    foreign: "Es kam nicht von dieser Seite, oder es war zu lange offen, oder Ihr Browser lehnt Cookies ab. Es wurde nichts \
              geändert. Öffnen Sie die Seite neu, und füllen Sie das Formular dort aus.",
    busy_title: "Ein Test läuft noch",
    busy: "Ein anderer Versuch mit diesem Link ist noch nicht zu Ende. Warten Sie eine Minute, und öffnen Sie die Seite dann neu.",
    broken_title: "Bei uns ist etwas schiefgegangen",
    broken: "Bei Ihnen ging nichts verloren. Versuchen Sie es in ein paar Minuten noch einmal.",
    open_again: "Die Seite neu öffnen",

    record,
    action,
    catalogue: &[
        ("must be one line of at most 4096 bytes", "muss eine Zeile von höchstens 4096 Bytes sein"),
        (
            "must be only the first part of the address, of letters, digits and hyphens",
            "darf nur der erste Teil der Adresse sein, aus Buchstaben, Ziffern und Bindestrichen",
        ),
        ("must be one of {}", "muss eines von diesen sein: {}"),
        ("there is no such integration", "Diese Verbindung gibt es nicht mehr."),
    ],
};

fn record(of: RecordType) -> (&'static str, &'static str) {
    match of {
        RecordType::User => ("Benutzer", "Kollegen, die einstellen: Namen und E-Mail-Adressen"),
        RecordType::ApplicationStage => ("Phasen", "die Schritte, durch die Bewerbungen gehen"),
        RecordType::Job => ("Stellen", "Titel, Beschreibungen, Orte und Zustände"),
        RecordType::JobStage => ("Phasen der Stellen", "welche Schritte zu welcher Stelle gehören"),
        RecordType::HiringTeamMember => ("Einstellungsteams", "wer an welcher Stelle arbeitet"),
        RecordType::Candidate => ("Kandidaten", "Namen, Kontaktdaten und Angaben zu Unterlagen"),
        RecordType::Tag => ("Schlagwörter", "Kennzeichen von Kandidaten"),
        RecordType::CandidateTag => ("Schlagwörter der Kandidaten", "welcher Kandidat welches Kennzeichen hat"),
        RecordType::Application => ("Bewerbungen", "wer sich worauf beworben hat, und wie es darum steht"),
    }
}

fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::CreateCandidate => "Kandidaten anlegen",
        ActionKind::CreateApplication => "Bewerbungen auf Ihre Stellen anlegen",
        ActionKind::AddAttachmentToApplication => "Unterlagen an Bewerbungen anhängen",
        ActionKind::AddAttachmentToCandidate => "Unterlagen an Kandidaten anhängen",
        ActionKind::MoveApplicationToStage => "Bewerbungen in eine andere Phase versetzen",
        ActionKind::AddResultLinkToApplication => "Links zu Ergebnissen an Bewerbungen anfügen",
        ActionKind::AddNoteToApplication => "Notizen an Bewerbungen anfügen",
    }
}
