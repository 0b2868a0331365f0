//! What the connect form and the connection tests say, in German.

use crate::connectors::catalogue::Catalogue;

pub const CATALOGUE: Catalogue = &[
    ("Access Key", "Access Key"),
    (
        "The line \"Access Key\" of the text file that HR WORKS gave you with the new key pair.",
        "Die Zeile „Access Key“ der Textdatei, die HR WORKS Ihnen mit dem neuen Schlüsselpaar gegeben hat.",
    ),
    ("Secret Access Key", "Secret Access Key"),
    ("The line \"Secret Access Key\" of the same file.", "Die Zeile „Secret Access Key“ derselben Datei."),
    ("Environment", "Umgebung"),
    (
        "Choose demo only for a demo account of HR WORKS, whose key pairs work nowhere else.",
        "Wählen Sie demo nur für ein Demokonto von HR WORKS, dessen Schlüsselpaare sonst nirgends gelten.",
    ),
    ("The key pair is accepted.", "Das Schlüsselpaar wird angenommen."),
    ("\"{} – read\" is ticked.", "„{} – Lesen“ ist angekreuzt."),
    (
        "The key pair lacks the permission \"{} – read\", which opens jobs, candidates and applications.",
        "Dem Schlüsselpaar fehlt die Berechtigung „{} – Lesen“, die Stellen, Kandidaten und Bewerbungen öffnet.",
    ),
    (
        "The key pair lacks the permission \"{} – read\", which opens users.",
        "Dem Schlüsselpaar fehlt die Berechtigung „{} – Lesen“, die Benutzer öffnet.",
    ),
    (
        "The key pair lacks the permission \"{} – read\", which opens departments of jobs.",
        "Dem Schlüsselpaar fehlt die Berechtigung „{} – Lesen“, die Abteilungen der Stellen öffnet.",
    ),
    (
        "In HR WORKS, open {}, open the key pair, tick \"{} – read\" at the bottom of its page and save.",
        "Öffnen Sie in HR WORKS {}, öffnen Sie das Schlüsselpaar, kreuzen Sie unten auf seiner Seite „{} – Lesen“ an \
         und speichern Sie.",
    ),
    (
        "In HR WORKS, open {}, open the key pair and tick the permission that is named.",
        "Öffnen Sie in HR WORKS {}, öffnen Sie das Schlüsselpaar und kreuzen Sie die genannte Berechtigung an.",
    ),
    (
        "Make a new key pair in HR WORKS under {}, and enter its Access Key and Secret Access Key.",
        "Legen Sie in HR WORKS unter {} ein neues Schlüsselpaar an, und tragen Sie seinen Access Key und seinen Secret \
         Access Key ein.",
    ),
    (
        "HR WORKS refuses the key pair: copy Access Key and Secret Access Key again, check under {} that the key pair \
         still exists, and that it belongs to the chosen environment.",
        "HR WORKS lehnt das Schlüsselpaar ab: Kopieren Sie Access Key und Secret Access Key noch einmal, und prüfen Sie \
         unter {}, ob es das Schlüsselpaar noch gibt und ob es zur gewählten Umgebung gehört.",
    ),
    (
        "HR WORKS says that the key pair or the contract has expired: make a new key pair under {}.",
        "HR WORKS sagt, dass das Schlüsselpaar oder der Vertrag abgelaufen ist: Legen Sie unter {} ein neues \
         Schlüsselpaar an.",
    ),
    (
        "HR WORKS refuses the access token: check under {} that the key pair still exists.",
        "HR WORKS lehnt das Zugriffstoken ab: Prüfen Sie unter {}, ob es das Schlüsselpaar noch gibt.",
    ),
    (
        "The key pair may not use {}: tick \"{} – read\" of the key pair in HR WORKS under {}.",
        "Das Schlüsselpaar darf {} nicht benutzen: Kreuzen Sie „{} – Lesen“ des Schlüsselpaars in HR WORKS unter {} an.",
    ),
    (
        "The key pair may not use {}: check the permissions of the key pair in HR WORKS under {}.",
        "Das Schlüsselpaar darf {} nicht benutzen: Prüfen Sie seine Berechtigungen in HR WORKS unter {}.",
    ),
    ("HR WORKS limits how often it may be asked.", "HR WORKS begrenzt, wie oft gefragt werden darf."),
    ("{} of HR WORKS failed.", "{} von HR WORKS ist gescheitert."),
    ("HR WORKS has nothing at {}.", "HR WORKS hat nichts unter {}."),
    ("HR WORKS refuses the request to {}.", "HR WORKS lehnt die Anfrage an {} ab."),
    ("HR WORKS does not know the endpoint {}.", "HR WORKS kennt die Adresse {} nicht."),
];
